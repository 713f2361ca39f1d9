package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.decompose.OffsetFit;
import io.github.convbasis.properties.OffsetSample.Entries;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What fits of {@code w(i - j) + g(i) + c(j)} to sampled rows must satisfy. */
abstract class OffsetFitContract implements BackendContract {
  private static final int SWEEPS = 12;

  /** Enough for the narrowest tile of 20 columns. */
  private static final int SWEEPS_TO_THE_END = 5000;

  private OffsetFit fit(OffsetSample sample, Entries entries) {
    return OffsetFit.of(backend(), sample.tile(entries), SWEEPS, 0);
  }

  /** A number for an entry of positive weight. */
  private interface Term {
    double of(int sample, int index);
  }

  private static double sum(Entries entries, Term term) {
    Reference.Accumulator sum = new Reference.Accumulator();
    for (int s = 0; s < entries.rows().length; s++) {
      for (int j = 0; j < entries.logits()[s].length; j++) {
        if (entries.weights()[s][j] > 0) {
          sum.addProduct(entries.weights()[s][j], term.of(s, j));
        }
      }
    }
    return sum.value();
  }

  /** All sums are there, and they leave only the documented freedom in w, g and c. */
  @Property
  void logitsOfTheFittedFormAreFoundAgain(
      @ForAll(supplier = OffsetSample.Exact.class) OffsetSample sample) {
    Entries entries = sample.entries();
    OffsetFit fit = OffsetFit.of(backend(), sample.tile(entries), SWEEPS_TO_THE_END, 0);
    for (int s = 0; s < entries.rows().length; s++) {
      for (int j = 0; j < sample.columns(); j++) {
        if (entries.weights()[s][j] > 0) {
          double error = fit.logit(entries.rows()[s], sample.column(j)) - entries.logits()[s][j];
          Tolerances.FITTED_ENTRY.require(error, sample.unit(), "entry " + s + ", " + j);
        }
      }
    }
  }

  @Property
  void theResidualNeverGrows(@ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    double[] residuals = fit(sample, entries).residuals();
    assertTrue(residuals.length >= 2 && residuals.length <= SWEEPS + 1, "sweeps");
    // Where the fit is exact, only squares of the rounding of entries are left.
    double floor = sum(entries, (s, j) -> sample.unit() * sample.unit());
    for (int sweep = 1; sweep < residuals.length; sweep++) {
      double growth = Math.max(0, residuals[sweep] - residuals[sweep - 1]);
      double unit =
          floor + Tolerances.sum(Tolerances.DOUBLE, sample.columns(), residuals[sweep - 1]);
      Tolerances.FIT_GROWTH.require(growth, unit, "residual of sweep " + sweep);
    }
  }

  private static double residualUnit(OffsetSample sample, Entries entries) {
    double parts = sample.scale() * (3 + sample.noise());
    return Tolerances.sum(
        Tolerances.DOUBLE, sample.columns(), sum(entries, (s, j) -> parts * parts));
  }

  @Property
  void residualsAreWeightedSumsOfSquares(
      @ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    OffsetFit fit = fit(sample, entries);
    double[] residuals = fit.residuals();
    double unit = residualUnit(sample, entries);
    double before = sum(entries, (s, j) -> Math.pow(entries.logits()[s][j], 2));
    Tolerances.FIT_RESIDUAL.require(residuals[0] - before, unit, "before the first sweep");
    double after = sum(entries, (s, j) -> Math.pow(left(sample, entries, fit, s, j), 2));
    double last = residuals[residuals.length - 1];
    Tolerances.FIT_RESIDUAL.require(last - after, unit, "after the last sweep");
  }

  private static double left(OffsetSample sample, Entries entries, OffsetFit fit, int s, int j) {
    return entries.logits()[s][j] - fit.logit(entries.rows()[s], sample.column(j));
  }

  @Property
  void whatIsLeftOfAColumnHasMeanZero(
      @ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    OffsetFit fit = fit(sample, entries);
    for (int column = 0; column < sample.columns(); column++) {
      int only = column;
      double weight = sum(entries, (s, j) -> j == only ? 1 : 0);
      double left = sum(entries, (s, j) -> j == only ? left(sample, entries, fit, s, j) : 0);
      Tolerances.FIT_MEAN.require(left, weight * sample.unit(), "column " + column);
    }
  }

  @Property
  void offsetsHaveMeanZeroAndRowsNoSlope(
      @ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    OffsetFit fit = fit(sample, entries);
    double weight = sum(entries, (s, j) -> 1);
    double rows = sum(entries, (s, j) -> fit.rowOffset(entries.rows()[s]));
    double columns = sum(entries, (s, j) -> fit.columnOffset(sample.column(j)));
    Tolerances.FIT_MEAN.require(rows, weight * sample.unit(), "mean of g");
    Tolerances.FIT_MEAN.require(columns, weight * sample.unit(), "mean of c");
    double mean = sum(entries, (s, j) -> entries.rows()[s]) / weight;
    double moment =
        sum(entries, (s, j) -> (entries.rows()[s] - mean) * fit.rowOffset(entries.rows()[s]));
    Tolerances.FIT_SLOPE.require(moment, weight * sample.rows() * sample.unit(), "slope of g");
  }

  @Property
  void entriesOfWeightZeroAreNotLookedAt(
      @ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    OffsetFit expected = fit(sample, entries);
    double[] strange = {Double.NaN, Double.NEGATIVE_INFINITY, Double.MAX_VALUE, -0.0};
    SplittableRandom random = new SplittableRandom(sample.seed());
    for (int s = 0; s < entries.rows().length; s++) {
      for (int j = 0; j < sample.columns(); j++) {
        if (entries.weights()[s][j] == 0) {
          entries.logits()[s][j] = strange[random.nextInt(strange.length)];
        }
      }
    }
    OffsetFit actual = fit(sample, entries);
    Tolerances.requireSameBits(actual.kernel(), expected.kernel(), "w");
    Tolerances.requireSameBits(actual.rowOffsets(), expected.rowOffsets(), "g");
    Tolerances.requireSameBits(actual.columnOffsets(), expected.columnOffsets(), "c");
    Tolerances.requireSameBits(actual.residuals(), expected.residuals(), "residuals");
  }

  @Property
  void whatNoSampleHasIsInterpolated(
      @ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    OffsetFit fit = fit(sample, entries);
    int lastRow = sample.firstRow() + sample.rows() - 1;
    assertEquals(lastRow - sample.column(0) + 1, fit.endLag(), "endLag");
    int least = Math.max(0, sample.firstRow() - sample.column(sample.columns() - 1));
    assertEquals(least, fit.firstLag(), "firstLag");
    boolean[] lags = new boolean[fit.endLag() - fit.firstLag()];
    boolean[] rows = new boolean[sample.rows()];
    boolean[] columns = new boolean[sample.columns()];
    for (int s = 0; s < entries.rows().length; s++) {
      for (int j = 0; j < sample.columns(); j++) {
        if (entries.weights()[s][j] > 0) {
          lags[entries.rows()[s] - sample.column(j) - fit.firstLag()] = true;
          rows[entries.rows()[s] - sample.firstRow()] = true;
          columns[j] = true;
        }
      }
    }
    requireInterpolated(fit.kernel(), lags, sample.unit());
    requireInterpolated(fit.rowOffsets(), rows, sample.unit());
    for (int j = 0; j < sample.columns(); j++) {
      if (!columns[j]) {
        Tolerances.requireSameBits(fit.columnOffset(sample.column(j)), 0.0, "column " + j);
      }
    }
  }

  private static void requireInterpolated(double[] values, boolean[] known, double unit) {
    for (int t = 0; t < values.length; t++) {
      int low = t;
      int high = t;
      while (low >= 0 && !known[low]) {
        low--;
      }
      while (high < known.length && !known[high]) {
        high++;
      }
      low = low < 0 ? high : low;
      high = high == known.length ? low : high;
      double rise = high == low ? 0 : (values[high] - values[low]) / (high - low);
      double expected = values[low] + (t - low) * rise;
      Tolerances.FIT_INTERPOLATION.require(values[t] - expected, unit, "value " + t);
    }
  }

  @Property
  void backendsAgreeButForRounding(@ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    Entries entries = sample.entries();
    double[] actual = fit(sample, entries).residuals();
    double[] expected =
        OffsetFit.of(Backends.scalar(), sample.tile(entries), SWEEPS, 0).residuals();
    // Where only rounding is left, the number of sweeps is a matter of chance.
    int sweeps = Math.min(actual.length, expected.length);
    for (int sweep = 0; sweep < sweeps; sweep++) {
      Tolerances.FIT_BACKENDS.require(
          actual[sweep] - expected[sweep], residualUnit(sample, entries), "sweep " + sweep);
    }
  }

  @Property
  void theLastSweepIsTheFirstThatGainsLittle(
      @ForAll(supplier = OffsetSample.Any.class) OffsetSample sample) {
    double least = 0.01;
    double[] residuals =
        OffsetFit.of(backend(), sample.tile(sample.entries()), SWEEPS, least).residuals();
    for (int sweep = 1; sweep < residuals.length - 1; sweep++) {
      double gain = residuals[sweep - 1] - residuals[sweep];
      assertTrue(gain > least * residuals[sweep - 1], "gain of sweep " + sweep);
    }
    int last = residuals.length - 1;
    double gain = residuals[last - 1] - residuals[last];
    assertTrue(last == SWEEPS || gain <= least * residuals[last - 1], "gain of the last sweep");
  }
}
