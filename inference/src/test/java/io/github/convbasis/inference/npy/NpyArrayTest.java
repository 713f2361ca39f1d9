package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NpyArrayTest {
  @Test
  void holdsShapeTypeAndData() {
    float[] data = {1, 2, 3, 4, 5, 6};
    NpyArray array = NpyArray.ofFloats(data, 2, 3);
    assertSame(data, array.floats());
    assertEquals(ElementType.FLOAT32, array.elementType());
    assertEquals(6, array.length());
    assertEquals("float32 (2, 3)", array.toString());
  }

  @Test
  void shapeCannotBeChangedFromOutside() {
    int[] shape = {2, 3};
    NpyArray array = NpyArray.ofDoubles(new double[6], shape);
    shape[0] = 9;
    array.shape()[1] = 9;
    assertArrayEquals(new int[] {2, 3}, array.shape());
  }

  @Test
  void everyTypeConvertsToDoubles() {
    double[] expected = {1, -2};
    assertArrayEquals(expected, NpyArray.ofFloats(new float[] {1, -2}, 2).toDoubles());
    assertArrayEquals(expected, NpyArray.ofLongs(new long[] {1, -2}, 2).toDoubles());
    NpyArray doubles = NpyArray.ofDoubles(new double[] {1, -2}, 2);
    double[] converted = doubles.toDoubles();
    converted[0] = 7;
    assertArrayEquals(expected, doubles.doubles());
  }

  @Test
  void otherTypeIsRefusedNamingBoth() {
    NpyArray floats = NpyArray.ofFloats(new float[1]);
    assertState("elements are float32, not float64", floats::doubles);
    assertState("elements are float32, not int64", floats::longs);
    assertState("elements are float64, not float32", NpyArray.ofDoubles(new double[1])::floats);
  }

  private static void assertState(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalStateException.class, call).getMessage());
  }

  @Test
  void shapeMustHoldTheData() {
    assertShape("shape (2, 3) does not hold 5 elements", 2, 3);
    assertShape("shape () does not hold 5 elements");
    assertShape("negative dimension in shape (-5,)", -5);
    int big = Integer.MAX_VALUE;
    assertShape("does not hold 5 elements", big, big, big);
    assertShape("65 dimensions, expected at most 64", new int[65]);
  }

  private static void assertShape(String message, int... shape) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> NpyArray.ofFloats(new float[5], shape));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
