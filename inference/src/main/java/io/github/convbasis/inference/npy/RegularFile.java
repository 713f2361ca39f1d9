package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Opens files for reading, and only regular ones. Stateless and thread-safe. */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Opens a file for reading, or says in one line why that cannot be.
   *
   * @param file the file
   * @return the channel, to be closed by the caller
   * @throws IOException if it is missing, may not be read or is no regular file
   */
  public static FileChannel open(Path file) throws IOException {
    try {
      // Asked before opening, because opening a named pipe waits until somebody writes to it.
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      String fault = fault(attributes);
      if (fault != null) {
        throw FileErrors.of(file, fault);
      }
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    }
  }

  /** Says what is wrong with something that should be a regular file, or null if nothing is. */
  static String fault(BasicFileAttributes attributes) {
    if (attributes.isDirectory()) {
      return "is a directory, expected a regular file";
    }
    if (!attributes.isRegularFile()) {
      return "is a device, pipe or socket, expected a regular file";
    }
    return null;
  }
}
