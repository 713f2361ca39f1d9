package io.github.convbasis.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Zeroed native floats, on a cache line, that Java and a native library both reach. */
final class NativeFloats {
  private final MemorySegment segment;

  NativeFloats(long count) {
    segment = Arena.ofAuto().allocate(Float.BYTES * count, 64);
  }

  /** Points a native library at an element. */
  FloatPointer pointer(long index) {
    return new FloatPointer(new Address(segment.address() + Float.BYTES * index));
  }

  MemorySegment segment() {
    return segment;
  }

  void write(float[] from, int fromIndex, long to, int count) {
    MemorySegment.copy(from, fromIndex, segment, ValueLayout.JAVA_FLOAT, Float.BYTES * to, count);
  }

  void read(long from, float[] to, int toIndex, int count) {
    MemorySegment.copy(segment, ValueLayout.JAVA_FLOAT, Float.BYTES * from, to, toIndex, count);
  }

  void zero(long from, long count) {
    segment.asSlice(Float.BYTES * from, Float.BYTES * count).fill((byte) 0);
  }

  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }
}
