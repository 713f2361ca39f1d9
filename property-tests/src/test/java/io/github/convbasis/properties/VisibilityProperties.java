package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.masks.LowRankMask;
import io.github.convbasis.masks.RowChangeMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.AlibiBias;
import io.github.convbasis.variants.ConvVariantAttention;
import io.github.convbasis.variants.ExactVariantAttention;
import io.github.convbasis.variants.PositionBias;
import io.github.convbasis.variants.VariantInputs;
import io.github.convbasis.variants.VariantWorkspace;
import io.github.convbasis.variants.Visibility;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Which keys rows see, and what is refused. */
class VisibilityProperties {

  @Property
  void whatIsSeenIsSaidEntryByEntry(
      @ForAll(supplier = VariantSample.Any.class) VariantSample sample) {
    Visibility visibility = sample.visibility();
    boolean[][] seen = sample.seen();
    for (int row = 0; row < sample.rows(); row++) {
      for (int key = 0; key < sample.keyRows(); key++) {
        assertEquals(seen[row][key], visibility.sees(row, key), row + ", " + key);
      }
    }
  }

  @Property
  void groupsAndWindowsAreThoseOfTheMasks(
      @ForAll @IntRange(min = 1, max = 50) int n, @ForAll @IntRange(min = 1, max = 60) int size) {
    requireMask(RowChangeMask.groups(n, size), Visibility.causal(n).withGroups(size));
    requireMask(RowChangeMask.shiftedGroups(n, size), Visibility.causal(n).withShiftedGroups(size));
    requireMask(RowChangeMask.slidingWindow(n, size), Visibility.causal(n).withBand(size));
    List<Visibility> heads = Visibility.longLora(n, size, 4);
    for (int head = 0; head < 4; head++) {
      requireMask(
          head < 2 ? RowChangeMask.groups(n, size) : RowChangeMask.shiftedGroups(n, size),
          heads.get(head));
    }
  }

  private static void requireMask(LowRankMask mask, Visibility visibility) {
    for (int row = 0; row < mask.size(); row++) {
      for (int key = 0; key < mask.size(); key++) {
        assertEquals(mask.contains(row, key), visibility.sees(row, key), row + ", " + key);
      }
    }
  }

  @Property
  void keysAfterTheLastOneLeftAreHidden(
      @ForAll @IntRange(min = 1, max = 50) int n, @ForAll @IntRange(min = 1, max = 50) int most) {
    int keys = Math.min(n, most);
    Visibility visibility = Visibility.causal(n).withKeys(keys);
    for (int key = 0; key < n; key++) {
      assertEquals(key >= keys, visibility.isHidden(key), "key " + key);
    }
    Refusal.mustSay(
        () -> visibility.withKeys(n + most),
        "keys must be between 1 and " + n,
        "was " + (n + most));
    Refusal.mustSay(() -> visibility.withKeys(0), "keys must be between 1 and " + n, "was 0");
  }

  @Property
  void aRowThatSeesNothingIsNamed(@ForAll @IntRange(min = 1, max = 30) int hiddenKeys) {
    int n = hiddenKeys + 3;
    boolean[] hidden = new boolean[n];
    for (int key = 0; key < hiddenKeys; key++) {
      hidden[key] = true;
    }
    Refusal.mustSay(() -> Visibility.causal(n).withHiddenKeys(hidden), "row 0 sees none", "hidden");
    Refusal.mustSay(
        () -> Visibility.causal(n).withKeys(2).withBand(2), "row 3 sees none", "keys 2 to 3");
    Refusal.mustSay(
        () -> Visibility.causal(n).withDocuments(0, n - 1).withKeys(n - 1),
        "row " + (n - 1) + " sees none",
        "keys " + (n - 1) + " to " + (n - 1) + " are hidden");
    Refusal.mustSay(() -> Visibility.full(n, 1).withBand(2), "row 2 sees none", "none is in reach");
  }

  @Property
  void sizesAndStartsThatCannotBeAreRefused(@ForAll @IntRange(min = -9, max = 0) int size) {
    Visibility causal = Visibility.causal(5);
    Refusal.mustSay(() -> Visibility.causal(size), "rows must be at least 1", "was " + size);
    Refusal.mustSay(() -> Visibility.full(size, 1), "queryRows must be at least 1", "was " + size);
    Refusal.mustSay(() -> Visibility.full(1, size), "keyRows must be at least 1", "was " + size);
    Refusal.mustSay(() -> causal.withBand(size), "band must be at least 1", "was " + size);
    Refusal.mustSay(() -> causal.withGroups(size), "group must be at least 1", "was " + size);
    Refusal.mustSay(() -> causal.withShiftedGroups(size), "group must be", "was " + size);
    Refusal.mustSay(() -> Visibility.longLora(5, 2, size), "heads must be", "was " + size);
    Refusal.mustSay(causal::withDocuments, "starts must begin with 0", "empty");
    Refusal.mustSay(() -> causal.withDocuments(1), "starts[0] must be between 0 and 0", "was 1");
    Refusal.mustSay(
        () -> causal.withDocuments(0, 3, 3), "starts[2] must be between 4 and 4", "was 3");
    Refusal.mustSay(() -> causal.withDocuments(0, 5), "starts[1] must be between 1 and 4", "was 5");
    Refusal.mustSay(
        () -> Visibility.full(4, 5).withDocuments(0), "as many query rows as keys, 5", "was 4");
    Refusal.mustSay(
        () -> causal.withHiddenKeys(new boolean[6]), "hidden must be 5 like keys", "was 6");
  }

  private static HeadTensor zeros(int heads, int rows) {
    return HeadTensor.allocate(false, heads, rows, 2);
  }

  @Property
  void inputsThatDoNotFitAreRefused(
      @ForAll @IntRange(min = 1, max = 9) int rows, @ForAll @IntRange(min = 1, max = 9) int more) {
    HeadTensor tensor = zeros(2, rows);
    int other = rows + more;
    Refusal.mustSay(
        () -> VariantInputs.of(tensor, tensor, tensor, Visibility.full(other, rows)),
        "rows of visibility must be " + rows + " like queries",
        "was " + other);
    Refusal.mustSay(
        () -> VariantInputs.of(tensor, tensor, tensor, Visibility.full(rows, other)),
        "keys of visibility must be " + rows + " like keys",
        "was " + other);
    VariantInputs inputs = VariantInputs.of(tensor, tensor, tensor, Visibility.causal(rows));
    Refusal.mustSay(
        () -> inputs.withBias(AlibiBias.ofHeads(2 + more)),
        "heads of bias must be 2 like queries",
        "was " + (2 + more));
    Refusal.mustSay(
        () -> inputs.withVisibilities(List.of(Visibility.causal(rows))),
        "visibilities must be 2 like query heads",
        "was 1");
    Refusal.mustSay(() -> inputs.withScale(Double.NaN), "scale must be finite", "was NaN");
    Refusal.mustSay(
        () -> VariantInputs.of(tensor, zeros(2, other), tensor, Visibility.causal(rows)),
        "values must have " + other + " rows like keys",
        "was " + rows);
  }

  @Property
  void outputsTolerancesAndWorkspacesThatDoNotFitAreRefused(
      @ForAll @IntRange(min = 1, max = 9) int rows, @ForAll @IntRange(min = 1, max = 9) int more) {
    HeadTensor tensor = zeros(1, rows);
    VariantInputs inputs = VariantInputs.of(tensor, tensor, tensor, Visibility.causal(rows));
    ConvVariantAttention conv =
        ConvVariantAttention.of(Backends.scalar(), ConvBasisRecovery.ofTerms(1));
    ExactVariantAttention exact = new ExactVariantAttention(Backends.scalar());
    HeadTensor output = zeros(1, rows + more);
    Parallelism alone = Parallelism.sequential();
    Refusal.mustSay(() -> conv.forward(inputs, output, alone), "output must be", "was " + output);
    Refusal.mustSay(() -> exact.forward(inputs, output, alone), "output must be", "was " + output);
    Refusal.mustSay(() -> conv.withGuardTolerance(-more), "guardTolerance", "was " + -more);
    Refusal.mustSay(() -> conv.withGuardTolerance(Double.NaN), "guardTolerance", "was NaN");
    VariantWorkspace other = VariantWorkspace.of(Backends.select("simd"));
    Refusal.mustSay(
        () -> conv.forward(inputs, zeros(1, rows), other, alone),
        "workspace must be of backend scalar",
        "was of simd");
    Refusal.mustSay(
        () -> exact.forward(inputs, zeros(1, rows), other, alone),
        "workspace must be of backend scalar",
        "was of simd");
    int start = rows + more;
    ConvVariantAttention given =
        ConvVariantAttention.of(Backends.scalar(), ConvBasisRecovery.ofStarts(0, start));
    Refusal.mustSay(
        () -> given.forward(inputs, zeros(1, rows), alone),
        "starts must be below n = " + rows,
        "was " + start);
  }

  /** Logits that overflow, and biases that are not finite, end neither as NaN nor in silence. */
  @Example
  void whatIsNotFiniteIsNamed() {
    double[] great = {0, 0, 1e200, 0, 0, 0};
    HeadTensor queries = HeadTensor.of(great, 1, 3, 2);
    HeadTensor keys = HeadTensor.of(great.clone(), 1, 3, 2);
    VariantInputs inputs =
        VariantInputs.of(queries, keys, zeros(1, 3), Visibility.full(3, 3).withBand(2));
    PositionBias bad =
        new PositionBias() {
          @Override
          public int heads() {
            return 1;
          }

          @Override
          public double at(int head, int lag) {
            return lag == 1 ? Double.NEGATIVE_INFINITY : 0;
          }
        };
    HeadTensor zeros = zeros(1, 3);
    VariantInputs biased =
        VariantInputs.of(zeros, zeros, zeros, Visibility.causal(3)).withBias(bad);
    ExactVariantAttention exact = new ExactVariantAttention(Backends.scalar());
    ConvVariantAttention conv =
        ConvVariantAttention.of(Backends.scalar(), ConvBasisRecovery.ofTerms(3));
    Parallelism alone = Parallelism.sequential();
    String logit = "logit of head 0, query row 1 and key row 1 overflows";
    String bias = "bias of head 0 at lag 1 must be finite, was -Infinity";
    requireSays(logit, () -> exact.forward(inputs, zeros(1, 3), alone));
    requireSays(logit, () -> conv.forward(inputs, zeros(1, 3), alone));
    requireSays(bias, () -> exact.forward(biased, zeros(1, 3), alone));
    requireSays(bias, () -> conv.forward(biased, zeros(1, 3), alone));
    VariantInputs documents =
        VariantInputs.of(queries, keys, zeros(1, 3), Visibility.causal(3).withDocuments(0, 1));
    requireSays(logit, () -> exact.forward(documents, zeros(1, 3), alone));
  }

  private static void requireSays(String text, Runnable call) {
    String message = assertThrows(ArithmeticException.class, call::run).getMessage();
    assertEquals(text, message.substring(0, Math.min(text.length(), message.length())));
  }
}
