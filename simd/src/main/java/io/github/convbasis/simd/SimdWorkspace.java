package io.github.convbasis.simd;

import io.github.convbasis.backend.TileSums;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.simd.convolution.ConvolutionScratch;
import io.github.convbasis.simd.exact.AttentionScratch;
import io.github.convbasis.simd.exact.ExactGradients;
import io.github.convbasis.simd.exact.LogitScratch;
import io.github.convbasis.simd.exact.TileAttention;
import io.github.convbasis.simd.exact.TileSumScratch;
import io.github.convbasis.simd.spectral.SpectralWorkspace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;

/**
 * Scratch of the SIMD backend: exact kernels' for each task, the spectral form's and long
 * convolutions'. Mutable: one call at a time, whose tasks may share it.
 */
final class SimdWorkspace implements Workspace {
  final SpectralWorkspace spectral = new SpectralWorkspace();
  final HybridAttention hybrid = new HybridAttention(spectral);
  final ConvolutionScratch convolution = new ConvolutionScratch();
  final ExactGradients gradients = new ExactGradients();
  private final ArrayDeque<AttentionScratch> exact = new ArrayDeque<>();
  private final ArrayDeque<LogitScratch> logits = new ArrayDeque<>();
  private TileAttention tiles;
  private final List<Pool<TileSumScratch>> tileSums = new ArrayList<>(Collections.nCopies(4, null));

  /** Returns a workspace of this backend. */
  static SimdWorkspace of(Workspace workspace) {
    if (workspace instanceof SimdWorkspace) {
      return (SimdWorkspace) workspace;
    }
    throw new IllegalArgumentException("workspace must be of backend simd, was " + workspace);
  }

  /** Returns scratch of attention by tiles. */
  TileAttention tiles(AttentionInputs inputs) {
    if (tiles == null || !tiles.fits(inputs)) {
      tiles = new TileAttention(inputs.queries().width(), inputs.values().width());
    }
    return tiles;
  }

  /** Returns scratch of sums over tiles, for all tasks. */
  Pool<TileSumScratch> tileSums(AttentionInputs inputs, TileSums sums) {
    int depth = inputs.keys().width();
    int width = inputs.values().width();
    boolean withValues = sums.values != null;
    boolean withKeys = sums.keys != null;
    // Planning asks for all of these in turn.
    int kind = (withValues ? 1 : 0) + (withKeys ? 2 : 0);
    Pool<TileSumScratch> pool = tileSums.get(kind);
    if (pool != null) {
      TileSumScratch kept = pool.take();
      if (kept.fits(depth, width, withValues, withKeys)) {
        pool.give(kept);
        return pool;
      }
    }
    tileSums.set(kind, new Pool<>(() -> new TileSumScratch(depth, width, withValues, withKeys)));
    return tileSums.get(kind);
  }

  /** Lends scratch for one task. */
  AttentionScratch takeExact(AttentionInputs inputs) {
    AttentionScratch scratch = takeFitting(exact, kept -> kept.fits(inputs));
    return scratch == null ? AttentionScratch.of(inputs) : scratch;
  }

  /** Takes it back. */
  void giveExact(AttentionScratch scratch) {
    synchronized (exact) {
      exact.push(scratch);
    }
  }

  /** Lends scratch for one task. */
  LogitScratch takeLogits(AttentionInputs inputs, int keys) {
    LogitScratch scratch = takeFitting(logits, kept -> kept.fits(inputs, keys));
    return scratch == null ? new LogitScratch(inputs.queries().width(), keys) : scratch;
  }

  /** Takes it back. */
  void giveLogits(LogitScratch scratch) {
    synchronized (logits) {
      logits.push(scratch);
    }
  }

  /** Scratch of other shapes is dropped: heads of one call are alike. */
  private static <T> T takeFitting(ArrayDeque<T> free, Predicate<T> fits) {
    synchronized (free) {
      while (!free.isEmpty()) {
        T scratch = free.pop();
        if (fits.test(scratch)) {
          return scratch;
        }
      }
    }
    return null;
  }
}
