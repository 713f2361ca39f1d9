package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.decompose.OffsetFit;
import io.github.convbasis.decompose.SampledTile;
import net.jqwik.api.Example;

/** What sampled tiles and their fits refuse. */
class OffsetFitRefusalProperties {
  private static final int FIRST = 10;
  private static final int END = 20;
  private static final int COLUMN = 8;

  private static SampledTile tile(int[] rows, double[][] logits, double[][] weights) {
    return SampledTile.of(FIRST, END, COLUMN, rows, logits, weights);
  }

  private static SampledTile tile(int row, double[] logits, double[] weights) {
    return tile(new int[] {row}, new double[][] {logits}, new double[][] {weights});
  }

  @Example
  void rangesThatAreEmptyOrNegative() {
    double[][] one = {{1}};
    int[] rows = {0};
    Refusal.mustSay(() -> SampledTile.of(5, 5, 0, rows, one, one), "endRow", "5 and 5");
    Refusal.mustSay(() -> SampledTile.of(-1, 5, 0, rows, one, one), "firstRow", "5 and -1");
    Refusal.mustSay(() -> SampledTile.of(0, 5, -2, rows, one, one), "firstColumn", "was -2");
  }

  @Example
  void rowsThatAreNotIncreasingOrOutside() {
    double[][] two = {{1}, {1}};
    Refusal.mustSay(() -> tile(new int[0], two, two), "rows", "was 0");
    Refusal.mustSay(
        () -> tile(new int[] {9, 11}, two, two), "rows[0]", "between 10 and 19", "was 9");
    Refusal.mustSay(
        () -> tile(new int[] {11, 11}, two, two), "rows[1]", "between 12 and 19", "was 11");
    Refusal.mustSay(
        () -> tile(new int[] {11, 20}, two, two), "rows[1]", "between 12 and 19", "was 20");
  }

  @Example
  void shapesThatDiffer() {
    double[][] two = {{1}, {1}};
    int[] rows = {12, 13};
    Refusal.mustSay(() -> tile(rows, new double[][] {{1}}, two), "logits", "2", "was 1");
    Refusal.mustSay(() -> tile(rows, two, new double[3][1]), "weights", "2", "was 3");
    Refusal.mustSay(
        () -> tile(rows, new double[][] {{1, 2}, {1}}, new double[2][2]), "logits[1]", "was 1");
    Refusal.mustSay(
        () -> tile(rows, new double[2][2], new double[][] {{1, 2}, {1}}), "weights[1]", "was 1");
    Refusal.mustSay(() -> tile(12, new double[0], new double[0]), "logits[0]", "was 0");
  }

  @Example
  void weightsThatCannotBe() {
    double[] logits = new double[6];
    Refusal.mustSay(
        () -> tile(12, logits, new double[] {1, -2, 0, 0, 0, 0}), "weights", "was -2.0", "at 1");
    Refusal.mustSay(
        () -> tile(12, logits, new double[] {1, 1, Double.NaN, 0, 0, 0}), "weights", "was NaN");
    Refusal.mustSay(
        () -> tile(12, logits, new double[] {1, 0, 0, 0, 0, 3}), "above the diagonal", "was 3.0");
    Refusal.mustSay(() -> tile(12, logits, new double[6]), "weights", "greater than 0", "was 0.0");
    double[] huge = {Double.MAX_VALUE, Double.MAX_VALUE, 0, 0, 0, 0};
    Refusal.mustSay(() -> tile(12, logits, huge), "weights", "finite", "was Infinity");
  }

  @Example
  void logitsThatAreNotFiniteWhereTheyCount() {
    Refusal.mustSay(
        () -> tile(12, new double[] {0, Double.NaN}, new double[] {0, 1}), "logits", "NaN", "at 1");
  }

  @Example
  void sweepsAndDecreasesOutOfRange() {
    SampledTile tile = tile(12, new double[] {1, 2}, new double[] {1, 1});
    Refusal.mustSay(
        () -> OffsetFit.of(Backends.scalar(), tile, 0, 0), "mostSweeps", "at least 1", "was 0");
    for (double share : new double[] {-0.1, 1, Double.NaN}) {
      Refusal.mustSay(
          () -> OffsetFit.of(Backends.scalar(), tile, 1, share), "leastDecrease", "was " + share);
    }
    SampledTile large = tile(12, new double[] {1e200, 2}, new double[] {1, 1});
    assertThrows(ArithmeticException.class, () -> OffsetFit.of(Backends.scalar(), large, 1, 0));
  }
}
