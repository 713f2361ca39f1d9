package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionRegression;
import io.github.convbasis.training.RegressionProblem;
import io.github.convbasis.training.RegressionResult;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Gradients in double beside central differences of the loss along random directions. */
class RegressionDifferenceProperties {
  private static final double STEP = 1e-3;
  private static final Parallelism ALONE = Parallelism.sequential();

  /** A loss along a line through X and W. */
  private record Line(
      AttentionRegression regression,
      RegressionProblem problem,
      HeadTensor x,
      HeadTensor w,
      double[] directionX,
      double[] directionW) {
    double loss(double t) {
      return regression.loss(problem, moved(x, directionX, t), moved(w, directionW, t), ALONE);
    }

    private static HeadTensor moved(HeadTensor from, double[] direction, double t) {
      double[] elements = Layout.elements(from);
      for (int i = 0; i < elements.length; i++) {
        elements[i] += t * direction[i];
      }
      return HeadTensor.of(elements, 1, from.rows(), from.width());
    }

    double slope(double step) {
      return (loss(step) - loss(-step)) / (2 * step);
    }

    double gradient() {
      RegressionResult result = regression.evaluate(problem, x, w, ALONE);
      return Reference.dot(Layout.elements(result.gradX()), directionX)
          + Reference.dot(Layout.elements(result.gradW()), directionW);
    }

    /**
     * A difference over two steps is wrong by a t², so that Richardson's combination of both is
     * wrong by far less than they differ. Rounding: the guard beside the size of the loss's terms.
     */
    void requireSlope(double relativeRounding) {
      double far = slope(2 * STEP);
      double near = slope(STEP);
      double slope = near + (near - far) / 3;
      DenseRegression dense = DenseRegression.of(problem, w, DenseRegression.logits(problem, x));
      double rounding = 8 * relativeRounding * dense.lossSize / STEP;
      Tolerances.requireBounded(gradient() - slope, Math.abs(near - far), rounding, "slope");
    }
  }

  private static Line line(AttentionRegression regression, RegressionSample sample) {
    SplittableRandom random = new SplittableRandom(~sample.seed());
    int d = sample.d();
    // Logits move by about as much as the step.
    double[] directionX = Draw.gaussian(random, d * d, 1.0 / d);
    double[] directionW = Draw.gaussian(random, d * sample.m(), 1);
    // In double, so that gradients are not rounded to float.
    HeadTensor x = HeadTensor.of(Layout.elements(sample.x()), 1, d, d);
    HeadTensor w = HeadTensor.of(Layout.elements(sample.w()), 1, d, sample.m());
    return new Line(regression, sample.problem(), x, w, directionX, directionW);
  }

  @Property(tries = 300)
  void exactGradientsAreSlopes(
      @ForAll(supplier = RegressionSample.Mild.class) RegressionSample sample) {
    line(AttentionRegression.exact(Backends.scalar()), sample)
        .requireSlope(sample.n() * Tolerances.DOUBLE);
  }

  /** With every column as a term the basis moves with X as the logits do. */
  @Property(tries = 300)
  void basisGradientsAreSlopesWhereTheBasisIsTheLogits(
      @ForAll(supplier = RegressionSample.Mild.class) RegressionSample sample) {
    double guard = 1e-12;
    AttentionRegression regression =
        AttentionRegression.convBasis(Backends.scalar(), ConvBasisRecovery.ofTerms(sample.n()))
            .withGuardTolerance(guard);
    line(regression, sample).requireSlope(guard + sample.n() * Tolerances.DOUBLE);
  }
}
