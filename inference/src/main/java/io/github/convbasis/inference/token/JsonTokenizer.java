package io.github.convbasis.inference.token;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.util.Utils;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.npy.RegularFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * The tokenizer of a {@code tokenizer.json}, run by the library of Hugging Face, which is native
 * code. Its Java side, DJL, unpacks it once to {@code ~/.djl.ai} (or {@code DJL_CACHE_DIR}) and is
 * told to stay offline before it is loaded: nothing is downloaded and nothing reported.
 *
 * <p>Thread-safe until it is closed.
 */
public final class JsonTokenizer implements Tokenizer {
  /** What the file is called. */
  public static final String FILE = "tokenizer.json";

  /** Those of the largest vocabularies are about 35 MB. */
  private static final int LONGEST_FILE = 1 << 27;

  private final String name;
  private final HuggingFaceTokenizer tokenizer;
  private final int size;

  private JsonTokenizer(String name, HuggingFaceTokenizer tokenizer, int size) {
    this.name = name;
    this.tokenizer = tokenizer;
    this.size = size;
  }

  /**
   * Reads {@value #FILE} of a directory.
   *
   * @param directory of the model
   * @param vocabulary how many tokens the model has an embedding for
   * @return the tokenizer, to be closed by the caller
   * @throws FileFormatException if the file is unsound or has more tokens
   * @throws IOException if it cannot be read, or the native library not be loaded
   */
  public static JsonTokenizer read(Path directory, int vocabulary) throws IOException {
    Path file = directory.resolve(FILE);
    String name = FileErrors.name(file);
    byte[] bytes = bytes(file, name);
    JsonFields fields = JsonFields.parse(name, bytes);
    int size = new VocabularyIds(fields).size(vocabulary);
    CharacterMap.requireSound(fields);
    return new JsonTokenizer(name, load(name, bytes), size);
  }

  private static byte[] bytes(Path file, String name) throws IOException {
    try (FileChannel channel = RegularFile.open(file);
        InputStream in = Channels.newInputStream(channel)) {
      byte[] bytes = in.readNBytes((int) Math.min(channel.size(), LONGEST_FILE + 1L));
      if (bytes.length > LONGEST_FILE) {
        throw new FileFormatException(
            name, "must be at most " + LONGEST_FILE + " bytes long, is " + channel.size());
      }
      return bytes;
    }
  }

  private static HuggingFaceTokenizer load(String name, byte[] bytes) throws IOException {
    // DJL has no other switches than these; they are read when its classes are loaded.
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("RUST_FLAVOR", "cpu");
    // Texts are cut and filled up by nobody: the model's context is checked by the model.
    Map<String, String> options =
        Map.of("addSpecialTokens", "true", "truncation", "DO_NOT_TRUNCATE", "padding", "false");
    try {
      requireOffline(name);
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes), options);
    } catch (RuntimeException e) {
      // The native side throws whatever it likes; its message says what it could not read.
      throw new FileFormatException(
          name, "is not understood: " + FileErrors.shortened(String.valueOf(e.getMessage())), e);
    } catch (LinkageError e) {
      throw new IOException(name + ": the native tokenizer cannot be loaded here: " + e, e);
    }
  }

  private static void requireOffline(String name) throws IOException {
    if (!Utils.isOfflineMode()) {
      throw new IOException(
          name
              + ": is read offline only; DJL_OFFLINE must be unset or true, was "
              + System.getenv("DJL_OFFLINE"));
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String unit() {
    return "token";
  }

  @Override
  public int[] encode(byte[] text) {
    long[] ids = ids(strictText(text));
    int[] tokens = new int[ids.length];
    for (int i = 0; i < tokens.length; i++) {
      TokenDecoder.requireToken(Math.toIntExact(ids[i]), size);
      tokens[i] = (int) ids[i];
    }
    return tokens;
  }

  private long[] ids(String text) {
    try {
      return tokenizer.encode(text).getIds();
    } catch (RuntimeException e) {
      // Such as a word that is unknown to a vocabulary without a token for unknown words.
      throw new IllegalArgumentException(
          "text cannot be cut into tokens of "
              + name
              + ": "
              + FileErrors.shortened(String.valueOf(e.getMessage())),
          e);
    }
  }

  private static String strictText(byte[] text) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.wrap(text);
    CharBuffer characters = CharBuffer.allocate(text.length);
    CoderResult result = decoder.decode(bytes, characters, true);
    if (result.isError()) {
      throw new IllegalArgumentException(
          String.format(
              "text must be UTF-8, was 0x%02x at byte %d",
              text[bytes.position()], bytes.position()));
    }
    return characters.flip().toString();
  }

  @Override
  public TokenDecoder newDecoder(int... before) {
    return new WindowDecoder(ids -> tokenizer.decode(ids, true), size, before);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
