/**
 * Attention under other masks than the causal one, and with biases by distance: sliding windows,
 * packed documents, groups, hidden keys, no mask at all, cross attention, ALiBi and T5 biases.
 *
 * <p>{@link io.github.convbasis.variants.Visibility} says which keys a row sees and {@link
 * io.github.convbasis.variants.PositionBias} what is added to its logits; {@link
 * io.github.convbasis.variants.VariantInputs} holds both beside queries, keys and values. {@link
 * io.github.convbasis.variants.ExactVariantAttention} computes them exactly, {@link
 * io.github.convbasis.variants.ConvVariantAttention} from a few columns of the logits.
 */
package io.github.convbasis.variants;
