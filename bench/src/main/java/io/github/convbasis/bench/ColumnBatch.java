package io.github.convbasis.bench;

import io.github.convbasis.fft.ComplexFft;

/** A batch of complex float32 columns of one size, in the memory layout of one library. */
abstract class ColumnBatch {
  final int size;
  final int columns;

  /** The numbers that every library starts from, as this layout has them. */
  private final float[] original;

  ColumnBatch(int size, int columns) {
    this.size = size;
    this.columns = columns;
    original = new float[2 * size * columns];
  }

  /** Returns where a real (0) or imaginary (1) part lies. */
  abstract int index(int column, int row, int part);

  /** Returns the row that holds a frequency of a spectrum. */
  int row(int frequency) {
    return frequency;
  }

  /** Overwrites all columns. */
  abstract void write(float[] laidOut);

  /** Copies all columns out. */
  abstract void read(float[] laidOut);

  abstract void forward();

  /** Transforms forth and back in place, without the factor 1/N. */
  abstract void roundTrip();

  /** Goes back to the numbers of the start. */
  final void restore() {
    write(original);
  }

  /**
   * Requires spectra and round trip to be those of a transform in double.
   *
   * <p>Float32 transforms err by about 0.5·u·log₂N of the norm, u = 6e-8; 3e-6 of the greatest
   * number allows for peers with less exact twiddles, and is far below any wrong number.
   */
  final void requireCorrect() {
    String what = getClass().getSimpleName();
    float[] numbers = Inputs.numbers(2 * size * columns);
    float[] spectra = new float[numbers.length];
    float[] trips = new float[numbers.length];
    ComplexFft fft = new ComplexFft(size);
    double[] re = new double[size];
    double[] im = new double[size];
    for (int column = 0; column < columns; column++) {
      int from = 2 * size * column;
      for (int row = 0; row < size; row++) {
        for (int part = 0; part < 2; part++) {
          float number = numbers[from + 2 * row + part];
          (part == 0 ? re : im)[row] = number;
          original[index(column, row, part)] = number;
          trips[index(column, row, part)] = size * number;
        }
      }
      fft.forward(re, im);
      for (int frequency = 0; frequency < size; frequency++) {
        spectra[index(column, row(frequency), 0)] = (float) re[frequency];
        spectra[index(column, row(frequency), 1)] = (float) im[frequency];
      }
    }
    float[] result = new float[numbers.length];
    restore();
    forward();
    read(result);
    Agreement.require(what + ", spectra", spectra, result, 3e-6);
    restore();
    roundTrip();
    read(result);
    Agreement.require(what + ", round trip", trips, result, 3e-6);
  }
}
