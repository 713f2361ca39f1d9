package io.github.convbasis.simd.spectral;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.simd.Pool;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import java.util.Arrays;

/**
 * Computes causal attention of one head from segmented logits, {@code Y = D⁻¹·(M∘exp(H))·V}, in
 * float32 with the blocked spectral form, at once or chunk by chunk.
 *
 * <p>Logits left of the diagonal blocks may have offsets of rows and columns, {@code w_r(i - j) +
 * g(i) + c(j)}, and lack some columns ({@link FarOffsets}); another part may then stand for what is
 * near ({@link NearPart}). Values are weighted by e^c ({@link ColumnWeights}), and e^g belongs to
 * the shift that far and near sums are merged with.
 *
 * <p>The triangle is cut on a grid of nested blocks ({@link BlockPlan}): diagonal blocks of the
 * smallest size are computed exactly, from queries and keys; each larger size handles what lies
 * below the diagonal blocks of the size under it, inside its own diagonal blocks, as products of
 * whole blocks ({@link BlockConvolution}). Every output block has its own power of two as a shift,
 * for every size, so small rows do not drown in large ones elsewhere. D comes from sums of positive
 * numbers in double ({@link FarSums}) plus the near part's row sums; with column offsets, or very
 * many excluded columns, from one more column of the products. Rows do not depend on anything after
 * their block of the largest size.
 *
 * <p>A row is untrusted if the bound on its rounding, {@code 2u·Σ ‖kernel window‖₂·‖values of the
 * piece‖₂·log₂(2L)/3} over its block's products, exceeds {@code guardTolerance·D·(greatest |V|
 * among the keys before its diagonal block)}; see {@link BandMerge}. Where values, logits or
 * offsets up to a block leave the range in which float sums are safe, its rows are exact.
 *
 * <p>Mutable scratch and state: one call at a time, whose tasks may share it.
 */
public final class SegmentAttention implements SegmentPrefill {
  /** Values beyond are left to the exact kernel: sums of their squares must fit a float. */
  private static final double MAX_VALUE = 1e15;

  /** Rows of a work item where everything is exact. */
  private static final int EXACT_ROWS = 128;

  /** So many runs between excluded columns are summed as quickly as one more tile of columns. */
  private static final int MAX_RUNS = 128;

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
  private final ColumnRuns runs = new ColumnRuns();
  private final ColumnWeights weights = new ColumnWeights();
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
    PieceSpectra kept = PieceSpectra.of(plan, capacity, width, terms);
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
    return advance(
        inputs,
        head,
        logits,
        FarOffsets.NONE,
        null,
        guardTolerance,
        output,
        untrusted,
        parallelism);
  }

  /**
   * Computes the rows after those that are done, or all of them if there are offsets.
   *
   * @param inputs as {@link SegmentPrefill#advance} wants them
   * @param head query head
   * @param logits kernels w
   * @param offsets g, c and excluded columns; only if nothing is done yet and spectra are not kept
   * @param near parts that compute the rest, one for each task; null for the diagonal blocks alone
   * @param guardTolerance relative error from which a row is untrusted
   * @param output receives the rows of that head
   * @param untrusted receives true for untrusted rows, false for the others
   * @param parallelism how many tasks may work
   * @return the share of exact rows, and of diagonal blocks and excluded columns of the others
   */
  double advance(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      FarOffsets offsets,
      Pool<NearPart> near,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    assert logits.terms() > 0 && logits.start(0) == 0 : "first segment must start at column 0";
    assert logits.size() == inputs.keys().rows() : logits.size() + " and " + inputs.keys().rows();
    assert inputs.firstPosition() == rows : inputs.firstPosition() + " and " + rows;
    assert inputs.queries().width() == depth && inputs.values().width() == width : depth;
    assert !offsets.weighColumns() || kept.isEmpty() && rows == 0 : "offsets in a chunk";
    ValueColumns values = columns(inputs, head, logits, offsets);
    Chunk chunk =
        new Chunk(
            inputs,
            head,
            logits,
            offsets,
            near,
            values,
            guardTolerance,
            output,
            untrusted,
            parallelism);
    double exact = chunk.attend();
    double all = ExactEntries.ofRows(rows, logits.size());
    rows = logits.size();
    return exact / all;
  }

  private ValueColumns columns(
      AttentionInputs inputs, int head, SegmentedToeplitz logits, FarOffsets offsets) {
    int keyHead = inputs.keyHead(head);
    if (plan.isExact() || !offsets.weighColumns()) {
      return new ValueColumns(inputs.values(), keyHead);
    }
    weights.fill(logits.size(), offsets);
    runs.cut(logits, offsets.excludedColumns());
    boolean sums = offsets.columnOffsets() != null || runs.count > logits.terms() + MAX_RUNS;
    return new ValueColumns(inputs.values(), keyHead, weights, sums);
  }

  /** One call. */
  private final class Chunk {
    private final AttentionInputs inputs;
    private final int head;
    private final SegmentedToeplitz logits;
    private final FarOffsets offsets;
    private final Pool<NearPart> near;
    private final ValueColumns values;
    private final HeadTensor output;
    private final boolean[] untrusted;
    private final Parallelism parallelism;
    private final BandMerge merge;
    private final int first;
    private final int end;

    Chunk(
        AttentionInputs inputs,
        int head,
        SegmentedToeplitz logits,
        FarOffsets offsets,
        Pool<NearPart> near,
        ValueColumns values,
        double guardTolerance,
        HeadTensor output,
        boolean[] untrusted,
        Parallelism parallelism) {
      this.inputs = inputs;
      this.head = head;
      this.logits = logits;
      this.offsets = offsets;
      this.near = near;
      this.values = values;
      this.output = output;
      this.untrusted = untrusted;
      this.parallelism = parallelism;
      first = inputs.firstPosition();
      end = logits.size();
      merge =
          new BandMerge(
              field,
              farSums,
              peaks,
              valuePeaks,
              values,
              offsets,
              guardTolerance,
              output,
              head,
              first,
              untrusted);
    }

    /** Computes the rows and returns how many entries of the triangle were exact. */
    double attend() {
      if (plan.isExact()) {
        attendExactly(first, end);
        return ExactEntries.ofRows(first, end);
      }
      int size = regionSize();
      int firstRegion = first / size;
      int regions = (end + size - 1) / size;
      valuePeaks.advance(values, first, end, parallelism);
      peaks.advance(logits, first, parallelism);
      // What a region reads is all that is up to its end: from some region on everything is exact.
      int to = firstRegion;
      while (to < regions && isSafe(to)) {
        to++;
      }
      int toRow = Math.max(first, Math.min(end, to * size));
      if (toRow > first) {
        attendBlocks(first, toRow);
      }
      attendExactly(toRow, end);
      return ExactEntries.ofBands(first, toRow, plan.blockSize(0), offsets.excludedColumns())
          + ExactEntries.ofRows(toRow, end);
    }

    private boolean isSafe(int region) {
      int row = Math.max(first, region * regionSize());
      int regionEnd = row + Math.min(regionSize() - row % regionSize(), end - row);
      return valuePeaks.upTo(region) <= MAX_VALUE
          && peaks.size(row) <= ScaledExp.MAX_LOGIT
          && (values.weights() == null || values.weights().areSafe(row, regionEnd))
          && offsets.rowsAreSafe(row, regionEnd);
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
      if (values.weights() == null) {
        farSums.sum(logits, peaks, fromRow, toRow, parallelism);
      } else if (!values.hasSums()) {
        farSums.sum(logits, runs, peaks, fromRow, toRow, parallelism);
      }
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
      NearPart part = near == null ? scratch.diagonal.of(inputs, head) : near.take();
      int band = plan.blockSize(0);
      for (int row = fromRow; row < toRow; ) {
        int bandEnd = Math.min(toRow, (row / band + 1) * band);
        merge.finish(row, bandEnd, row / band * band, part, scratch.rows);
        row = bandEnd;
      }
      if (near != null) {
        near.give(part);
      }
    }
  }

  /** What one task needs for a region. Mutable, not thread-safe. */
  private final class RegionScratch {
    final BlockConvolution[] convolutions;
    final DiagonalPart diagonal = new DiagonalPart(depth, width);
    final BandMerge.Rows rows;

    RegionScratch(BlockConvolution.Plans[] transforms) {
      convolutions = new BlockConvolution[plan.levels() - 1];
      for (int level = 0; level < convolutions.length; level++) {
        convolutions[level] = new BlockConvolution(transforms[level], Weighting.EXPONENTIAL, false);
      }
      rows = new BandMerge.Rows(plan.blockSize(0), width);
    }
  }
}
