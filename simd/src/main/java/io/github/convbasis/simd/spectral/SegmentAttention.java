package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import io.github.convbasis.simd.fft.BatchFft;
import java.util.Arrays;

/**
 * Computes causal attention of one head from segmented logits, {@code Y = D⁻¹·(M∘exp(H))·V}, in
 * float32 with the blocked spectral form, at once or chunk by chunk.
 *
 * <p>The triangle is cut on a grid of nested blocks ({@link BlockPlan}): diagonal blocks of the
 * smallest size are computed exactly, from queries and keys; each larger size handles what lies
 * below the diagonal blocks of the size under it, inside its own diagonal blocks, as products of
 * whole blocks ({@link BlockConvolution}). Every output block has its own power of two as a shift,
 * for every size, so small rows do not drown in large ones elsewhere. D comes from sums of positive
 * numbers in double ({@link FarSums}) plus the exact part's row sums. Rows do not depend on
 * anything after their block of the largest size.
 *
 * <p>A row is untrusted if the bound on its rounding, {@code 2u·Σ ‖kernel window‖₂·‖values of the
 * piece‖₂·log₂(2L)/3} over its block's products, exceeds {@code guardTolerance·D·(greatest |V|
 * among the keys before its diagonal block)}. Where values or logits up to a block leave the range
 * in which float sums are safe, its rows are exact.
 *
 * <p>Mutable scratch and state: one call at a time, whose tasks may share it.
 */
public final class SegmentAttention implements SegmentPrefill {
  /** Values beyond are left to the exact kernel: sums of their squares must fit a float. */
  private static final double MAX_VALUE = 1e15;

  /** Rows of a work item where everything is exact. */
  private static final int EXACT_ROWS = 128;

  /** A diagonal part this many powers of two above the rest hides it. */
  private static final double NEGLIGIBLE = 60;

  /**
   * {@link FarSums} holds what is up to 2¹⁰⁰⁰ below the greatest weight; a block this far below it
   * keeps 2²⁰⁰ of that for its own smaller weights, more than float has.
   */
  private static final int MAX_SHIFT = 800;

  /**
   * Windows 2¹²⁶ below the greatest of their block are taken for zero, so a row must lie well above
   * them, even where that greatest window meets values of zero only.
   */
  private static final double LEAST_SUM = 0x1p-90;

  private static final double LN2 = Math.log(2);

  private final BlockPlan plan;
  private final int depth;
  private final int width;
  private final PieceSpectra kept;
  private final Pool<AttentionScratch> exactScratches;
  private final Pool<RegionScratch> regionScratches;
  // Null where the plan is exact.
  private final BlockConvolution top;
  private final LogitPeaks peaks;
  private final ValuePeaks valuePeaks;
  private final FarSums farSums;
  private final FarField field;
  private int rows;

  private SegmentAttention(BlockPlan plan, int depth, int width, PieceSpectra kept) {
    this.plan = plan;
    this.depth = depth;
    this.width = width;
    this.kept = kept;
    exactScratches = new Pool<>(() -> new AttentionScratch(depth, width));
    if (plan.isExact()) {
      top = null;
      regionScratches = null;
      peaks = null;
      valuePeaks = null;
      farSums = null;
      field = null;
      return;
    }
    int band = plan.blockSize(0);
    int largest = plan.levels() - 1;
    BlockConvolution.Plans[] transforms = new BlockConvolution.Plans[plan.levels()];
    for (int level = 0; level <= largest; level++) {
      transforms[level] = new BlockConvolution.Plans(plan.blockSize(level));
    }
    top = new BlockConvolution(transforms[largest], Weighting.EXPONENTIAL, false);
    top.keep(kept);
    regionScratches = new Pool<>(() -> new RegionScratch(transforms));
    peaks = new LogitPeaks(regionSize());
    valuePeaks = new ValuePeaks(band, regionSize());
    farSums = new FarSums(band, regionSize());
    field = new FarField(band);
  }

  /**
   * Plans calls that each compute all rows of a head.
   *
   * @param plan the grid
   * @param depth columns of queries and keys
   * @param width columns of values
   * @return scratch and state
   */
  static SegmentAttention atOnce(BlockPlan plan, int depth, int width) {
    return new SegmentAttention(plan, depth, width, PieceSpectra.NONE);
  }

  /**
   * Plans a sequence that grows by chunks.
   *
   * @param plan the grid
   * @param capacity the most rows
   * @param depth columns of queries and keys
   * @param width columns of values
   * @param terms the most segments
   * @return scratch and state
   */
  static SegmentAttention byChunks(BlockPlan plan, int capacity, int depth, int width, int terms) {
    PieceSpectra kept = PieceSpectra.NONE;
    if (!plan.isExact()) {
      int size = plan.blockSize(plan.levels() - 1);
      int blocks = (capacity + size - 1) / size;
      int outputs = Math.min(blocks, 4 * SpectrumProduct.GROUP);
      int tiles = (width + BatchFft.ROW - 1) / BatchFft.ROW;
      kept = new PieceSpectra(size, blocks + terms, outputs, tiles);
    }
    return new SegmentAttention(plan, depth, width, kept);
  }

  /** Tells whether this can be used for another problem. */
  boolean fits(BlockPlan otherPlan, int otherDepth, int otherWidth) {
    return plan.equals(otherPlan) && depth == otherDepth && width == otherWidth;
  }

  private int regionSize() {
    return plan.blockSize(plan.levels() - 1);
  }

  @Override
  public int grid() {
    return plan.isExact() ? 1 : regionSize();
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public void restart() {
    rows = 0;
    kept.restart();
    if (peaks != null) {
      peaks.restart();
      valuePeaks.restart();
    }
  }

  @Override
  public double advance(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    assert logits.terms() > 0 && logits.start(0) == 0 : "first segment must start at column 0";
    assert logits.size() == inputs.keys().rows() : logits.size() + " and " + inputs.keys().rows();
    assert inputs.firstPosition() == rows : inputs.firstPosition() + " and " + rows;
    assert inputs.queries().width() == depth && inputs.values().width() == width : depth;
    Chunk chunk = new Chunk(inputs, head, logits, guardTolerance, output, untrusted, parallelism);
    double exactEntries = chunk.attend();
    double from = rows;
    rows = logits.size();
    return exactEntries / (rows * (rows + 1.0) / 2 - from * (from + 1) / 2);
  }

  /** One call. */
  private final class Chunk {
    private final AttentionInputs inputs;
    private final int head;
    private final SegmentedToeplitz logits;
    private final double guardTolerance;
    private final HeadTensor output;
    private final boolean[] untrusted;
    private final Parallelism parallelism;
    private final ValueColumns values;
    private final int first;
    private final int end;

    Chunk(
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
      first = inputs.firstPosition();
      end = logits.size();
    }

    /** Computes the rows and returns how many entries of the triangle were exact. */
    double attend() {
      if (plan.isExact()) {
        attendExactly(first, end);
        return entries(first, end);
      }
      int size = regionSize();
      int firstRegion = first / size;
      int regions = (end + size - 1) / size;
      valuePeaks.advance(values, first, end, parallelism);
      peaks.advance(logits, first, parallelism);
      // Peaks only grow: from some region on everything is exact.
      int to = firstRegion;
      while (to < regions && isSafe(to)) {
        to++;
      }
      int toRow = Math.max(first, Math.min(end, to * size));
      if (toRow > first) {
        attendBlocks(first, toRow);
      }
      attendExactly(toRow, end);
      return bandEntries(first, toRow) + entries(toRow, end);
    }

    private boolean isSafe(int region) {
      int row = Math.max(first, region * regionSize());
      return valuePeaks.upTo(region) <= MAX_VALUE && peaks.size(row) <= ScaledExp.MAX_LOGIT;
    }

    private double entries(double fromRow, double toRow) {
      return toRow * (toRow + 1) / 2 - fromRow * (fromRow + 1) / 2;
    }

    private double bandEntries(int fromRow, int toRow) {
      int band = plan.blockSize(0);
      double sum = 0;
      for (int row = fromRow; row < toRow; row++) {
        sum += row % band + 1;
      }
      return sum;
    }

    private void attendExactly(int fromRow, int toRow) {
      parallelism.forEach(
          (toRow - fromRow + EXACT_ROWS - 1) / EXACT_ROWS,
          item -> {
            AttentionScratch scratch = exactScratches.take();
            int from = fromRow - first + item * EXACT_ROWS;
            int to = Math.min(toRow - first, from + EXACT_ROWS);
            ExactAttentionKernel.attend(inputs, head, from, to, output, scratch);
            Arrays.fill(untrusted, from, to, false);
            exactScratches.give(scratch);
          });
    }

    private void attendBlocks(int fromRow, int toRow) {
      int size = regionSize();
      int firstRegion = fromRow / size;
      int regions = (toRow + size - 1) / size - firstRegion;
      farSums.sum(logits, peaks, fromRow, toRow, parallelism);
      field.reset(firstRegion * size, toRow, values.tiles());
      top.add(logits, values, 0, toRow, firstRegion, plan.limit(), field, parallelism);
      parallelism.forEach(
          regions,
          item -> {
            RegionScratch scratch = regionScratches.take();
            int region = firstRegion + item;
            int from = region * size;
            attendRegion(from, Math.max(fromRow, from), Math.min(toRow, from + size), scratch);
            regionScratches.give(scratch);
          });
    }

    /** Computes the rows of a region from {@code fromRow} on. */
    private void attendRegion(int origin, int fromRow, int toRow, RegionScratch scratch) {
      for (int level = plan.levels() - 2; level >= 0; level--) {
        int size = plan.blockSize(level + 1);
        int block = plan.blockSize(level);
        for (int from = fromRow / size * size; from < toRow; from += size) {
          int firstOutput = Math.max(0, fromRow - from) / block;
          scratch.convolutions[level].add(
              logits,
              values,
              from,
              Math.min(toRow, from + size),
              firstOutput,
              Long.MAX_VALUE,
              field,
              Parallelism.sequential());
        }
      }
      int band = plan.blockSize(0);
      for (int row = fromRow; row < toRow; ) {
        int bandEnd = Math.min(toRow, (row / band + 1) * band);
        finish(row, bandEnd, row / band * band, scratch);
        row = bandEnd;
      }
    }

    /** Merges rows of a diagonal block, computed exactly, with what lies left of it. */
    private void finish(int fromRow, int toRow, int bandStart, RegionScratch scratch) {
      ExactAttentionKernel.partial(
          inputs,
          head,
          fromRow - first,
          toRow - first,
          bandStart,
          scratch.numerators,
          scratch.shifts,
          scratch.rowSums,
          scratch.exact);
      int exponent = field.exponent(fromRow);
      double noise = field.noise(fromRow);
      // Rounding comes from values before the band, so only these may excuse it.
      double allowed = guardTolerance * valuePeaks.beforeBand(fromRow);
      int farShift = (int) Math.max(-10_000L, (long) FarSums.exponent(peaks, fromRow) - exponent);
      for (int row = fromRow; row < toRow; row++) {
        int r = row - fromRow;
        double excess = scratch.shifts[r] - exponent * LN2;
        double nearSum = scratch.rowSums[r];
        if (exponent == SpectrumProduct.NOTHING || excess > NEGLIGIBLE * LN2) {
          untrusted[row - first] = false;
          write(row, r, 0, (float) (1 / nearSum), scratch);
          continue;
        }
        double factor = Math.exp(excess);
        double sum = Math.scalb(farSums.sum(row), farShift) + factor * nearSum;
        boolean trusted = farShift <= MAX_SHIFT && sum >= LEAST_SUM && noise <= allowed * sum;
        untrusted[row - first] = !trusted;
        double inverse = trusted ? 1 / sum : 0;
        write(row, r, (float) inverse, (float) (factor * inverse), scratch);
      }
    }

    private void write(int row, int r, float farFactor, float nearFactor, RegionScratch scratch) {
      int near = r * width;
      for (int tile = 0; tile < values.tiles(); tile++) {
        int column = tile * BatchFft.ROW;
        int count = Math.min(BatchFft.ROW, width - column);
        int at = output.index(head, row - first) + column;
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
  }

  /** What one task needs for a region. Mutable, not thread-safe. */
  private final class RegionScratch {
    final BlockConvolution[] convolutions;
    final AttentionScratch exact = new AttentionScratch(depth, width);
    final float[] numerators;
    final double[] shifts;
    final double[] rowSums;

    RegionScratch(BlockConvolution.Plans[] transforms) {
      convolutions = new BlockConvolution[plan.levels() - 1];
      for (int level = 0; level < convolutions.length; level++) {
        convolutions[level] = new BlockConvolution(transforms[level], Weighting.EXPONENTIAL, false);
      }
      int band = plan.blockSize(0);
      numerators = new float[band * width];
      shifts = new double[band];
      rowSums = new double[band];
    }
  }
}
