package io.github.convbasis.training;

import io.github.convbasis.matrix.HeadTensor;
import java.util.Objects;

/**
 * Holds the fixed matrices of the attention regression: features of queries A₁, keys A₂ and values
 * A₃, and the target E.
 *
 * <p>Checked on construction: shapes and finite elements. Immutable but for the arrays behind the
 * tensors; thread-safe as long as those are not written.
 *
 * @param a1 A₁, 1 × n × d
 * @param a2 A₂, 1 × n × d
 * @param a3 A₃, 1 × n × d
 * @param e E, 1 × n × m; m may differ from d
 */
public record RegressionProblem(HeadTensor a1, HeadTensor a2, HeadTensor a3, HeadTensor e) {
  /**
   * Checks the matrices.
   *
   * @throws IllegalArgumentException naming the argument, the relation and both values
   */
  public RegressionProblem {
    Objects.requireNonNull(a1, "a1");
    if (a1.heads() != 1) {
      throw new IllegalArgumentException("a1 must have 1 head, was " + a1.heads());
    }
    require("a2", a2, a1.rows(), a1.width(), "a1");
    require("a3", a3, a1.rows(), a1.width(), "a1");
    Objects.requireNonNull(e, "e");
    require("e", e, a1.rows(), e.width(), "the rows of a1");
    a1.requireFinite("a1");
    a2.requireFinite("a2");
    a3.requireFinite("a3");
    e.requireFinite("e");
  }

  private static void require(String name, HeadTensor tensor, int rows, int width, String like) {
    Objects.requireNonNull(tensor, name);
    if (tensor.heads() != 1 || tensor.rows() != rows || tensor.width() != width) {
      throw new IllegalArgumentException(
          String.format("%s must be 1 × %d × %d like %s, was %s", name, rows, width, like, tensor));
    }
  }

  /** Checks what is trained. */
  void requireParameters(HeadTensor x, HeadTensor w) {
    require("x", x, a1.width(), a1.width(), "the width of a1");
    require("w", w, a1.width(), e.width(), "the widths of a3 and e");
    x.requireFinite("x");
    w.requireFinite("w");
  }

  /** Returns n. */
  int rows() {
    return a1.rows();
  }
}
