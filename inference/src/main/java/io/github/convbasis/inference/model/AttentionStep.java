package io.github.convbasis.inference.model;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Computes the causal attention of one layer, the step of the forward pass that callers choose.
 *
 * <p>The logit scale is 1/√d. There are more keys than queries when earlier positions were read
 * before ({@link LlamaModel#extend}): the queries are then the last rows. The tensors are reused,
 * so whoever keeps them copies them. Called once for each layer, in order, by the thread that
 * called the model, and by {@code extend} once more for each chunk.
 */
@FunctionalInterface
public interface AttentionStep {
  /**
   * Attends.
   *
   * @param layer which layer, from 0
   * @param queries rotated, heads × n × d
   * @param keys rotated, key heads × at least n × d
   * @param values key heads × as many × d
   * @param output receives heads × n × d
   * @param parallelism how many tasks may work
   * @throws ArithmeticException if a logit overflows
   */
  void attend(
      int layer,
      HeadTensor queries,
      HeadTensor keys,
      HeadTensor values,
      HeadTensor output,
      Parallelism parallelism);

  /**
   * Attends exactly, 4·d flops for each key that a row sees. The step keeps its scratch and is for
   * one forward pass at a time.
   *
   * @param backend what computes the rows
   * @return the step
   */
  static AttentionStep exact(Backend backend) {
    ExactAttention attention = new ExactAttention(backend);
    Workspace workspace = backend.newWorkspace();
    return (layer, queries, keys, values, output, parallelism) ->
        attention.forward(inputs(queries, keys, values), output, workspace, parallelism);
  }

  /**
   * Joins what a step is given: causal inputs, or those of a chunk where there are earlier keys.
   *
   * @param queries rotated, heads × n × d
   * @param keys rotated, key heads × at least n × d
   * @param values key heads × as many × d
   * @return the checked inputs
   * @throws IllegalArgumentException as {@link AttentionInputs}
   */
  static AttentionInputs inputs(HeadTensor queries, HeadTensor keys, HeadTensor values) {
    return keys.rows() == queries.rows()
        ? AttentionInputs.causal(queries, keys, values)
        : AttentionInputs.causalChunk(queries, keys, values);
  }
}
