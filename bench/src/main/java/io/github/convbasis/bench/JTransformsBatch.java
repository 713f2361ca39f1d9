package io.github.convbasis.bench;

import org.jtransforms.fft.FloatFFT_1D;
import org.visnow.jlargearrays.ConcurrencyUtils;

/** JTransforms on one thread: contiguous columns, one after another. */
final class JTransformsBatch extends ColumnBatch {
  private final FloatFFT_1D fft;
  private final float[] data;

  JTransformsBatch(int size, int columns) {
    super(size, columns);
    ConcurrencyUtils.setNumberOfThreads(1);
    fft = new FloatFFT_1D(size);
    data = new float[2 * size * columns];
  }

  @Override
  int index(int column, int row, int part) {
    return 2 * (column * size + row) + part;
  }

  @Override
  void write(float[] laidOut) {
    System.arraycopy(laidOut, 0, data, 0, data.length);
  }

  @Override
  void read(float[] laidOut) {
    System.arraycopy(data, 0, laidOut, 0, data.length);
  }

  @Override
  void forward() {
    for (int column = 0; column < columns; column++) {
      fft.complexForward(data, index(column, 0, 0));
    }
  }

  @Override
  void roundTrip() {
    for (int column = 0; column < columns; column++) {
      int at = index(column, 0, 0);
      fft.complexForward(data, at);
      fft.complexInverse(data, at, false);
    }
  }
}
