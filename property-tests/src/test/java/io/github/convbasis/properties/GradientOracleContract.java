package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionGradient;
import io.github.convbasis.training.ConvGradient;
import io.github.convbasis.training.GradientMode;
import io.github.convbasis.training.Gradients;
import net.jqwik.api.Example;

/** Gradients against those that automatic differentiation computed elsewhere, in double. */
abstract class GradientOracleContract implements BackendContract {
  private static final Parallelism ALONE = Parallelism.sequential();

  /** A requirement, not a measurement: what an element may be off. */
  abstract double bound();

  /** One stored case. */
  private record Case(String name, AttentionInputs inputs, HeadTensor upstream) {
    static Case read(String name, AttentionMask mask) {
      HeadTensor queries = OracleFile.read(name + "_queries");
      AttentionInputs inputs =
          new AttentionInputs(
              queries,
              OracleFile.read(name + "_keys"),
              OracleFile.read(name + "_values"),
              1 / Math.sqrt(queries.width()),
              mask);
      return new Case(name, inputs, OracleFile.read(name + "_upstream"));
    }

    HeadTensor output() {
      return HeadTensor.allocate(
          false, inputs.queries().heads(), inputs.rows(), inputs.values().width());
    }
  }

  private void requireExact(Case oracle) {
    AttentionGradient gradient = AttentionGradient.exact(backend());
    Gradients gradients = Gradients.zeros(oracle.inputs());
    gradient.backward(
        gradient.forward(oracle.inputs(), oracle.output(), ALONE),
        oracle.upstream(),
        gradients,
        ALONE);
    requireClose(oracle, gradients);
  }

  private void requireClose(Case oracle, Gradients gradients) {
    requireClose(gradients.queries(), oracle.name() + "_grad_queries");
    requireClose(gradients.keys(), oracle.name() + "_grad_keys");
    requireClose(gradients.values(), oracle.name() + "_grad_values");
  }

  private void requireClose(HeadTensor actual, String name) {
    double[] expected = Layout.elements(OracleFile.read(name));
    double[] elements = Layout.elements(actual);
    for (int i = 0; i < expected.length; i++) {
      Tolerances.requireBounded(elements[i] - expected[i], bound(), 0, name + " " + i);
    }
  }

  /** With every column a term all logits are exact, and every key is sampled. */
  private void requireEveryModeWithEveryColumn(Case oracle) {
    for (GradientMode mode : GradientMode.values()) {
      ConvGradient gradient =
          ConvGradient.of(backend(), ConvBasisRecovery.ofTerms(oracle.inputs().rows()))
              .withMode(mode);
      Gradients gradients = Gradients.zeros(oracle.inputs());
      ConvGradient.Context context = gradient.forward(oracle.inputs(), oracle.output(), ALONE);
      gradient.backward(context, oracle.upstream(), gradients, ALONE);
      requireClose(oracle, gradients);
      if (mode != GradientMode.AUTO) {
        assertEquals(mode, context.reports().get(0).mode());
      }
    }
  }

  @Example
  void exactGradientsAreTheOraclesUnderACausalMask() {
    requireExact(Case.read("causal", AttentionMask.CAUSAL));
  }

  @Example
  void exactGradientsAreTheOraclesForGroupedHeads() {
    requireExact(Case.read("grouped", AttentionMask.CAUSAL));
  }

  @Example
  void exactGradientsAreTheOraclesForValuesWiderThanKeys() {
    requireExact(Case.read("widevalues", AttentionMask.CAUSAL));
  }

  @Example
  void exactGradientsAreTheOraclesWithoutAMask() {
    requireExact(Case.read("bidirectional", AttentionMask.NONE));
  }

  @Example
  void exactGradientsAreTheOraclesForMoreKeysThanQueries() {
    requireExact(Case.read("cross", AttentionMask.NONE));
  }

  @Example
  void everyModeIsTheOraclesUnderACausalMask() {
    requireEveryModeWithEveryColumn(Case.read("causal", AttentionMask.CAUSAL));
  }

  @Example
  void everyModeIsTheOraclesForGroupedHeads() {
    requireEveryModeWithEveryColumn(Case.read("grouped", AttentionMask.CAUSAL));
  }

  @Example
  void everyModeIsTheOraclesForValuesWiderThanKeys() {
    requireEveryModeWithEveryColumn(Case.read("widevalues", AttentionMask.CAUSAL));
  }
}
