package io.github.convbasis.inference.npy;

import java.io.IOException;

/**
 * Says why a file is not a NumPy file that can be read.
 *
 * <p>The message is one line: the name of the file (for a member of an archive, {@code
 * file.npz!member.npy}), a colon and the reason, with the offending and the expected value where
 * there is one. Control characters from the file are shown as escapes, so a hostile file cannot
 * forge further lines. Like every exception it is meant for one thread at a time.
 */
public final class NpyFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception for a file.
   *
   * @param file name of the file, as the user gave it
   * @param reason what is wrong, without the name of the file
   */
  public NpyFormatException(String file, String reason) {
    super(FileErrors.printable(file) + ": " + FileErrors.printable(reason));
  }

  /**
   * Makes an exception for a file, caused by another one.
   *
   * @param file name of the file, as the user gave it
   * @param reason what is wrong, without the name of the file
   * @param cause what was thrown where the fault was found
   */
  public NpyFormatException(String file, String reason, Throwable cause) {
    super(FileErrors.printable(file) + ": " + FileErrors.printable(reason), cause);
  }
}
