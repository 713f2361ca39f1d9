package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import io.github.convbasis.simd.fft.BatchFft;
import java.util.Arrays;

/**
 * Computes causal attention of one head from segmented logits, {@code Y = D⁻¹·(M∘exp(H))·V}, in
 * float32 with the blocked spectral form.
 *
 * <p>The triangle is cut on a grid of nested blocks ({@link BlockPlan}): diagonal blocks of the
 * smallest size are computed exactly, from queries and keys; each larger size handles what lies
 * below the diagonal blocks of the size under it, inside its own diagonal blocks, as products of
 * whole blocks ({@link BlockConvolution}). Every output block has its own power of two as a shift,
 * for every size, so small rows do not drown in large ones elsewhere, and rows of a block do not
 * depend on anything after it, with two exceptions: a later value above 1e15 or a later logit above
 * 1e8 in size makes every row exact, and where logits spread over more than about 550 a later one
 * can make rows untrusted. D comes from sums of positive numbers in double ({@link FarSums}) plus
 * the exact part's row sums.
 *
 * <p>A row is untrusted if the bound on its rounding, {@code 2u·Σ ‖kernel window‖₂·‖values of the
 * piece‖₂·log₂(2L)/3} over its block's products, exceeds {@code guardTolerance·D·(greatest |V|
 * among the keys it sees)}.
 *
 * <p>Stateless and thread-safe.
 */
public final class SegmentAttention {
  /** Values beyond are left to the exact kernel: sums of their squares must fit a float. */
  private static final double MAX_VALUE = 1e15;

  private static final double MIN_VALUE = 1e-15;

  /** Rows of a work item where everything is exact. */
  private static final int EXACT_ROWS = 128;

  /** A diagonal part this many powers of two above the rest hides it. */
  private static final double NEGLIGIBLE = 60;

  /**
   * {@link FarSums} holds what is up to 2¹⁰⁰⁰ below the greatest weight of all; a block this far
   * below it keeps 2²⁰⁰ of that for its own smaller weights, more than float has.
   */
  private static final int MAX_SHIFT = 800;

  /**
   * Windows 2¹²⁶ below the greatest of their block are taken for zero, so a row must lie well above
   * them, even where that greatest window meets values of zero only.
   */
  private static final double LEAST_SUM = 0x1p-90;

  private static final double LN2 = Math.log(2);

  private final AttentionInputs inputs;
  private final int head;
  private final SegmentedToeplitz logits;
  private final double guardTolerance;
  private final HeadTensor output;
  private final boolean[] untrusted;
  private final Parallelism parallelism;
  private final ValueColumns values;

  private SegmentAttention(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    this.inputs = inputs;
    this.head = head;
    this.logits = logits;
    this.guardTolerance = guardTolerance;
    this.output = output;
    this.untrusted = untrusted;
    this.parallelism = parallelism;
    values = new ValueColumns(inputs.values(), inputs.keyHead(head));
  }

  /**
   * Computes all rows of a head; see {@code Backend.attendSegments}. Where the cost model finds
   * exact attention cheaper, or numbers leave the range where float sums are safe, every row is
   * exact.
   *
   * @param inputs gives values, and queries and keys for the exact part
   * @param head query head
   * @param logits H, first segment at column 0
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives all rows of that head
   * @param untrusted receives true for untrusted rows, false for the others
   * @param parallelism how many tasks may work
   * @return the share of the lower triangle that was computed from queries and keys
   * @throws ArithmeticException if an exact logit overflows
   */
  public static double attend(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    assert logits.terms() > 0 && logits.start(0) == 0 : "first segment must start at column 0";
    assert logits.size() == inputs.rows() : logits.size() + " and " + inputs.rows();
    assert inputs.mask() == AttentionMask.CAUSAL : inputs.mask();
    BlockPlan plan =
        BlockPlan.cheapest(
            logits.size(), inputs.queries().width(), inputs.values().width(), logits.terms());
    return attend(plan, inputs, head, logits, guardTolerance, output, untrusted, parallelism);
  }

  /** As the public form, on a given grid. */
  static double attend(
      BlockPlan plan,
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    SegmentAttention call =
        new SegmentAttention(inputs, head, logits, guardTolerance, output, untrusted, parallelism);
    if (plan.isExact() || logits.size() <= plan.blockSize(0)) {
      call.attendExactly();
      return 1;
    }
    double valueSup = call.values.maxAbs(0, logits.size());
    LogitRange range = LogitRange.of(logits);
    boolean safe =
        valueSup <= MAX_VALUE
            && (valueSup == 0 || valueSup >= MIN_VALUE)
            && range.size() <= ScaledExp.MAX_LOGIT;
    if (!safe) {
      call.attendExactly();
      return 1;
    }
    call.attendBlocks(plan, range.greatest());
    return exactShare(logits.size(), plan.blockSize(0));
  }

  /** Returns the share of diagonal triangles of {@code band} rows in the triangle of n rows. */
  private static double exactShare(int n, int band) {
    int whole = n / band;
    int rest = n % band;
    double exact = whole * (band * (band + 1.0)) + rest * (rest + 1.0);
    return exact / (n * (n + 1.0));
  }

  private void attendExactly() {
    int n = logits.size();
    Pool<AttentionScratch> scratches = new Pool<>(() -> AttentionScratch.of(inputs));
    parallelism.forEach(
        (n + EXACT_ROWS - 1) / EXACT_ROWS,
        item -> {
          AttentionScratch scratch = scratches.take();
          int from = item * EXACT_ROWS;
          int to = Math.min(n, from + EXACT_ROWS);
          ExactAttentionKernel.attend(inputs, head, from, to, output, scratch);
          Arrays.fill(untrusted, from, to, false);
          scratches.give(scratch);
        });
  }

  private void attendBlocks(BlockPlan plan, double greatest) {
    int n = logits.size();
    int band = plan.blockSize(0);
    FarSums farSums = new FarSums(logits, greatest, band, parallelism);
    FarField field = new FarField(n, values.tiles(), band);
    int top = plan.levels() - 1;
    BlockConvolution.Plans[] plans = new BlockConvolution.Plans[plan.levels()];
    for (int level = 0; level <= top; level++) {
      plans[level] = new BlockConvolution.Plans(plan.blockSize(level));
    }
    new BlockConvolution(plans[top], plan.windowLimit())
        .add(logits, values, 0, n, field, parallelism);
    int regionSize = plan.blockSize(top);
    int regions = (n + regionSize - 1) / regionSize;
    double[] valueSups = valueSups(regionSize, regions);
    Pool<RegionScratch> scratches = new Pool<>(() -> new RegionScratch(plan, plans, inputs));
    parallelism.forEach(
        regions,
        region -> {
          RegionScratch scratch = scratches.take();
          int from = region * regionSize;
          int to = Math.min(n, from + regionSize);
          for (int level = top - 1; level >= 0; level--) {
            int size = plan.blockSize(level + 1);
            for (int origin = from; origin < to; origin += size) {
              int end = Math.min(to, origin + size);
              scratch.convolutions[level].add(
                  logits, values, origin, end, field, Parallelism.sequential());
            }
          }
          scratch.valueSup = valueSups[region];
          for (int row = from; row < to; row += band) {
            finish(row, Math.min(to, row + band), band, field, farSums, scratch);
          }
          scratches.give(scratch);
        });
  }

  /** Returns the greatest |V| before each region. */
  private double[] valueSups(int regionSize, int regions) {
    double[] sups = new double[regions];
    double sup = 0;
    for (int region = 0; region < regions; region++) {
      sups[region] = sup;
      int from = region * regionSize;
      sup = Math.max(sup, values.maxAbs(from, Math.min(logits.size(), from + regionSize)));
    }
    return sups;
  }

  /** Merges a diagonal block, computed exactly, with what lies left of it. */
  private void finish(
      int fromRow, int toRow, int band, FarField field, FarSums farSums, RegionScratch scratch) {
    ExactAttentionKernel.partial(
        inputs,
        head,
        fromRow,
        toRow,
        fromRow,
        scratch.numerators,
        scratch.shifts,
        scratch.rowSums,
        scratch.exact);
    int exponent = field.exponent(fromRow / band);
    double noise = field.noise(fromRow / band);
    for (int row = fromRow; row < toRow; row++) {
      int r = row - fromRow;
      scratch.valueSup = Math.max(scratch.valueSup, values.maxAbs(row, row + 1));
      double excess = scratch.shifts[r] - exponent * LN2;
      double nearSum = scratch.rowSums[r];
      if (exponent == SpectrumProduct.NOTHING || excess > NEGLIGIBLE * LN2) {
        untrusted[row] = false;
        write(row, r, 0, (float) (1 / nearSum), field, scratch);
        continue;
      }
      double factor = Math.exp(excess);
      int farShift = (int) Math.max(-10_000L, (long) farSums.exponent() - exponent);
      double sum = Math.scalb(farSums.sum(row), farShift) + factor * nearSum;
      boolean trusted =
          farShift <= MAX_SHIFT
              && sum >= LEAST_SUM
              && noise <= guardTolerance * sum * scratch.valueSup;
      untrusted[row] = !trusted;
      double inverse = trusted ? 1 / sum : 0;
      write(row, r, (float) inverse, (float) (factor * inverse), field, scratch);
    }
  }

  private void write(
      int row, int r, float farFactor, float nearFactor, FarField field, RegionScratch scratch) {
    int width = values.width();
    int near = r * width;
    for (int tile = 0; tile < values.tiles(); tile++) {
      int column = tile * BatchFft.ROW;
      int count = Math.min(BatchFft.ROW, width - column);
      int at = output.index(head, row) + column;
      int far = field.index(tile, row);
      if (output.isSinglePrecision()) {
        RowMerge.merge(
            field.sums(),
            far,
            farFactor,
            scratch.numerators,
            near + column,
            nearFactor,
            output.floats(),
            at,
            count);
      } else {
        RowMerge.merge(
            field.sums(),
            far,
            farFactor,
            scratch.numerators,
            near + column,
            nearFactor,
            output.doubles(),
            at,
            count);
      }
    }
  }

  /** What one task needs for a region. Mutable, not thread-safe. */
  private static final class RegionScratch {
    final BlockConvolution[] convolutions;
    final AttentionScratch exact;
    final float[] numerators;
    final double[] shifts;
    final double[] rowSums;

    /** Greatest |V| up to the row at hand. */
    double valueSup;

    RegionScratch(BlockPlan plan, BlockConvolution.Plans[] plans, AttentionInputs inputs) {
      convolutions = new BlockConvolution[plan.levels() - 1];
      for (int level = 0; level < convolutions.length; level++) {
        convolutions[level] = new BlockConvolution(plans[level], Long.MAX_VALUE);
      }
      exact = AttentionScratch.of(inputs);
      int band = plan.blockSize(0);
      numerators = new float[band * inputs.values().width()];
      shifts = new double[band];
      rowSums = new double[band];
    }
  }
}
