/**
 * Convolution matrices, their sums, and how to apply them.
 *
 * <p>Main types: {@link io.github.convbasis.conv.ConvBasis} (the paper's k-conv basis: supports m
 * and coefficients b), {@link io.github.convbasis.conv.ConvBasisOperator} (apply and transpose in
 * O(terms·n log n)) and {@link io.github.convbasis.conv.CausalConvolution} (the paper's conv(a)).
 */
package io.github.convbasis.conv;
