package io.github.convbasis.inference.model;

import java.nio.charset.StandardCharsets;

/** Takes the bytes of a text for its tokens, 256 of them. Stateless and thread-safe. */
public final class ByteVocabulary {
  /** Number of tokens. */
  public static final int SIZE = 256;

  private ByteVocabulary() {}

  /**
   * Turns a text into tokens.
   *
   * @param text any text
   * @return its bytes in UTF-8, as numbers from 0 to 255
   */
  public static int[] tokens(String text) {
    return tokens(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Turns bytes into tokens.
   *
   * @param bytes of a text
   * @return as numbers from 0 to 255
   */
  public static int[] tokens(byte[] bytes) {
    int[] tokens = new int[bytes.length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = bytes[i] & 0xff;
    }
    return tokens;
  }

  /**
   * Turns tokens into the text they are.
   *
   * @param tokens from 0 to 255
   * @return the text; bytes that are not UTF-8 become U+FFFD
   * @throws IllegalArgumentException if a token is out of range
   */
  public static String text(int[] tokens) {
    byte[] bytes = new byte[tokens.length];
    for (int i = 0; i < bytes.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= SIZE) {
        throw new IllegalArgumentException(
            String.format("tokens must be from 0 to %d, was %d at %d", SIZE - 1, tokens[i], i));
      }
      bytes[i] = (byte) tokens[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
