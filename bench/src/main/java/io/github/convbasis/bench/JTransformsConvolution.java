package io.github.convbasis.bench;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import org.jtransforms.fft.FloatFFT_1D;
import org.visnow.jlargearrays.ConcurrencyUtils;

/**
 * JTransforms on one thread: real transforms of every column padded to 2n, sixteen columns
 * transposed at a time so that each cache line of x and y is touched once.
 */
final class JTransformsConvolution implements Convolution {
  private final int n;
  private final FloatFFT_1D fft;
  private final float[] kernelSpectrum;
  private final int stride;
  private final float[] columns;
  private final float[] tile = new float[ColumnTiles.COLUMNS * ColumnTiles.ROWS];

  /** Plans; n must be a multiple of {@link ColumnTiles#ROWS}. */
  JTransformsConvolution(double[] kernel) {
    ConcurrencyUtils.setNumberOfThreads(1);
    n = kernel.length;
    fft = new FloatFFT_1D(2L * n);
    kernelSpectrum = new float[2 * n];
    for (int lag = 0; lag < n; lag++) {
      // The inverse without scaling gives n times the numbers.
      kernelSpectrum[lag] = (float) (kernel[lag] / n);
    }
    fft.realForward(kernelSpectrum);
    // Off the power of two, else sixteen columns share one cache set.
    stride = 2 * n + 16;
    columns = new float[ColumnTiles.COLUMNS * stride];
  }

  @Override
  public void apply(HeadTensor x, HeadTensor y) {
    for (int strip = 0; strip < WIDTH; strip += ColumnTiles.COLUMNS) {
      for (int row = 0; row < n; row += ColumnTiles.ROWS) {
        ColumnTiles.gather(x.floats(), x.index(0, row) + strip, tile);
        for (int c = 0; c < ColumnTiles.COLUMNS; c++) {
          System.arraycopy(tile, c * ColumnTiles.ROWS, columns, c * stride + row, ColumnTiles.ROWS);
        }
      }
      for (int c = 0; c < ColumnTiles.COLUMNS; c++) {
        convolve(c * stride);
      }
      for (int row = 0; row < n; row += ColumnTiles.ROWS) {
        for (int c = 0; c < ColumnTiles.COLUMNS; c++) {
          System.arraycopy(columns, c * stride + row, tile, c * ColumnTiles.ROWS, ColumnTiles.ROWS);
        }
        ColumnTiles.scatter(tile, y.floats(), y.index(0, row) + strip);
      }
    }
  }

  private void convolve(int at) {
    Arrays.fill(columns, at + n, at + 2 * n, 0);
    fft.realForward(columns, at);
    // Frequencies 0 and n are real and share the first two elements.
    columns[at] *= kernelSpectrum[0];
    columns[at + 1] *= kernelSpectrum[1];
    for (int f = 2; f < 2 * n; f += 2) {
      float re = columns[at + f];
      float im = columns[at + f + 1];
      columns[at + f] = re * kernelSpectrum[f] - im * kernelSpectrum[f + 1];
      columns[at + f + 1] = re * kernelSpectrum[f + 1] + im * kernelSpectrum[f];
    }
    fft.realInverse(columns, at, false);
  }
}
