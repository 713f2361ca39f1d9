package io.github.convbasis.properties;

import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Tuple;

/** Sizes where off-by-one errors live: one to three, around lane counts and powers of two. */
final class Sizes {
  private static final List<Integer> NOTABLE =
      Stream.of(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129).toList();

  private Sizes() {}

  // Notable sizes are frequent already; jqwik's own edge cases would outnumber the tries.

  /** Sizes from 1 to {@code most}, two in three of them notable. */
  static Arbitrary<Integer> upTo(int most) {
    List<Integer> notable = NOTABLE.stream().filter(n -> n <= most).toList();
    return Arbitraries.frequencyOf(
        Tuple.of(2, Arbitraries.of(notable)), Tuple.of(1, Arbitraries.integers().between(1, most)));
  }

  /** Powers of two from 1 to {@code 2^most}. */
  static Arbitrary<Integer> powersOfTwo(int most) {
    return Arbitraries.integers().between(0, most).map(p -> 1 << p).withoutEdgeCases();
  }

  static Arbitrary<Long> seeds() {
    return Arbitraries.longs().withoutEdgeCases();
  }
}
