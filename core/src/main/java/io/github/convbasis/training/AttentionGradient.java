package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Objects;

/**
 * Differentiates exact attention under any mask. With {@code f_ij = exp(z_ij - logSum_i)} and
 * {@code p_ij = f_ij·(⟨G_i, V_j⟩ - ⟨G_i, O_i⟩)} for the upstream gradient G, {@code dV = fᵀG, dQ =
 * scale·p·K, dK = scale·pᵀ·Q}; f is computed again from logSum. Work O(n²·(d + value width)) per
 * head; memory O(n) per query head.
 *
 * <p>Immutable and thread-safe.
 */
public final class AttentionGradient {
  private static final int ROWS_PER_ITEM = 256;

  private final Backend backend;

  private AttentionGradient(Backend backend) {
    this.backend = Objects.requireNonNull(backend, "backend");
  }

  /**
   * Differentiates exact attention.
   *
   * @param backend what computes
   * @return the gradient
   */
  public static AttentionGradient exact(Backend backend) {
    return new AttentionGradient(backend);
  }

  /** What a backward pass needs of the forward pass; one double per query row is its own. */
  public static final class Context {
    private final AttentionInputs inputs;
    private final HeadTensor output;
    private final double[][] logSums;

    private Context(AttentionInputs inputs, HeadTensor output, double[][] logSums) {
      this.inputs = inputs;
      this.output = output;
      this.logSums = logSums;
    }

    /**
     * Returns the memory of this context beside inputs and output, which it refers to.
     *
     * @return 8 bytes for each query row of each head
     */
    public long contextBytes() {
      return (long) Double.BYTES * logSums.length * inputs.rows();
    }
  }

  /**
   * Attends all heads.
   *
   * @param inputs queries, keys, values, scale, mask; must not change before the backward pass
   * @param output receives query heads × n × value width; must not change either
   * @param parallelism how many tasks may work
   * @return what {@link #backward} needs
   * @throws IllegalArgumentException if the output has another shape or overlapping rows
   * @throws ArithmeticException if a logit overflows
   */
  public Context forward(AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    inputs.requireOutput(output);
    Workspace workspace = backend.newWorkspace();
    int rows = inputs.rows();
    double[][] logSums = new double[inputs.queries().heads()][rows];
    int items = Parallelism.ranges(rows, ROWS_PER_ITEM);
    parallelism.forEach(
        Math.multiplyExact(items, inputs.keys().heads()),
        item -> {
          int from = item % items * ROWS_PER_ITEM;
          int to = Math.min(rows, from + ROWS_PER_ITEM);
          backend.attendGroup(inputs, item / items, from, to, output, logSums, workspace);
        });
    return new Context(inputs, output, logSums);
  }

  /**
   * Adds the gradients of a loss. Those of a key head sum over its query heads, ascending.
   *
   * @param context from {@link #forward}
   * @param upstream gradient of the loss by the output, shaped like it
   * @param gradients receives what is added; must share nothing with other arguments
   * @param parallelism how many tasks may work inside a head
   * @throws IllegalArgumentException if a shape differs or an element is not finite
   * @throws ArithmeticException if a gradient overflows; gradients are unspecified then
   */
  public void backward(
      Context context, HeadTensor upstream, Gradients gradients, Parallelism parallelism) {
    AttentionInputs inputs = context.inputs;
    Gradients.requireUpstream(upstream, context.output);
    gradients.requireFor(inputs);
    Workspace workspace = backend.newWorkspace();
    double[] dots = new double[inputs.rows()];
    double[] row = new double[upstream.width()];
    for (int head = 0; head < upstream.heads(); head++) {
      for (int i = 0; i < dots.length; i++) {
        context.output.copyRow(head, i, row);
        dots[i] = upstream.dot(head, i, row);
      }
      backend.exactGradients(
          inputs,
          head,
          GradientEntries.all(),
          context.logSums[head],
          dots,
          upstream,
          gradients.queries(),
          gradients.keys(),
          gradients.values(),
          workspace,
          parallelism);
    }
    gradients.requireNoOverflow();
  }
}
