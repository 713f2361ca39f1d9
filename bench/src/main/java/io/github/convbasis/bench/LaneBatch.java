package io.github.convbasis.bench;

import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.fft.BatchFft;
import io.github.convbasis.simd.fft.FloatScratch;

/** Ours: as many columns as there are lanes side by side, one such group after another. */
final class LaneBatch extends ColumnBatch {
  private final BatchFft fft;
  private final float[] data;

  LaneBatch(int size, int columns) {
    super(size, columns);
    if (columns % Lanes.COUNT != 0) {
      throw new IllegalArgumentException("columns must fill lanes, were " + columns);
    }
    fft = new BatchFft(size);
    data = FloatScratch.allocate(2L * size * columns);
  }

  @Override
  int index(int column, int row, int part) {
    int group = column / Lanes.COUNT;
    return (group * size + row) * BatchFft.ROW + part * Lanes.COUNT + column % Lanes.COUNT;
  }

  @Override
  int row(int frequency) {
    return Integer.reverse(frequency) >>> Integer.numberOfLeadingZeros(size) + 1;
  }

  @Override
  void write(float[] laidOut) {
    System.arraycopy(laidOut, 0, data, FloatScratch.OFFSET, laidOut.length);
  }

  @Override
  void read(float[] laidOut) {
    System.arraycopy(data, FloatScratch.OFFSET, laidOut, 0, laidOut.length);
  }

  @Override
  void forward() {
    for (int column = 0; column < columns; column += Lanes.COUNT) {
      fft.forward(data, FloatScratch.OFFSET + index(column, 0, 0));
    }
  }

  @Override
  void roundTrip() {
    for (int column = 0; column < columns; column += Lanes.COUNT) {
      int at = FloatScratch.OFFSET + index(column, 0, 0);
      fft.forward(data, at);
      fft.inverse(data, at);
    }
  }
}
