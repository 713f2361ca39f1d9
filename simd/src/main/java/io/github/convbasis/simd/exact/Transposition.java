package io.github.convbasis.simd.exact;

import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes between 2L rows, each contiguous, and a group of lanes, {@code lanes[c·2L + i] =
 * row_i[c]}.
 *
 * <p>Interleaving vector i with vector i + L/2 moves one bit of the row number to the end of the
 * lane number; after log2(L) such steps row and lane have changed places. Two steps are done in
 * registers, and two passes over a buffer in the first-level cache make the whole, with no more
 * than 16 registers. Rows are read and written one after the other, not block by block: the
 * prefetcher then follows them (AMD Zen 5, 512 bits, rows from memory: half the time). The last
 * block of columns is moved back to end with the row and repeats some. Copies bits. Stateless and
 * thread-safe.
 */
final class Transposition {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final int LANES = 2 * L;

  /** Vectors of fewer lanes gain nothing over single elements. */
  private static final int LEAST_LANES = 8;

  private static final VectorShuffle<Float> LOW = VectorShuffle.makeZip(F, 0);
  private static final VectorShuffle<Float> HIGH = VectorShuffle.makeZip(F, 1);

  /** Where the first vectors of a group of lanes start: those of its left half, then the right. */
  private static final int[] LANE_STARTS = laneStarts();

  private Transposition() {}

  private static int[] laneStarts() {
    int[] starts = new int[LANES];
    for (int i = 0; i < L; i++) {
      starts[i] = i * LANES;
      starts[L + i] = i * LANES + L;
    }
    return starts;
  }

  /** Returns the elements of the buffer for rows of {@code count} elements. */
  static int bufferSize(int count) {
    return (count + L - 1) / L * L * LANES;
  }

  /**
   * Transposes rows into lanes.
   *
   * @param source holds the rows
   * @param starts where each of 2L rows starts, from {@code from}
   * @param from first index into {@code starts}
   * @param count elements of a row
   * @param target receives count × 2L from {@code targetAt}
   * @param targetAt start of the group of lanes
   * @param buffer work space of {@link #bufferSize}
   */
  static void toLanes(
      float[] source,
      int[] starts,
      int from,
      int count,
      float[] target,
      int targetAt,
      float[] buffer) {
    if (L < LEAST_LANES || count < L) {
      for (int lane = 0; lane < LANES; lane++) {
        scatter(source, starts[from + lane], count, target, targetAt + lane);
      }
      return;
    }
    first(source, starts, from, 0, 1, count, buffer);
    if (L == LEAST_LANES) {
      lastOfTwo(buffer, count, target, LANE_STARTS, 0, targetAt, LANES);
    } else {
      lastOfFour(buffer, count, target, LANE_STARTS, 0, targetAt, LANES);
    }
  }

  /**
   * Transposes lanes into rows; rows that start at the same place must be the same.
   *
   * @param source count × 2L from {@code sourceAt}
   * @param sourceAt start of the group of lanes
   * @param count elements of a row
   * @param target receives the rows
   * @param starts where each of 2L rows starts, from {@code from}
   * @param from first index into {@code starts}
   * @param buffer work space of {@link #bufferSize}
   */
  static void toRows(
      float[] source,
      int sourceAt,
      int count,
      float[] target,
      int[] starts,
      int from,
      float[] buffer) {
    if (L < LEAST_LANES || count < L) {
      for (int lane = 0; lane < LANES; lane++) {
        gather(source, sourceAt + lane, count, target, starts[from + lane]);
      }
      return;
    }
    first(source, LANE_STARTS, 0, sourceAt, LANES, count, buffer);
    if (L == LEAST_LANES) {
      lastOfTwo(buffer, count, target, starts, from, 0, 1);
    } else {
      lastOfFour(buffer, count, target, starts, from, 0, 1);
    }
  }

  private static void scatter(float[] source, int at, int count, float[] target, int targetAt) {
    for (int c = 0; c < count; c++) {
      target[targetAt + c * LANES] = source[at + c];
    }
  }

  private static void gather(float[] source, int at, int count, float[] target, int targetAt) {
    for (int c = 0; c < count; c++) {
      target[targetAt + c] = source[at + c * LANES];
    }
  }

  /**
   * Does the first two steps for both halves of the rows: block b of L columns goes to {@code
   * buffer[b·2L·L …]}, half by half. Vector i of block b is at {@code starts[i] + plus + step·c}
   * with c the block's first column.
   */
  private static void first(
      float[] source, int[] starts, int from, int plus, int step, int count, float[] buffer) {
    for (int i = 0; i < L / 4; i++) {
      int s0 = starts[from + i] + plus;
      int s1 = starts[from + i + L / 4] + plus;
      int s2 = starts[from + i + L / 2] + plus;
      int s3 = starts[from + i + 3 * L / 4] + plus;
      int t0 = starts[from + L + i] + plus;
      int t1 = starts[from + L + i + L / 4] + plus;
      int t2 = starts[from + L + i + L / 2] + plus;
      int t3 = starts[from + L + i + 3 * L / 4] + plus;
      int at = 4 * i * L;
      for (int column = 0; column < count; column += L) {
        int c = Math.min(column, count - L) * step;
        FloatVector v0 = FloatVector.fromArray(F, source, s0 + c);
        FloatVector v1 = FloatVector.fromArray(F, source, s1 + c);
        FloatVector v2 = FloatVector.fromArray(F, source, s2 + c);
        FloatVector v3 = FloatVector.fromArray(F, source, s3 + c);
        FloatVector low = v0.rearrange(LOW, v2);
        FloatVector high = v1.rearrange(LOW, v3);
        low.rearrange(LOW, high).intoArray(buffer, at);
        low.rearrange(HIGH, high).intoArray(buffer, at + L);
        low = v0.rearrange(HIGH, v2);
        high = v1.rearrange(HIGH, v3);
        low.rearrange(LOW, high).intoArray(buffer, at + 2 * L);
        low.rearrange(HIGH, high).intoArray(buffer, at + 3 * L);
        v0 = FloatVector.fromArray(F, source, t0 + c);
        v1 = FloatVector.fromArray(F, source, t1 + c);
        v2 = FloatVector.fromArray(F, source, t2 + c);
        v3 = FloatVector.fromArray(F, source, t3 + c);
        low = v0.rearrange(LOW, v2);
        high = v1.rearrange(LOW, v3);
        low.rearrange(LOW, high).intoArray(buffer, at + L * L);
        low.rearrange(HIGH, high).intoArray(buffer, at + L * L + L);
        low = v0.rearrange(HIGH, v2);
        high = v1.rearrange(HIGH, v3);
        low.rearrange(LOW, high).intoArray(buffer, at + L * L + 2 * L);
        low.rearrange(HIGH, high).intoArray(buffer, at + L * L + 3 * L);
        at += LANES * L;
      }
    }
  }

  /** Does the last two of four steps, from the buffer to vectors placed as in {@code first}. */
  private static void lastOfFour(
      float[] buffer, int count, float[] target, int[] starts, int from, int plus, int step) {
    for (int i = 0; i < L / 4; i++) {
      int s0 = starts[from + 4 * i] + plus;
      int s1 = starts[from + 4 * i + 1] + plus;
      int s2 = starts[from + 4 * i + 2] + plus;
      int s3 = starts[from + 4 * i + 3] + plus;
      int t0 = starts[from + L + 4 * i] + plus;
      int t1 = starts[from + L + 4 * i + 1] + plus;
      int t2 = starts[from + L + 4 * i + 2] + plus;
      int t3 = starts[from + L + 4 * i + 3] + plus;
      int at = i * L;
      for (int column = 0; column < count; column += L) {
        int c = Math.min(column, count - L) * step;
        FloatVector v0 = FloatVector.fromArray(F, buffer, at);
        FloatVector v1 = FloatVector.fromArray(F, buffer, at + L / 4 * L);
        FloatVector v2 = FloatVector.fromArray(F, buffer, at + L / 2 * L);
        FloatVector v3 = FloatVector.fromArray(F, buffer, at + 3 * L / 4 * L);
        FloatVector low = v0.rearrange(LOW, v2);
        FloatVector high = v1.rearrange(LOW, v3);
        low.rearrange(LOW, high).intoArray(target, s0 + c);
        low.rearrange(HIGH, high).intoArray(target, s1 + c);
        low = v0.rearrange(HIGH, v2);
        high = v1.rearrange(HIGH, v3);
        low.rearrange(LOW, high).intoArray(target, s2 + c);
        low.rearrange(HIGH, high).intoArray(target, s3 + c);
        v0 = FloatVector.fromArray(F, buffer, at + L * L);
        v1 = FloatVector.fromArray(F, buffer, at + L * L + L / 4 * L);
        v2 = FloatVector.fromArray(F, buffer, at + L * L + L / 2 * L);
        v3 = FloatVector.fromArray(F, buffer, at + L * L + 3 * L / 4 * L);
        low = v0.rearrange(LOW, v2);
        high = v1.rearrange(LOW, v3);
        low.rearrange(LOW, high).intoArray(target, t0 + c);
        low.rearrange(HIGH, high).intoArray(target, t1 + c);
        low = v0.rearrange(HIGH, v2);
        high = v1.rearrange(HIGH, v3);
        low.rearrange(LOW, high).intoArray(target, t2 + c);
        low.rearrange(HIGH, high).intoArray(target, t3 + c);
        at += LANES * L;
      }
    }
  }

  /** Does the last of three steps; two pairs of vectors of each half at a time. */
  private static void lastOfTwo(
      float[] buffer, int count, float[] target, int[] starts, int from, int plus, int step) {
    for (int i = 0; i < L / 2; i += 2) {
      int s0 = starts[from + 2 * i] + plus;
      int s1 = starts[from + 2 * i + 1] + plus;
      int s2 = starts[from + 2 * i + 2] + plus;
      int s3 = starts[from + 2 * i + 3] + plus;
      int t0 = starts[from + L + 2 * i] + plus;
      int t1 = starts[from + L + 2 * i + 1] + plus;
      int t2 = starts[from + L + 2 * i + 2] + plus;
      int t3 = starts[from + L + 2 * i + 3] + plus;
      int at = i * L;
      for (int column = 0; column < count; column += L) {
        int c = Math.min(column, count - L) * step;
        FloatVector v = FloatVector.fromArray(F, buffer, at);
        FloatVector w = FloatVector.fromArray(F, buffer, at + L / 2 * L);
        v.rearrange(LOW, w).intoArray(target, s0 + c);
        v.rearrange(HIGH, w).intoArray(target, s1 + c);
        v = FloatVector.fromArray(F, buffer, at + L);
        w = FloatVector.fromArray(F, buffer, at + L / 2 * L + L);
        v.rearrange(LOW, w).intoArray(target, s2 + c);
        v.rearrange(HIGH, w).intoArray(target, s3 + c);
        v = FloatVector.fromArray(F, buffer, at + L * L);
        w = FloatVector.fromArray(F, buffer, at + L * L + L / 2 * L);
        v.rearrange(LOW, w).intoArray(target, t0 + c);
        v.rearrange(HIGH, w).intoArray(target, t1 + c);
        v = FloatVector.fromArray(F, buffer, at + L * L + L);
        w = FloatVector.fromArray(F, buffer, at + L * L + L / 2 * L + L);
        v.rearrange(LOW, w).intoArray(target, t2 + c);
        v.rearrange(HIGH, w).intoArray(target, t3 + c);
        at += LANES * L;
      }
    }
  }
}
