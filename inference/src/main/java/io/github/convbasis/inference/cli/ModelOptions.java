package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.ByteVocabulary;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.token.ByteTokenizer;
import io.github.convbasis.inference.token.JsonTokenizer;
import io.github.convbasis.inference.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model runs. */
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR|bundled",
      defaultValue = BundledModel.NAME,
      description =
          "Directory of the model: config.json, model.safetensors or its shards, and tokenizer.json"
              + " unless its tokens are bytes (default: ${DEFAULT-VALUE}).")
  private Path model;

  Path model() {
    return model;
  }

  boolean isBundled() {
    return model.equals(Path.of(BundledModel.NAME));
  }

  /**
   * Loads the model for a backend, and its tokenizer.
   *
   * @throws InputException if one is unsound, or nothing turns texts into its tokens
   */
  LoadedModel load(Backend backend) {
    try {
      if (isBundled()) {
        return new LoadedModel(BundledModel.load(backend), new ByteTokenizer());
      }
      if (Files.exists(model) && !Files.isDirectory(model)) {
        throw new InputException("--model " + model + ": is not a directory");
      }
      // First the small files: what is wrong with them should not take the time of the weights.
      Tokenizer tokenizer = tokenizer(LlamaConfig.read(model));
      boolean loaded = false;
      try {
        LoadedModel result = new LoadedModel(LlamaModel.load(model, backend), tokenizer);
        loaded = true;
        return result;
      } finally {
        if (!loaded) {
          tokenizer.close();
        }
      }
    } catch (IOException e) {
      throw new InputException("--model " + e.getMessage(), e);
    }
  }

  private Tokenizer tokenizer(LlamaConfig config) throws IOException {
    int vocabulary = config.vocabularySize();
    if (Files.exists(model.resolve(JsonTokenizer.FILE))) {
      return JsonTokenizer.read(model, vocabulary);
    }
    if (vocabulary != ByteVocabulary.SIZE) {
      throw new InputException(
          String.format(
              "--model %s: %s is missing; without it vocab_size must be %d, whose tokens are bytes,"
                  + " was %d",
              model, JsonTokenizer.FILE, ByteVocabulary.SIZE, vocabulary));
    }
    return new ByteTokenizer();
  }
}
