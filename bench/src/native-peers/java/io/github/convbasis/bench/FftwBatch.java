package io.github.convbasis.bench;

import io.github.convbasis.bench.Fftw.Planning;
import org.bytedeco.fftw.global.fftw3;
import org.bytedeco.fftw.global.fftw3.fftw_iodim;
import org.bytedeco.fftw.global.fftw3.fftwf_plan;
import org.bytedeco.javacpp.FloatPointer;

/**
 * FFTW on one thread: groups of columns, each transformed forth and back by one plan for all of its
 * columns before the next group is touched.
 */
final class FftwBatch extends ColumnBatch {
  /** Where a group's numbers lie. */
  enum Layout {
    /** Every contiguous column a group of its own. */
    ONE_BY_ONE(Order.CONTIGUOUS, 1),
    /** All columns in one group, each contiguous. */
    CONTIGUOUS(Order.CONTIGUOUS, Integer.MAX_VALUE),
    /** All columns in one group, neighbours side by side. */
    INTERLEAVED(Order.INTERLEAVED, Integer.MAX_VALUE),
    /** Sixteen columns in a group, neighbours side by side. */
    INTERLEAVED_BY_16(Order.INTERLEAVED, 16),
    /** Sixteen columns in a group, real parts before imaginary parts: our layout at 512 bits. */
    SPLIT_BY_16(Order.SPLIT, 16);

    private final Order order;
    private final int group;

    Layout(Order order, int group) {
      this.order = order;
      this.group = group;
    }
  }

  private enum Order {
    CONTIGUOUS,
    INTERLEAVED,
    SPLIT
  }

  private final Order order;
  private final int group;
  private final NativeFloats data;
  private final FloatPointer[] real;
  private final FloatPointer[] imaginary;
  private final fftwf_plan forward;
  private final fftwf_plan backward;

  FftwBatch(int size, int columns, Layout layout, Planning planning) {
    super(size, columns);
    order = layout.order;
    group = Math.min(columns, layout.group);
    data = new NativeFloats(2L * size * columns);
    real = new FloatPointer[columns / group];
    imaginary = new FloatPointer[columns / group];
    for (int g = 0; g < real.length; g++) {
      real[g] = data.pointer(index(g * group, 0, 0));
      imaginary[g] = data.pointer(index(g * group, 0, 1));
    }
    String what = size + " × " + columns + " " + layout;
    forward = plan(what + " forward", planning, true);
    backward = plan(what + " backward", planning, false);
  }

  private fftwf_plan plan(String what, Planning planning, boolean isForward) {
    FloatPointer re = real[0];
    FloatPointer im = imaginary[0];
    if (order == Order.SPLIT) {
      fftw_iodim rows = Fftw.dimension(size, 2 * group, 2 * group);
      fftw_iodim lanes = Fftw.dimension(group, 1, 1);
      // Exchanging real and imaginary parts turns the transform round.
      return Fftw.plan(
          what,
          planning,
          flags ->
              isForward
                  ? fftw3.fftwf_plan_guru_split_dft(1, rows, 1, lanes, re, im, re, im, flags)
                  : fftw3.fftwf_plan_guru_split_dft(1, rows, 1, lanes, im, re, im, re, flags));
    }
    int rowStride = order == Order.CONTIGUOUS ? 1 : group;
    int columnStride = order == Order.CONTIGUOUS ? size : 1;
    fftw_iodim rows = Fftw.dimension(size, rowStride, rowStride);
    fftw_iodim many = Fftw.dimension(group, columnStride, columnStride);
    int sign = isForward ? fftw3.FFTW_FORWARD : fftw3.FFTW_BACKWARD;
    return Fftw.plan(
        what,
        planning,
        flags -> fftw3.fftwf_plan_guru_dft(1, rows, 1, many, re, re, sign, flags));
  }

  @Override
  int index(int column, int row, int part) {
    int base = 2 * size * (column / group * group);
    int member = column % group;
    switch (order) {
      case CONTIGUOUS:
        return base + 2 * (member * size + row) + part;
      case INTERLEAVED:
        return base + 2 * (row * group + member) + part;
      default:
        return base + (2 * row + part) * group + member;
    }
  }

  @Override
  void write(float[] laidOut) {
    data.write(laidOut, 0, 0, laidOut.length);
  }

  @Override
  void read(float[] laidOut) {
    data.read(0, laidOut, 0, laidOut.length);
  }

  @Override
  void forward() {
    for (int g = 0; g < real.length; g++) {
      forward(g);
    }
  }

  @Override
  void roundTrip() {
    for (int g = 0; g < real.length; g++) {
      forward(g);
      backward(g);
    }
  }

  private void forward(int g) {
    if (order == Order.SPLIT) {
      fftw3.fftwf_execute_split_dft(forward, real[g], imaginary[g], real[g], imaginary[g]);
    } else {
      fftw3.fftwf_execute_dft(forward, real[g], real[g]);
    }
  }

  private void backward(int g) {
    if (order == Order.SPLIT) {
      fftw3.fftwf_execute_split_dft(backward, imaginary[g], real[g], imaginary[g], real[g]);
    } else {
      fftw3.fftwf_execute_dft(backward, real[g], real[g]);
    }
  }
}
