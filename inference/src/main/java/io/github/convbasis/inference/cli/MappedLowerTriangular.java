package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.npy.NpyMatrix;
import io.github.convbasis.matrix.LowerTriangular;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads a lower-triangular matrix from a memory-mapped file, row by row, refusing what is not
 * finite or not zero above the diagonal. For use by one thread.
 */
final class MappedLowerTriangular implements LowerTriangular {
  private final Path file;
  private final NpyMatrix matrix;
  private final Progress progress;
  private final double[] row;

  MappedLowerTriangular(Path file, NpyMatrix matrix, Progress progress) {
    if (matrix.rows() != matrix.columns() || matrix.rows() == 0) {
      throw new InputException(
          String.format(
              "%s: must be a square matrix, is %d × %d", file, matrix.rows(), matrix.columns()));
    }
    this.file = file;
    this.matrix = matrix;
    this.progress = progress;
    row = new double[matrix.columns()];
  }

  @Override
  public int size() {
    return matrix.rows();
  }

  @Override
  public void copyRow(int index, double[] target) {
    copyWholeRow(index);
    for (int column = 0; column < row.length; column++) {
      if (!Double.isFinite(row[column]) || (column > index && row[column] != 0)) {
        throw new InputException(
            String.format(
                "%s: must be finite and zero above its diagonal, is %s at row %d, column %d",
                file, row[column], index, column));
      }
    }
    System.arraycopy(row, 0, target, 0, index + 1);
    progress.step();
  }

  @Override
  public void copyColumn(int column, int fromRow, int toRow, double[] target) {
    for (int index = fromRow; index < toRow; index++) {
      copyWholeRow(index);
      target[index - fromRow] = row[column];
    }
  }

  private void copyWholeRow(int index) {
    try {
      matrix.copyRow(index, row.length, row);
    } catch (IOException e) {
      throw new InputException(e.getMessage(), e);
    }
  }
}
