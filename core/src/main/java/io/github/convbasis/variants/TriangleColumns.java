package io.github.convbasis.variants;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.ColumnSource;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Gives columns of a triangle's logits, without bias, which is the same in every column.
 *
 * <p>A hidden key's column continues that of the last key before it that is not hidden, or of the
 * first one after it, so what hidden keys hold has no influence and they start no segment. It is
 * searched as a square of as many rows as columns; whole columns reach down to the last row.
 *
 * <p>Thread-safe.
 */
final class TriangleColumns implements ColumnSource {
  private final Backend backend;
  private final Triangle triangle;
  private final int head;
  private final AttentionInputs inputs;
  // For each column the one it is read from; null if it is itself everywhere.
  private final int[] sources;

  TriangleColumns(Backend backend, VariantInputs inputs, int head, Triangle triangle) {
    this.backend = backend;
    this.triangle = triangle;
    this.head = head;
    HeadTensor queries = inputs.queries().head(head);
    HeadTensor keys = inputs.keys().head(inputs.keyHead(head));
    int rows = triangle.rows();
    HeadTensor localQueries = local(queries, triangle.query(), triangle.step(), rows, rows);
    HeadTensor localKeys = local(keys, triangle.key(), triangle.step(), triangle.columns(), rows);
    this.inputs =
        new AttentionInputs(
            localQueries, localKeys, localKeys, inputs.scale(), AttentionMask.CAUSAL);
    sources = sources(inputs.visibility(head), triangle);
  }

  /** Views or copies some rows, padded by rows that nobody asks for. */
  private static HeadTensor local(HeadTensor tensor, int first, int step, int count, int rows) {
    if (step == 1 && first + rows <= tensor.rows()) {
      return tensor.rows(first, first + rows);
    }
    HeadTensor copy = HeadTensor.allocate(tensor.isSinglePrecision(), 1, rows, tensor.width());
    double[] row = new double[tensor.width()];
    for (int i = 0; i < count; i++) {
      tensor.copyRow(0, first + step * i, row);
      copy.setRow(0, i, row);
    }
    return copy;
  }

  private static int[] sources(Visibility visibility, Triangle triangle) {
    int columns = triangle.columns();
    int[] sources = new int[columns];
    int last = -1;
    boolean same = true;
    for (int column = 0; column < columns; column++) {
      if (visibility.isHidden(triangle.keyOf(column))) {
        same = false;
      } else {
        if (last < 0) {
          Arrays.fill(sources, 0, column, column);
        }
        last = column;
      }
      sources[column] = last;
    }
    return same ? null : sources;
  }

  @Override
  public int size() {
    return triangle.columns();
  }

  /** Returns the logits' queries and keys, under a causal mask; head 0 is the head. */
  AttentionInputs inputs() {
    return inputs;
  }

  /** Tells whether every column is read from its own key. */
  boolean areOwn() {
    return sources == null;
  }

  /** Returns how many lags from 0 a column has. */
  int lags(int column) {
    return triangle.rows() - Math.max(column, source(column));
  }

  private int source(int column) {
    return sources == null ? column : sources[column];
  }

  /**
   * {@inheritDoc}
   *
   * <p>Lags that the column does not have are 0.
   *
   * @throws ArithmeticException if a logit overflows
   */
  @Override
  public void copyColumn(int column, int fromRow, int toRow, double[] target) {
    int source = source(column);
    int from = source + fromRow - column;
    int to = Math.min(triangle.rows(), source + toRow - column);
    int count = Math.max(0, to - from);
    if (count > 0) {
      backend.logitColumn(inputs, 0, source, from, to, target);
    }
    for (int i = 0; i < count; i++) {
      requireFinite(target[i], from + i, source);
    }
    Arrays.fill(target, count, toRow - fromRow, 0);
  }

  /** Refuses a logit of a local row and column that overflowed. */
  void requireFinite(double logit, int row, int column) {
    VariantInputs.requireFinite(logit, head, triangle.queryOf(row), triangle.keyOf(column));
  }

  /** Refuses a logit of a column's lag that overflowed. */
  void requireFiniteAt(double logit, int column, int lag) {
    requireFinite(logit, source(column) + lag, source(column));
  }
}
