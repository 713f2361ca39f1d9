package io.github.convbasis.attention;

import io.github.convbasis.attention.AttentionWorkspace.HeadScratch;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.decompose.Recovery;
import io.github.convbasis.decompose.SegmentSearch;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.ColumnSource;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Computes conv-basis attention: recovers each head's logits H̃ from a few of their columns and
 * returns {@code Y = D⁻¹·(M∘exp(H̃))·V} without the n × n matrix.
 *
 * <p>Cost per head O(terms·n·d) for the columns, O(terms·n·d log n) for the products, plus O(n·d)
 * for every row that is recomputed exactly because rounding could show in it. Memory O(terms·n +
 * n·d). The result is exact up to rounding when every column is a term; otherwise it is as good as
 * H̃, which {@link ErrorEstimate} measures: {@link ErrorBounds} holds only for a known logit error.
 *
 * <p>Immutable and thread-safe.
 */
public final class ConvAttention {
  private final Backend backend;
  private final ConvBasisRecovery recovery;
  private final double guardTolerance;

  private ConvAttention(Backend backend, ConvBasisRecovery recovery, double guardTolerance) {
    this.backend = Objects.requireNonNull(backend, "backend");
    this.recovery = Objects.requireNonNull(recovery, "recovery");
    this.guardTolerance = guardTolerance;
  }

  /**
   * Attends with a backend and a recovery, guarding rows at the backend's default tolerance.
   *
   * @param backend what computes columns, products and exact rows
   * @param recovery how a basis is found
   * @return the attention
   */
  public static ConvAttention of(Backend backend, ConvBasisRecovery recovery) {
    return new ConvAttention(backend, recovery, backend.defaultGuardTolerance());
  }

  /**
   * Sets the rounding error, relative to ‖V‖∞, from which a row is recomputed exactly.
   *
   * @param tolerance greater than 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is not greater than 0
   */
  public ConvAttention withGuardTolerance(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("guardTolerance must be greater than 0, was " + tolerance);
    }
    return new ConvAttention(backend, recovery, tolerance);
  }

  /**
   * What happened in one head. Immutable and thread-safe.
   *
   * @param head query head
   * @param search where its segments start and how they were found
   * @param exactShare share of the lower triangle, from 0 to 1, that the backend computed from
   *     queries and keys instead of from the basis: a band, or everything where that is cheaper
   * @param exactRows rows that were recomputed exactly because rounding could show in them
   */
  public record HeadResult(int head, SegmentSearch search, double exactShare, int exactRows) {}

  /**
   * Computes all heads, with scratch of its own.
   *
   * @param inputs causal queries, keys, values, scale
   * @param output receives query heads × n × value width; must not share rows with the inputs
   * @param parallelism how many tasks may work: over heads, or inside a single one
   * @return one result per head
   * @throws IllegalArgumentException if the output has another shape, the mask is not causal or the
   *     recovery does not fit n
   * @throws ArithmeticException if a logit overflows
   */
  public List<HeadResult> forward(
      AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    return forward(inputs, output, AttentionWorkspace.of(backend), parallelism);
  }

  /**
   * Computes all heads.
   *
   * @param inputs causal queries, keys, values, scale
   * @param output receives query heads × n × value width; must not share rows with the inputs
   * @param workspace of the same backend
   * @param parallelism how many tasks may work: over heads, or inside a single one
   * @return one result per head
   * @throws IllegalArgumentException if the output has another shape, the mask is not causal, the
   *     recovery does not fit n or the workspace is of another backend
   * @throws ArithmeticException if a logit overflows
   */
  public List<HeadResult> forward(
      AttentionInputs inputs,
      HeadTensor output,
      AttentionWorkspace workspace,
      Parallelism parallelism) {
    inputs.requireOutput(output);
    workspace.requireBackend(backend);
    int heads = inputs.queries().heads();
    HeadResult[] results = new HeadResult[heads];
    // Progress counts heads, whichever level works in parallel.
    Parallelism inside = heads == 1 ? parallelism.reporting(() -> {}) : Parallelism.sequential();
    parallelism.forEach(
        heads,
        head -> {
          HeadScratch scratch = workspace.take();
          results[head] = forwardHead(inputs, head, output, scratch, inside);
          workspace.give(scratch);
        });
    return List.copyOf(Arrays.asList(results));
  }

  private HeadResult forwardHead(
      AttentionInputs inputs,
      int head,
      HeadTensor output,
      HeadScratch scratch,
      Parallelism parallelism) {
    ColumnSource logits = new LogitColumns(backend, inputs, head, scratch.workspace, parallelism);
    Recovery recovered = recovery.recover(logits, scratch.kernels);
    boolean[] untrusted = scratch.untrusted(inputs.rows());
    double exactShare =
        backend.attendSegments(
            inputs,
            head,
            recovered.matrix(),
            guardTolerance,
            output,
            untrusted,
            scratch.workspace,
            parallelism);
    int exactRows =
        new ExactAttention(backend)
            .forwardRows(inputs, head, untrusted, output, scratch.workspace, parallelism);
    return new HeadResult(head, recovered.search(), exactShare, exactRows);
  }

  /**
   * Plans the same attention chunk by chunk, for a prompt that arrives in pieces, from segment
   * starts that are known: those of an earlier prompt, or of the layer's other heads.
   *
   * @param starts for each query head the first column of each segment, increasing from 0
   * @param capacity the most rows there will be
   * @param depth columns of queries and keys
   * @param width columns of values
   * @return the state before the first row
   * @throws IllegalArgumentException if starts do not begin at 0 or do not increase, or a number is
   *     below 1
   */
  public ConvPrefill prefill(int[][] starts, int capacity, int depth, int width) {
    return new ConvPrefill(backend, starts, capacity, depth, width, guardTolerance);
  }
}
