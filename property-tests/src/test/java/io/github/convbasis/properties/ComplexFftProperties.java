package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.fft.ComplexFft;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The size of padded transforms; the transforms themselves have a contract. */
class ComplexFftProperties {

  @Property
  void paddedSizeIsTheLeastPowerOfTwoThatFits(@ForAll @IntRange(min = 1, max = 1 << 30) int n) {
    int padded = ComplexFft.paddedSize(n);
    assertEquals(1, Integer.bitCount(padded), "powers of two in " + padded);
    assertEquals(true, padded >= n && padded / 2 < n, padded + " for " + n);
  }
}
