package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/** The data after the header: bytes of a stream to elements of an array, and back. */
final class NpyPayload {
  /** A whole number of elements of every type. */
  static final int CHUNK_BYTES = 1 << 16;

  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  private NpyPayload() {}

  /** Refuses an array that memory cannot take, before any of it is allocated. */
  static void requireHeap(String file, NpyHeader header) throws NpyFormatException {
    long needed = neededHeap(header);
    if (header.elementCount() <= LONGEST_ARRAY && needed > freeHeap()) {
      // What counts as used may be garbage, and refusing a good file for it would be wrong.
      System.gc();
    }
    requireHeap(file, header, freeHeap());
  }

  static void requireHeap(String file, NpyHeader header, long free) throws NpyFormatException {
    if (header.elementCount() > LONGEST_ARRAY) {
      throw new NpyFormatException(
          file,
          "shape "
              + NpyHeader.shapeText(header.shape())
              + " has "
              + header.elementCount()
              + " elements, expected at most "
              + LONGEST_ARRAY);
    }
    if (neededHeap(header) > free) {
      throw tooLarge(file, header, free);
    }
  }

  private static long neededHeap(NpyHeader header) {
    return header.elementCount() * header.type().elementType().bytes();
  }

  private static long freeHeap() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
  }

  private static NpyFormatException tooLarge(String file, NpyHeader header, long free) {
    return new NpyFormatException(
        file,
        "shape "
            + NpyHeader.shapeText(header.shape())
            + " needs "
            + neededHeap(header)
            + " bytes of memory, has "
            + free
            + "; give Java more with -Xmx");
  }

  /** Reads the data of an array whose length and memory have been checked. */
  static NpyArray read(String file, NpyHeader header, InputStream in) throws IOException {
    int count = (int) header.elementCount();
    int[] shape = header.shape();
    try {
      return switch (header.type()) {
        case F4 -> NpyArray.ofFloats(readFloats(file, in, new float[count]), shape);
        case F8 -> NpyArray.ofDoubles(readDoubles(file, in, new double[count]), shape);
        case I4 -> NpyArray.ofLongs(readInts(file, in, new long[count]), shape);
        case I8 -> NpyArray.ofLongs(readLongs(file, in, new long[count]), shape);
      };
    } catch (OutOfMemoryError e) {
      // Free memory in pieces, or taken by another thread since the check, may not hold the array.
      throw tooLarge(file, header, freeHeap());
    }
  }

  private static float[] readFloats(String file, InputStream in, float[] target)
      throws IOException {
    ByteBuffer chunk = newChunk(4L * target.length);
    for (int done = 0; done < target.length; ) {
      int count = fill(file, in, chunk, target.length - done, 4);
      chunk.asFloatBuffer().get(target, done, count);
      done += count;
    }
    return target;
  }

  private static double[] readDoubles(String file, InputStream in, double[] target)
      throws IOException {
    ByteBuffer chunk = newChunk(8L * target.length);
    for (int done = 0; done < target.length; ) {
      int count = fill(file, in, chunk, target.length - done, 8);
      chunk.asDoubleBuffer().get(target, done, count);
      done += count;
    }
    return target;
  }

  private static long[] readInts(String file, InputStream in, long[] target) throws IOException {
    ByteBuffer chunk = newChunk(4L * target.length);
    for (int done = 0; done < target.length; ) {
      int count = fill(file, in, chunk, target.length - done, 4);
      IntBuffer ints = chunk.asIntBuffer();
      for (int i = 0; i < count; i++) {
        target[done + i] = ints.get(i);
      }
      done += count;
    }
    return target;
  }

  private static long[] readLongs(String file, InputStream in, long[] target) throws IOException {
    ByteBuffer chunk = newChunk(8L * target.length);
    for (int done = 0; done < target.length; ) {
      int count = fill(file, in, chunk, target.length - done, 8);
      chunk.asLongBuffer().get(target, done, count);
      done += count;
    }
    return target;
  }

  /** Reads as many elements as are left and fit, and says how many. */
  private static int fill(String file, InputStream in, ByteBuffer chunk, int left, int bytes)
      throws IOException {
    int count = Math.min(left, chunk.capacity() / bytes);
    int wanted = count * bytes;
    if (in.readNBytes(chunk.array(), 0, wanted) < wanted) {
      throw new NpyFormatException(file, "truncated: the data ended while it was being read");
    }
    return count;
  }

  private static ByteBuffer newChunk(long bytes) {
    return ByteBuffer.allocate((int) Math.min(bytes, CHUNK_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes header and data of an array. */
  static void write(NpyArray array, OutputStream out) throws IOException {
    out.write(NpyHeader.encode(array.elementType(), array.shape()));
    int bytes = array.elementType().bytes();
    ByteBuffer chunk = newChunk((long) array.length() * bytes);
    for (int done = 0; done < array.length(); ) {
      int count = Math.min(array.length() - done, chunk.capacity() / bytes);
      switch (array.elementType()) {
        case FLOAT32 -> chunk.asFloatBuffer().put(array.floats(), done, count);
        case FLOAT64 -> chunk.asDoubleBuffer().put(array.doubles(), done, count);
        case INT64 -> chunk.asLongBuffer().put(array.longs(), done, count);
      }
      out.write(chunk.array(), 0, count * bytes);
      done += count;
    }
  }
}
