package io.github.convbasis.inference.embed;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Objects;

/**
 * Causal attention for an engine that has its own model, cache and threads. Where its attention
 * loop over positions and heads stood, call {@link #prefill} once for each layer of a prompt, and
 * {@link #extend} for rows that come after it: further chunks, generated tokens. Queries and keys
 * come rotated, as the cache holds them.
 *
 * <p>A prompt is attended as the {@link AttentionChoice} says, later rows exactly with every
 * choice, since conv-basis attention is for whole prompts.
 *
 * <p>Results are bit-identical for any number of tasks, and exact ones also however a text is cut
 * into calls. Keeps its scratch and, if the choice says so, its plans: one call at a time.
 */
public final class AttentionEngine {
  private final AttentionWorkspace workspace;
  private final PromptAttention exact;
  private final PromptAttention prompt;

  private AttentionEngine(AttentionChoice choice) {
    workspace = AttentionWorkspace.of(choice.backend());
    exact = new PromptAttention.Exact(choice.backend());
    prompt = choice.newAttention();
  }

  /**
   * Makes an engine with scratch of its own and no plans yet.
   *
   * @param choice which attention reads prompts
   * @return the engine
   */
  public static AttentionEngine of(AttentionChoice choice) {
    return new AttentionEngine(Objects.requireNonNull(choice, "choice"));
  }

  /**
   * Attends to the first positions of a cache as chosen.
   *
   * @param layer which layer, from 0: names the report, and the plans that a choice reuses
   * @param shape heads and their sizes
   * @param positions how many, at least 1
   * @param queries rotated, of {@code shape.heads} heads
   * @param keys rotated, of {@code shape.keyHeads} heads
   * @param values of {@code shape.keyHeads} heads
   * @param output receives {@code shape.heads} heads of {@code shape.width} elements; must not
   *     share rows with the others
   * @param parallelism the engine's executor, and how many tasks may work
   * @return what was done with each query head
   * @throws IllegalArgumentException naming what does not fit: rows beyond their memory, sizes, an
   *     element that is not finite, plans of the layer for another number of heads
   * @throws ArithmeticException if a logit overflows
   */
  public LayerReport prefill(
      int layer,
      HeadShape shape,
      int positions,
      CacheRows queries,
      CacheRows keys,
      CacheRows values,
      CacheRows output,
      Parallelism parallelism) {
    requirePositions(positions);
    AttentionInputs inputs =
        inputs(shape, positions, positions, queries, keys, values, AttentionMask.CAUSAL);
    return attend(layer, inputs, output, parallelism);
  }

  /**
   * Attends exactly to rows that come after earlier ones: row i is at position {@code firstPosition
   * + i} and sees the keys up to there. The output is that of these rows in an exact {@link
   * #prefill} of the whole text, bit for bit.
   *
   * <p>2·d flops for each key that a row sees, and O(firstPosition·d) reads to check the cache;
   * keys and values in a memory segment are also copied, all of them in every call.
   *
   * @param layer which layer, from 0, for the report
   * @param shape heads and their sizes
   * @param firstPosition how many positions come before, at least 0
   * @param positions how many rows, at least 1
   * @param queries rotated, of the new rows alone: their first row is at {@code firstPosition}
   * @param keys rotated, from position 0 on, those of the new rows included
   * @param values from position 0 on, those of the new rows included
   * @param output receives the new rows alone, of {@code shape.heads} heads; must not share rows
   *     with the others
   * @param parallelism the engine's executor, and how many tasks may work
   * @return the time it took; nothing of heads, which are exact
   * @throws IllegalArgumentException naming what does not fit: rows beyond their memory, sizes, an
   *     element that is not finite
   * @throws ArithmeticException if a logit overflows
   */
  public LayerReport extend(
      int layer,
      HeadShape shape,
      int firstPosition,
      int positions,
      CacheRows queries,
      CacheRows keys,
      CacheRows values,
      CacheRows output,
      Parallelism parallelism) {
    requirePositions(positions);
    if (firstPosition < 0 || firstPosition > Integer.MAX_VALUE - positions) {
      throw new IllegalArgumentException(
          String.format(
              "firstPosition must be from 0 to %d before %d positions, was %d",
              Integer.MAX_VALUE - positions, positions, firstPosition));
    }
    int keyRows = firstPosition + positions;
    AttentionInputs inputs =
        inputs(shape, positions, keyRows, queries, keys, values, AttentionMask.CAUSAL_CHUNK);
    return attend(layer, inputs, output, parallelism);
  }

  /**
   * Attends to tensors: causal inputs, which are a whole prompt, as chosen, others exactly.
   *
   * @param layer which layer, from 0: names the report, and the plans that a choice reuses
   * @param inputs queries, keys, values, scale, mask
   * @param output receives query heads × query rows × value width; must not share rows with the
   *     inputs
   * @param parallelism how many tasks may work
   * @return what was done with each query head
   * @throws IllegalArgumentException if the layer is negative, the output has another shape, or
   *     plans of the layer are for another number of heads
   * @throws ArithmeticException if a logit overflows
   */
  public LayerReport attend(
      int layer, AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    if (layer < 0) {
      throw new IllegalArgumentException("layer must be at least 0, was " + layer);
    }
    PromptAttention attention = inputs.mask() == AttentionMask.CAUSAL ? prompt : exact;
    return attention.attend(layer, inputs, output, workspace, parallelism);
  }

  private LayerReport attend(
      int layer, AttentionInputs inputs, CacheRows output, Parallelism parallelism) {
    HeadTensor result =
        output.tensor("output", inputs.queries().heads(), inputs.rows(), inputs.values().width());
    LayerReport report = attend(layer, inputs, result, parallelism);
    output.copyFrom(result);
    return report;
  }

  private static void requirePositions(int positions) {
    if (positions < 1) {
      throw new IllegalArgumentException("positions must be at least 1, was " + positions);
    }
  }

  private static AttentionInputs inputs(
      HeadShape shape,
      int queryRows,
      int keyRows,
      CacheRows queries,
      CacheRows keys,
      CacheRows values,
      AttentionMask mask) {
    HeadTensor q = read("queries", queries, shape.heads(), queryRows, shape.depth());
    HeadTensor k = read("keys", keys, shape.keyHeads(), keyRows, shape.depth());
    HeadTensor v = read("values", values, shape.keyHeads(), keyRows, shape.width());
    return new AttentionInputs(q, k, v, shape.scale(), mask);
  }

  private static HeadTensor read(String name, CacheRows rows, int heads, int count, int width) {
    HeadTensor tensor = rows.tensor(name, heads, count, width);
    rows.copyTo(tensor);
    return tensor;
  }
}
