package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Large files that take hardly any room on the disk. */
final class SparseFiles {
  private SparseFiles() {}

  /** Writes a start and zeros after it; where files cannot be that large, the test is aborted. */
  static void write(Path file, byte[] start, long zeros) {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(start));
      channel.write(ByteBuffer.allocate(1), start.length + zeros - 1);
    } catch (IOException e) {
      abort("no sparse file of " + zeros + " bytes here: " + e.getMessage());
    }
  }
}
