package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.ByteVocabulary;
import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.npy.RegularFile;
import io.github.convbasis.inference.token.ByteTokenizer;
import io.github.convbasis.inference.token.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Option;

/** Which text a model runs on. */
final class TextOptions {
  private static final int LONGEST_TEXT = Integer.MAX_VALUE - 8;

  @Option(
      names = "--text",
      paramLabel = "FILE|bundled",
      defaultValue = BundledModel.NAME,
      description = "Text to run the model on (default: ${DEFAULT-VALUE}).")
  private Path text;

  Path text() {
    return text;
  }

  /**
   * Reads tokens of the text.
   *
   * @param tokenizer of the model
   * @param offset first byte
   * @param least fewest tokens there must be
   * @param most tokens to read at most
   * @throws InputException if the text cannot be read, has fewer, or is not UTF-8 and would have to
   *     be
   */
  int[] tokens(Tokenizer tokenizer, int offset, int least, int most) {
    int[] tokens = tokens(tokenizer, offset, most);
    if (tokens.length < least) {
      throw new InputException(
          String.format(
              "--text %s: has %d %ss from offset %d, expected at least %d",
              text, tokens.length, tokenizer.unit(), offset, least));
    }
    return tokens;
  }

  private int[] tokens(Tokenizer tokenizer, int offset, int most) {
    if (tokenizer instanceof ByteTokenizer) {
      return ByteVocabulary.tokens(bytes(offset, most));
    }
    try {
      int[] all = tokenizer.encode(bytes(offset, LONGEST_TEXT));
      return all.length > most ? Arrays.copyOf(all, most) : all;
    } catch (IllegalArgumentException e) {
      // Bytes in the message count from there.
      String from = offset == 0 ? "" : " from offset " + offset;
      throw new InputException("--text " + text + from + ": " + e.getMessage(), e);
    }
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
