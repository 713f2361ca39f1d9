package io.github.convbasis.attention;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPrefill;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Conv-basis attention of a prompt that arrives in chunks, with segment starts that are known: what
 * {@link ConvAttention#forward} gives with {@code ConvBasisRecovery.ofStarts} on all rows at once,
 * without doing earlier rows again. Only the new rows of the kernels are computed.
 *
 * <p>With chunks that end at multiples of {@link #grid} the rows are bit-identical to those of one
 * chunk of the same capacity. Memory per head terms·capacity doubles of kernels, what the backend
 * keeps of the values, some six times their size, and scratch of its own.
 *
 * <p>Mutable: one call at a time.
 */
public final class ConvPrefill {
  private final Backend backend;
  private final int capacity;
  private final int depth;
  private final int width;
  private final double guardTolerance;
  private final Head[] heads;
  private int rows;
  // Heads may then have come to different rows.
  private boolean failed;

  ConvPrefill(
      Backend backend, int[][] starts, int capacity, int depth, int width, double guardTolerance) {
    requirePositive("capacity", capacity);
    requirePositive("depth", depth);
    requirePositive("width", width);
    this.backend = backend;
    this.capacity = capacity;
    this.depth = depth;
    this.width = width;
    this.guardTolerance = guardTolerance;
    heads = new Head[starts.length];
    for (int h = 0; h < starts.length; h++) {
      requireStarts(h, starts[h], capacity);
      heads[h] = new Head(starts[h]);
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  private static void requireStarts(int head, int[] starts, int capacity) {
    if (starts.length == 0) {
      throw new IllegalArgumentException("starts[" + head + "] must not be empty");
    }
    for (int r = 0; r < starts.length; r++) {
      int least = r == 0 ? 0 : starts[r - 1] + 1;
      int most = r == 0 ? 0 : capacity - 1;
      if (starts[r] < least || starts[r] > most) {
        throw new IllegalArgumentException(
            String.format(
                "starts[%d][%d] must be between %d and %d, was %d",
                head, r, least, most, starts[r]));
      }
    }
  }

  /**
   * Returns the rows of a block: chunks that end at multiples of it change no bit.
   *
   * @return at least 1
   */
  public int grid() {
    int grid = 1;
    for (Head head : heads) {
      // Grids are powers of two times one another, or 1: the greatest is a multiple of all.
      grid = Math.max(grid, head.prefill.grid());
    }
    return grid;
  }

  /**
   * Returns how many rows are done.
   *
   * @return rows since the beginning
   */
  public int rows() {
    return rows;
  }

  /** Forgets all rows, to begin another prompt with the same starts. */
  public void restart() {
    rows = 0;
    failed = false;
    for (Head head : heads) {
      head.prefill.restart();
    }
  }

  /**
   * Attends with the next rows.
   *
   * @param chunk the chunk's queries, and all keys and values so far; a causal chunk, or a whole
   *     causal sequence if nothing is done yet
   * @param output receives query heads × the chunk's rows × value width
   * @param parallelism how many tasks may work
   * @return rows of all heads that were recomputed exactly because rounding could show in them
   * @throws IllegalArgumentException if shapes do not fit, or the chunk does not begin after the
   *     rows that are done
   * @throws ArithmeticException if a logit overflows
   * @throws IllegalStateException if an earlier call failed: then only {@link #restart} helps
   */
  public int advance(AttentionInputs chunk, HeadTensor output, Parallelism parallelism) {
    if (failed) {
      throw new IllegalStateException("an earlier chunk failed; restart() begins again");
    }
    requireChunk(chunk);
    chunk.requireOutput(output);
    failed = true;
    int[] exactRows = new int[heads.length];
    Parallelism inside =
        heads.length == 1 ? parallelism.reporting(() -> {}) : Parallelism.sequential();
    parallelism.forEach(
        heads.length, head -> exactRows[head] = heads[head].advance(chunk, head, output, inside));
    rows += chunk.rows();
    failed = false;
    return Arrays.stream(exactRows).sum();
  }

  private void requireChunk(AttentionInputs chunk) {
    if (chunk.mask() == AttentionMask.NONE) {
      throw new IllegalArgumentException("mask must be CAUSAL_CHUNK or CAUSAL, was NONE");
    }
    require("query heads", heads.length, chunk.queries().heads());
    require("columns of queries", depth, chunk.queries().width());
    require("columns of values", width, chunk.values().width());
    require("first position", rows, chunk.firstPosition());
    if (chunk.keys().rows() > capacity) {
      throw new IllegalArgumentException(
          String.format(
              "keys must have at most %d rows, the capacity, was %d",
              capacity, chunk.keys().rows()));
    }
  }

  private static void require(String name, int expected, int actual) {
    if (expected != actual) {
      throw new IllegalArgumentException(
          String.format("%s must be %d as planned, was %d", name, expected, actual));
    }
  }

  /** One head's kernels so far. */
  private final class Head {
    private final int[] starts;
    private final double[][] kernels;
    private final SegmentPrefill prefill;
    private final Workspace workspace;
    private boolean[] untrusted = new boolean[0];

    Head(int[] starts) {
      this.starts = starts.clone();
      kernels = new double[starts.length][];
      for (int r = 0; r < starts.length; r++) {
        kernels[r] = new double[capacity - starts[r]];
      }
      prefill = backend.prefill(capacity, depth, width, starts.length);
      workspace = backend.newWorkspace();
    }

    int advance(AttentionInputs chunk, int head, HeadTensor output, Parallelism parallelism) {
      int size = chunk.keys().rows();
      int active = 0;
      while (active < starts.length && starts[active] < size) {
        active++;
      }
      int[] columns = Arrays.copyOf(starts, active);
      LogitColumns.copyRows(backend, chunk, head, columns, kernels, workspace, parallelism);
      SegmentedToeplitz logits = SegmentedToeplitz.wrap(size, columns, kernels);
      if (untrusted.length < chunk.rows()) {
        untrusted = new boolean[chunk.rows()];
      }
      prefill.advance(chunk, head, logits, guardTolerance, output, untrusted, parallelism);
      return new ExactAttention(backend)
          .forwardRows(chunk, head, untrusted, output, workspace, parallelism);
    }
  }
}
