package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Bad inputs of attention are refused with the argument and both values. */
class AttentionInputRefusalProperties {

  private static HeadTensor zeros(int heads, int rows, int width) {
    return HeadTensor.allocate(false, heads, rows, width);
  }

  private static AttentionInputs causal(HeadTensor queries, HeadTensor keys, HeadTensor values) {
    return AttentionInputs.causal(queries, keys, values);
  }

  @Property
  void keysOfAnotherWidthAreRefused(
      @ForAll @IntRange(min = 1, max = 99) int width,
      @ForAll @IntRange(min = 1, max = 99) int more) {
    HeadTensor queries = zeros(1, 3, width);
    HeadTensor keys = zeros(1, 3, width + more);
    Refusal.mustSay(
        () -> causal(queries, keys, zeros(1, 3, 1)),
        "keys must be " + width + " wide like queries",
        "was " + (width + more));
  }

  @Property
  void valuesOfOtherRowsOrHeadsAreRefused(
      @ForAll @IntRange(min = 1, max = 20) int size,
      @ForAll @IntRange(min = 1, max = 20) int more) {
    HeadTensor rows = zeros(1, size, 1);
    Refusal.mustSay(
        () -> causal(rows, rows, zeros(1, size + more, 1)),
        "values must have " + size + " rows like keys",
        "was " + (size + more));
    HeadTensor heads = zeros(size, 2, 1);
    Refusal.mustSay(
        () -> causal(heads, heads, zeros(size + more, 2, 1)),
        "values must have " + size + " heads like keys",
        "was " + (size + more));
  }

  @Property
  void queryHeadsThatAreNoMultipleOfKeyHeadsAreRefused(
      @ForAll @IntRange(min = 2, max = 9) int keyHeads,
      @ForAll @IntRange(min = 0, max = 5) int groups,
      @ForAll @IntRange(min = 1, max = 8) int rest) {
    int queryHeads = groups * keyHeads + 1 + rest % (keyHeads - 1);
    HeadTensor keys = zeros(keyHeads, 2, 1);
    Refusal.mustSay(
        () -> causal(zeros(queryHeads, 2, 1), keys, keys),
        "queries must have a multiple of the " + keyHeads + " heads of keys",
        "was " + queryHeads);
  }

  @Property
  void aCausalMaskNeedsAsManyKeysAsQueries(
      @ForAll @IntRange(min = 1, max = 50) int rows,
      @ForAll @IntRange(min = 1, max = 50) int more) {
    HeadTensor queries = zeros(1, rows, 2);
    HeadTensor keys = zeros(1, rows + more, 2);
    Refusal.mustSay(
        () -> causal(queries, keys, keys),
        "keys must have " + rows + " rows like queries under a causal mask",
        "was " + (rows + more));
    AttentionInputs cross = new AttentionInputs(queries, keys, keys, 1, AttentionMask.NONE);
    assertEquals(rows + more, cross.visibleKeys(0), "visible keys without a mask");
  }

  @Property
  void aChunkNeedsAtLeastAsManyKeysAsQueries(
      @ForAll @IntRange(min = 1, max = 50) int keyRows,
      @ForAll @IntRange(min = 1, max = 50) int more) {
    HeadTensor keys = zeros(1, keyRows, 2);
    Refusal.mustSay(
        () -> AttentionInputs.causalChunk(zeros(1, keyRows + more, 2), keys, keys),
        "keys must have at least the " + (keyRows + more) + " rows of queries",
        "was " + keyRows);
    HeadTensor before = zeros(1, keyRows + more, 2);
    AttentionInputs chunk = AttentionInputs.causalChunk(keys, before, before);
    assertEquals(more, chunk.firstPosition(), "first position");
    assertEquals(more + 1, chunk.visibleKeys(0), "visible keys of the first row");
    assertEquals(keyRows + more, chunk.visibleKeys(keyRows - 1), "visible keys of the last row");
    Refusal.mustSay(
        () -> new LogitColumns(Backends.scalar(), chunk, 0),
        "mask must be CAUSAL",
        "was CAUSAL_CHUNK");
  }

  @Example
  void aScaleThatIsNotFiniteIsRefused() {
    HeadTensor one = zeros(1, 1, 1);
    for (double scale : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      Refusal.mustSay(
          () -> new AttentionInputs(one, one, one, scale, AttentionMask.CAUSAL),
          "scale must be finite",
          "was " + scale);
    }
  }

  @Example
  void whatIsMissingIsNamed() {
    HeadTensor one = zeros(1, 1, 1);
    requireNamed("queries", () -> build(null, one, one, AttentionMask.CAUSAL));
    requireNamed("keys", () -> build(one, null, one, AttentionMask.CAUSAL));
    requireNamed("values", () -> build(one, one, null, AttentionMask.CAUSAL));
    requireNamed("mask", () -> build(one, one, one, null));
  }

  private static void build(HeadTensor q, HeadTensor k, HeadTensor v, AttentionMask mask) {
    assertTrue(new AttentionInputs(q, k, v, 1, mask).rows() == 1, "one row");
  }

  private static void requireNamed(String name, Runnable call) {
    assertEquals(name, assertThrows(NullPointerException.class, call::run).getMessage());
  }

  /** Two elements are bad; the message names the one that comes first by head, row and column. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void theFirstElementThatIsNotFiniteIsNamed(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 2) int which,
      @ForAll @IntRange(min = 0) int first,
      @ForAll @IntRange(min = 0) int second,
      @ForAll @IntRange(min = 0, max = 2) int kind) {
    double bad =
        new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}[kind];
    double[][] arrays = {sample.queries(), sample.keys(), sample.values()};
    double[] target = arrays[which];
    int one = first % target.length;
    int other = second % target.length;
    target[one] = bad;
    target[other] = bad;
    int at = Math.min(one, other);
    int width = which == 2 ? sample.width() : sample.d();
    Refusal.mustSay(
        () -> sample.inputs(sample.layout(), sample.single(), arrays[0], arrays[1], arrays[2]),
        new String[] {"queries", "keys", "values"}[which] + " must be finite, was " + bad,
        String.format(
            "at head %d, row %d, column %d",
            at / width / sample.n(), at / width % sample.n(), at % width));
  }

  @Property
  void anOutputOfAnotherShapeIsRefused(
      @ForAll(supplier = AttentionSample.Medium.class) AttentionSample sample,
      @ForAll @IntRange(min = 0, max = 2) int dimension) {
    int heads = sample.shape().queries + (dimension == 0 ? 1 : 0);
    int rows = sample.n() + (dimension == 1 ? 1 : 0);
    int width = sample.width() + (dimension == 2 ? 1 : 0);
    HeadTensor output = zeros(heads, rows, width);
    Refusal.mustSay(
        () -> sample.inputs().requireOutput(output),
        "output must be "
            + String.join(
                " × ",
                String.valueOf(sample.shape().queries),
                String.valueOf(sample.n()),
                String.valueOf(sample.width())),
        "was " + output);
  }

  @Property
  void anOutputWithOverlappingRowsIsRefused(
      @ForAll @IntRange(min = 2, max = 20) int rows,
      @ForAll @IntRange(min = 2, max = 20) int width) {
    HeadTensor inputs = zeros(1, rows, width);
    HeadTensor output = HeadTensor.of(new double[rows * width], 0, 1, 0, rows, width - 1, width);
    Refusal.mustSay(
        () -> causal(inputs, inputs, inputs).requireOutput(output), "output", "disjoint rows");
  }

  @Property
  void convAttentionRefusesInputsWithoutACausalMask(@ForAll @IntRange(min = 1, max = 20) int rows) {
    HeadTensor inputs = zeros(1, rows, 2);
    AttentionInputs unmasked = new AttentionInputs(inputs, inputs, inputs, 1, AttentionMask.NONE);
    Refusal.mustSay(
        () -> new LogitColumns(Backends.scalar(), unmasked, 0), "mask must be CAUSAL", "was NONE");
  }

  @Property
  void aGuardToleranceThatIsNotPositiveIsRefused(
      @ForAll @DoubleRange(min = -9, max = 0) double tolerance) {
    ConvAttention attention = ConvAttention.of(Backends.scalar(), ConvBasisRecovery.ofTerms(1));
    Refusal.mustSay(
        () -> attention.withGuardTolerance(tolerance), "guardTolerance", "was " + tolerance);
    Refusal.mustSay(() -> attention.withGuardTolerance(Double.NaN), "guardTolerance", "was NaN");
  }

  @Property
  void anEstimateFromFewerThanTwoRowsIsRefused(@ForAll @IntRange(min = -9, max = 1) int rows) {
    HeadTensor inputs = zeros(1, 3, 2);
    Refusal.mustSay(
        () -> ErrorEstimate.measure(causal(inputs, inputs, inputs), 0, zeros(1, 3, 2), rows, 0),
        "rowsPerStratum must be at least 2",
        "was " + rows);
  }
}
