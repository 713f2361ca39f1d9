package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.training.AttentionRegression;
import io.github.convbasis.training.RegressionProblem;
import io.github.convbasis.training.RegressionResult;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The attention regression of any backend beside its definition with n × n matrices. */
abstract class RegressionContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  /** So lenient that no row is exact unless it sees only zeros. */
  private static final double ANY_NOISE = 1e9;

  /** What others may be wrong by in double. */
  private static final double ORACLE_BOUND = 1e-9;

  private AttentionRegression convBasis(int... starts) {
    return AttentionRegression.convBasis(backend(), ConvBasisRecovery.ofStarts(starts));
  }

  private AttentionRegression everyColumn(int n) {
    return AttentionRegression.convBasis(backend(), ConvBasisRecovery.ofTerms(n));
  }

  /** The unit of rounding of rows of f: like {@link AttentionErrors#unit}, A₁X included. */
  private double unit(RegressionProblem problem, HeadTensor x) {
    int n = problem.a1().rows();
    int d = problem.a1().width();
    double logits = DenseRegression.logitSize(problem, x);
    return Tolerances.sum(unitRoundoff(), 2 * d + 2, 2 * logits)
        + Tolerances.sum(unitRoundoff(), n + problem.e().width() + d, 1);
  }

  /** The unit of transforms of exp(H̃), relative to the least row sum. */
  private double transformUnit(SegmentedToeplitz logits) {
    SegmentedToeplitz weights = logits.exponential(logits.greatestEntry());
    double norms = 0;
    for (int r = 0; r < weights.terms(); r++) {
      double[] kernel = weights.kernel(r);
      norms += Reference.norm2(kernel) * Math.sqrt(weights.end(r) - weights.start(r));
    }
    double least = Double.POSITIVE_INFINITY;
    for (double rowSum : weights.rowSums()) {
      least = Math.min(least, rowSum);
    }
    return Tolerances.fft(unitRoundoff(), 2 * logits.size(), norms) / least;
  }

  private static SegmentedToeplitz sampled(double[][] logits, int... starts) {
    double[][] kernels = new double[starts.length][];
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[logits.length - starts[r]];
      for (int lag = 0; lag < kernels[r].length; lag++) {
        kernels[r][lag] = logits[starts[r] + lag][starts[r]];
      }
    }
    return SegmentedToeplitz.of(logits.length, starts, kernels);
  }

  private static void require(
      Tolerances tolerance,
      RegressionResult result,
      DenseRegression dense,
      double[] sizesX,
      double bound,
      double unit) {
    requireOne(tolerance, result.loss(), dense.loss, dense.lossSize, bound, unit, false, "loss");
    for (int a = 0; a < dense.gradX.length; a++) {
      for (int b = 0; b < dense.gradX.length; b++) {
        requireOne(
            tolerance,
            result.gradX().get(0, a, b),
            dense.gradX[a][b],
            sizesX[a],
            bound,
            unit,
            result.gradX().isSinglePrecision(),
            "gradX " + a + ", " + b);
      }
      for (int k = 0; k < dense.gradW[a].length; k++) {
        requireOne(
            tolerance,
            result.gradW().get(0, a, k),
            dense.gradW[a][k],
            dense.sizesW[a][k],
            bound,
            unit,
            result.gradW().isSinglePrecision(),
            "gradW " + a + ", " + k);
      }
    }
  }

  /** Rounding of kind {@code tolerance}, beside a bound and what storing as float costs. */
  private static void requireOne(
      Tolerances tolerance,
      double actual,
      double expected,
      double size,
      double bound,
      double unit,
      boolean single,
      String what) {
    double error = actual - expected;
    double storing = single ? Tolerances.ulps(Tolerances.FLOAT, expected) : 0;
    if (bound == 0 && storing == 0) {
      tolerance.require(error, unit * size, what);
    } else {
      double rounding = tolerance.of(unit * size) + Tolerances.STORED_FLOAT.of(storing);
      Tolerances.requireBounded(error, bound * size, rounding, what);
    }
  }

  @Property
  void exactModeIsTheDefinition(@ForAll(supplier = RegressionSample.Any.class) RegressionSample s) {
    RegressionProblem problem = s.problem();
    HeadTensor x = s.x();
    RegressionResult result =
        AttentionRegression.exact(backend()).evaluate(problem, x, s.w(), ALONE);
    DenseRegression dense = DenseRegression.of(problem, s.w(), DenseRegression.logits(problem, x));
    require(Tolerances.REGRESSION, result, dense, dense.sizesX, 0, unit(problem, x));
    assertEquals(0, result.terms(), "terms");
    assertEquals(s.n(), result.exactRows(), "exact rows");
  }

  @Property
  void basisModeIsTheDefinitionWithTheLogitsOfTheBasis(
      @ForAll(supplier = RegressionSample.Mild.class) RegressionSample s) {
    RegressionProblem problem = s.problem();
    HeadTensor x = s.x();
    RegressionResult result =
        convBasis(s.starts()).withGuardTolerance(ANY_NOISE).evaluate(problem, x, s.w(), ALONE);
    assertEquals(0, result.exactRows(), "exact rows");
    assertEquals(s.starts().length, result.terms(), "terms");
    SegmentedToeplitz model = sampled(DenseRegression.logits(problem, x), s.starts());
    DenseRegression dense = DenseRegression.of(problem, s.w(), Reference.dense(model));
    double unit = transformUnit(model) + unit(problem, x);
    require(Tolerances.REGRESSION_TRANSFORM, result, dense, dense.spreadSizesX, 0, unit);
  }

  @Property
  void everyColumnAsATermIsExactWithinTheGuard(
      @ForAll(supplier = RegressionSample.Any.class) RegressionSample s) {
    RegressionProblem problem = s.problem();
    HeadTensor x = s.x();
    RegressionResult result = everyColumn(s.n()).evaluate(problem, x, s.w(), ALONE);
    DenseRegression dense = DenseRegression.of(problem, s.w(), DenseRegression.logits(problem, x));
    assertEquals(s.n(), result.terms(), "terms");
    double guard = backend().defaultGuardTolerance();
    require(Tolerances.REGRESSION, result, dense, dense.sizesX, guard, unit(problem, x));
  }

  /** Queries times a signed permutation, which X takes back exactly. */
  private static RegressionProblem permuted(SegmentedSample sample, HeadTensor x, int m) {
    AttentionInputs inputs = sample.inputs();
    int d = sample.depth();
    HeadTensor a1 = Layout.HEADS_FIRST.blank(sample.single(), 1, sample.n(), d);
    double[] row = new double[d];
    double[] turned = new double[d];
    for (int i = 0; i < sample.n(); i++) {
      inputs.queries().copyRow(0, i, row);
      for (int a = 0; a < d; a++) {
        turned[a] = x.dot(0, a, row);
      }
      a1.setRow(0, i, turned);
    }
    SplittableRandom random = new SplittableRandom(sample.seed());
    HeadTensor a3 = HeadTensor.of(Draw.gaussian(random, sample.n() * d, 1), 1, sample.n(), d);
    HeadTensor e = HeadTensor.of(Draw.gaussian(random, sample.n() * m, 1), 1, sample.n(), m);
    return new RegressionProblem(a1, inputs.keys().head(0), a3, e);
  }

  private static HeadTensor signedPermutation(int d, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    HeadTensor x = HeadTensor.allocate(false, 1, d, d);
    int shift = random.nextInt(d);
    double[] row = new double[d];
    for (int a = 0; a < d; a++) {
      row[(a + shift) % d] = random.nextBoolean() ? 1 : -1;
      x.setRow(0, a, row);
      row[(a + shift) % d] = 0;
    }
    return x;
  }

  @Property(tries = 300)
  void segmentedLogitsAreExactWithOneTermForEachSegment(
      @ForAll(supplier = SegmentedSample.Small.class) SegmentedSample sample) {
    HeadTensor x = signedPermutation(sample.depth(), sample.seed());
    RegressionProblem problem = permuted(sample, x, sample.width());
    int d = sample.depth();
    double[] elements = Draw.gaussian(new SplittableRandom(~sample.seed()), d * sample.width(), 1);
    HeadTensor w = HeadTensor.of(elements, 1, d, sample.width());
    RegressionResult result = convBasis(sample.starts()[0]).evaluate(problem, x, w, ALONE);
    DenseRegression dense = DenseRegression.of(problem, w, DenseRegression.logits(problem, x));
    double guard = backend().defaultGuardTolerance();
    require(Tolerances.REGRESSION, result, dense, dense.sizesX, guard, unit(problem, x));
  }

  /** Searched for, not given: X of one size keeps rotated contents rotated. */
  @Property(tries = 100)
  void rotatedPiecewiseConstantKeysAreExactWithOneTermForEachPiece(
      @ForAll(supplier = RotarySample.Any.class) RotarySample sample) {
    AttentionInputs inputs = sample.inputs();
    int d = RotarySample.D;
    HeadTensor x = HeadTensor.allocate(false, 1, d, d);
    double[] row = new double[d];
    for (int a = 0; a < d; a++) {
      row[a] = inputs.scale();
      x.setRow(0, a, row);
      row[a] = 0;
    }
    SplittableRandom random = new SplittableRandom(sample.seed());
    int n = sample.n();
    int m = sample.width();
    RegressionProblem problem =
        new RegressionProblem(
            inputs.queries(),
            inputs.keys(),
            HeadTensor.of(Draw.gaussian(random, n * d, 1), 1, n, d),
            HeadTensor.of(Draw.gaussian(random, n * m, 1), 1, n, m));
    HeadTensor w = HeadTensor.of(Draw.gaussian(random, d * m, 0.1), 1, d, m);
    AttentionRegression regression =
        AttentionRegression.convBasis(backend(), ConvBasisRecovery.ofTerms(sample.terms() + 1));
    RegressionResult result = regression.evaluate(problem, x, w, ALONE);
    assertEquals(sample.terms(), result.terms(), "terms");
    DenseRegression dense = DenseRegression.of(problem, w, DenseRegression.logits(problem, x));
    // Rotations of queries and keys are rounded to double and differ from column to column.
    double bound = backend().defaultGuardTolerance() + rotaryTolerance();
    require(Tolerances.REGRESSION, result, dense, dense.sizesX, bound, unit(problem, x));
  }

  /** E is what this X and W give, in the same bits or not: no gradient is left but rounding. */
  @Property(tries = 300)
  void zeroResidualHasNoGradient(
      @ForAll(supplier = RegressionSample.Mild.class) RegressionSample s) {
    RegressionProblem drawn = s.problem();
    HeadTensor x = s.x();
    HeadTensor e = HeadTensor.allocate(false, 1, s.n(), s.m());
    AttentionInputs inputs =
        new AttentionInputs(
            product(drawn.a1(), x),
            drawn.a2(),
            product(drawn.a3(), s.w()),
            1,
            AttentionMask.CAUSAL);
    new ExactAttention(backend()).forward(inputs, e, ALONE);
    RegressionProblem problem = new RegressionProblem(drawn.a1(), drawn.a2(), drawn.a3(), e);
    DenseRegression dense = DenseRegression.of(problem, s.w(), DenseRegression.logits(problem, x));
    RegressionResult exact =
        AttentionRegression.exact(backend()).evaluate(problem, x, s.w(), ALONE);
    RegressionResult basis = everyColumn(s.n()).evaluate(problem, x, s.w(), ALONE);
    double unit = unit(problem, x);
    requireNothing(exact, dense, 0, unit);
    requireNothing(basis, dense, backend().defaultGuardTolerance(), unit);
  }

  private static void requireNothing(
      RegressionResult result, DenseRegression dense, double bound, double unit) {
    double error = bound + Tolerances.REGRESSION.of(unit);
    Tolerances.requireBounded(result.loss(), error * error * dense.lossSize, 0, "loss");
    for (int a = 0; a < dense.gradX.length; a++) {
      for (int b = 0; b < dense.gradX.length; b++) {
        Tolerances.requireBounded(
            result.gradX().get(0, a, b), error * dense.sizesX[a], 0, "gradX " + a + ", " + b);
      }
      for (int k = 0; k < dense.gradW[a].length; k++) {
        Tolerances.requireBounded(
            result.gradW().get(0, a, k), error * dense.sizesW[a][k], 0, "gradW " + a + ", " + k);
      }
    }
  }

  private static HeadTensor product(HeadTensor a, HeadTensor b) {
    double[][] columns = Reference.transpose(DenseRegression.rows(b));
    HeadTensor product = HeadTensor.allocate(false, 1, a.rows(), b.width());
    double[] row = new double[a.width()];
    for (int i = 0; i < a.rows(); i++) {
      a.copyRow(0, i, row);
      product.setRow(0, i, Reference.product(columns, row));
    }
    return product;
  }

  /** EXACT: neither the number of tasks nor asking for gradients changes a bit. */
  @Property(tries = 100)
  void tasksDoNotChangeBitsAndTheLossIsTheSameAlone(
      @ForAll(supplier = RegressionSample.Any.class) RegressionSample s) {
    RegressionProblem problem = s.problem();
    for (AttentionRegression regression :
        new AttentionRegression[] {AttentionRegression.exact(backend()), convBasis(s.starts())}) {
      RegressionResult alone = regression.evaluate(problem, s.x(), s.w(), ALONE);
      RegressionResult shared =
          regression.evaluate(
              problem, s.x(), s.w(), Parallelism.of(Threads.POOL, Threads.MOST_TASKS));
      Tolerances.requireSameBits(shared.loss(), alone.loss(), "loss");
      Tolerances.requireSameBits(
          regression.loss(problem, s.x(), s.w(), ALONE), alone.loss(), "loss alone");
      Tolerances.requireSameBits(
          Layout.elements(shared.gradX()), Layout.elements(alone.gradX()), "gradX");
      Tolerances.requireSameBits(
          Layout.elements(shared.gradW()), Layout.elements(alone.gradW()), "gradW");
    }
  }

  /** Rows before a peak of e⁶⁰ drown in its transforms, and must be exact instead. */
  @Example
  void rowsThatWouldDrownAreExact() {
    int n = 200;
    int d = 2;
    double[] features = new double[n * d];
    double[] keys = new double[n * d];
    for (int i = 0; i < n; i++) {
      features[i * d] = i < 100 ? 0 : 60;
      features[i * d + 1] = Math.sin(i);
      keys[i * d] = 1;
      keys[i * d + 1] = Math.cos(3 * i);
    }
    SplittableRandom random = new SplittableRandom(5);
    RegressionProblem problem =
        new RegressionProblem(
            HeadTensor.of(features, 1, n, d),
            HeadTensor.of(keys, 1, n, d),
            HeadTensor.of(Draw.gaussian(random, n * d, 1), 1, n, d),
            HeadTensor.of(Draw.gaussian(random, n * d, 1), 1, n, d));
    HeadTensor x = HeadTensor.of(new double[] {1, 0, 0, 1}, 1, d, d);
    RegressionResult result = everyColumn(n).evaluate(problem, x, x, ALONE);
    assertTrue(result.exactRows() >= 100, () -> result.exactRows() + " exact rows");
    DenseRegression dense = DenseRegression.of(problem, x, DenseRegression.logits(problem, x));
    double guard = backend().defaultGuardTolerance();
    require(Tolerances.REGRESSION, result, dense, dense.sizesX, guard, unit(problem, x));
  }

  /**
   * The last value is 10¹² times the others, and the row that sees it has no part in ∂L/∂X, since
   * its A₁ is zero: what is left must be right beside the values that other rows see.
   */
  @Example
  void greatValuesAheadLeaveNoTraceInRowsBefore() {
    int n = 200;
    int d = 2;
    SplittableRandom random = new SplittableRandom(7);
    double[] a1 = Draw.gaussian(random, n * d, 1);
    double[] a3 = Draw.gaussian(random, n * d, 1);
    for (int c = (n - 1) * d; c < n * d; c++) {
      a1[c] = 0;
      a3[c] = 1e12;
    }
    RegressionProblem problem =
        new RegressionProblem(
            HeadTensor.of(a1, 1, n, d),
            HeadTensor.of(Draw.gaussian(random, n * d, 1), 1, n, d),
            HeadTensor.of(a3, 1, n, d),
            HeadTensor.of(Draw.gaussian(random, n * d, 1), 1, n, d));
    HeadTensor x = HeadTensor.of(new double[] {1, 0, 0, 1}, 1, d, d);
    RegressionResult result = everyColumn(n).evaluate(problem, x, x, ALONE);
    DenseRegression dense = DenseRegression.of(problem, x, DenseRegression.logits(problem, x));
    double guard = backend().defaultGuardTolerance();
    require(Tolerances.REGRESSION, result, dense, dense.sizesX, guard, unit(problem, x));
  }

  private void requireOracle(AttentionRegression regression, double bound) {
    RegressionProblem problem =
        new RegressionProblem(
            OracleFile.read("regression_a1"),
            OracleFile.read("regression_a2"),
            OracleFile.read("regression_a3"),
            OracleFile.read("regression_e"));
    HeadTensor x = OracleFile.read("regression_x");
    HeadTensor w = OracleFile.read("regression_w");
    RegressionResult result = regression.evaluate(problem, x, w, ALONE);
    DenseRegression dense = DenseRegression.of(problem, w, DenseRegression.logits(problem, x));
    double rounding = Tolerances.REGRESSION.of(unit(problem, x)) + bound;
    boolean inDouble = unitRoundoff() == Tolerances.DOUBLE;
    double loss = OracleFile.read("regression_loss").get(0, 0, 0);
    double lossBound = inDouble ? ORACLE_BOUND : rounding * dense.lossSize;
    Tolerances.requireBounded(result.loss() - loss, lossBound, 0, "loss");
    double[][] gradX = DenseRegression.rows(OracleFile.read("regression_grad_x"));
    double[][] gradW = DenseRegression.rows(OracleFile.read("regression_grad_w"));
    for (int a = 0; a < gradX.length; a++) {
      for (int b = 0; b < gradX.length; b++) {
        double most = inDouble ? ORACLE_BOUND : rounding * dense.sizesX[a];
        Tolerances.requireBounded(
            result.gradX().get(0, a, b) - gradX[a][b], most, 0, "gradX " + a + ", " + b);
      }
      for (int k = 0; k < gradW[a].length; k++) {
        double most = inDouble ? ORACLE_BOUND : rounding * dense.sizesW[a][k];
        Tolerances.requireBounded(
            result.gradW().get(0, a, k) - gradW[a][k], most, 0, "gradW " + a + ", " + k);
      }
    }
  }

  @Example
  void exactModeIsTheOracles() {
    requireOracle(AttentionRegression.exact(backend()), 0);
  }

  @Example
  void everyColumnAsATermIsTheOracles() {
    double guard = backend().defaultGuardTolerance();
    requireOracle(everyColumn(OracleFile.read("regression_a1").rows()), guard);
  }
}
