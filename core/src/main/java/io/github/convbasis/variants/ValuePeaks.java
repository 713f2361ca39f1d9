package io.github.convbasis.variants;

import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.Visibility.Block;

/** The greatest |V| among the keys that rows of a block see. Immutable and thread-safe. */
final class ValuePeaks {
  private final double[] peaks;
  private final double greatest;

  private ValuePeaks(double[] peaks, double greatest) {
    this.peaks = peaks;
    this.greatest = greatest;
  }

  /**
   * Slides the rows' ranges, whose ends never go back, over the keys: a queue holds those that are
   * greater than all after them.
   */
  static ValuePeaks of(VariantInputs inputs, int head, Block block) {
    Visibility visibility = inputs.visibility(head);
    double[] keys = keyPeaks(inputs, head, block);
    int[] queue = new int[keys.length];
    int first = 0;
    int end = 0;
    int next = 0;
    double[] peaks = new double[block.rows()];
    for (int row = 0; row < peaks.length; row++) {
      int to = Math.min(block.keyTo(), visibility.endKey(block.queryFrom() + row));
      for (; next < to - block.keyFrom(); next++) {
        while (end > first && keys[queue[end - 1]] <= keys[next]) {
          end--;
        }
        queue[end++] = next;
      }
      int from = visibility.firstKey(block.queryFrom() + row) - block.keyFrom();
      while (queue[first] < from) {
        first++;
      }
      peaks[row] = keys[queue[first]];
    }
    double greatest = 0;
    for (double peak : keys) {
      greatest = Math.max(greatest, peak);
    }
    return new ValuePeaks(peaks, greatest);
  }

  private static double[] keyPeaks(VariantInputs inputs, int head, Block block) {
    HeadTensor values = inputs.values();
    Visibility visibility = inputs.visibility(head);
    double[] line = new double[values.width()];
    double[] peaks = new double[block.keys()];
    for (int key = 0; key < peaks.length; key++) {
      if (!visibility.isHidden(block.keyFrom() + key)) {
        values.copyRow(inputs.keyHead(head), block.keyFrom() + key, line);
        double peak = 0;
        for (double value : line) {
          double size = Math.abs(value);
          // Values are finite; Math.max would look for NaN.
          peak = size > peak ? size : peak;
        }
        peaks[key] = peak;
      }
    }
    return peaks;
  }

  /** Returns the greatest of a row. */
  double of(int row) {
    return peaks[row];
  }

  /** Returns the greatest of all keys of the block. */
  double greatest() {
    return greatest;
  }
}
