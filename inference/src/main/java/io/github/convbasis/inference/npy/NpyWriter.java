package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes an array to a {@code .npy} file.
 *
 * <p>The bytes are those that {@code numpy.save} writes: format version 1.0, element type {@code
 * '<f4'}, {@code '<f8'} or {@code '<i8'}, C order. The file appears whole or not at all, as {@link
 * AtomicFile} has it; faults are an {@link IOException} with a message of one line that starts with
 * the name of the file. Writing costs one pass over the array and 128 KiB. The method is stateless
 * and safe for use by many threads.
 */
public final class NpyWriter {
  private NpyWriter() {}

  /**
   * Writes a file.
   *
   * @param file the file to make or to replace
   * @param array what to write
   * @throws IOException if it cannot be written; what was there before is then as it was
   */
  public static void write(Path file, NpyArray array) throws IOException {
    try (AtomicFile target = AtomicFile.open(file)) {
      NpyPayload.write(array, target.stream());
      target.commit();
    }
  }
}
