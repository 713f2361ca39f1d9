package io.github.convbasis.simd.spectral;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weights of columns, {@code e^c(j)}, 0 for excluded ones. Every piece of columns takes out a power
 * of two of its own, so that its greatest weight is about 1 whatever the weights of other pieces
 * are; the product puts it back with the scale of the kernel. What is 2¹²⁶ smaller than the
 * greatest of its piece is lost, which is less than rounding the piece.
 *
 * <p>Mutable; filled once, then read by several threads.
 */
final class ColumnWeights {
  private static final VectorSpecies<Float> SPECIES = Lanes.FLOATS;
  private static final int LANES = SPECIES.length();
  private static final int ROW = BatchFft.ROW;

  private double[] logs = new double[0];

  /**
   * Takes the offsets of a sequence.
   *
   * @param columns how many
   * @param offsets gives c and excluded columns
   */
  void fill(int columns, FarOffsets offsets) {
    if (logs.length < columns) {
      logs = new double[columns];
    }
    double[] given = offsets.columnOffsets();
    for (int j = 0; j < columns; j++) {
      logs[j] = given == null ? 0 : given[j];
    }
    for (int j : offsets.excludedColumns()) {
      logs[j] = Double.NEGATIVE_INFINITY;
    }
  }

  /** Tells whether the logarithms of some columns' weights are small enough for exponents. */
  boolean areSafe(int fromColumn, int toColumn) {
    boolean safe = true;
    for (int j = fromColumn; j < toColumn; j++) {
      safe &= Math.abs(logs[j]) <= ScaledExp.MAX_LOGIT || logs[j] == Double.NEGATIVE_INFINITY;
    }
    return safe;
  }

  /** Sets the exponent of every piece, {@link SpectrumProduct#NOTHING} where all are excluded. */
  void setExponents(Pieces pieces) {
    for (int p = 0; p < pieces.count; p++) {
      double greatest = Double.NEGATIVE_INFINITY;
      for (int j = pieces.from[p]; j < pieces.to[p]; j++) {
        greatest = Math.max(greatest, logs[j]);
      }
      pieces.exponent[p] =
          greatest == Double.NEGATIVE_INFINITY
              ? SpectrumProduct.NOTHING
              : ScaledExp.exponentOf(greatest);
    }
  }

  /**
   * Computes the weights of some columns.
   *
   * @param fromColumn first column
   * @param toColumn after the last column
   * @param exponent of their piece
   * @param target receives {@code weight·2^(-exponent)} from its start; up to a vector more is
   *     written
   */
  void copy(int fromColumn, int toColumn, int exponent, double[] target) {
    int count = toColumn - fromColumn;
    System.arraycopy(logs, fromColumn, target, 0, count);
    ScaledExp.apply(target, 0, count, exponent);
  }

  /** Returns the 2-norm of some weights. */
  static double norm(double[] weights, int count) {
    double squares = 0;
    for (int j = 0; j < count; j++) {
      squares += weights[j] * weights[j];
    }
    return Math.sqrt(squares);
  }

  /**
   * Multiplies rows with their weights, in float.
   *
   * @param weights by row
   * @param count rows
   * @param rows rows of {@link BatchFft#ROW} floats
   * @param at index of the first
   */
  static void scale(double[] weights, int count, float[] rows, int at) {
    int index = at;
    for (int j = 0; j < count; j++) {
      float weight = (float) weights[j];
      FloatVector.fromArray(SPECIES, rows, index).mul(weight).intoArray(rows, index);
      FloatVector.fromArray(SPECIES, rows, index + LANES)
          .mul(weight)
          .intoArray(rows, index + LANES);
      index += ROW;
    }
  }

  /** Writes weights to one column of rows. */
  static void place(double[] weights, int count, float[] rows, int at) {
    for (int j = 0; j < count; j++) {
      rows[at + j * ROW] = (float) weights[j];
    }
  }
}
