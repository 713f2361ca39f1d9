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
 * <p>The logit scale is 1/√d. The tensors are reused for the next layer, so whoever keeps them
 * copies them. Called once for each layer, in order, by the thread that called the model.
 */
@FunctionalInterface
public interface AttentionStep {
  /**
   * Attends.
   *
   * @param layer which layer, from 0
   * @param queries rotated, heads × n × d
   * @param keys rotated, key heads × n × d
   * @param values key heads × n × d
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
   * Attends exactly, 2·n²·d flops for each head. The step keeps its scratch and is for one forward
   * pass at a time.
   *
   * @param backend what computes the rows
   * @return the step
   */
  static AttentionStep exact(Backend backend) {
    ExactAttention attention = new ExactAttention(backend);
    Workspace workspace = backend.newWorkspace();
    return (layer, queries, keys, values, output, parallelism) ->
        attention.forward(
            AttentionInputs.causal(queries, keys, values), output, workspace, parallelism);
  }
}
