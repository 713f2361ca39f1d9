package io.github.convbasis.training;

import io.github.convbasis.matrix.HeadTensor;

/**
 * What one evaluation of the attention regression gives.
 *
 * <p>Thread-safe as long as the arrays behind the tensors are not written.
 *
 * @param loss L(X, W)
 * @param gradX ∂L/∂X, 1 × d × d, in the precision of X
 * @param gradW ∂L/∂W, 1 × d × m, in the precision of W
 * @param terms terms of the basis that stood for the logits; 0 in exact mode
 * @param exactRows rows of f that were exact: all n in exact mode, otherwise those whose rounding
 *     could have shown
 */
public record RegressionResult(
    double loss, HeadTensor gradX, HeadTensor gradW, int terms, int exactRows) {}
