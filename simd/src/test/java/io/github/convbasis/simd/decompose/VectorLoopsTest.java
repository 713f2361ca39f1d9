package io.github.convbasis.simd.decompose;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.DecompositionLoops;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Tolerance;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** Against the scalar loops, at counts around the lane count and at every misalignment. */
class VectorLoopsTest {
  private static final DecompositionLoops SCALAR = Backends.scalar().decompositionLoops();
  private static final DecompositionLoops VECTOR = new VectorLoops();
  private static final int L = Doubles.SPECIES.length();
  private static final int MOST = 4 * L + 3;
  private static final int WARM_UP = 100_000;

  /** Operands with room for offsets; outputs are seen as a whole, so also what is beside them. */
  private static final class Operands {
    final double[] a;
    final double[] b;
    final double[] c;
    final double[] weights;
    final double[] sums;

    Operands(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      a = random.doubles(2 * MOST + 2, -1, 1).toArray();
      b = random.doubles(a.length, -1, 1).toArray();
      c = random.doubles(a.length, -1, 1).toArray();
      weights = random.doubles(a.length, -0.3, 1).toArray();
      sums = random.doubles(a.length, 0, 1).toArray();
      Arrays.setAll(weights, i -> Math.max(weights[i], 0));
      for (double[] x : new double[][] {a, b, c}) {
        x[random.nextInt(x.length)] = -0.0;
        x[random.nextInt(x.length)] = Double.MIN_VALUE;
        x[random.nextInt(x.length)] = -Double.MAX_VALUE;
      }
    }

    double[] least() {
      double[] least = a.clone();
      Arrays.setAll(least, i -> Math.min(a[i], b[i]));
      return least;
    }

    double[] greatest() {
      double[] greatest = a.clone();
      Arrays.setAll(greatest, i -> Math.max(a[i], b[i]));
      return greatest;
    }
  }

  /** One operation that writes elements. */
  private interface Operation {
    void on(DecompositionLoops loops, double[] output);
  }

  private static void same(double[] output, String what, Operation operation) {
    double[] expected = output.clone();
    double[] actual = output.clone();
    operation.on(SCALAR, expected);
    operation.on(VECTOR, actual);
    assertArrayEquals(bits(expected), bits(actual), what);
  }

  private static long[] bits(double[] x) {
    return Arrays.stream(x).mapToLong(Double::doubleToRawLongBits).toArray();
  }

  @Test
  void elementsHaveTheBitsOfTheScalarLoops() {
    for (int count = 0; count <= MOST; count++) {
      for (int at = 0; at <= L; at++) {
        elements(count, at, new Operands(31L * count + at));
      }
    }
  }

  private static void elements(int count, int at, Operands o) {
    String what = count + " elements at " + at;
    same(
        o.sums,
        what,
        (loops, sums) -> loops.addShiftedDifferences(o.a, o.b, at + 1, at + 1 + count, sums));
    same(o.least(), what, (loops, least) -> loops.widen(least, o.greatest(), o.c, count));
    same(o.greatest(), what, (loops, greatest) -> loops.widen(o.least(), greatest, o.c, count));
    same(o.c, what, (loops, middle) -> loops.midpoints(o.least(), o.greatest(), middle, count));
    same(o.sums, what, (loops, sums) -> loops.add(o.a, sums, at, count));
    same(o.c, what, (loops, means) -> loops.means(o.a, o.weights, means, count));
    for (int other : new int[] {0, L - 1}) {
      same(
          o.sums,
          what,
          (loops, sums) ->
              loops.addWeightedResiduals(o.weights, o.a, o.b, other, 0.3, sums, at, count));
    }
    assertEquals(
        SCALAR.greatestDifference(o.a, o.b, count), VECTOR.greatestDifference(o.a, o.b, count));
    for (double width : new double[] {0, 1, 1.9, Double.MAX_VALUE, Double.POSITIVE_INFINITY}) {
      assertEquals(
          SCALAR.spanExceeds(o.least(), o.greatest(), o.c, count, width),
          VECTOR.spanExceeds(o.least(), o.greatest(), o.c, count, width),
          what);
    }
  }

  @Test
  void sumsAgreeButForRounding() {
    SplittableRandom random = new SplittableRandom(7);
    for (int count = 0; count <= MOST; count++) {
      for (int at = 0; at <= L; at++) {
        double[] a = random.doubles(MOST, -1, 1).toArray();
        double[] b = random.doubles(MOST + L, -1, 1).toArray();
        double[] c = random.doubles(MOST, -1, 1).toArray();
        double[] weights = random.doubles(MOST, 0, 1).toArray();
        int end = Math.min(at + count, MOST);
        assertEquals(
            SCALAR.distance(a, b, at, Math.max(at, end)),
            VECTOR.distance(a, b, at, Math.max(at, end)),
            Tolerance.doubleSum(count, 2));
        assertEquals(
            SCALAR.weightedResidual(weights, a, b, at, c, count),
            VECTOR.weightedResidual(weights, a, b, at, c, count),
            Tolerance.doubleSum(count, 3));
        assertEquals(
            SCALAR.weightedSquares(weights, a, b, at, c, 0.5, count),
            VECTOR.weightedSquares(weights, a, b, at, c, 0.5, count),
            Tolerance.doubleSum(count, 3.5 * 3.5));
      }
    }
  }

  @Test
  void sumsKeepTheirBitsWhenTheyAreCompiled() {
    Operands o = new Operands(1);
    Arrays.setAll(o.a, i -> i % 7 - 2.3);
    Arrays.setAll(o.b, i -> i % 5 / 3.0);
    Arrays.setAll(o.c, i -> i % 3 / 7.0);
    double distance = VECTOR.distance(o.a, o.b, 1, MOST);
    double residual = VECTOR.weightedResidual(o.weights, o.a, o.b, 1, o.c, MOST);
    double squares = VECTOR.weightedSquares(o.weights, o.a, o.b, 1, o.c, 0.1, MOST);
    for (int i = 0; i < WARM_UP; i++) {
      assertEquals(distance, VECTOR.distance(o.a, o.b, 1, MOST));
      assertEquals(residual, VECTOR.weightedResidual(o.weights, o.a, o.b, 1, o.c, MOST));
      assertEquals(squares, VECTOR.weightedSquares(o.weights, o.a, o.b, 1, o.c, 0.1, MOST));
    }
  }

  @Test
  void allocatesNothingOnceCompiled() {
    // Of other widths the machine, or the compiler, lacks instructions, and vectors are objects.
    int bits = Lanes.FLOATS.vectorBitSize();
    assumeTrue(bits >= 128 && bits <= FloatVector.SPECIES_PREFERRED.vectorBitSize());
    Operands o = new Operands(2);
    double[] least = o.least();
    double[] greatest = o.greatest();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Compilation runs in the background, so it is waited for: some call allocates nothing.
    long fewest = Long.MAX_VALUE;
    for (int i = 0; i < WARM_UP && fewest > 0; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      VECTOR.addShiftedDifferences(o.a, o.b, 1, MOST, o.sums);
      VECTOR.distance(o.a, o.b, 1, MOST);
      VECTOR.greatestDifference(o.a, o.b, MOST);
      VECTOR.spanExceeds(least, greatest, o.c, MOST, Double.POSITIVE_INFINITY);
      VECTOR.widen(least, greatest, o.c, MOST);
      VECTOR.midpoints(least, greatest, o.c, MOST);
      VECTOR.add(o.a, o.sums, 1, MOST);
      VECTOR.addWeightedResiduals(o.weights, o.a, o.b, 1, 0.3, o.sums, 0, MOST);
      VECTOR.weightedResidual(o.weights, o.a, o.b, 1, o.c, MOST);
      VECTOR.weightedSquares(o.weights, o.a, o.b, 1, o.c, 0.1, MOST);
      VECTOR.means(o.sums, o.weights, o.c, MOST);
      fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, fewest);
  }
}
