/**
 * Attention for other engines, their arrays in, their arrays out, and for the models of this
 * module: a prompt exact, at a tolerance or from recovered bases, later rows exact over the cache.
 *
 * <p>Main types: {@link io.github.convbasis.inference.embed.AttentionEngine}, made from an {@link
 * io.github.convbasis.inference.embed.AttentionChoice}, called with {@link
 * io.github.convbasis.inference.embed.CacheRows}, answering with a {@link
 * io.github.convbasis.inference.embed.LayerReport}.
 */
package io.github.convbasis.inference.embed;
