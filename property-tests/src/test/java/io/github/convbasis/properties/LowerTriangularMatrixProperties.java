package io.github.convbasis.properties;

import io.github.convbasis.matrix.LowerTriangularMatrix;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Columns of a dense lower-triangular matrix. */
class LowerTriangularMatrixProperties {

  @Property
  void severalColumnsAreThoseCopiedOneByOne(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample) {
    int n = sample.n();
    LowerTriangularMatrix matrix = sample.matrix();
    int[] columns = Draw.subset(sample.more(), 1 + sample.more().nextInt(n), n);
    double[][] targets = new double[columns.length][];
    for (int r = 0; r < columns.length; r++) {
      targets[r] = GuardedRange.of(new double[n - columns[r]], 0).array();
    }
    matrix.copyColumns(columns, targets);
    for (int r = 0; r < columns.length; r++) {
      double[] expected = new double[n - columns[r]];
      matrix.copyColumn(columns[r], columns[r], n, expected);
      new GuardedRange(targets[r], 0, expected.length).requireHolds(expected, "column");
    }
  }

  @Property
  void distanceIsThatOfTheColumnsFirstEntries(
      @ForAll(supplier = LowerTriangularSample.Large.class) LowerTriangularSample sample) {
    int column = sample.more().nextInt(sample.n());
    int window = 1 + sample.more().nextInt(sample.n() - column);
    double[] reference = Draw.uniform(sample.more(), window, sample.scale());
    double[] work = GuardedRange.of(new double[window], 0).array();
    double actual = sample.matrix().distance(column, reference, work);
    Reference.Accumulator expected = new Reference.Accumulator();
    double[][] dense = sample.dense();
    for (int t = 0; t < window; t++) {
      expected.add(Math.abs(dense[column + t][column] - reference[t]));
    }
    double unit = Tolerances.sum(Tolerances.DOUBLE, window, expected.value());
    Tolerances.DISTANCE.require(actual - expected.value(), unit, "distance");
  }
}
