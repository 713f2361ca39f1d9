/**
 * Text from a model: which token comes next, and the loop over a prompt and what follows it.
 *
 * <p>Main types: {@link io.github.convbasis.inference.generate.TokenSampler}, {@link
 * io.github.convbasis.inference.generate.Generator}.
 */
package io.github.convbasis.inference.generate;
