package io.github.convbasis.bench.study;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.attention.RotaryEmbedding;
import io.github.convbasis.attention.RotaryEmbedding.Pairing;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.RegressionProblem;
import java.util.Arrays;

/**
 * An attention regression on a real head: A₁ and A₂ its rotated queries and keys, or made more like
 * a sum of convolutions, A₃ its values, and E what exact attention gives for X = I/√d and W = I.
 *
 * @param name what it is
 * @param problem the matrices
 * @param commuting whether X is kept among the matrices that commute with rotations, without which
 *     logits of rotated contents do not depend on distances alone
 */
record DescentCase(String name, RegressionProblem problem, boolean commuting) {
  private static final RotaryEmbedding ROPE = new RotaryEmbedding(10_000, Pairing.HALF_SPLIT);

  /** Takes the head as it is. */
  static DescentCase raw(String name, AttentionInputs head, Backend backend) {
    return new DescentCase(name, problem(head, head.queries(), head.keys(), backend), false);
  }

  /**
   * Averages contents, which are queries and keys without their rotation: queries over the head,
   * keys over each of some segments of equal length. A share of what contents differ from their
   * average is kept.
   */
  static DescentCase averaged(
      String name,
      AttentionInputs head,
      int segments,
      double kept,
      boolean commuting,
      Backend backend) {
    HeadTensor queries = averaged(head.queries(), 1, kept);
    HeadTensor keys = averaged(head.keys(), segments, kept);
    return new DescentCase(name, problem(head, queries, keys, backend), commuting);
  }

  /** First row of one of some segments of equal length. */
  static int segmentStart(int segment, int segments, int n) {
    return (int) ((long) segment * n / segments);
  }

  private static HeadTensor averaged(HeadTensor rotated, int segments, double kept) {
    HeadTensor contents = conjugated(rotated);
    ROPE.rotate(contents, 0);
    contents = conjugated(contents);
    int n = rotated.rows();
    double[] mean = new double[rotated.width()];
    double[] row = new double[rotated.width()];
    for (int s = 0; s < segments; s++) {
      int from = segmentStart(s, segments, n);
      int to = segmentStart(s + 1, segments, n);
      Arrays.fill(mean, 0);
      for (int i = from; i < to; i++) {
        contents.addScaledRow(0, i, 1.0 / (to - from), mean);
      }
      for (int i = from; i < to; i++) {
        contents.copyRow(0, i, row);
        for (int c = 0; c < row.length; c++) {
          row[c] = mean[c] + kept * (row[c] - mean[c]);
        }
        contents.setRow(0, i, row);
      }
    }
    ROPE.rotate(contents, 0);
    return contents;
  }

  /** Copies with the second of each pair negated: between two of these a rotation turns back. */
  private static HeadTensor conjugated(HeadTensor rows) {
    HeadTensor copy = HeadTensor.allocate(false, 1, rows.rows(), rows.width());
    double[] row = new double[rows.width()];
    for (int i = 0; i < rows.rows(); i++) {
      rows.copyRow(0, i, row);
      for (int c = row.length / 2; c < row.length; c++) {
        row[c] = -row[c];
      }
      copy.setRow(0, i, row);
    }
    return copy;
  }

  private static RegressionProblem problem(
      AttentionInputs head, HeadTensor queries, HeadTensor keys, Backend backend) {
    HeadTensor values = head.values();
    HeadTensor e = HeadTensor.allocate(false, 1, values.rows(), values.width());
    double scale = 1 / Math.sqrt(keys.width());
    new ExactAttention(backend)
        .forward(
            new AttentionInputs(queries, keys, values, scale, AttentionMask.CAUSAL),
            e,
            Parallelism.sequential());
    return new RegressionProblem(queries, keys, values, e);
  }

  int depth() {
    return problem.a1().width();
  }

  /** Projects a gradient by X on the matrices that X is kept among. */
  double[] projected(HeadTensor gradX) {
    int d = depth();
    double[] direction = new double[d * d];
    for (int a = 0; a < d; a++) {
      for (int b = 0; b < d; b++) {
        direction[a * d + b] = commuting ? commutingPart(gradX, a, b) : gradX.get(0, a, b);
      }
    }
    return direction;
  }

  /** In each pair of dimensions, what commutes with rotations is a multiple of a rotation. */
  private static double commutingPart(HeadTensor g, int a, int b) {
    int half = g.width() / 2;
    if (a % half != b % half) {
      return 0;
    }
    int m = a % half;
    double even = (g.get(0, m, m) + g.get(0, m + half, m + half)) / 2;
    double odd = (g.get(0, m + half, m) - g.get(0, m, m + half)) / 2;
    return a == b ? even : a > b ? odd : -odd;
  }
}
