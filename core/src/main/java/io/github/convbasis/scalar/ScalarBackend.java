package io.github.convbasis.scalar;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.AttentionCosts;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.DecompositionLoops;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;
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
  private static final double UNIT_ROUNDOFF = 0x1p-53;

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
    SegmentedToeplitz weights = weights(logits);
    ConvBasisOperator operator = ConvBasisOperator.of(this, weights);
    // Values are divided by their greatest, so that neither products nor squares overflow or
    // vanish.
    double greatest = values.maxAbs(keyHead);
    double valueSup = greatest == 0 ? 1 : greatest;
    double[] numerators = new double[Math.multiplyExact(n, width)];
    double[] noises = new double[width];
    double[] kernelNorms = kernelNorms(weights);
    parallelism.forEach(
        width,
        column -> {
          double[] x = new double[n];
          for (int row = 0; row < n; row++) {
            x[row] = values.get(keyHead, row, column) / valueSup;
          }
          noises[column] = noise(weights, kernelNorms, x);
          double[] y = operator.apply(x);
          for (int row = 0; row < n; row++) {
            numerators[row * width + column] = y[row];
          }
        });
    double noise = 0;
    for (double columnNoise : noises) {
      noise = Math.max(noise, columnNoise);
    }
    double[] rowSums = weights.rowSums();
    double[] result = new double[width];
    double visibleSup = 0;
    for (int row = 0; row < n; row++) {
      values.copyRow(keyHead, row, result);
      for (double value : result) {
        visibleSup = Math.max(visibleSup, Math.abs(value) / valueSup);
      }
      boolean trusted =
          rowSums[row] >= Double.MIN_NORMAL && noise <= guardTolerance * rowSums[row] * visibleSup;
      untrusted[row] = !trusted;
      for (int column = 0; column < width; column++) {
        result[column] = trusted ? numerators[row * width + column] / rowSums[row] * valueSup : 0;
      }
      output.setRow(head, row, result);
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
  public ConvolutionPlan segmentConvolution(SegmentedToeplitz matrix) {
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

  /**
   * Returns exp(H - shift). A shift of the whole matrix cancels in D⁻¹A and keeps it Toeplitz by
   * segments, which a maximum per row would not; with the greatest logit as shift nothing
   * overflows.
   */
  private static SegmentedToeplitz weights(SegmentedToeplitz logits) {
    int terms = logits.terms();
    double shift = Double.NEGATIVE_INFINITY;
    for (int r = 0; r < terms; r++) {
      for (double logit : logits.kernel(r)) {
        shift = Math.max(shift, logit);
      }
    }
    int[] starts = new int[terms];
    double[][] kernels = new double[terms][];
    for (int r = 0; r < terms; r++) {
      starts[r] = logits.start(r);
      kernels[r] = logits.kernel(r);
      for (int lag = 0; lag < kernels[r].length; lag++) {
        kernels[r][lag] = Math.exp(kernels[r][lag] - shift);
      }
    }
    return SegmentedToeplitz.of(logits.size(), starts, kernels);
  }

  private static double[] kernelNorms(SegmentedToeplitz weights) {
    double[] norms = new double[weights.terms()];
    for (int r = 0; r < norms.length; r++) {
      double squares = 0;
      for (double weight : weights.kernel(r)) {
        squares += weight * weight;
      }
      norms[r] = Math.sqrt(squares);
    }
    return norms;
  }

  /**
   * Bounds the rounding error of one column of the transform product, {@code (2/3)·u·log₂N·Σ_r
   * ‖kernel_r‖₂·‖x on segment r‖₂}, N the transform size. It is the same for all rows, since a
   * transform spreads its error evenly. The worst seen is half of it: 3·2u·Σ at N = 2¹⁸, nearly
   * constant positive data.
   */
  private static double noise(SegmentedToeplitz weights, double[] kernelNorms, double[] x) {
    double sum = 0;
    for (int r = 0; r < weights.terms(); r++) {
      double inputSquares = 0;
      for (int row = weights.start(r); row < weights.end(r); row++) {
        inputSquares += x[row] * x[row];
      }
      sum += kernelNorms[r] * Math.sqrt(inputSquares);
    }
    double passes = Math.max(3, 1 + Math.log(2.0 * weights.size()) / Math.log(2));
    return 2 * UNIT_ROUNDOFF * passes / 3 * sum;
  }
}
