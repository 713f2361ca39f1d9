package io.github.convbasis.inference.npy;

/**
 * The types of elements that arrays in memory have.
 *
 * <p>Each one names the element type it is written as, which is always little-endian. An enum is
 * safe for use by many threads.
 */
public enum ElementType {
  /** 32-bit floating point, {@code '<f4'}. */
  FLOAT32("float32", "<f4", 4),
  /** 64-bit floating point, {@code '<f8'}. */
  FLOAT64("float64", "<f8", 8),
  /** 64-bit signed integers, {@code '<i8'}. */
  INT64("int64", "<i8", 8);

  private final String label;
  private final String descriptor;
  private final int bytes;

  ElementType(String label, String descriptor, int bytes) {
    this.label = label;
    this.descriptor = descriptor;
    this.bytes = bytes;
  }

  /**
   * The element type as the header of a file spells it.
   *
   * @return for example {@code <f4}
   */
  public String descriptor() {
    return descriptor;
  }

  /**
   * The size of one element, in files and in memory.
   *
   * @return bytes for one element
   */
  public int bytes() {
    return bytes;
  }

  /**
   * The name NumPy gives this type.
   *
   * @return for example {@code float32}
   */
  @Override
  public String toString() {
    return label;
  }
}
