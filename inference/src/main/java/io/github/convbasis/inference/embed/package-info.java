/**
 * Attention of a prompt for other engines: their arrays in, their arrays out.
 *
 * <p>Main type: {@link io.github.convbasis.inference.embed.AttentionEngine}.
 */
package io.github.convbasis.inference.embed;
