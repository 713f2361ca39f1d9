package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.ByteVocabulary;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.npy.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model runs on which text. */
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR|bundled",
      defaultValue = BundledModel.NAME,
      description = "Directory of the model (default: ${DEFAULT-VALUE}).")
  private Path model;

  @Option(
      names = "--text",
      paramLabel = "FILE|bundled",
      defaultValue = BundledModel.NAME,
      description = "Text to run it on; its bytes are the tokens (default: ${DEFAULT-VALUE}).")
  private Path text;

  Path model() {
    return model;
  }

  Path text() {
    return text;
  }

  /**
   * Loads the model for a backend.
   *
   * @throws InputException if it is unsound, or its tokens are not bytes
   */
  LlamaModel load(Backend backend) {
    LlamaModel loaded;
    try {
      loaded =
          model.equals(Path.of(BundledModel.NAME))
              ? BundledModel.load(backend)
              : LlamaModel.load(model, backend);
    } catch (IOException e) {
      throw new InputException("--model " + e.getMessage(), e);
    }
    int vocabulary = loaded.config().vocabularySize();
    if (vocabulary != ByteVocabulary.SIZE) {
      throw new InputException(
          String.format(
              "--model %s: vocab_size must be %d, whose tokens are bytes, was %d",
              model, ByteVocabulary.SIZE, vocabulary));
    }
    return loaded;
  }

  /**
   * Reads tokens of the text.
   *
   * @param offset first byte
   * @param least fewest bytes there must be
   * @param most bytes to read at most
   * @throws InputException if the text cannot be read or has fewer
   */
  int[] tokens(int offset, int least, int most) {
    byte[] bytes = bytes(offset, most);
    if (bytes.length < least) {
      throw new InputException(
          String.format(
              "--text %s: has %d bytes from offset %d, expected at least %d",
              text, bytes.length, offset, least));
    }
    return ByteVocabulary.tokens(bytes);
  }

  private byte[] bytes(int offset, int most) {
    boolean bundled = text.equals(Path.of(BundledModel.NAME));
    try (InputStream in =
        bundled
            ? BundledModel.openText()
            : Channels.newInputStream(RegularFile.open(text).position(offset))) {
      if (bundled) {
        in.readNBytes(offset);
      }
      return in.readNBytes(most);
    } catch (IOException e) {
      throw new InputException("--text " + FileErrors.naming(text, e).getMessage(), e);
    }
  }
}
