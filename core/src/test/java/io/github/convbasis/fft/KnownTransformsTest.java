package io.github.convbasis.fft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transform pairs that can be written down by hand. */
class KnownTransformsTest {
  /** Sums of at most 64 numbers of size 1: each rounds by 2⁻⁵³. */
  private static final double ROUNDING = 64 * 0x1p-53;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 64})
  void aUnitImpulseHasAFlatSpectrum(int size) {
    double[] re = new double[size];
    double[] im = new double[size];
    re[0] = 1;
    new ComplexFft(size).forward(re, im);
    for (int f = 0; f < size; f++) {
      assertEquals(1, re[f]);
      assertEquals(0, im[f]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 64})
  void aDelayedImpulseTurnsClockwise(int size) {
    double[] re = new double[size];
    double[] im = new double[size];
    re[1] = 1;
    new ComplexFft(size).forward(re, im);
    for (int f = 0; f < size; f++) {
      assertEquals(Math.cos(-2 * Math.PI * f / size), re[f], ROUNDING);
      assertEquals(Math.sin(-2 * Math.PI * f / size), im[f], ROUNDING);
    }
  }

  @Test
  void fourNumbersByHand() {
    double[] re = {1, 2, 3, 4};
    double[] im = {0, 0, 0, 0};
    new ComplexFft(4).forward(re, im);
    assertArrayEquals(new double[] {10, -2, -2, -2}, re, ROUNDING);
    assertArrayEquals(new double[] {0, 2, 0, -2}, im, ROUNDING);
    new ComplexFft(4).inverse(re, im);
    assertArrayEquals(new double[] {1, 2, 3, 4}, re, ROUNDING);
    assertArrayEquals(new double[] {0, 0, 0, 0}, im, ROUNDING);
  }

  @Test
  void realNumbersByHand() {
    double[] re = new double[3];
    double[] im = new double[3];
    RealFft fft = new RealFft(4);
    fft.forward(new double[] {1, 2, 3, 4}, re, im);
    assertArrayEquals(new double[] {10, -2, -2}, re, ROUNDING);
    assertArrayEquals(new double[] {0, 2, 0}, im, ROUNDING);
    double[] samples = new double[4];
    fft.inverse(re, im, samples);
    assertArrayEquals(new double[] {1, 2, 3, 4}, samples, ROUNDING);
  }

  @Test
  void realSizesOneAndTwo() {
    double[] re = new double[2];
    double[] im = new double[2];
    new RealFft(1).forward(new double[] {7}, re, im);
    assertEquals(7, re[0]);
    new RealFft(2).forward(new double[] {7, 3}, re, im);
    assertArrayEquals(new double[] {10, 4}, re);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -4, 3, 12})
  void refusesSizesThatAreNoPowerOfTwo(int size) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new ComplexFft(size)).getMessage();
    assertEquals("size must be a power of two, was " + size, message);
    assertThrows(IllegalArgumentException.class, () -> new RealFft(size));
  }

  @Test
  void refusesOneArrayForBothParts() {
    double[] both = new double[8];
    assertThrows(IllegalArgumentException.class, () -> new ComplexFft(8).forward(both, both));
    assertThrows(
        IllegalArgumentException.class, () -> new ComplexFft(8).forward(both, new double[7]));
  }

  @Test
  void padsToTheNextPowerOfTwo() {
    assertEquals(1, ComplexFft.paddedSize(1));
    assertEquals(8, ComplexFft.paddedSize(5));
    assertEquals(8, ComplexFft.paddedSize(8));
    assertEquals(1 << 30, ComplexFft.paddedSize((1 << 29) + 1));
    assertThrows(IllegalArgumentException.class, () -> ComplexFft.paddedSize((1L << 30) + 1));
    assertThrows(IllegalArgumentException.class, () -> ComplexFft.paddedSize(0));
  }
}
