package io.github.convbasis.bench;

import io.github.convbasis.bench.Fftw.Planning;
import io.github.convbasis.matrix.HeadTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.fftw.global.fftw3;
import org.bytedeco.fftw.global.fftw3.fftw_iodim;
import org.bytedeco.fftw.global.fftw3.fftwf_plan;
import org.bytedeco.javacpp.FloatPointer;

/**
 * FFTW on one thread: columns padded to 2n, sixteen at a time, kernel spectrum given. What is not a
 * transform (copies, zeros, products) is vectorised here.
 *
 * <p>A real kernel treats real and imaginary parts alike, so two real columns may share a complex
 * one: that spares FFTW its slower real transforms.
 */
final class FftwConvolution implements Convolution {
  /** What FFTW is given. */
  enum Layout {
    /** Real transforms of contiguous columns, transposed there and back. */
    REAL_COLUMNS(false, false),
    /** Complex transforms of contiguous pairs of columns, transposed there and back. */
    PAIRED_COLUMNS(true, false),
    /** Real transforms of sixteen columns side by side. */
    REAL_ROWS(false, true),
    /** Complex transforms of eight pairs of columns side by side. */
    PAIRED_ROWS(true, true);

    private final boolean paired;
    private final boolean rows;

    Layout(boolean paired, boolean rows) {
      this.paired = paired;
      this.rows = rows;
    }
  }

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(SPECIES, i -> i ^ 1);
  private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(SPECIES, i -> i & ~1);
  private static final VectorShuffle<Float> ODD = VectorShuffle.fromOp(SPECIES, i -> i | 1);
  private static final long ODD_LANES = 0xAAAA_AAAA_AAAA_AAAAL;
  private static final FloatVector MINUS_PLUS =
      FloatVector.broadcast(SPECIES, -1).lanewise(VectorOperators.ABS, VectorMask.fromLong(SPECIES, ODD_LANES));

  private static final int STRIP = ColumnTiles.COLUMNS;

  private final int n;
  private final Layout layout;

  /** Transforms in a strip, and floats of one element of each. */
  private final int count;

  private final int unit;

  /** Floats of a contiguous column, off the power of two. */
  private final int stride;

  /** Frequencies of a spectrum. */
  private final int frequencies;

  private final float[] tile = new float[STRIP * ColumnTiles.ROWS];
  private final NativeFloats signals;

  /** The same memory as the signals unless real rows are transformed, which cannot be in place. */
  private final NativeFloats spectra;

  private final NativeFloats kernelSpectrum;
  private final FloatPointer[] signalAt;
  private final FloatPointer[] spectrumAt;
  private final fftwf_plan forward;
  private final fftwf_plan backward;

  /** Plans; n must be a multiple of {@link ColumnTiles#ROWS}. */
  FftwConvolution(double[] kernel, Layout layout, Planning planning) {
    n = kernel.length;
    this.layout = layout;
    unit = layout.paired ? 2 : 1;
    count = STRIP / unit;
    stride = 2 * n * unit + 16;
    frequencies = layout.paired ? 2 * n : n + 1;
    kernelSpectrum = new NativeFloats(2L * frequencies + 16);
    transformKernel(kernel);
    int calls = layout.rows ? 1 : count;
    signals = new NativeFloats(layout.rows ? 2L * n * STRIP : (long) count * stride);
    spectra =
        layout == Layout.REAL_ROWS ? new NativeFloats(2L * frequencies * STRIP) : signals;
    signalAt = new FloatPointer[calls];
    spectrumAt = new FloatPointer[calls];
    for (int c = 0; c < calls; c++) {
      signalAt[c] = signals.pointer((long) c * stride);
      spectrumAt[c] = spectra.pointer((long) c * stride);
    }
    String what = "convolution of " + n + ", " + layout;
    forward = Fftw.plan(what + ", forward", planning, flags -> plan(true, flags));
    backward = Fftw.plan(what + ", backward", planning, flags -> plan(false, flags));
  }

  private fftwf_plan plan(boolean isForward, int flags) {
    int step = layout.rows ? count : 1;
    fftw_iodim samples = Fftw.dimension(2 * n, step, step);
    fftw_iodim many = Fftw.dimension(layout.rows ? count : 1, 1, 1);
    FloatPointer signal = signalAt[0];
    FloatPointer spectrum = spectrumAt[0];
    if (layout.paired) {
      int sign = isForward ? fftw3.FFTW_FORWARD : fftw3.FFTW_BACKWARD;
      return fftw3.fftwf_plan_guru_dft(1, samples, 1, many, signal, spectrum, sign, flags);
    }
    return isForward
        ? fftw3.fftwf_plan_guru_dft_r2c(1, samples, 1, many, signal, spectrum, flags)
        : fftw3.fftwf_plan_guru_dft_c2r(1, samples, 1, many, spectrum, signal, flags);
  }

  /** Leaves the interleaved spectrum of the kernel over 2n. */
  private void transformKernel(double[] kernel) {
    float[] samples = new float[n];
    for (int lag = 0; lag < n; lag++) {
      samples[lag] = (float) (kernel[lag] / (2 * n));
    }
    NativeFloats whole = new NativeFloats(4L * n);
    FloatPointer at = whole.pointer(0);
    fftwf_plan plan =
        fftw3.fftwf_plan_dft_1d(2 * n, at, at, fftw3.FFTW_FORWARD, fftw3.FFTW_ESTIMATE);
    float[] complex = new float[2 * n];
    for (int lag = 0; lag < n; lag++) {
      complex[2 * lag] = samples[lag];
    }
    whole.write(complex, 0, 0, 2 * n);
    fftw3.fftwf_execute(plan);
    fftw3.fftwf_destroy_plan(plan);
    MemorySegment.copy(
        whole.segment(), 0, kernelSpectrum.segment(), 0, 2L * frequencies * Float.BYTES);
  }

  @Override
  public void apply(HeadTensor x, HeadTensor y) {
    for (int strip = 0; strip < WIDTH; strip += STRIP) {
      if (layout.rows) {
        convolveRows(x.floats(), x.index(0, 0) + strip, y.floats(), y.index(0, 0) + strip);
      } else {
        gather(x.floats(), x.index(0, 0) + strip);
        for (int c = 0; c < count; c++) {
          convolveColumn(c);
        }
        scatter(y.floats(), y.index(0, 0) + strip);
      }
    }
  }

  private void convolveRows(float[] x, int from, float[] y, int to) {
    MemorySegment rows = signals.segment();
    copyRows(x, from, rows, n);
    signals.zero((long) n * STRIP, (long) n * STRIP);
    forward(0);
    multiplyRows(spectra.segment(), kernelSpectrum.segment(), frequencies, 2 * count);
    backward(0);
    copyRowsBack(rows, y, to, n);
  }

  private void convolveColumn(int c) {
    long at = (long) c * stride;
    signals.zero(at + (long) n * unit, stride - (long) n * unit);
    forward(c);
    multiply(spectra.segment(), at, kernelSpectrum.segment(), 2 * frequencies);
    backward(c);
  }

  private void forward(int call) {
    if (layout.paired) {
      fftw3.fftwf_execute_dft(forward, signalAt[call], spectrumAt[call]);
    } else {
      fftw3.fftwf_execute_dft_r2c(forward, signalAt[call], spectrumAt[call]);
    }
  }

  private void backward(int call) {
    if (layout.paired) {
      fftw3.fftwf_execute_dft(backward, spectrumAt[call], signalAt[call]);
    } else {
      fftw3.fftwf_execute_dft_c2r(backward, spectrumAt[call], signalAt[call]);
    }
  }

  private void gather(float[] x, int from) {
    int floats = ColumnTiles.ROWS * unit;
    for (int row = 0; row < n; row += ColumnTiles.ROWS) {
      if (layout.paired) {
        ColumnTiles.gatherPairs(x, from + row * WIDTH, tile);
      } else {
        ColumnTiles.gather(x, from + row * WIDTH, tile);
      }
      for (int c = 0; c < count; c++) {
        signals.write(tile, c * floats, (long) c * stride + row * unit, floats);
      }
    }
  }

  private void scatter(float[] y, int to) {
    int floats = ColumnTiles.ROWS * unit;
    for (int row = 0; row < n; row += ColumnTiles.ROWS) {
      for (int c = 0; c < count; c++) {
        signals.read((long) c * stride + row * unit, tile, c * floats, floats);
      }
      if (layout.paired) {
        ColumnTiles.scatterPairs(tile, y, to + row * WIDTH);
      } else {
        ColumnTiles.scatter(tile, y, to + row * WIDTH);
      }
    }
  }

  private static void copyRows(float[] x, int from, MemorySegment rows, int n) {
    for (int row = 0; row < n; row++) {
      for (int c = 0; c < STRIP; c += LANES) {
        FloatVector.fromArray(SPECIES, x, from + row * WIDTH + c)
            .intoMemorySegment(rows, ((long) row * STRIP + c) * Float.BYTES, ORDER);
      }
    }
  }

  private static void copyRowsBack(MemorySegment rows, float[] y, int to, int n) {
    for (int row = 0; row < n; row++) {
      for (int c = 0; c < STRIP; c += LANES) {
        FloatVector.fromMemorySegment(
                SPECIES, rows, ((long) row * STRIP + c) * Float.BYTES, ORDER)
            .intoArray(y, to + row * WIDTH + c);
      }
    }
  }

  /** Multiplies interleaved complex numbers; reads and writes up to a vector beyond the last. */
  private static void multiply(
      MemorySegment data, long at, MemorySegment kernel, int floats) {
    for (int f = 0; f < floats; f += LANES) {
      long address = (at + f) * Float.BYTES;
      FloatVector value = FloatVector.fromMemorySegment(SPECIES, data, address, ORDER);
      FloatVector factor =
          FloatVector.fromMemorySegment(SPECIES, kernel, (long) f * Float.BYTES, ORDER);
      FloatVector turned = value.rearrange(SWAP).mul(factor.rearrange(ODD).mul(MINUS_PLUS));
      value.fma(factor.rearrange(EVEN), turned).intoMemorySegment(data, address, ORDER);
    }
  }

  /** Multiplies every row of interleaved complex numbers by one complex number. */
  private static void multiplyRows(
      MemorySegment data, MemorySegment kernel, int rows, int rowFloats) {
    for (int row = 0; row < rows; row++) {
      float re = kernel.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * row);
      float im = kernel.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * row + 1);
      for (int c = 0; c < rowFloats; c += LANES) {
        long address = ((long) row * rowFloats + c) * Float.BYTES;
        FloatVector value = FloatVector.fromMemorySegment(SPECIES, data, address, ORDER);
        FloatVector turned = value.rearrange(SWAP).mul(MINUS_PLUS.mul(im));
        value
            .fma(FloatVector.broadcast(SPECIES, re), turned)
            .intoMemorySegment(data, address, ORDER);
      }
    }
  }
}
