package io.github.convbasis.scalar;

import io.github.convbasis.attention.ExactAttention;
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
import io.github.convbasis.conv.ConvBasisOperator;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import io.github.convbasis.matrix.TiledLogits;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** Computes everything in double, one row or column at a time. Stateless and thread-safe. */
final class ScalarBackend implements Backend {
  /** Tiles are evaluated entry by entry, so none is cheaper than an exact one. */
  private static final AttentionCosts COSTS = new AttentionCosts(0.5, 1.5, 1, 0, 0);

  private static final DecompositionLoops LOOPS = new ScalarDecompositionLoops();

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String description() {
    return "scalar reference, double precision";
  }

  @Override
  public double defaultGuardTolerance() {
    return 1e-9;
  }

  @Override
  public Workspace newWorkspace() {
    return Unused.WORKSPACE;
  }

  /** The reference allocates what it needs, where it needs it. */
  private enum Unused implements Workspace {
    WORKSPACE
  }

  @Override
  public DecompositionLoops decompositionLoops() {
    return LOOPS;
  }

  @Override
  public void logitColumn(
      AttentionInputs inputs, int head, int key, int fromRow, int toRow, double[] target) {
    double[] keyRow = new double[inputs.keys().width()];
    inputs.keys().copyRow(inputs.keyHead(head), key, keyRow);
    for (int row = fromRow; row < toRow; row++) {
      int query = row - inputs.firstPosition();
      target[row - fromRow] = inputs.scale() * inputs.queries().dot(head, query, keyRow);
    }
  }

  @Override
  public void attendGroup(
      AttentionInputs inputs,
      int keyHead,
      int fromRow,
      int toRow,
      HeadTensor output,
      Workspace workspace) {
    int[] rows = new int[toRow - fromRow];
    Arrays.setAll(rows, i -> fromRow + i);
    int firstHead = keyHead * inputs.groupSize();
    for (int head = firstHead; head < firstHead + inputs.groupSize(); head++) {
      attendRows(inputs, head, rows, 0, rows.length, output, workspace);
    }
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
    double[] weights = new double[inputs.keys().rows()];
    double[] result = new double[inputs.values().width()];
    for (int index = from; index < to; index++) {
      ExactAttention.row(inputs, head, rows[index], weights, result);
      output.setRow(head, rows[index], result);
    }
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
    HeadTensor values = inputs.values();
    int keyHead = inputs.keyHead(head);
    int n = logits.size();
    int width = values.width();
    // A shift of the whole matrix cancels in D⁻¹A and keeps it Toeplitz by segments, which a
    // maximum
    // per row would not; with the greatest logit as shift nothing overflows.
    SegmentedToeplitz weights = logits.exponential(logits.greatestEntry());
    // Values are divided by their greatest, so that neither products nor squares overflow or
    // vanish.
    double greatest = values.maxAbs(keyHead);
    double valueSup = greatest == 0 ? 1 : greatest;
    HeadTensor scaled = HeadTensor.allocate(false, 1, n, width);
    double[] line = new double[width];
    for (int row = 0; row < n; row++) {
      values.copyRow(keyHead, row, line);
      for (int column = 0; column < width; column++) {
        line[column] /= valueSup;
      }
      scaled.setRow(0, row, line);
    }
    HeadTensor numerators = HeadTensor.allocate(false, 1, n, width);
    double[] noise = new double[n];
    segmentConvolution(weights).apply(scaled, numerators, 0, noise, workspace, parallelism);
    double[] rowSums = weights.rowSums();
    double visibleSup = 0;
    for (int row = 0; row < n; row++) {
      scaled.copyRow(0, row, line);
      for (double value : line) {
        visibleSup = Math.max(visibleSup, Math.abs(value));
      }
      boolean trusted =
          rowSums[row] >= Double.MIN_NORMAL
              && noise[row] <= guardTolerance * rowSums[row] * visibleSup;
      untrusted[row] = !trusted;
      numerators.copyRow(0, row, line);
      for (int column = 0; column < width; column++) {
        line[column] = trusted ? line[column] / rowSums[row] * valueSup : 0;
      }
      output.setRow(head, row, line);
    }
    return 0;
  }

  @Override
  public void tileSums(
      AttentionInputs inputs,
      int keyHead,
      TileSums sums,
      Workspace workspace,
      Parallelism parallelism) {
    parallelism.forEach(sums.count, index -> new ScalarTiles(inputs, keyHead).sum(sums, index));
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
    AtomicLong exact = new AtomicLong();
    parallelism.forEach(
        logits.map().grid().rowBlocks(),
        block -> {
          ScalarTiles tiles = new ScalarTiles(inputs, inputs.keyHead(head));
          exact.addAndGet(tiles.attend(head, logits, block, output, untrusted));
        });
    return (double) exact.get() / logits.map().grid().entries();
  }

  @Override
  public AttentionCosts costs() {
    return COSTS;
  }

  @Override
  public double segmentCost(int n, int depth, int width, int terms) {
    // One transform for each column of a term's values, one of its kernel, one back.
    double size = 2.0 * n;
    double transforms = terms * (width + 1.0) + width;
    double flops = 2.5 * size * Math.log(size) / Math.log(2) * transforms;
    return flops / (2.0 * (depth + width));
  }

  @Override
  public SegmentPrefill prefill(int capacity, int depth, int width, int terms) {
    return new ScalarPrefill(capacity);
  }

  @Override
  public ConvolutionPlan sharedConvolution(double[] kernel) {
    return segmentConvolution(
        SegmentedToeplitz.of(kernel.length, new int[] {0}, new double[][] {kernel}));
  }

  @Override
  public ConvolutionPlan depthwiseConvolution(double[][] kernels) {
    return new ColumnwiseConvolution(
        Arrays.stream(kernels).map(this::sharedConvolution).toArray(ConvolutionPlan[]::new));
  }

  @Override
  public SegmentPlan segmentConvolution(SegmentedToeplitz matrix) {
    return ConvBasisOperator.reference(matrix);
  }

  @Override
  public LinearOperator linearOperator(float[] weights, int outputs, int inputs) {
    return new ScalarLinearOperator(weights, outputs, inputs);
  }

  @Override
  public void multiplyBySilu(float[] gate, float[] product, int count) {
    for (int i = 0; i < count; i++) {
      double g = gate[i];
      product[i] = (float) (product[i] * (g / (1 + Math.exp(-g))));
    }
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
    ScalarGradients.attendGroup(inputs, keyHead, fromRow, toRow, output, logSums);
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
    ScalarGradients.attendEntries(inputs, head, entries, output, logSums, parallelism);
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
    double[] weights = new double[seen.count()];
    double[] result = new double[output.width()];
    for (int index = from; index < to; index++) {
      ScalarSeenKeys.row(inputs, head, seen, rows[index], weights, result);
      output.setRow(head, rows[index], result);
    }
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
    ScalarGradients.exactGradients(
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
