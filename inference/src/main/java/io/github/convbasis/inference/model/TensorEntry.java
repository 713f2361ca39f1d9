package io.github.convbasis.inference.model;

import java.util.Arrays;

/**
 * Where a tensor lies in a safetensors file, checked against the length of the file.
 *
 * @param name name of the tensor
 * @param type element type in the file
 * @param shape dimensions, empty for a single number
 * @param count product of the dimensions
 * @param begin first byte, counted from the end of the header
 * @param end byte after the last one
 */
record TensorEntry(String name, TensorType type, long[] shape, long count, long begin, long end) {

  /** Whether the dimensions are these. */
  boolean hasShape(int... expected) {
    return Arrays.equals(shape, Arrays.stream(expected).asLongStream().toArray());
  }

  /** The dimensions as the header spells them, for example {@code [256, 128]}. */
  String shapeText() {
    return Arrays.toString(shape);
  }
}
