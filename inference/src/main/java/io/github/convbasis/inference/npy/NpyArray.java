package io.github.convbasis.inference.npy;

import java.util.Objects;

/**
 * An array as NumPy has it: a shape, an element type, and the elements in C order (the last index
 * runs fastest).
 *
 * <p>Elements are float32, float64 or int64; a shape without dimensions is a single number, and a
 * dimension may be zero. The data is shared, not copied, because it may fill most of the heap:
 * whoever makes an array hands its data over, and whoever gets the data reads it only. Asking for
 * data of another type throws an {@link IllegalStateException}; every method but {@link
 * #toDoubles()} costs constant time. Instances are immutable and, as long as nobody writes to the
 * shared data, safe for use by many threads.
 */
public final class NpyArray {
  private final ElementType elementType;
  private final int[] shape;
  private final Object data;
  private final int length;

  private NpyArray(ElementType elementType, Object data, int length, int[] shape) {
    this.elementType = elementType;
    this.data = data;
    this.length = length;
    this.shape = shape.clone();
    checkShape(this.shape, length);
  }

  private static void checkShape(int[] shape, int length) {
    if (shape.length > HeaderParser.MOST_DIMENSIONS) {
      throw new IllegalArgumentException(
          shape.length + " dimensions, expected at most " + HeaderParser.MOST_DIMENSIONS);
    }
    for (int dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "negative dimension in shape " + NpyHeader.shapeText(shape));
      }
    }
    if (NpyHeader.elementCount(shape) != length) {
      throw new IllegalArgumentException(
          "shape " + NpyHeader.shapeText(shape) + " does not hold " + length + " elements");
    }
  }

  /**
   * Makes an array of float32 elements.
   *
   * @param data elements in C order; kept, not copied
   * @param shape dimensions; none for a single number
   * @return the array
   * @throws IllegalArgumentException if the shape does not hold as many elements as there are
   */
  public static NpyArray ofFloats(float[] data, int... shape) {
    Objects.requireNonNull(data, "data");
    return new NpyArray(ElementType.FLOAT32, data, data.length, shape);
  }

  /**
   * Makes an array of float64 elements.
   *
   * @param data elements in C order; kept, not copied
   * @param shape dimensions; none for a single number
   * @return the array
   * @throws IllegalArgumentException if the shape does not hold as many elements as there are
   */
  public static NpyArray ofDoubles(double[] data, int... shape) {
    Objects.requireNonNull(data, "data");
    return new NpyArray(ElementType.FLOAT64, data, data.length, shape);
  }

  /**
   * Makes an array of int64 elements.
   *
   * @param data elements in C order; kept, not copied
   * @param shape dimensions; none for a single number
   * @return the array
   * @throws IllegalArgumentException if the shape does not hold as many elements as there are
   */
  public static NpyArray ofLongs(long[] data, int... shape) {
    Objects.requireNonNull(data, "data");
    return new NpyArray(ElementType.INT64, data, data.length, shape);
  }

  /**
   * The dimensions.
   *
   * @return a new array, empty for a single number
   */
  public int[] shape() {
    return shape.clone();
  }

  /**
   * The type of the elements.
   *
   * @return the element type
   */
  public ElementType elementType() {
    return elementType;
  }

  /**
   * The number of elements.
   *
   * @return the product of the dimensions
   */
  public int length() {
    return length;
  }

  /**
   * The elements of a float32 array.
   *
   * @return the shared data, in C order
   * @throws IllegalStateException if the elements are not float32
   */
  public float[] floats() {
    return (float[]) require(ElementType.FLOAT32);
  }

  /**
   * The elements of a float64 array.
   *
   * @return the shared data, in C order
   * @throws IllegalStateException if the elements are not float64
   */
  public double[] doubles() {
    return (double[]) require(ElementType.FLOAT64);
  }

  /**
   * The elements of an int64 array.
   *
   * @return the shared data, in C order
   * @throws IllegalStateException if the elements are not int64
   */
  public long[] longs() {
    return (long[]) require(ElementType.INT64);
  }

  private Object require(ElementType wanted) {
    if (elementType != wanted) {
      throw new IllegalStateException("elements are " + elementType + ", not " + wanted);
    }
    return data;
  }

  /**
   * The elements as doubles, whatever their type; int64 elements beyond 2<sup>53</sup> are rounded.
   * Costs time and memory for every element.
   *
   * @return a new array, in C order
   */
  public double[] toDoubles() {
    return switch (elementType) {
      case FLOAT64 -> doubles().clone();
      case FLOAT32 -> {
        float[] source = floats();
        double[] target = new double[length];
        for (int i = 0; i < length; i++) {
          target[i] = source[i];
        }
        yield target;
      }
      case INT64 -> {
        long[] source = longs();
        double[] target = new double[length];
        for (int i = 0; i < length; i++) {
          target[i] = source[i];
        }
        yield target;
      }
    };
  }

  /**
   * The element type and the shape.
   *
   * @return for example {@code float32 (2, 3)}
   */
  @Override
  public String toString() {
    return elementType + " " + NpyHeader.shapeText(shape);
  }
}
