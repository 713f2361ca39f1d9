package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What plans of segmented matrices give beside products. */
abstract class SegmentPlanContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  /** Positive weights with a dynamic range, by the starts of a sample. */
  private static SegmentedToeplitz weights(GradientSample sample, double spread) {
    int[] starts = sample.starts();
    double[][] kernels = new double[starts.length][];
    SplittableRandom random = new SplittableRandom(sample.seed() + 10);
    for (int r = 0; r < starts.length; r++) {
      kernels[r] = new double[sample.n() - starts[r]];
      for (int lag = 0; lag < kernels[r].length; lag++) {
        kernels[r][lag] = Math.exp(-spread * random.nextDouble());
      }
    }
    return SegmentedToeplitz.of(sample.n(), starts, kernels);
  }

  /** APPROX: the bound is one for rounding itself. */
  @Property
  void noisesBoundTheRoundingOfProducts(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll @IntRange(min = 0, max = 30) int spread) {
    SegmentedToeplitz weights = weights(sample, spread);
    HeadTensor x = sample.inputs().values();
    int n = sample.n();
    int head = x.heads() - 1;
    SegmentPlan plan = backend().segmentConvolution(weights);
    HeadTensor y = HeadTensor.allocate(false, x.heads(), n, x.width());
    double[] noises = new double[n];
    double[] sumNoises = new double[n];
    plan.apply(x, y, head, noises, sumNoises, backend().newWorkspace(), ALONE);
    HeadTensor plain = HeadTensor.allocate(false, x.heads(), n, x.width());
    plan.apply(x, plain, head, backend().newWorkspace(), ALONE);
    Tolerances.requireSameBits(Layout.elements(y), Layout.elements(plain), "product");
    HeadTensor ones = HeadTensor.allocate(false, 1, n, 1);
    Arrays.fill(ones.doubles(), 1);
    HeadTensor sums = HeadTensor.allocate(false, 1, n, 1);
    plan.apply(ones, sums, 0, backend().newWorkspace(), ALONE);
    double[] rowSums = weights.rowSums();
    double[][] dense = Reference.dense(weights);
    for (int c = 0; c < x.width(); c++) {
      double[] expected = Reference.product(dense, ColumnsSample.column(x, head, c));
      for (int i = 0; i < n; i++) {
        double error = Math.abs(y.get(head, i, c) - expected[i]);
        double noise = noises[i];
        assertTrue(error <= noise, () -> "error " + error + " above " + noise);
      }
    }
    for (int i = 0; i < n; i++) {
      double error = Math.abs(sums.get(0, i, 0) - rowSums[i]);
      double noise = sumNoises[i];
      assertTrue(error <= noise, () -> "row sum: error " + error + " above " + noise);
    }
  }

  @Property
  void kernelGradientsAreCorrelations(
      @ForAll(supplier = GradientSample.Any.class) GradientSample sample,
      @ForAll @IntRange(min = -1, max = 5) int skipped) {
    SegmentedToeplitz matrix = weights(sample, 1);
    HeadTensor x = sample.inputs().values();
    HeadTensor y = sample.upstream();
    int n = sample.n();
    double[][] gradients = new double[matrix.terms()][];
    for (int r = 0; r < gradients.length; r++) {
      gradients[r] = r == skipped ? null : new double[n - matrix.start(r)];
    }
    backend()
        .segmentConvolution(matrix)
        .kernelGradients(y, x, 0, gradients, backend().newWorkspace(), ALONE);
    for (int r = 0; r < gradients.length; r++) {
      if (r == skipped) {
        continue;
      }
      double norms = 0;
      for (int c = 0; c < x.width(); c++) {
        norms +=
            Reference.norm2(ColumnsSample.column(y, 0, c))
                * Reference.norm2(ColumnsSample.column(x, 0, c), matrix.start(r), matrix.end(r));
      }
      for (int lag = 0; lag < gradients[r].length; lag++) {
        Reference.Accumulator expected = new Reference.Accumulator();
        for (int j = matrix.start(r); j < Math.min(matrix.end(r), n - lag); j++) {
          for (int c = 0; c < x.width(); c++) {
            expected.addProduct(y.get(0, j + lag, c), x.get(0, j, c));
          }
        }
        Tolerances.CORRELATION.require(
            gradients[r][lag] - expected.value(),
            Tolerances.fft(unitRoundoff(), 2 * n, norms),
            "segment " + r + ", lag " + lag);
      }
    }
  }
}
