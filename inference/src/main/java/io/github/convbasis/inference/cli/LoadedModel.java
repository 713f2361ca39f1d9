package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.token.Tokenizer;

/**
 * A model and what turns texts into its tokens.
 *
 * @param model the model
 * @param tokenizer closed with this
 */
record LoadedModel(LlamaModel model, Tokenizer tokenizer) implements AutoCloseable {
  @Override
  public void close() {
    tokenizer.close();
  }
}
