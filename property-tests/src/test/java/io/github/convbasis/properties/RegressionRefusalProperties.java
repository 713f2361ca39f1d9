package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionRegression;
import io.github.convbasis.training.RegressionProblem;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Bad inputs of the attention regression are refused with the argument and both values. */
class RegressionRefusalProperties {
  private static final Parallelism ALONE = Parallelism.sequential();

  private static HeadTensor zeros(int heads, int rows, int width) {
    return HeadTensor.allocate(false, heads, rows, width);
  }

  private static HeadTensor filled(int rows, int width, double value) {
    double[] elements = new double[rows * width];
    Arrays.fill(elements, value);
    return HeadTensor.of(elements, 1, rows, width);
  }

  private static HeadTensor spoiled(int rows, int width, double value, int at) {
    double[] elements = new double[rows * width];
    elements[at] = value;
    return HeadTensor.of(elements, 1, rows, width);
  }

  @Property(tries = 100)
  void otherShapesAreRefused(
      @ForAll @IntRange(min = 1, max = 20) int n,
      @ForAll @IntRange(min = 1, max = 20) int d,
      @ForAll @IntRange(min = 1, max = 20) int more) {
    HeadTensor a = zeros(1, n, d);
    HeadTensor e = zeros(1, n, more);
    HeadTensor wide = zeros(1, n, d + more);
    HeadTensor tall = zeros(1, n + more, d);
    String like = "must be 1 × " + n + " × " + d + " like a1";
    Refusal.mustSay(() -> new RegressionProblem(a, wide, a, e), "a2 " + like, "was " + wide);
    Refusal.mustSay(() -> new RegressionProblem(a, tall, a, e), "a2 " + like, "was " + tall);
    Refusal.mustSay(() -> new RegressionProblem(a, a, tall, e), "a3 " + like, "was " + tall);
    Refusal.mustSay(
        () -> new RegressionProblem(a, a, a, tall), "e must be 1 × " + n, "was " + tall);
    HeadTensor heads = zeros(1 + more, n, d);
    Refusal.mustSay(
        () -> new RegressionProblem(heads, a, a, e), "a1 must have 1 head", "was " + (1 + more));
    RegressionProblem problem = new RegressionProblem(a, a, a, e);
    AttentionRegression regression = AttentionRegression.exact(Backends.scalar());
    HeadTensor x = zeros(1, d, d);
    HeadTensor w = zeros(1, d, more);
    HeadTensor otherX = zeros(1, d + 1, d);
    HeadTensor otherW = zeros(1, d, more + 1);
    Refusal.mustSay(
        () -> regression.evaluate(problem, otherX, w, ALONE),
        "x must be 1 × " + d + " × " + d,
        "was " + otherX);
    Refusal.mustSay(
        () -> regression.loss(problem, x, otherW, ALONE),
        "w must be 1 × " + d + " × " + more,
        "was " + otherW);
  }

  @Property(tries = 100)
  void whatIsNotFiniteIsRefused(
      @ForAll @IntRange(min = 0, max = 5) int at, @ForAll @IntRange(min = 0, max = 2) int kind) {
    double bad =
        new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}[kind];
    HeadTensor good = zeros(1, 3, 2);
    HeadTensor spoiled = spoiled(3, 2, bad, at);
    String place = "row " + at / 2 + ", column " + at % 2;
    Refusal.mustSay(() -> new RegressionProblem(spoiled, good, good, good), "a1", bad, place);
    Refusal.mustSay(() -> new RegressionProblem(good, spoiled, good, good), "a2", bad, place);
    Refusal.mustSay(() -> new RegressionProblem(good, good, spoiled, good), "a3", bad, place);
    Refusal.mustSay(() -> new RegressionProblem(good, good, good, spoiled), "e", bad, place);
    RegressionProblem problem = new RegressionProblem(good, good, good, good);
    HeadTensor small = zeros(1, 2, 2);
    HeadTensor spoiledSmall = spoiled(2, 2, bad, at % 4);
    AttentionRegression regression = AttentionRegression.exact(Backends.scalar());
    Refusal.mustSay(
        () -> regression.evaluate(problem, spoiledSmall, small, ALONE), "x must be finite", bad);
    Refusal.mustSay(
        () -> regression.evaluate(problem, small, spoiledSmall, ALONE), "w must be finite", bad);
  }

  @Property(tries = 100)
  void guardsThatAreNotPositiveAreRefused(@ForAll @DoubleRange(min = -9, max = 0) double guard) {
    AttentionRegression regression = AttentionRegression.exact(Backends.scalar());
    Refusal.mustSay(() -> regression.withGuardTolerance(guard), "guardTolerance", 0, guard);
    Refusal.mustSay(() -> regression.withGuardTolerance(Double.NaN), "guardTolerance", "NaN");
  }

  @Example
  void recoveriesThatDoNotFitAreRefused() {
    HeadTensor a = zeros(1, 3, 2);
    AttentionRegression regression =
        AttentionRegression.convBasis(Backends.scalar(), ConvBasisRecovery.ofStarts(0, 3));
    Refusal.mustSay(
        () ->
            regression.evaluate(
                new RegressionProblem(a, a, a, a), zeros(1, 2, 2), zeros(1, 2, 2), ALONE),
        "starts",
        "n = 3",
        3);
  }

  /** What overflows on the way is said, on both backends and in both modes. */
  @Example
  void overflowIsAnError() {
    int n = 130;
    HeadTensor one = filled(n, 2, 1);
    HeadTensor great = filled(n, 2, 1e200);
    HeadTensor small = filled(2, 2, 1);
    HeadTensor huge = filled(2, 2, 1e200);
    for (Backend backend : new Backend[] {Backends.scalar(), Backends.select("simd")}) {
      for (AttentionRegression regression :
          new AttentionRegression[] {
            AttentionRegression.exact(backend),
            AttentionRegression.convBasis(backend, ConvBasisRecovery.ofTerms(4))
          }) {
        // A₁X, a logit, A₃W, the loss.
        overflows(regression, new RegressionProblem(great, one, one, one), huge, small);
        overflows(regression, new RegressionProblem(great, great, one, one), small, small);
        overflows(regression, new RegressionProblem(one, one, great, one), small, huge);
        overflows(regression, new RegressionProblem(one, one, one, great), small, small);
      }
    }
  }

  private static void overflows(
      AttentionRegression regression, RegressionProblem problem, HeadTensor x, HeadTensor w) {
    assertThrows(ArithmeticException.class, () -> regression.evaluate(problem, x, w, ALONE));
  }
}
