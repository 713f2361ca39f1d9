package io.github.convbasis.simd.decompose;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Absolute differences: added up by element, summed, and their greatest. Stateless and thread-safe.
 */
final class DifferenceKernel {
  private static final VectorSpecies<Double> D = Doubles.SPECIES;
  private static final int L = D.length();

  private DifferenceKernel() {}

  static void addShifted(double[] previous, double[] row, int from, int to, double[] norms) {
    int j = from;
    for (; j <= to - L; j += L) {
      DoubleVector above = DoubleVector.fromArray(D, previous, j - 1);
      DoubleVector difference = DoubleVector.fromArray(D, row, j).sub(above).abs();
      DoubleVector.fromArray(D, norms, j).add(difference).intoArray(norms, j);
    }
    for (; j < to; j++) {
      norms[j] += Math.abs(row[j] - previous[j - 1]);
    }
  }

  static double distance(double[] a, double[] b, int from, int to) {
    // Two chains, since an addition takes several cycles.
    DoubleVector even = DoubleVector.zero(D);
    DoubleVector odd = even;
    int t = from;
    for (; t <= to - 2 * L; t += 2 * L) {
      even = even.add(difference(a, b, t));
      odd = odd.add(difference(a, b, t + L));
    }
    double sum = Doubles.sum(even.add(odd));
    for (; t < to; t++) {
      sum += Math.abs(a[t] - b[t]);
    }
    return sum;
  }

  static double greatest(double[] expected, double[] actual, int count) {
    DoubleVector even = DoubleVector.zero(D);
    DoubleVector odd = even;
    int j = 0;
    for (; j <= count - 2 * L; j += 2 * L) {
      even = even.max(difference(expected, actual, j));
      odd = odd.max(difference(expected, actual, j + L));
    }
    double greatest = even.max(odd).reduceLanes(VectorOperators.MAX);
    for (; j < count; j++) {
      greatest = Math.max(greatest, Math.abs(expected[j] - actual[j]));
    }
    return greatest;
  }

  private static DoubleVector difference(double[] a, double[] b, int at) {
    return DoubleVector.fromArray(D, a, at).sub(DoubleVector.fromArray(D, b, at)).abs();
  }
}
