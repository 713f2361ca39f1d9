package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * One member of a zip archive, as the directory of the archive describes it.
 *
 * @param name file name of the member
 * @param deflated whether it is compressed
 * @param checksum CRC-32 of its content
 * @param packedSize bytes it takes in the archive
 * @param size bytes of its content
 * @param start where its local header starts
 * @param dataStart where its bytes start
 */
record ZipMember(
    String name,
    boolean deflated,
    long checksum,
    long packedSize,
    long size,
    long start,
    long dataStart) {
  /** Where the bytes of the member end. */
  long end() {
    return dataStart + packedSize;
  }

  /** A stream of the content; the channel is read at positions of its own and stays open. */
  InputStream open(FileChannel channel) {
    InputStream packed = new Slice(channel, dataStart, packedSize);
    if (!deflated) {
      return packed;
    }
    Inflater inflater = new Inflater(true);
    return new InflaterInputStream(packed, inflater, NpyPayload.CHUNK_BYTES) {
      @Override
      public void close() throws IOException {
        try {
          super.close();
        } finally {
          inflater.end();
        }
      }
    };
  }

  /** The bytes of a channel between two positions. */
  private static final class Slice extends InputStream {
    private final FileChannel channel;
    private long position;
    private long left;

    Slice(FileChannel channel, long position, long left) {
      this.channel = channel;
      this.position = position;
      this.left = left;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      int wanted = (int) Math.min(length, left);
      if (wanted == 0) {
        return -1;
      }
      int count = channel.read(ByteBuffer.wrap(target, offset, wanted), position);
      if (count > 0) {
        position += count;
        left -= count;
      }
      return count;
    }
  }
}
