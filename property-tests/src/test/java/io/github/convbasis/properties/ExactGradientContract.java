package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.Gradients;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What gradients of exact entries, and attention over some entries, must satisfy. */
abstract class ExactGradientContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  private double unit(AttentionSample sample, AttentionInputs inputs, double size) {
    double roundoff = sample.single() ? Tolerances.FLOAT : unitRoundoff();
    double logit = 0;
    for (int head = 0; head < inputs.queries().heads(); head++) {
      logit =
          Math.max(
              logit, inputs.queries().maxAbs(head) * inputs.keys().maxAbs(inputs.keyHead(head)));
    }
    // A logit's rounding is relative, so that of its weight grows with its size.
    double condition = 1 + Math.abs(inputs.scale()) * sample.d() * logit;
    return Tolerances.sum(roundoff, sample.n(), condition * size);
  }

  private static HeadTensor upstream(AttentionSample sample) {
    int heads = sample.shape().queries;
    double[] x =
        Draw.gaussian(
            new SplittableRandom(sample.seed() + 9), heads * sample.n() * sample.width(), 1);
    return sample
        .layout()
        .store(
            Arrays.stream(x).map(value -> (float) value).toArray(),
            sample.single(),
            heads,
            sample.n(),
            sample.width());
  }

  private Gradients backward(AttentionInputs inputs, HeadTensor upstream, Parallelism parallelism) {
    AttentionGradient gradient = AttentionGradient.exact(backend());
    HeadTensor output =
        HeadTensor.allocate(
            upstream.isSinglePrecision(), upstream.heads(), upstream.rows(), upstream.width());
    Gradients gradients = Gradients.zeros(inputs);
    gradient.backward(
        gradient.forward(inputs, output, parallelism), upstream, gradients, parallelism);
    return gradients;
  }

  private static double[][] elements(Gradients gradients) {
    return new double[][] {
      Layout.elements(gradients.queries()),
      Layout.elements(gradients.keys()),
      Layout.elements(gradients.values())
    };
  }

  @Property
  void gradientsAreTheDefinition(@ForAll(supplier = AttentionSample.Any.class) AttentionSample s) {
    AttentionInputs inputs = s.inputs();
    HeadTensor upstream = upstream(s);
    DenseGradient expected =
        new DenseGradient(inputs, upstream, GradientMode.EXACT, DenseGradient.Model.NONE);
    double[][] actual = elements(backward(inputs, upstream, ALONE));
    double[][] wanted = {expected.queries, expected.keys, expected.values};
    double[][] sizes = {expected.querySizes, expected.keySizes, expected.valueSizes};
    for (int t = 0; t < 3; t++) {
      double unit = unit(s, inputs, Reference.normSup(sizes[t]));
      Tolerances.EXACT_GRADIENT.requireClose(actual[t], wanted[t], unit);
    }
  }

  /** Entries in disjoint sets have the gradients of all of them together. */
  @Property
  void disjointEntriesAddUp(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 130) int lags,
      @ForAll @IntRange(min = 0, max = 130) int wanted) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor upstream = upstream(sample);
    int n = sample.n();
    SplittableRandom random = new SplittableRandom(~sample.seed());
    int[] rows = Draw.subset(random, Math.min(wanted, n), n);
    int[] others = IntStream.range(0, n).filter(i -> Arrays.binarySearch(rows, i) < 0).toArray();
    int[] keys = Draw.subset(random, Math.min(wanted / 2, n), n);
    int[] rest = IntStream.range(0, n).filter(j -> Arrays.binarySearch(keys, j) < 0).toArray();
    GradientEntries[] sets = {
      GradientEntries.ofRows(rows),
      new GradientEntries(others, null, Integer.MIN_VALUE, lags),
      new GradientEntries(others, keys, lags, Integer.MAX_VALUE),
      new GradientEntries(others, rest, lags, Integer.MAX_VALUE)
    };
    int head = inputs.queries().heads() - 1;
    double[] logSums = new double[n];
    HeadTensor output = HeadTensor.allocate(false, head + 1, n, sample.width());
    Workspace workspace = backend().newWorkspace();
    backend().attendEntries(inputs, head, GradientEntries.all(), output, logSums, workspace, ALONE);
    double[] dots = Draw.gaussian(random, n, 1);
    Gradients whole = Gradients.zeros(inputs);
    add(inputs, head, GradientEntries.all(), logSums, dots, upstream, whole, workspace);
    Gradients parts = Gradients.zeros(inputs);
    for (GradientEntries set : sets) {
      add(inputs, head, set, logSums, dots, upstream, parts, workspace);
    }
    double size = Reference.normSup(sample.values()) * sample.width() * 4 + Reference.normSup(dots);
    double[] factors = {
      Math.abs(inputs.scale()) * Reference.normSup(sample.keys()),
      Math.abs(inputs.scale()) * Reference.normSup(sample.queries()) * n,
      4.0 * n
    };
    for (int t = 0; t < 3; t++) {
      double unit = unit(sample, inputs, (t < 2 ? size : 1) * factors[t]);
      Tolerances.ENTRY_SETS.requireClose(elements(parts)[t], elements(whole)[t], unit);
    }
  }

  private void add(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      double[] logSums,
      double[] dots,
      HeadTensor upstream,
      Gradients gradients,
      Workspace workspace) {
    backend()
        .exactGradients(
            inputs,
            head,
            entries,
            logSums,
            dots,
            upstream,
            gradients.queries(),
            gradients.keys(),
            gradients.values(),
            workspace,
            ALONE);
  }

  /** Attention over disjoint sets, merged by their row sums, is attention. */
  @Property
  void attentionOverDisjointEntriesMerges(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 130) int lags,
      @ForAll @IntRange(min = 0, max = 9) int wanted) {
    AttentionInputs inputs = sample.inputs();
    int n = sample.n();
    int[] keys = Draw.subset(new SplittableRandom(~sample.seed()), Math.min(wanted, n), n);
    int[] rest = IntStream.range(0, n).filter(j -> Arrays.binarySearch(keys, j) < 0).toArray();
    GradientEntries[] sets = {
      new GradientEntries(null, null, 0, lags),
      new GradientEntries(null, keys, lags, Integer.MAX_VALUE),
      new GradientEntries(null, rest, lags, Integer.MAX_VALUE)
    };
    int head = inputs.queries().heads() - 1;
    double[][] logSums = new double[sets.length][n];
    HeadTensor[] outputs = new HeadTensor[sets.length];
    for (int s = 0; s < sets.length; s++) {
      outputs[s] = sample.layout().blank(false, head + 1, n, sample.width());
      backend()
          .attendEntries(
              inputs, head, sets[s], outputs[s], logSums[s], backend().newWorkspace(), ALONE);
    }
    double[] all = new double[n];
    HeadTensor whole = sample.layout().blank(false, head + 1, n, sample.width());
    backend()
        .attendEntries(
            inputs, head, GradientEntries.all(), whole, all, backend().newWorkspace(), ALONE);
    double unit = unit(sample, inputs, Reference.normSup(sample.values()));
    for (int i = 0; i < n; i++) {
      double[] merged = new double[sample.width()];
      double sum = 0;
      for (int s = 0; s < sets.length; s++) {
        double share = Math.exp(logSums[s][i] - all[i]);
        sum += share;
        outputs[s].addScaledRow(head, i, share, merged);
      }
      Tolerances.ENTRY_SETS.require(sum - 1, unit(sample, inputs, 1), "row sum " + i);
      for (int c = 0; c < merged.length; c++) {
        Tolerances.ENTRY_SETS.require(merged[c] - whole.get(head, i, c), unit, "row " + i);
      }
    }
  }

  @Property
  void numberOfTasksGivesTheSameBits(
      @ForAll(supplier = AttentionSample.SeveralItems.class) AttentionSample sample,
      @ForAll @IntRange(min = 2, max = Threads.MOST_TASKS) int tasks) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor upstream = upstream(sample);
    double[][] alone = elements(backward(inputs, upstream, ALONE));
    double[][] together = elements(backward(inputs, upstream, Parallelism.of(Threads.POOL, tasks)));
    for (int t = 0; t < 3; t++) {
      Tolerances.requireSameBits(together[t], alone[t], "gradient " + t);
    }
  }

  /** EXACT: where the upstream gradient ends, nothing later has a gradient. */
  @Property
  void laterRowsHaveNoGradientFromEarlierOnes(
      @ForAll(supplier = AttentionSample.Any.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 129) int cut) {
    int from = cut % sample.n();
    HeadTensor upstream = upstream(sample);
    double[] zeros = new double[sample.width()];
    for (int head = 0; head < upstream.heads(); head++) {
      for (int i = from; i < sample.n(); i++) {
        upstream.setRow(head, i, zeros);
      }
    }
    Gradients gradients = backward(sample.inputs(), upstream, ALONE);
    HeadTensor[] tensors = {gradients.queries(), gradients.keys(), gradients.values()};
    for (HeadTensor tensor : tensors) {
      for (int head = 0; head < tensor.heads(); head++) {
        for (int i = from; i < sample.n(); i++) {
          for (int c = 0; c < tensor.width(); c++) {
            assertEquals(0, tensor.get(head, i, c), "row " + i);
          }
        }
      }
    }
  }

  /** Logits of about a thousand saturate the softmax; gradients stay finite and sized. */
  @Property
  void greatLogitsGiveFiniteGradients(
      @ForAll(supplier = AttentionSample.Extreme.class) AttentionSample sample) {
    AttentionInputs inputs = sample.inputs();
    HeadTensor upstream = upstream(sample);
    Gradients gradients = backward(inputs, upstream, ALONE);
    // |p| sums to at most 2·max|pull| in a row, and f to 1.
    double pull = 2 * Reference.normSup(sample.values()) * sample.width() * 6;
    double most = Math.abs(inputs.scale()) * pull * Reference.normSup(sample.keys());
    Tolerances.requireBounded(
        Reference.normSup(Layout.elements(gradients.queries())), most, 1e-3 * most, "queries");
  }

  @Property
  void logitsThatOverflowAreRefused(@ForAll @IntRange(min = 2, max = 40) int n) {
    double[] huge = new double[n];
    Arrays.fill(huge, 1e200);
    HeadTensor x = HeadTensor.of(huge, 1, n, 1);
    AttentionInputs inputs = AttentionInputs.causal(x, x, x);
    HeadTensor output = HeadTensor.allocate(false, 1, n, 1);
    assertThrows(
        ArithmeticException.class,
        () ->
            backend()
                .attendEntries(
                    inputs,
                    0,
                    GradientEntries.all(),
                    output,
                    new double[n],
                    backend().newWorkspace(),
                    ALONE));
    assertThrows(
        ArithmeticException.class,
        () ->
            add(
                inputs,
                0,
                GradientEntries.all(),
                new double[n],
                new double[n],
                x,
                Gradients.zeros(inputs),
                backend().newWorkspace()));
  }
}
