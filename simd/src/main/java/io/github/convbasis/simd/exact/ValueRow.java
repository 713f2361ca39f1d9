package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds a tile of weighted values to one row, {@code O[c] = factor·O[c] + Σ_j
 * weights[j]·values[j][c]}, with columns in lanes, in the bits of {@link ValueTile}: the sum over a
 * tile is a chain of fused multiply-adds over j from 0.
 *
 * <p>Eight vectors of columns at a time, then four, then single ones. The last vector is moved back
 * to end with the row and has a place of its own in O, so any width of at least L is read without
 * padding; narrower rows are added element by element. Stateless and thread-safe.
 */
final class ValueRow {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private ValueRow() {}

  /** Returns the elements of O. */
  static int slots(int width) {
    return (width + L - 1) / L * L;
  }

  /** Returns the column of a vector that has its place at {@code slot}. */
  static int column(int slot, int width) {
    return Math.min(slot, width - L);
  }

  /**
   * Rescales and adds.
   *
   * @param weights of the keys, from {@code at}
   * @param at start of the weights
   * @param count keys
   * @param values rows of {@code width} elements
   * @param valueAt start of the first value row
   * @param stride distance of value rows
   * @param width columns
   * @param factor what O is multiplied with
   * @param output O, {@link #slots} elements from {@code outputAt}, changed
   * @param outputAt start of O
   * @return sum of the weights, key by key: in this loop its chain of additions costs nothing
   */
  static float accumulate(
      float[] weights,
      int at,
      int count,
      float[] values,
      int valueAt,
      int stride,
      int width,
      float factor,
      float[] output,
      int outputAt) {
    if (width < L) {
      return scalar(weights, at, count, values, valueAt, stride, width, factor, output, outputAt);
    }
    float sum = 0;
    FloatVector f = FloatVector.broadcast(F, factor);
    int slot = 0;
    for (; slot + 8 * L <= width; slot += 8 * L) {
      FloatVector a0 = FloatVector.zero(F);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector a4 = a0;
      FloatVector a5 = a0;
      FloatVector a6 = a0;
      FloatVector a7 = a0;
      int v = valueAt + slot;
      sum = 0;
      for (int j = at; j < at + count; j++) {
        sum += weights[j];
        FloatVector x = FloatVector.broadcast(F, weights[j]);
        a0 = x.fma(FloatVector.fromArray(F, values, v), a0);
        a1 = x.fma(FloatVector.fromArray(F, values, v + L), a1);
        a2 = x.fma(FloatVector.fromArray(F, values, v + 2 * L), a2);
        a3 = x.fma(FloatVector.fromArray(F, values, v + 3 * L), a3);
        a4 = x.fma(FloatVector.fromArray(F, values, v + 4 * L), a4);
        a5 = x.fma(FloatVector.fromArray(F, values, v + 5 * L), a5);
        a6 = x.fma(FloatVector.fromArray(F, values, v + 6 * L), a6);
        a7 = x.fma(FloatVector.fromArray(F, values, v + 7 * L), a7);
        v += stride;
      }
      int o = outputAt + slot;
      FloatVector.fromArray(F, output, o).fma(f, a0).intoArray(output, o);
      FloatVector.fromArray(F, output, o + L).fma(f, a1).intoArray(output, o + L);
      FloatVector.fromArray(F, output, o + 2 * L).fma(f, a2).intoArray(output, o + 2 * L);
      FloatVector.fromArray(F, output, o + 3 * L).fma(f, a3).intoArray(output, o + 3 * L);
      FloatVector.fromArray(F, output, o + 4 * L).fma(f, a4).intoArray(output, o + 4 * L);
      FloatVector.fromArray(F, output, o + 5 * L).fma(f, a5).intoArray(output, o + 5 * L);
      FloatVector.fromArray(F, output, o + 6 * L).fma(f, a6).intoArray(output, o + 6 * L);
      FloatVector.fromArray(F, output, o + 7 * L).fma(f, a7).intoArray(output, o + 7 * L);
    }
    for (; slot + 4 * L <= width; slot += 4 * L) {
      FloatVector a0 = FloatVector.zero(F);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      int v = valueAt + slot;
      sum = 0;
      for (int j = at; j < at + count; j++) {
        sum += weights[j];
        FloatVector x = FloatVector.broadcast(F, weights[j]);
        a0 = x.fma(FloatVector.fromArray(F, values, v), a0);
        a1 = x.fma(FloatVector.fromArray(F, values, v + L), a1);
        a2 = x.fma(FloatVector.fromArray(F, values, v + 2 * L), a2);
        a3 = x.fma(FloatVector.fromArray(F, values, v + 3 * L), a3);
        v += stride;
      }
      int o = outputAt + slot;
      FloatVector.fromArray(F, output, o).fma(f, a0).intoArray(output, o);
      FloatVector.fromArray(F, output, o + L).fma(f, a1).intoArray(output, o + L);
      FloatVector.fromArray(F, output, o + 2 * L).fma(f, a2).intoArray(output, o + 2 * L);
      FloatVector.fromArray(F, output, o + 3 * L).fma(f, a3).intoArray(output, o + 3 * L);
    }
    for (; slot < width; slot += L) {
      FloatVector a = FloatVector.zero(F);
      int v = valueAt + column(slot, width);
      sum = 0;
      for (int j = at; j < at + count; j++) {
        sum += weights[j];
        a = FloatVector.fromArray(F, values, v).fma(FloatVector.broadcast(F, weights[j]), a);
        v += stride;
      }
      int o = outputAt + slot;
      FloatVector.fromArray(F, output, o).fma(f, a).intoArray(output, o);
    }
    return sum;
  }

  private static float scalar(
      float[] weights,
      int at,
      int count,
      float[] values,
      int valueAt,
      int stride,
      int width,
      float factor,
      float[] output,
      int outputAt) {
    for (int c = 0; c < width; c++) {
      float sum = 0;
      for (int j = 0; j < count; j++) {
        sum = Math.fma(values[valueAt + c + j * stride], weights[at + j], sum);
      }
      output[outputAt + c] = Math.fma(output[outputAt + c], factor, sum);
    }
    float sum = 0;
    for (int j = at; j < at + count; j++) {
      sum += weights[j];
    }
    return sum;
  }

  /**
   * Writes {@code factor·O}, rounded once.
   *
   * @param output O, {@link #slots} elements from {@code outputAt}
   * @param outputAt start of O
   * @param width columns
   * @param factor factor
   * @param target receives the row
   * @param targetAt start of the row
   * @return 0 if all elements of O are finite, else NaN
   */
  static float finish(
      float[] output, int outputAt, int width, float factor, float[] target, int targetAt) {
    if (width < L) {
      float check = 0;
      for (int c = 0; c < width; c++) {
        check += output[outputAt + c] * 0;
        target[targetAt + c] = output[outputAt + c] * factor + 0f;
      }
      return check;
    }
    FloatVector zero = FloatVector.zero(F);
    FloatVector check = zero;
    for (int slot = 0; slot < width; slot += L) {
      FloatVector x = FloatVector.fromArray(F, output, outputAt + slot);
      check = x.fma(zero, check);
      x.mul(factor).add(zero).intoArray(target, targetAt + column(slot, width));
    }
    return Lanes.sum(check);
  }

  /** Writes the same in double. */
  static float finish(
      float[] output, int outputAt, int width, double factor, double[] target, int targetAt) {
    float check = 0;
    for (int c = 0; c < width; c++) {
      // The last vector ends with the row; what it repeats has the same bits.
      int slot = c / L * L;
      int column = width < L ? 0 : column(slot, width);
      float numerator = output[outputAt + (width < L ? c : slot + c - column)];
      check += numerator * 0;
      target[targetAt + c] = numerator * factor + 0.0;
    }
    return check;
  }
}
