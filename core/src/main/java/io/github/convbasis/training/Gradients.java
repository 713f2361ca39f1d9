package io.github.convbasis.training;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Holds the gradients of a loss by queries, keys and values, to which a backward pass adds.
 *
 * <p>Thread-safe as long as the arrays behind the tensors are not written.
 *
 * @param queries query heads × query rows × d
 * @param keys key heads × key rows × d
 * @param values key heads × key rows × value width
 */
public record Gradients(HeadTensor queries, HeadTensor keys, HeadTensor values) {
  /**
   * Allocates zeros in the precision of the inputs.
   *
   * @param inputs what will be differentiated by
   * @return dense tensors of their own
   */
  public static Gradients zeros(AttentionInputs inputs) {
    return new Gradients(zeros(inputs.queries()), zeros(inputs.keys()), zeros(inputs.values()));
  }

  private static HeadTensor zeros(HeadTensor like) {
    return HeadTensor.allocate(like.isSinglePrecision(), like.heads(), like.rows(), like.width());
  }

  /** Checks the shape of an upstream gradient, and that it is finite. */
  static void requireUpstream(HeadTensor upstream, HeadTensor output) {
    if (!upstream.toString().equals(output.toString())) {
      throw new IllegalArgumentException("upstream must be " + output + ", was " + upstream);
    }
    upstream.requireFinite("upstream");
  }

  /** Checks shapes, disjoint rows and finite elements. */
  void requireFor(AttentionInputs inputs) {
    require("gradients.queries", queries, inputs.queries());
    require("gradients.keys", keys, inputs.keys());
    require("gradients.values", values, inputs.values());
  }

  private static void require(String name, HeadTensor gradient, HeadTensor input) {
    if (!gradient.toString().equals(input.toString())) {
      throw new IllegalArgumentException(name + " must be " + input + ", was " + gradient);
    }
    if (!gradient.rowsAreDisjoint()) {
      throw new IllegalArgumentException(name + " must have disjoint rows, was overlapping");
    }
    gradient.requireFinite(name);
  }

  /** Refuses sums that left the range of numbers. */
  void requireNoOverflow() {
    try {
      queries.requireFinite("gradients.queries");
      keys.requireFinite("gradients.keys");
      values.requireFinite("gradients.values");
    } catch (IllegalArgumentException e) {
      ArithmeticException overflow = new ArithmeticException("gradient overflows");
      overflow.initCause(e);
      throw overflow;
    }
  }
}
