package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.npy.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What a model goes on from. */
final class PromptOptions {
  private static final String OF_THE_BUNDLED_MODEL = "And it came to pass";

  private static final int LONGEST_FILE = 1 << 28;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description =
          "What to go on from (default for the bundled model: '" + OF_THE_BUNDLED_MODEL + "').")
  private String prompt;

  @Option(
      names = "--prompt-file",
      paramLabel = "FILE",
      description = "The same from a file, every byte of it.")
  private Path file;

  void requireUsable(boolean bundled) {
    if (prompt != null && file != null) {
      throw new InputException("--prompt and --prompt-file exclude each other; give one of them");
    }
    if (prompt == null && file == null && !bundled) {
      throw new InputException("--prompt or --prompt-file is missing; give one of them");
    }
  }

  /**
   * Reads the prompt's tokens.
   *
   * @throws InputException if the prompt cannot be read, is empty, longer than the model's context
   *     or not UTF-8 and would have to be
   */
  int[] tokens(LoadedModel loaded) {
    String name = file == null ? "--prompt" : "--prompt-file " + file + ":";
    int[] tokens;
    try {
      tokens = loaded.tokenizer().encode(bytes());
    } catch (IllegalArgumentException e) {
      throw new InputException(name + " " + e.getMessage(), e);
    }
    int context = loaded.model().config().contextLength();
    if (tokens.length < 1 || tokens.length > context) {
      throw new InputException(
          String.format(
              "%s must have from 1 to the %d tokens of the model's context, had %d",
              name, context, tokens.length));
    }
    return tokens;
  }

  private byte[] bytes() {
    if (file == null) {
      String text = prompt == null ? OF_THE_BUNDLED_MODEL : prompt;
      return text.getBytes(StandardCharsets.UTF_8);
    }
    try (InputStream in = Channels.newInputStream(RegularFile.open(file))) {
      byte[] bytes = in.readNBytes(LONGEST_FILE + 1);
      if (bytes.length > LONGEST_FILE) {
        throw new InputException(
            "--prompt-file "
                + file
                + ": must be at most "
                + LONGEST_FILE
                + " bytes long, is at least "
                + bytes.length);
      }
      return bytes;
    } catch (IOException e) {
      throw new InputException("--prompt-file " + FileErrors.naming(file, e).getMessage(), e);
    }
  }
}
