package io.github.convbasis.variants;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.variants.VariantWorkspace.BlockScratch;
import io.github.convbasis.variants.Visibility.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Computes attention with a visibility and a bias from a few columns of the logits: {@link
 * ExactVariantAttention} with modelled logits, {@code z̃_ij = u_r(i - j) + b(i - j)} for key j in
 * segment r.
 *
 * <p>Every document or group has a basis of its own, and so has each side of the diagonal where
 * later keys are seen; a band cuts the kernels, hidden keys have no weight, and a bias, the same in
 * every column, is added to the kernels after recovery.
 *
 * <p>Cost per head, for blocks of n rows and keys, O(terms·n·d) for the columns and O(terms·n·d log
 * n) for the products, with a band of w O(terms·w·d) and O((n + terms·w)·d·log w); O(n) for the
 * sums of each segment and of each run of hidden keys between others; plus O(visible keys·d) for
 * every row that is recomputed exactly because rounding could show in it. Blocks with many more
 * keys than rows are cut into squares with a basis each, so they gain only if both are long.
 *
 * <p>The result is exact up to rounding when every column is a term; otherwise it is as good as z̃.
 *
 * <p>Immutable and thread-safe.
 */
public final class ConvVariantAttention {
  /** Values up to 2 to this power, and from its inverse, are not scaled: squares fit a float. */
  private static final int SAFE_EXPONENT = 40;

  private final Backend backend;
  private final ConvBasisRecovery recovery;
  private final double guardTolerance;
  private final ExactVariantAttention exact;

  private ConvVariantAttention(Backend backend, ConvBasisRecovery recovery, double guardTolerance) {
    this.backend = Objects.requireNonNull(backend, "backend");
    this.recovery = Objects.requireNonNull(recovery, "recovery");
    this.guardTolerance = guardTolerance;
    exact = new ExactVariantAttention(backend);
  }

  /**
   * Attends with a backend and a recovery, guarding rows at the backend's default tolerance.
   *
   * @param backend what computes columns and products
   * @param recovery how bases are found: its terms are allowed on each side of each block's
   *     diagonal. Blocks of fewer columns than its T get a term for each column
   * @return the attention
   */
  public static ConvVariantAttention of(Backend backend, ConvBasisRecovery recovery) {
    return new ConvVariantAttention(backend, recovery, backend.defaultGuardTolerance());
  }

  /**
   * Sets the rounding error, relative to the greatest |V| that a row sees, from which it is
   * recomputed exactly.
   *
   * @param tolerance greater than 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is not greater than 0
   */
  public ConvVariantAttention withGuardTolerance(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("guardTolerance must be greater than 0, was " + tolerance);
    }
    return new ConvVariantAttention(backend, recovery, tolerance);
  }

  /**
   * What happened in one head. Immutable and thread-safe.
   *
   * @param head query head
   * @param bases bases that were recovered: one for each block, or more where later keys are seen
   * @param segments segments of all of them
   * @param exactRows rows that were recomputed exactly because rounding could show in them
   */
  public record HeadResult(int head, int bases, int segments, int exactRows) {
    private HeadResult plus(HeadResult other) {
      return new HeadResult(
          head, bases + other.bases, segments + other.segments, exactRows + other.exactRows);
    }
  }

  /** One block of one head. */
  private record Item(int head, Block block) {}

  /**
   * Computes all heads, with scratch of its own.
   *
   * @param inputs queries, keys, values, scale, visibility, bias
   * @param output receives query heads × query rows × value width; must not share rows with the
   *     inputs
   * @param parallelism how many tasks may work: over blocks of all heads, or inside a single one
   * @return one result per head
   * @throws IllegalArgumentException if the output has another shape or overlapping rows, or the
   *     recovery does not fit a block
   * @throws ArithmeticException if a logit overflows or a bias is not finite
   */
  public List<HeadResult> forward(
      VariantInputs inputs, HeadTensor output, Parallelism parallelism) {
    return forward(inputs, output, VariantWorkspace.of(backend), parallelism);
  }

  /**
   * Computes all heads.
   *
   * @param inputs queries, keys, values, scale, visibility, bias
   * @param output receives query heads × query rows × value width; must not share rows with the
   *     inputs
   * @param workspace of the same backend
   * @param parallelism how many tasks may work: over blocks of all heads, or inside a single one
   * @return one result per head
   * @throws IllegalArgumentException if the output has another shape or overlapping rows, the
   *     recovery does not fit a block or the workspace is of another backend
   * @throws ArithmeticException if a logit overflows or a bias is not finite
   */
  public List<HeadResult> forward(
      VariantInputs inputs,
      HeadTensor output,
      VariantWorkspace workspace,
      Parallelism parallelism) {
    inputs.requireOutput(output);
    workspace.requireBackend(backend);
    int heads = inputs.queries().heads();
    List<Item> items = new ArrayList<>();
    for (int head = 0; head < heads; head++) {
      for (Block block : inputs.visibility(head).blocks()) {
        items.add(new Item(head, block));
      }
    }
    HeadResult[] parts = new HeadResult[items.size()];
    // Progress counts items, whichever level works in parallel.
    Parallelism inside =
        items.size() == 1 ? parallelism.reporting(() -> {}) : Parallelism.sequential();
    parallelism.forEach(
        items.size(),
        index -> {
          Item item = items.get(index);
          BlockScratch scratch = workspace.take();
          parts[index] = forwardBlock(inputs, item.head, item.block, output, scratch, inside);
          workspace.give(scratch);
        });
    HeadResult[] results = new HeadResult[heads];
    for (HeadResult part : parts) {
      HeadResult result = results[part.head];
      results[part.head] = result == null ? part : result.plus(part);
    }
    return List.copyOf(Arrays.asList(results));
  }

  private HeadResult forwardBlock(
      VariantInputs inputs,
      int head,
      Block block,
      HeadTensor output,
      BlockScratch scratch,
      Parallelism parallelism) {
    ValuePeaks peaks = ValuePeaks.of(inputs, head, block);
    double valueFactor = valueFactor(peaks.greatest());
    scratch.sums.reset(block.rows(), inputs.values().width());
    TriangleProduct product =
        new TriangleProduct(backend, inputs, head, block, valueFactor, scratch, parallelism);
    List<Triangle> triangles = Triangle.of(inputs.visibility(head), block);
    int segments = 0;
    for (Triangle triangle : triangles) {
      TriangleKernels kernels =
          TriangleKernels.of(backend, recovery, inputs, head, triangle, scratch, parallelism);
      product.add(triangle, kernels);
      segments += kernels.starts.length;
    }
    boolean[] untrusted = new boolean[block.rows()];
    HeadTensor target = output.head(head);
    for (int row = 0; row < untrusted.length; row++) {
      untrusted[row] = !scratch.sums.isTrusted(row, guardTolerance, peaks.of(row) * valueFactor);
      if (!untrusted[row]) {
        scratch.sums.write(row, 1 / valueFactor, target, block.queryFrom() + row);
      }
    }
    int exactRows =
        exact.attendFlagged(inputs, head, block, untrusted, output, scratch.workspace, parallelism);
    return new HeadResult(head, triangles.size(), segments, exactRows);
  }

  /** Returns the power of two that brings great or tiny values to about 1, else 1. */
  private static double valueFactor(double greatest) {
    int exponent = Math.getExponent(greatest);
    boolean safe = greatest == 0 || Math.abs(exponent) <= SAFE_EXPONENT;
    // Subnormal numbers have an exponent whose inverse still is a number.
    return safe ? 1 : Math.scalb(1.0, -exponent);
  }
}
