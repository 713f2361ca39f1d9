package io.github.convbasis.properties;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.training.AttentionGradient;
import io.github.convbasis.training.Gradients;
import net.jqwik.api.Example;

/** Gradients in double against those that automatic differentiation computed elsewhere. */
class GradientOracleProperties {
  private static final double BOUND = 1e-9;

  private static void require(String name, AttentionMask mask) {
    HeadTensor queries = OracleFile.read(name + "_queries");
    HeadTensor keys = OracleFile.read(name + "_keys");
    HeadTensor values = OracleFile.read(name + "_values");
    HeadTensor upstream = OracleFile.read(name + "_upstream");
    double scale = 1 / Math.sqrt(queries.width());
    AttentionInputs inputs = new AttentionInputs(queries, keys, values, scale, mask);
    HeadTensor output = HeadTensor.allocate(false, queries.heads(), queries.rows(), values.width());
    AttentionGradient gradient = AttentionGradient.exact(Backends.scalar());
    Parallelism parallelism = Parallelism.sequential();
    Gradients gradients = Gradients.zeros(inputs);
    gradient.backward(
        gradient.forward(inputs, output, parallelism), upstream, gradients, parallelism);
    requireClose(gradients.queries(), name + "_grad_queries");
    requireClose(gradients.keys(), name + "_grad_keys");
    requireClose(gradients.values(), name + "_grad_values");
  }

  private static void requireClose(HeadTensor actual, String name) {
    double[] expected = Layout.elements(OracleFile.read(name));
    double[] elements = Layout.elements(actual);
    for (int i = 0; i < expected.length; i++) {
      Tolerances.requireBounded(elements[i] - expected[i], BOUND, 0, name + " " + i);
    }
  }

  @Example
  void exactGradientsAreTheOraclesUnderACausalMask() {
    require("causal", AttentionMask.CAUSAL);
  }

  @Example
  void exactGradientsAreTheOraclesForGroupedHeads() {
    require("grouped", AttentionMask.CAUSAL);
  }

  @Example
  void exactGradientsAreTheOraclesForValuesWiderThanKeys() {
    require("widevalues", AttentionMask.CAUSAL);
  }

  @Example
  void exactGradientsAreTheOraclesWithoutAMask() {
    require("bidirectional", AttentionMask.NONE);
  }

  @Example
  void exactGradientsAreTheOraclesForMoreKeysThanQueries() {
    require("cross", AttentionMask.NONE);
  }
}
