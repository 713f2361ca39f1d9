/**
 * Models of the Llama architecture on the CPU: files in the layout of Hugging Face, the forward
 * pass, and the step in it that computes attention, which callers choose.
 *
 * <p>Read in this order: {@code SafetensorsFile}, {@code Checkpoint}, {@code LlamaConfig}, {@code
 * LlamaWeights}, {@link io.github.convbasis.inference.model.LlamaModel}, {@link
 * io.github.convbasis.inference.model.AttentionStep}.
 */
package io.github.convbasis.inference.model;
