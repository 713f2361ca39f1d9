package io.github.convbasis.inference.embed;

import io.github.convbasis.matrix.HeadTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Where an engine keeps rows of float32 queries, keys, values or output: element c of head h at
 * position t is at {@code offset + t·rowStride + h·headStride + c}. Immutable view of memory that
 * is not; as thread-safe as that.
 *
 * <p>A key cache {@code [layer][position·kvDim + head·headSize + c]} is {@code of(cache[layer], 0,
 * kvDim, headSize)}; one with a plane for each head is {@code of(cache, 0, headSize,
 * capacity·headSize)}.
 */
public final class CacheRows {
  private final float[] array;
  private final MemorySegment segment;
  private final long offset;
  private final int rowStride;
  private final int headStride;

  private CacheRows(
      float[] array, MemorySegment segment, long offset, int rowStride, int headStride) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset must be at least 0, was " + offset);
    }
    if (rowStride < 0) {
      throw new IllegalArgumentException("rowStride must be at least 0, was " + rowStride);
    }
    if (headStride < 0) {
      throw new IllegalArgumentException("headStride must be at least 0, was " + headStride);
    }
    this.array = array;
    this.segment = segment;
    this.offset = offset;
    this.rowStride = rowStride;
    this.headStride = headStride;
  }

  /**
   * Describes rows in an array, which are read and written where they lie.
   *
   * @param array elements
   * @param offset index of the first element of head 0 at position 0
   * @param rowStride distance from a position to the next
   * @param headStride distance from a head to the next
   * @return the rows
   * @throws IllegalArgumentException if a number is negative
   */
  public static CacheRows of(float[] array, int offset, int rowStride, int headStride) {
    Objects.requireNonNull(array, "array");
    return new CacheRows(array, null, offset, rowStride, headStride);
  }

  /**
   * Describes rows in memory of any kind, in native byte order, which are copied.
   *
   * @param segment elements
   * @param offset of the first element of head 0 at position 0, in elements
   * @param rowStride distance from a position to the next, in elements
   * @param headStride distance from a head to the next, in elements
   * @return the rows
   * @throws IllegalArgumentException if a number is negative
   */
  public static CacheRows of(MemorySegment segment, long offset, int rowStride, int headStride) {
    Objects.requireNonNull(segment, "segment");
    return new CacheRows(null, segment, offset, rowStride, headStride);
  }

  /** Returns the rows as a tensor: a view, or room for a copy. */
  HeadTensor tensor(String name, int heads, int rows, int width) {
    long span = (rows - 1L) * rowStride + (heads - 1L) * headStride + width;
    long elements = array == null ? segment.byteSize() / Float.BYTES : array.length;
    if (span > elements - offset) {
      throw new IllegalArgumentException(
          String.format(
              "%s must lie in the %d elements of their memory, take %d from element %d on",
              name, elements, span, offset));
    }
    return array == null
        ? HeadTensor.allocate(true, heads, rows, width)
        : HeadTensor.of(array, (int) offset, heads, headStride, rows, rowStride, width);
  }

  /** Fills a tensor that is a copy. */
  void copyTo(HeadTensor tensor) {
    if (array == null) {
      copy(tensor, true);
    }
  }

  /** Takes the rows of a tensor that is a copy. */
  void copyFrom(HeadTensor tensor) {
    if (array == null) {
      copy(tensor, false);
    }
  }

  private void copy(HeadTensor tensor, boolean in) {
    for (int head = 0; head < tensor.heads(); head++) {
      for (int row = 0; row < tensor.rows(); row++) {
        long at = Float.BYTES * (offset + (long) row * rowStride + (long) head * headStride);
        int index = tensor.index(head, row);
        if (in) {
          MemorySegment.copy(
              segment,
              ValueLayout.JAVA_FLOAT_UNALIGNED,
              at,
              tensor.floats(),
              index,
              tensor.width());
        } else {
          MemorySegment.copy(
              tensor.floats(),
              index,
              segment,
              ValueLayout.JAVA_FLOAT_UNALIGNED,
              at,
              tensor.width());
        }
      }
    }
  }
}
