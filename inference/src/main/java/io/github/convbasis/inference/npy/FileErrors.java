package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Turns what the file system throws into one line that starts with the name of the file. */
public final class FileErrors {
  private static final int LONGEST_QUOTE = 80;

  private FileErrors() {}

  /**
   * The name of a file as it stands at the start of messages.
   *
   * @param file the file
   * @return its path, printable
   */
  public static String name(Path file) {
    return printable(file.toString());
  }

  /**
   * The text with control, format and line-breaking characters as escapes.
   *
   * @param text any text
   * @return text of one line
   */
  public static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int kind = Character.getType(c);
      if (Character.isISOControl(c)
          || kind == Character.FORMAT
          || kind == Character.LINE_SEPARATOR
          || kind == Character.PARAGRAPH_SEPARATOR) {
        shown.append(String.format("\\u%04x", (int) c));
      } else {
        shown.append(c);
      }
    }
    return shown.toString();
  }

  /**
   * Text out of a file for use inside a message: printable, and cut when it is long.
   *
   * @param text any text
   * @return text of one line
   */
  public static String shortened(String text) {
    String cut = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
    return printable(cut);
  }

  /**
   * An exception for a file that starts with its name.
   *
   * @param file the file
   * @param reason what is wrong, without the name of the file
   * @return the exception
   */
  public static IOException of(Path file, String reason) {
    return new FileSystemException(name(file), null, printable(reason));
  }

  /**
   * The same exception if it names the file already, otherwise one of the same kind that does.
   *
   * @param file the file
   * @param cause what was thrown
   * @return the exception to throw
   */
  public static IOException naming(Path file, IOException cause) {
    if (cause instanceof NpyFormatException) {
      return cause;
    }
    String name = name(file);
    String message = cause.getMessage();
    if (message != null && message.startsWith(name + ": ")) {
      return cause;
    }
    IOException named = named(name, cause);
    named.initCause(cause);
    return named;
  }

  private static IOException named(String name, IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return new NoSuchFileException(name, null, "no such file");
    }
    if (cause instanceof AccessDeniedException) {
      return new AccessDeniedException(name, null, "permission denied");
    }
    return new FileSystemException(name, null, reason(cause));
  }

  /** The bare reason of an exception, without the name of a file and on one line. */
  static String reason(IOException cause) {
    if (cause instanceof ClosedByInterruptException) {
      return "interrupted";
    }
    if (cause instanceof ClosedChannelException) {
      return "is closed";
    }
    String text = cause.getMessage();
    if (cause instanceof FileSystemException) {
      text = ((FileSystemException) cause).getReason();
    }
    return text == null ? cause.getClass().getSimpleName() : printable(text);
  }
}
