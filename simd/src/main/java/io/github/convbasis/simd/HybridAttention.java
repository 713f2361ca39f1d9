package io.github.convbasis.simd;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TiledLogits;
import io.github.convbasis.simd.exact.ConvolutionPart;
import io.github.convbasis.simd.exact.TileAttention;
import io.github.convbasis.simd.spectral.FarOffsets;
import io.github.convbasis.simd.spectral.NearPart;
import io.github.convbasis.simd.spectral.SpectralWorkspace;

/**
 * Attends by tiles of which some are convolutions: transforms compute the kernels over everything
 * left of the diagonal blocks, and {@link TileAttention} what differs from that, which is kept
 * until the rows are merged: n·(width + 6) floats.
 *
 * <p>Mutable: one call at a time, whose tasks may share it.
 */
final class HybridAttention implements ConvolutionPart, NearPart {
  private final SpectralWorkspace spectral;
  private final Pool<NearPart> near = new Pool<>(() -> this);
  private int width;
  private int band;
  private double mostRankOneShare;
  private float[] numerators = new float[0];
  private double[] shifts = new double[0];
  private double[] rowSums = new double[0];
  private double[] cancelled = new double[0];
  private boolean[] flagged = new boolean[0];

  HybridAttention(SpectralWorkspace spectral) {
    this.spectral = spectral;
  }

  /**
   * Attends all rows of a head.
   *
   * @param inputs causal inputs
   * @param head query head
   * @param model tiles, some of them convolutions
   * @param guardTolerance relative error from which a row is untrusted
   * @param tiles scratch for what is no convolution
   * @param output receives the rows
   * @param untrusted receives true for untrusted rows, false for the others
   * @param parallelism how many tasks may work
   * @return the share of the triangle whose logits were computed from queries and keys
   * @throws ArithmeticException if an exact logit overflows
   */
  double attend(
      AttentionInputs inputs,
      int head,
      TiledLogits model,
      double guardTolerance,
      TileAttention tiles,
      HeadTensor output,
      boolean[] untrusted,
      Parallelism parallelism) {
    int n = inputs.rows();
    boolean plain =
        model.map().entries(TileKind.CONVOLUTION) == model.map().grid().entries()
            && model.exactColumns().length == 0;
    FarOffsets offsets =
        new FarOffsets(model.rowOffsets(), model.columnOffsets(), model.exactColumns());
    width = inputs.values().width();
    band = spectral.band(n, inputs.queries().width(), width, model.kernels().terms(), offsets);
    mostRankOneShare = model.mostRankOneShare();
    double share = 0;
    // Where transforms do not pay every row will be exact.
    if (!plain && band > 0) {
      reserve(n);
      share = tiles.attend(inputs, head, model, this, output, untrusted, parallelism);
    }
    double rows =
        spectral.attend(
            inputs,
            head,
            model.kernels(),
            offsets,
            plain ? null : near,
            guardTolerance,
            output,
            untrusted,
            parallelism);
    for (int row = 0; share > 0 && row < n; row++) {
      untrusted[row] |= flagged[row];
    }
    return Math.max(share, rows);
  }

  private void reserve(int n) {
    if (shifts.length < n) {
      shifts = new double[n];
      rowSums = new double[n];
      cancelled = new double[n];
      flagged = new boolean[n];
    }
    int elements = Math.multiplyExact(n, width);
    if (numerators.length < elements) {
      numerators = new float[elements];
    }
  }

  @Override
  public int band() {
    return band;
  }

  @Override
  public void merge(
      int fromRow,
      int toRow,
      float[] partNumerators,
      double[] partShifts,
      double[] partRowSums,
      double[] partSubtracted,
      double[] rankOne) {
    int count = toRow - fromRow;
    System.arraycopy(partNumerators, 0, numerators, fromRow * width, count * width);
    System.arraycopy(partShifts, 0, shifts, fromRow, count);
    System.arraycopy(partRowSums, 0, rowSums, fromRow, count);
    for (int r = 0; r < count; r++) {
      // Float logits of this size shift weights by as many units.
      cancelled[fromRow + r] = partSubtracted[r] * (1 + Math.abs(partShifts[r]));
      // What is added is no more than the row's whole sum, since the kernel makes up for the rest.
      double most = mostRankOneShare * (partRowSums[r] + partSubtracted[r]);
      flagged[fromRow + r] = mostRankOneShare < 1 && rankOne[r] > most;
    }
  }

  @Override
  public void partial(
      int fromRow,
      int toRow,
      int bandStart,
      float[] targetNumerators,
      double[] targetShifts,
      double[] targetRowSums,
      double[] targetCancelled) {
    int count = toRow - fromRow;
    System.arraycopy(numerators, fromRow * width, targetNumerators, 0, count * width);
    System.arraycopy(shifts, fromRow, targetShifts, 0, count);
    System.arraycopy(rowSums, fromRow, targetRowSums, 0, count);
    System.arraycopy(cancelled, fromRow, targetCancelled, 0, count);
  }
}
