package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Reads a {@code .npy} file into memory.
 *
 * <p>Format versions 1.0, 2.0 and 3.0; element types {@code '<f4'}, {@code '<f8'}, {@code '<i4'}
 * and {@code '<i8'} (integers become int64); C order. A file in Fortran order is read when both
 * orders are the same. Everything else, and every file that is not exactly as long as it declares,
 * is refused with an {@link NpyFormatException}; a file that cannot be opened, with another {@link
 * IOException}. Either has a message of one line that starts with the name of the file. Reading
 * costs one pass over the file, the memory of the array and 64 KiB; a file that is refused costs no
 * more than its header, whatever it declares. The method is stateless and safe for use by many
 * threads.
 */
public final class NpyReader {
  private NpyReader() {}

  /**
   * Reads a file.
   *
   * @param file the file, which must be a regular one
   * @return the array it holds
   * @throws NpyFormatException if it is not a {@code .npy} file of a supported kind, or larger than
   *     memory
   * @throws IOException if it cannot be read
   */
  public static NpyArray read(Path file) throws IOException {
    String name = FileErrors.name(file);
    try (FileChannel channel = RegularFile.open(file)) {
      InputStream in = Channels.newInputStream(channel);
      NpyHeader header = NpyHeader.read(name, in);
      header.requireLength(name, channel.size());
      NpyPayload.requireHeap(name, header);
      return NpyPayload.read(name, header, in);
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    }
  }
}
