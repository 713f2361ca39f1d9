package io.github.convbasis.inference.json;

import io.github.convbasis.inference.npy.FileErrors;
import java.io.IOException;

/**
 * Says why a file cannot be used as what it should be.
 *
 * <p>The message is one line: the name of the file, a colon and the reason, with the field or
 * tensor, its value and the expected one. Control characters from the file are shown as escapes, so
 * a hostile file cannot forge further lines. Like every exception it is meant for one thread at a
 * time.
 */
public final class FileFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception for a file.
   *
   * @param file name of the file, as the user gave it
   * @param reason what is wrong, without the name of the file
   */
  public FileFormatException(String file, String reason) {
    super(FileErrors.printable(file) + ": " + FileErrors.printable(reason));
  }

  /**
   * Makes an exception for a file, caused by another one.
   *
   * @param file name of the file, as the user gave it
   * @param reason what is wrong, without the name of the file
   * @param cause what led to it
   */
  public FileFormatException(String file, String reason, Throwable cause) {
    super(FileErrors.printable(file) + ": " + FileErrors.printable(reason), cause);
  }
}
