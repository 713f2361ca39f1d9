package io.github.convbasis.inference.token;

import io.github.convbasis.inference.model.ByteVocabulary;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Takes bytes for tokens, those of any text. Immutable and thread-safe. */
public final class ByteTokenizer implements Tokenizer {
  /** Makes the tokenizer. */
  public ByteTokenizer() {}

  @Override
  public int size() {
    return ByteVocabulary.SIZE;
  }

  @Override
  public String unit() {
    return "byte";
  }

  @Override
  public int[] encode(byte[] text) {
    return ByteVocabulary.tokens(text);
  }

  @Override
  public TokenDecoder newDecoder(int... before) {
    Utf8Decoder decoder = new Utf8Decoder();
    for (int token : before) {
      decoder.add(token);
    }
    return decoder;
  }

  @Override
  public void close() {}

  /** Holds back the bytes of a character until it is whole or cannot become so. */
  private static final class Utf8Decoder implements TokenDecoder {
    private static final int LONGEST_CHARACTER = 4;

    private final CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer bytes = ByteBuffer.allocate(LONGEST_CHARACTER);
    private final CharBuffer text = CharBuffer.allocate(2 * LONGEST_CHARACTER);

    @Override
    public String add(int token) {
      TokenDecoder.requireToken(token, ByteVocabulary.SIZE);
      bytes.put((byte) token).flip();
      decoder.decode(bytes, text, false);
      bytes.compact();
      return taken();
    }

    @Override
    public String end() {
      bytes.flip();
      decoder.decode(bytes, text, true);
      decoder.flush(text);
      decoder.reset();
      bytes.clear();
      return taken();
    }

    private String taken() {
      String result = text.flip().toString();
      text.clear();
      return result;
    }
  }
}
