package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Computes columns of logits, {@code scale·⟨queries_i, keys_key⟩} for many query rows i and one
 * key: as fast as the queries come from memory.
 *
 * <p>Lanes run along a row, four rows at a time; sums are float, and the scale is applied in
 * double. Rows of {@code double} are summed in double without vectors. A row's bits do not depend
 * on which other rows are asked for. Stateless and thread-safe.
 */
public final class LogitColumnKernel {
  private static final VectorSpecies<Float> F = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;
  private static final int ROWS = 4;

  private LogitColumnKernel() {}

  /**
   * Computes rows {@code fromRow … toRow-1} of a column.
   *
   * @param inputs queries, keys and scale
   * @param head query head
   * @param key key row, the column
   * @param fromRow first query row
   * @param toRow end of the query rows, exclusive
   * @param target receives {@code toRow - fromRow} logits from its start; those that overflow
   *     float32 are not finite
   */
  public static void compute(
      AttentionInputs inputs, int head, int key, int fromRow, int toRow, double[] target) {
    HeadTensor queries = inputs.queries();
    int depth = queries.width();
    double[] keyRow = new double[depth];
    inputs.keys().copyRow(inputs.keyHead(head), key, keyRow);
    if (!queries.isSinglePrecision()) {
      for (int row = fromRow; row < toRow; row++) {
        target[row - fromRow] = inputs.scale() * queries.dot(head, row, keyRow);
      }
      return;
    }
    float[] padded = new float[(depth + L - 1) / L * L];
    for (int c = 0; c < depth; c++) {
      padded[c] = (float) keyRow[c];
    }
    float[] data = queries.floats();
    float[] lanes = new float[ROWS * L];
    double scale = inputs.scale();
    // The last four rows may repeat some; of fewer than four, each is four times the same.
    int step = toRow - fromRow < ROWS ? 1 : ROWS;
    int stride = step == 1 ? 0 : queries.rowStride();
    for (int row = fromRow; row < toRow; row += step) {
      int first = Math.min(row, toRow - step);
      fourRows(data, queries.index(head, first), stride, depth, padded, lanes);
      sumLanes(lanes, step, scale, target, first - fromRow);
    }
  }

  private static void fourRows(
      float[] rows, int at, int stride, int depth, float[] key, float[] lanes) {
    int at1 = at + stride;
    int at2 = at1 + stride;
    int at3 = at2 + stride;
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int whole = F.loopBound(depth);
    for (int c = 0; c < whole; c += L) {
      FloatVector k = FloatVector.fromArray(F, key, c);
      s0 = FloatVector.fromArray(F, rows, at + c).fma(k, s0);
      s1 = FloatVector.fromArray(F, rows, at1 + c).fma(k, s1);
      s2 = FloatVector.fromArray(F, rows, at2 + c).fma(k, s2);
      s3 = FloatVector.fromArray(F, rows, at3 + c).fma(k, s3);
    }
    if (whole < depth) {
      VectorMask<Float> rest = F.indexInRange(whole, depth);
      FloatVector k = FloatVector.fromArray(F, key, whole);
      s0 = FloatVector.fromArray(F, rows, at + whole, rest).fma(k, s0);
      s1 = FloatVector.fromArray(F, rows, at1 + whole, rest).fma(k, s1);
      s2 = FloatVector.fromArray(F, rows, at2 + whole, rest).fma(k, s2);
      s3 = FloatVector.fromArray(F, rows, at3 + whole, rest).fma(k, s3);
    }
    s0.intoArray(lanes, 0);
    s1.intoArray(lanes, L);
    s2.intoArray(lanes, 2 * L);
    s3.intoArray(lanes, 3 * L);
  }

  /**
   * Sums in a fixed order; that of {@code reduceLanes} differs between interpreter and compiler.
   */
  private static void sumLanes(
      float[] lanes, int rows, double scale, double[] target, int targetAt) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int l = 0; l < L; l++) {
      s0 += lanes[l];
      s1 += lanes[L + l];
      s2 += lanes[2 * L + l];
      s3 += lanes[3 * L + l];
    }
    target[targetAt] = scale * s0;
    if (rows == ROWS) {
      target[targetAt + 1] = scale * s1;
      target[targetAt + 2] = scale * s2;
      target[targetAt + 3] = scale * s3;
    }
  }
}
