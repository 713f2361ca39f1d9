package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ConvAttention.HeadResult;
import io.github.convbasis.attention.ErrorBounds;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.SegmentSearch;
import io.github.convbasis.decompose.SegmentSearch.Strategy;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What conv-basis attention of any backend must satisfy where the logits are a k-conv basis. */
abstract class StructuredAttentionContract implements BackendContract {

  /** What one head gave. */
  private record Attended(HeadTensor output, SegmentSearch search) {}

  private static Attended attend(ConvAttention attention, AttentionInputs inputs) {
    HeadTensor output = HeadTensor.allocate(false, 1, inputs.rows(), inputs.values().width());
    HeadResult result = attention.forward(inputs, output, Parallelism.sequential()).get(0);
    return new Attended(output, result.search());
  }

  @Property
  void piecewiseConstantRotaryKeysAreOneTermEach(
      @ForAll(supplier = RotarySample.Any.class) RotarySample sample) {
    AttentionInputs inputs = sample.inputs();
    // One more than needed, so that a term too many would show.
    ConvBasisRecovery recovery = ConvBasisRecovery.ofTerms(sample.terms() + 1);
    ConvAttention attention =
        ConvAttention.of(backend(), recovery).withGuardTolerance(rotaryTolerance() / 2);
    Attended outcome = attend(attention, inputs);
    assertEquals(
        Arrays.stream(sample.starts()).boxed().toList(), outcome.search().starts(), "starts");
    double[] expected = AttentionErrors.reference(inputs);
    double[] actual = Layout.elements(outcome.output());
    double bound = rotaryTolerance() * inputs.values().maxAbs(0);
    for (int i = 0; i < actual.length; i++) {
      Tolerances.requireBounded(actual[i] - expected[i], bound, 0, "element " + i);
    }
  }

  /** Keys are unit vectors, so that the logits are the rows of any matrix. */
  private static AttentionInputs realising(double[][] logits, double[] values, int width) {
    int n = logits.length;
    double[] queries = new double[n * n];
    double[] keys = new double[n * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(logits[i], 0, queries, i * n, n);
      keys[i * n + i] = 1;
    }
    return new AttentionInputs(
        HeadTensor.of(queries, 1, n, n),
        HeadTensor.of(keys, 1, n, n),
        HeadTensor.of(values, 1, n, width),
        1,
        AttentionMask.CAUSAL);
  }

  private AttentionInputs inputs(NoisySegments matrix, long seed) {
    double[] values = Draw.gaussian(new SplittableRandom(seed), 2 * matrix.size(), 1);
    return realising(matrix.dense(), values, 2);
  }

  @Property
  void literalRecoveryOfANonDegenerateMatrixIsWithinBothBounds(
      @ForAll(supplier = NonDegenerateSample.Small.class) NonDegenerateSample sample) {
    AttentionInputs inputs = inputs(sample.matrix(), sample.seed());
    Attended outcome =
        attend(
            ConvAttention.of(backend(), sample.recovery().withStrategy(Strategy.LITERAL)), inputs);
    assertEquals(sample.count(), outcome.search().columns(), "columns read");
    requireWithinBounds(inputs, outcome, sample.epsilon());
  }

  @Property
  void repairedRecoveryOfAReturningPatternIsWithinBothBounds(
      @ForAll(supplier = PatternSample.Small.class) PatternSample sample) {
    NoisySegments matrix = sample.matrix();
    AttentionInputs inputs = inputs(matrix, sample.seed());
    ConvBasisRecovery recovery = sample.recovery(matrix.segments().terms());
    Attended outcome = attend(ConvAttention.of(backend(), recovery), inputs);
    assertEquals(matrix.segments().terms(), outcome.search().columns(), "columns read");
    requireWithinBounds(inputs, outcome, sample.epsilon());
  }

  /** Two entries of one kernel, each with noise ε, differ by 2ε: that is the logit error η. */
  private void requireWithinBounds(AttentionInputs inputs, Attended outcome, double epsilon) {
    double valueSup = inputs.values().maxAbs(0);
    double rounding =
        backend().defaultGuardTolerance() * valueSup
            + Tolerances.EXACT_ATTENTION.of(
                valueSup * AttentionErrors.unit(unitRoundoff(), inputs, 0));
    double tight = ErrorBounds.tight(2 * epsilon, valueSup);
    double paper = ErrorBounds.paper(epsilon, valueSup);
    double[] expected = AttentionErrors.reference(inputs);
    double[] actual = Layout.elements(outcome.output());
    for (int i = 0; i < actual.length; i++) {
      double error = actual[i] - expected[i];
      Tolerances.requireBounded(error, tight, rounding, "element " + i + ", tight bound");
      Tolerances.requireBounded(error, paper, rounding, "element " + i + ", paper's bound");
    }
  }
}
