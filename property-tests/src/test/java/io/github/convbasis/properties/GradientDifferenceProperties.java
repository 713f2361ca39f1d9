package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.ConvGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.Gradients;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Gradients in double beside central differences of the same forward pass along a random direction.
 * OPERATOR is no gradient of its forward pass, so it is not among them.
 */
class GradientDifferenceProperties {
  private static final double STEP = 1e-5;

  /**
   * APPROX: a requirement on the difference beside the sizes of its factors. The formula is off by
   * STEP² times a third derivative, 1e-10, and rounds by u/STEP, 1e-11, times what transforms
   * multiply u with.
   */
  private static final double BOUND = 1e-7;

  private static final Parallelism ALONE = Parallelism.sequential();

  private static AttentionInputs moved(GradientSample sample, double[][] direction, double step) {
    double[][] elements = {sample.queries(), sample.keys(), sample.values()};
    for (int t = 0; t < 3; t++) {
      for (int i = 0; i < elements[t].length; i++) {
        elements[t][i] += step * direction[t][i];
      }
    }
    return sample.inputs(false, elements[0], elements[1], elements[2]);
  }

  private static double loss(ConvGradient gradient, AttentionInputs inputs, double[] upstream) {
    HeadTensor output =
        HeadTensor.allocate(
            false, inputs.queries().heads(), inputs.rows(), inputs.values().width());
    gradient.forward(inputs, output, ALONE);
    return Reference.dot(Layout.elements(output), upstream);
  }

  private static void requireDifference(GradientSample sample, GradientMode mode) {
    // A strict guard would move rows between both kinds from one side to the other.
    ConvGradient gradient =
        ConvGradient.of(Backends.scalar(), ConvBasisRecovery.ofStarts(sample.starts()))
            .withMode(mode)
            .withBand(sample.parts().band())
            .withExactColumns(sample.exactColumns())
            .withGuardTolerance(1e-6);
    double[][] direction = {
      Draw.uniform(new SplittableRandom(sample.seed() + 6), sample.queries().length, 1),
      Draw.uniform(new SplittableRandom(sample.seed() + 7), sample.keys().length, 1),
      Draw.uniform(new SplittableRandom(sample.seed() + 8), sample.values().length, 1)
    };
    double[] upstream = Layout.elements(sample.upstream());
    double forward = loss(gradient, moved(sample, direction, STEP), upstream);
    double backward = loss(gradient, moved(sample, direction, -STEP), upstream);
    AttentionInputs inputs = moved(sample, direction, 0);
    HeadTensor output =
        sample.layout().blank(false, sample.heads().queries, sample.n(), sample.width());
    HeadTensor doubles =
        HeadTensor.of(upstream, sample.heads().queries, sample.n(), sample.width());
    Gradients gradients = Gradients.zeros(inputs);
    gradient.backward(gradient.forward(inputs, output, ALONE), doubles, gradients, ALONE);
    double derivative =
        Reference.dot(Layout.elements(gradients.queries()), direction[0])
            + Reference.dot(Layout.elements(gradients.keys()), direction[1])
            + Reference.dot(Layout.elements(gradients.values()), direction[2]);
    double size = 1 + Reference.norm1(upstream);
    Tolerances.requireBounded(
        (forward - backward) / (2 * STEP) - derivative, BOUND * size, 0, mode + " of " + sample);
  }

  @Property
  void exactGradientsAreDerivatives(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample) {
    requireDifference(sample, GradientMode.EXACT);
  }

  @Property
  void segmentGradientsAreDerivatives(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample) {
    requireDifference(sample, GradientMode.SEGMENT);
  }
}
