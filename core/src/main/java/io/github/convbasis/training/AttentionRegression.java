package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Objects;

/**
 * Evaluates the attention regression {@code L(X,W) = ½‖D(X)⁻¹(M∘exp(A₁XA₂ᵀ))A₃W - E‖²_F} and its
 * gradients (the training objective of Liang et al. 2025), without an n × n matrix.
 *
 * <p>With {@code f = D⁻¹(M∘exp(A₁XA₂ᵀ)), h = A₃W, c = fh - E, r_j = ⟨(fh)_j, c_j⟩} and {@code p =
 * f∘(chᵀ) - diag(r)f},
 *
 * <pre>{@code
 * ∂L/∂X = A₁ᵀ·p·A₂,  p·A₂ = Σ_i diag(c_i)·f·diag(h_i)·A₂ - diag(r)·f·A₂  (i over columns)
 * ∂L/∂W = A₃ᵀ·fᵀ·c
 * }</pre>
 *
 * <p>Who makes this chooses what f is:
 *
 * <ul>
 *   <li>{@link #exact}: f itself, tile by tile. O(n²·(d + m)) time, O(n·(d + m)) memory.
 *   <li>{@link #convBasis}: f of the recovered logits, whose products are convolutions:
 *       O(terms·n·m·d·log n) time, O(terms·n + n·(d + m)) memory and 2 kB of it for each row. The
 *       gradients are those formulas with this f, so they reach every key and approximate the
 *       gradients of the true L as well as the recovered logits approximate A₁XA₂ᵀ, with an error
 *       linear in theirs. They are not the derivative of the approximated loss, whose basis moves
 *       with X.
 * </ul>
 *
 * <p>Transforms round absolutely, so a row of f is taken from them only where a bound on their
 * rounding, of every product in which the row takes part, is within the guard tolerance: {@code
 * noise ≤ guardTolerance·D·s}, where noise bounds the rounding for inputs up to 1 and s is the
 * greatest |h_j|·|A₂_j| among the keys the row sees, as a share of the product of the greatest of
 * all. All other rows are computed exactly, at O(n·(d + m)) each, and counted. Everything between
 * tensors is kept in double.
 *
 * <p>Immutable and thread-safe.
 */
public final class AttentionRegression {
  private final Backend backend;
  // Null where f is exact.
  private final ConvBasisRecovery recovery;
  private final double guardTolerance;

  private AttentionRegression(Backend backend, ConvBasisRecovery recovery, double guardTolerance) {
    this.backend = Objects.requireNonNull(backend, "backend");
    this.recovery = recovery;
    this.guardTolerance = guardTolerance;
  }

  /**
   * Evaluates with exact attention.
   *
   * @param backend what computes
   * @return the regression
   */
  public static AttentionRegression exact(Backend backend) {
    return new AttentionRegression(backend, null, backend.defaultGuardTolerance());
  }

  /**
   * Evaluates with a conv basis of the logits, recovered at every evaluation, guarding rows at the
   * backend's default tolerance.
   *
   * @param backend what computes
   * @param recovery how the basis is found
   * @return the regression
   */
  public static AttentionRegression convBasis(Backend backend, ConvBasisRecovery recovery) {
    return new AttentionRegression(
        backend, Objects.requireNonNull(recovery, "recovery"), backend.defaultGuardTolerance());
  }

  /**
   * Sets the rounding error from which a row is computed exactly; of no effect in exact mode.
   *
   * @param tolerance greater than 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is not greater than 0
   */
  public AttentionRegression withGuardTolerance(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("guardTolerance must be greater than 0, was " + tolerance);
    }
    return new AttentionRegression(backend, recovery, tolerance);
  }

  /**
   * Computes the loss alone, in the bits of {@link #evaluate}.
   *
   * @param problem A₁, A₂, A₃ and E
   * @param x X, 1 × d × d
   * @param w W, 1 × d × m
   * @param parallelism how many tasks may work
   * @return L(X, W), at least 0
   * @throws IllegalArgumentException if a shape differs, an element is not finite or the recovery
   *     does not fit n
   * @throws ArithmeticException if a product, a logit or the loss overflows
   */
  public double loss(
      RegressionProblem problem, HeadTensor x, HeadTensor w, Parallelism parallelism) {
    return pass(problem, x, w, parallelism).loss();
  }

  /**
   * Computes the loss and its gradients.
   *
   * @param problem A₁, A₂, A₃ and E
   * @param x X, 1 × d × d
   * @param w W, 1 × d × m
   * @param parallelism how many tasks may work; results do not depend on it
   * @return loss, gradients and how f was computed
   * @throws IllegalArgumentException if a shape differs, an element is not finite or the recovery
   *     does not fit n
   * @throws ArithmeticException if a product, a logit, the loss or a gradient overflows
   */
  public RegressionResult evaluate(
      RegressionProblem problem, HeadTensor x, HeadTensor w, Parallelism parallelism) {
    RegressionPass pass = pass(problem, x, w, parallelism);
    HeadTensor gradQueries = HeadTensor.allocate(false, 1, problem.rows(), problem.a1().width());
    HeadTensor gradValues = HeadTensor.allocate(false, 1, problem.rows(), problem.e().width());
    pass.addGradients(gradQueries, gradValues);
    return new RegressionResult(
        pass.loss(),
        FactorProduct.transposed(
            "gradX", problem.a1(), gradQueries, x.isSinglePrecision(), parallelism),
        FactorProduct.transposed(
            "gradW", problem.a3(), gradValues, w.isSinglePrecision(), parallelism),
        pass.terms(),
        pass.exactRows());
  }

  private RegressionPass pass(
      RegressionProblem problem, HeadTensor x, HeadTensor w, Parallelism parallelism) {
    problem.requireParameters(x, w);
    return new RegressionPass(backend, recovery, guardTolerance, problem, x, w, parallelism);
  }
}
