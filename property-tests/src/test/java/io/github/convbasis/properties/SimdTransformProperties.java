package io.github.convbasis.properties;

import io.github.convbasis.simd.fft.BatchFft;

/**
 * Transforms of the SIMD backend, a column in each lane. Its module exports nothing; these tests
 * run on the class path, where that does not hold.
 */
class SimdTransformProperties extends TransformContract implements SimdContract {
  @Override
  int columns() {
    return BatchFft.ROW / 2;
  }

  @Override
  Transform transform(int size) {
    BatchFft fft = new BatchFft(size);
    return new Transform() {
      @Override
      public void forward(Batch batch) {
        float[] rows = new float[size * BatchFft.ROW];
        copy(batch, rows, false, 1, true);
        fft.forward(rows, 0);
        copy(batch, rows, true, 1, false);
      }

      @Override
      public void inverse(Batch batch) {
        float[] rows = new float[size * BatchFft.ROW];
        copy(batch, rows, true, 1, true);
        fft.inverse(rows, 0);
        copy(batch, rows, false, 1.0 / size, false);
      }
    };
  }

  /** Copies between columns and rows of lanes; spectra are in bit-reversed order there. */
  private static void copy(
      Batch batch, float[] rows, boolean spectrum, double factor, boolean toRows) {
    int lanes = BatchFft.ROW / 2;
    int size = batch.re()[0].length;
    int unused = Integer.numberOfLeadingZeros(size) + 1;
    for (int t = 0; t < size; t++) {
      int row = spectrum && size > 1 ? Integer.reverse(t) >>> unused : t;
      for (int lane = 0; lane < lanes; lane++) {
        int re = row * BatchFft.ROW + lane;
        int im = re + lanes;
        if (toRows) {
          rows[re] = (float) batch.re()[lane][t];
          rows[im] = (float) batch.im()[lane][t];
        } else {
          batch.re()[lane][t] = factor * rows[re];
          batch.im()[lane][t] = factor * rows[im];
        }
      }
    }
  }
}
