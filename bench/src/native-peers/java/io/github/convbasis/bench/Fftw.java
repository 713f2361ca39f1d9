package io.github.convbasis.bench;

import java.util.function.IntFunction;
import org.bytedeco.fftw.global.fftw3;
import org.bytedeco.fftw.global.fftw3.fftw_iodim;
import org.bytedeco.fftw.global.fftw3.fftwf_plan;

/** What every user of single-precision FFTW here needs; plans are for one thread. */
final class Fftw {
  /** How long FFTW looks for a plan. */
  enum Planning {
    /** Times several plans. */
    MEASURE,
    /** Times many more. */
    PATIENT
  }

  private Fftw() {}

  /** Describes one dimension of data by its length and strides. */
  static fftw_iodim dimension(int length, int inputStride, int outputStride) {
    return new fftw_iodim().n(length).is(inputStride).os(outputStride);
  }

  /** Makes a plan and reports what made it. */
  static fftwf_plan plan(String what, Planning planning, IntFunction<fftwf_plan> maker) {
    long start = System.nanoTime();
    fftwf_plan plan =
        maker.apply(
            planning == Planning.PATIENT ? fftw3.FFTW_PATIENT : fftw3.FFTW_MEASURE);
    if (plan == null || plan.isNull()) {
      throw new IllegalStateException("FFTW has no plan for " + what);
    }
    System.out.printf(
        "# %s, %s, planned in %.1f s: %s%n",
        fftw3.fftwf_version().getString(),
        planning,
        (System.nanoTime() - start) * 1e-9,
        what);
    return plan;
  }
}
