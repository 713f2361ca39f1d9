package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.ConvVariantAttention;
import io.github.convbasis.variants.VariantInputs;
import io.github.convbasis.variants.Visibility;
import net.jqwik.api.Example;

/** Attention of any backend against attention computed elsewhere, with autograd's software. */
abstract class OracleContract implements BackendContract {

  /** Inputs and the output that others computed. */
  private record Case(AttentionInputs inputs, HeadTensor expected) {
    static Case read(String name, AttentionMask mask) {
      HeadTensor queries = OracleFile.read(name + "_queries");
      AttentionInputs inputs =
          new AttentionInputs(
              queries,
              OracleFile.read(name + "_keys"),
              OracleFile.read(name + "_values"),
              1 / Math.sqrt(queries.width()),
              mask);
      return new Case(inputs, OracleFile.read(name + "_output"));
    }

    HeadTensor blankOutput() {
      return Layout.PADDED.blank(false, expected.heads(), expected.rows(), expected.width());
    }
  }

  private void requireExact(Case oracle) {
    HeadTensor output = oracle.blankOutput();
    new ExactAttention(backend()).forward(oracle.inputs(), output, Parallelism.sequential());
    requireClose(oracle, output, 0);
  }

  private void requireExactWithEveryColumn(Case oracle) {
    HeadTensor output = oracle.blankOutput();
    ConvBasisRecovery recovery = ConvBasisRecovery.ofTerms(oracle.inputs().rows());
    ConvAttention.of(backend(), recovery)
        .forward(oracle.inputs(), output, Parallelism.sequential());
    requireClose(oracle, output, backend().defaultGuardTolerance());
  }

  private void requireVariantWithEveryColumn(Case oracle) {
    AttentionInputs inputs = oracle.inputs();
    int keys = inputs.keys().rows();
    VariantInputs variant =
        VariantInputs.of(
                inputs.queries(),
                inputs.keys(),
                inputs.values(),
                Visibility.full(inputs.rows(), keys))
            .withScale(inputs.scale());
    HeadTensor output = oracle.blankOutput();
    ConvVariantAttention.of(backend(), ConvBasisRecovery.ofTerms(keys))
        .forward(variant, output, Parallelism.sequential());
    requireClose(oracle, output, backend().defaultGuardTolerance());
  }

  private void requireClose(Case oracle, HeadTensor output, double guard) {
    HeadTensor expected = oracle.expected();
    assertEquals(expected.toString(), output.toString(), "shape");
    double[] row = new double[expected.width()];
    for (int head = 0; head < expected.heads(); head++) {
      double unit = AttentionErrors.unit(unitRoundoff(), oracle.inputs(), head);
      double[] sups = AttentionErrors.visibleSups(oracle.inputs(), head);
      for (int i = 0; i < expected.rows(); i++) {
        expected.copyRow(head, i, row);
        for (int c = 0; c < row.length; c++) {
          double error = output.get(head, i, c) - row[c];
          String place = "head " + head + ", row " + i;
          if (guard == 0) {
            Tolerances.OUTSIDE_ATTENTION.require(error, unit * sups[i], place);
          } else {
            double rounding = Tolerances.OUTSIDE_ATTENTION.of(unit * sups[i]);
            Tolerances.requireBounded(error, guard * sups[i], rounding, place);
          }
        }
      }
    }
  }

  @Example
  void exactAttentionIsTheOraclesUnderACausalMask() {
    requireExact(Case.read("causal", AttentionMask.CAUSAL));
  }

  @Example
  void exactAttentionIsTheOraclesForGroupedHeads() {
    requireExact(Case.read("grouped", AttentionMask.CAUSAL));
  }

  @Example
  void exactAttentionIsTheOraclesForValuesWiderThanKeys() {
    requireExact(Case.read("widevalues", AttentionMask.CAUSAL));
  }

  @Example
  void exactAttentionIsTheOraclesWithoutAMask() {
    requireExact(Case.read("bidirectional", AttentionMask.NONE));
  }

  @Example
  void exactAttentionIsTheOraclesForMoreKeysThanQueries() {
    requireExact(Case.read("cross", AttentionMask.NONE));
  }

  @Example
  void convAttentionIsTheOraclesUnderACausalMask() {
    requireExactWithEveryColumn(Case.read("causal", AttentionMask.CAUSAL));
  }

  @Example
  void convAttentionIsTheOraclesForGroupedHeads() {
    requireExactWithEveryColumn(Case.read("grouped", AttentionMask.CAUSAL));
  }

  @Example
  void convAttentionIsTheOraclesForValuesWiderThanKeys() {
    requireExactWithEveryColumn(Case.read("widevalues", AttentionMask.CAUSAL));
  }

  @Example
  void convVariantAttentionIsTheOraclesWithoutAMask() {
    requireVariantWithEveryColumn(Case.read("bidirectional", AttentionMask.NONE));
  }

  @Example
  void convVariantAttentionIsTheOraclesForMoreKeysThanQueries() {
    requireVariantWithEveryColumn(Case.read("cross", AttentionMask.NONE));
  }
}
