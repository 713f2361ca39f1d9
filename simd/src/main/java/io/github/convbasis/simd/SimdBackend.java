package io.github.convbasis.simd;

import io.github.convbasis.backend.AttentionCosts;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.DecompositionLoops;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.backend.TileSums;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.simd.decompose.VectorLoops;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.EntryAttention;
import io.github.convbasis.simd.exact.ExactAttentionKernel;
import io.github.convbasis.simd.exact.LogitColumnKernel;
import io.github.convbasis.simd.exact.LogitColumnsKernel;
import io.github.convbasis.simd.exact.LogitScratch;
import io.github.convbasis.simd.exact.TileAttention;
import io.github.convbasis.simd.exact.TileSumsKernel;
import io.github.convbasis.simd.matrix.PackedMatrix;
import io.github.convbasis.simd.matrix.SiluKernel;
import io.github.convbasis.simd.spectral.SpectralWorkspace;

/**
 * Computes attention in float32 vectors, and decomposes in double ones. A workspace grows to about
 * 185 kB for exact rows of a head of 64 columns, for each task; for modelled logits to spectra,
 * windows and sums of up to twice the size of queries, keys and values, or 256 MiB if that is more;
 * for tiles to 32 MiB of mean keys and 1 kB for each row of a batch, 2,048 rows or one row block.
 * Immutable and thread-safe.
 */
final class SimdBackend implements Backend {
  /**
   * Medians of times beside exact attention (AMD Zen 5, 512 bits, d = width = 32 and 64, n = 2,048
   * to 16,384, tiles of 32 and 64): a probe 0.74 to 1.2, a mean 2.7 to 3.3, a row 60 to 115.
   */
  private static final AttentionCosts COSTS = new AttentionCosts(0.85, 3.2, 1, 8, 90);

  private static final DecompositionLoops LOOPS = new VectorLoops();

  @Override
  public String name() {
    return "simd";
  }

  @Override
  public String description() {
    // The provider is not usable without it.
    return Lanes.FLOATS.vectorBitSize()
        + "-bit vectors, "
        + Lanes.COUNT
        + " float lanes, fused multiply-add";
  }

  @Override
  public double defaultGuardTolerance() {
    return 1e-4;
  }

  @Override
  public Workspace newWorkspace() {
    return new SimdWorkspace();
  }

  @Override
  public DecompositionLoops decompositionLoops() {
    return LOOPS;
  }

  @Override
  public void logitColumn(
      AttentionInputs inputs, int head, int key, int fromRow, int toRow, double[] target) {
    int first = inputs.firstPosition();
    LogitColumnKernel.compute(inputs, head, key, fromRow - first, toRow - first, target);
  }

  @Override
  public double logitColumns(
      AttentionInputs inputs,
      int head,
      int[] keys,
      int fromRow,
      int toRow,
      double[][] targets,
      Workspace workspace) {
    if (keys.length == 0) {
      return 0;
    }
    if (!inputs.queries().isSinglePrecision()) {
      // Doubles are not narrowed here: the search compares what logitColumn says of them.
      return Backend.super.logitColumns(inputs, head, keys, fromRow, toRow, targets, workspace);
    }
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    LogitScratch scratch = scratches.takeLogits(inputs, keys.length);
    double greatest =
        LogitColumnsKernel.compute(inputs, head, keys, fromRow, toRow, targets, scratch);
    scratches.giveLogits(scratch);
    return greatest;
  }

  @Override
  public void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      Workspace workspace) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    AttentionScratch scratch = scratches.takeExact(inputs);
    ExactAttentionKernel.attendGroup(inputs, keyHead, fromRow, toRow, output, scratch);
    scratches.giveExact(scratch);
  }

  @Override
  public void attendRows(
      AttentionInputs inputs,
      int head,
      int[] rows,
      int from,
      int to,
      HeadTensor output,
      Workspace workspace) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    AttentionScratch scratch = scratches.takeExact(inputs);
    ExactAttentionKernel.attendRows(inputs, head, rows, from, to, output, scratch);
    scratches.giveExact(scratch);
  }

  @Override
  public double attendSegments(
      AttentionInputs inputs,
      int head,
      SegmentedToeplitz logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Workspace workspace,
      Parallelism parallelism) {
    return SimdWorkspace.of(workspace)
        .spectral
        .attend(inputs, head, logits, guardTolerance, output, untrusted, parallelism);
  }

  @Override
  public void tileSums(
      AttentionInputs inputs,
      int keyHead,
      TileSums sums,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    TileSumsKernel.compute(inputs, keyHead, sums, scratches.tileSums(inputs, sums), parallelism);
  }

  @Override
  public double attendTiles(
      AttentionInputs inputs,
      int head,
      TiledLogits logits,
      double guardTolerance,
      HeadTensor output,
      boolean[] untrusted,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    TileAttention tiles = scratches.tiles(inputs);
    if (!logits.map().has(TileKind.CONVOLUTION)) {
      return tiles.attend(inputs, head, logits, null, output, untrusted, parallelism);
    }
    return scratches.hybrid.attend(
        inputs, head, logits, guardTolerance, tiles, output, untrusted, parallelism);
  }

  @Override
  public AttentionCosts costs() {
    return COSTS;
  }

  @Override
  public double segmentCost(int n, int depth, int width, int terms) {
    return SpectralWorkspace.segmentCost(n, depth, width, terms);
  }

  @Override
  public SegmentPrefill prefill(int capacity, int depth, int width, int terms) {
    return SpectralWorkspace.prefill(capacity, depth, width, terms);
  }

  @Override
  public ConvolutionPlan sharedConvolution(double[] kernel) {
    return LongConvolutionPlan.shared(kernel);
  }

  @Override
  public ConvolutionPlan depthwiseConvolution(double[][] kernels) {
    return LongConvolutionPlan.depthwise(kernels);
  }

  @Override
  public SegmentPlan segmentConvolution(SegmentedToeplitz matrix) {
    return new SegmentConvolutionPlan(matrix);
  }

  @Override
  public LinearOperator linearOperator(float[] weights, int outputs, int inputs) {
    return new PackedMatrix(weights, outputs, inputs);
  }

  @Override
  public void multiplyBySilu(float[] gate, float[] product, int count) {
    SiluKernel.multiply(gate, product, count);
  }

  @Override
  public void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      double[][] logSums,
      Workspace workspace) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    AttentionScratch scratch = scratches.takeExact(inputs);
    ExactAttentionKernel.attendGroup(inputs, keyHead, fromRow, toRow, output, logSums, scratch);
    scratches.giveExact(scratch);
  }

  @Override
  public void attendEntries(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      HeadTensor output,
      double[] logSums,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    EntryAttention attention = new EntryAttention(inputs, head, entries, output, logSums);
    parallelism.forEach(
        attention.items(),
        item -> {
          AttentionScratch scratch = scratches.takeExact(inputs);
          attention.attend(item, scratch);
          scratches.giveExact(scratch);
        });
  }

  @Override
  public void attendSeen(
      AttentionInputs inputs,
      int head,
      SeenKeys seen,
      int[] rows,
      int from,
      int to,
      HeadTensor output,
      Workspace workspace) {
    SimdWorkspace scratches = SimdWorkspace.of(workspace);
    EntryAttention attention = new EntryAttention(inputs, head, seen, rows, from, to, output);
    AttentionScratch scratch = scratches.takeExact(inputs);
    for (int item = 0; item < attention.items(); item++) {
      attention.attend(item, scratch);
    }
    scratches.giveExact(scratch);
  }

  @Override
  public void exactGradients(
      AttentionInputs inputs,
      int head,
      GradientEntries entries,
      double[] logSums,
      double[] dots,
      HeadTensor upstream,
      HeadTensor gradQueries,
      HeadTensor gradKeys,
      HeadTensor gradValues,
      Workspace workspace,
      Parallelism parallelism) {
    SimdWorkspace.of(workspace)
        .gradients
        .add(
            inputs,
            head,
            entries,
            logSums,
            dots,
            upstream,
            gradQueries,
            gradKeys,
            gradValues,
            parallelism);
  }
}
