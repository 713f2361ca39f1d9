package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Which keys a row sees, beside the definition. */
class SeenKeysProperties {
  private static List<Integer> listed(SeenKeys seen, int row) {
    List<Integer> keys = new ArrayList<>();
    for (int index = seen.first(row); index < seen.end(row); index++) {
      keys.add(seen.key(index));
    }
    return keys;
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void keysAreChosenByRangeAndLag(
      @ForAll @IntRange(min = 0, max = 20) int from,
      @ForAll @IntRange(min = 0, max = 20) int count,
      @ForAll @IntRange(min = -30, max = 30) int fromLag,
      @ForAll @IntRange(min = 0, max = 30) int lags,
      @ForAll long seed,
      @ForAll boolean some) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean openBelow = random.nextInt(4) == 0;
    boolean openAbove = random.nextInt(4) == 0;
    int least = openBelow ? Integer.MIN_VALUE : fromLag;
    int end = openAbove ? Integer.MAX_VALUE : fromLag + lags;
    int[] chosen =
        IntStream.range(from, from + count).filter(k -> !some || random.nextBoolean()).toArray();
    SeenKeys range = SeenKeys.ofRange(from, from + count, least, end);
    SeenKeys seen = some ? range.withKeys(chosen) : range;
    assertEquals(chosen.length, seen.count(), "chosen keys");
    for (int row = 0; row < 50; row++) {
      int i = row;
      List<Integer> expected =
          IntStream.of(chosen).filter(j -> i - j >= least && i - j < end).boxed().toList();
      assertEquals(expected, listed(seen, row), "row " + row);
    }
    for (int index = 0; index < chosen.length; index++) {
      for (int length = 1; index + length <= chosen.length; length++) {
        boolean run = chosen[index + length - 1] == chosen[index] + length - 1;
        assertEquals(run, seen.isRun(index, length), "run");
      }
    }
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void entriesUnderAMaskAreThoseOfTheirDefinition(
      @ForAll AttentionMask mask,
      @ForAll @IntRange(min = 1, max = 12) int rows,
      @ForAll @IntRange(min = 0, max = 12) int before,
      @ForAll @IntRange(min = -15, max = 30) int fromLag,
      @ForAll @IntRange(min = 0, max = 30) int lags) {
    int keys = mask == AttentionMask.CAUSAL ? rows : rows + before;
    HeadTensor queries = HeadTensor.allocate(true, 1, rows, 1);
    HeadTensor keyRows = HeadTensor.allocate(true, 1, keys, 1);
    AttentionInputs inputs = new AttentionInputs(queries, keyRows, keyRows, 1, mask);
    SeenKeys seen = SeenKeys.of(inputs, new GradientEntries(null, null, fromLag, fromLag + lags));
    for (int row = 0; row < rows; row++) {
      int place = inputs.firstPosition() + row;
      List<Integer> expected =
          IntStream.range(0, inputs.visibleKeys(row))
              .filter(
                  j ->
                      mask == AttentionMask.NONE
                          || place - j >= fromLag && place - j < fromLag + lags)
              .boxed()
              .toList();
      assertEquals(expected, listed(seen, row), "row " + row);
    }
  }

  @Example
  void whatCannotBeIsRefusedByName() {
    refused("keyFrom must be between 0 and keyTo 3, was 4", () -> SeenKeys.ofRange(4, 3, 0, 1));
    refused("keyFrom must be between 0 and keyTo 3, was -1", () -> SeenKeys.ofRange(-1, 3, 0, 1));
    refused("toLag must be at least fromLag 2, was 1", () -> SeenKeys.ofRange(0, 3, 2, 1));
    SeenKeys seen = SeenKeys.ofRange(2, 5, 0, 1);
    refused("keys[0] must be between 2 and 4, was 1", () -> seen.withKeys(1));
    refused("keys[1] must be between 4 and 4, was 3", () -> seen.withKeys(3, 3));
    refused("keys[0] must be between 2 and 4, was 5", () -> seen.withKeys(5));
  }

  private static void refused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}
