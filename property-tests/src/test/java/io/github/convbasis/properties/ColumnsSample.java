package io.github.convbasis.properties;

import io.github.convbasis.matrix.HeadTensor;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Columns that a product reads, for each head, and where they and the result lie, by recipe. */
record ColumnsSample(
    int heads,
    int columns,
    Layout inputLayout,
    Layout outputLayout,
    boolean single,
    SignalSample.Kind kind,
    double scale,
    long seed) {

  /** Tiles of vector kernels hold 4 to 32 columns: the most is more than two of the widest. */
  private static final int MOST_COLUMNS = 70;

  /** Elements in dense C order. */
  double[] elements(int n) {
    SignalSample signals = new SignalSample(n, seed, scale, kind);
    double[] elements = new double[heads * n * columns];
    for (int lane = 0; lane < heads * columns; lane++) {
      double[] signal = signals.lane(lane);
      int head = lane / columns;
      for (int row = 0; row < n; row++) {
        elements[(head * n + row) * columns + lane % columns] = signal[row];
      }
    }
    return elements;
  }

  HeadTensor input(int n) {
    return inputLayout.store(elements(n), single, heads, n, columns);
  }

  HeadTensor blankOutput(int n) {
    return outputLayout.blank(single, heads, n, columns);
  }

  /** Returns one column. */
  static double[] column(HeadTensor tensor, int head, int column) {
    double[] x = new double[tensor.rows()];
    for (int row = 0; row < x.length; row++) {
      x[row] = tensor.get(head, row, column);
    }
    return x;
  }

  static Arbitrary<ColumnsSample> any() {
    return of(MOST_COLUMNS);
  }

  static Arbitrary<ColumnsSample> of(int mostColumns) {
    return Combinators.combine(
            Arbitraries.of(1, 1, 1, 2),
            Sizes.upTo(mostColumns),
            Arbitraries.of(Layout.class),
            Arbitraries.of(Layout.class),
            Arbitraries.of(false, true),
            Arbitraries.of(SignalSample.Kind.class),
            Arbitraries.of(1.0, 1e-5, 1e5),
            Sizes.seeds())
        .as(ColumnsSample::new);
  }
}
