/**
 * Texts to tokens and back: bytes, or the {@code tokenizer.json} that comes with a model.
 *
 * <p>Main type: {@link io.github.convbasis.inference.token.Tokenizer}.
 */
package io.github.convbasis.inference.token;
