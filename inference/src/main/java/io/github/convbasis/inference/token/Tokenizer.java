package io.github.convbasis.inference.token;

/** Turns texts into a model's tokens and back. Safe for use by many threads until it is closed. */
public interface Tokenizer extends AutoCloseable {
  /**
   * Returns how many tokens there are: they are numbered from 0.
   *
   * @return the highest token, plus 1
   */
  int size();

  /**
   * Names what a token is.
   *
   * @return {@code byte} or {@code token}
   */
  String unit();

  /**
   * Turns a text into tokens, with those before and after it that the tokenizer prescribes.
   *
   * @param text its bytes, UTF-8
   * @return tokens from 0 to {@link #size()} - 1; none for an empty text, unless some are
   *     prescribed
   * @throws IllegalArgumentException if the text is not UTF-8 and tokens are more than bytes,
   *     naming the first byte that is wrong
   */
  int[] encode(byte[] text);

  /**
   * Starts to turn tokens back into text as they come.
   *
   * @param before tokens that the text goes on from, such as a prompt, which are not given out:
   *     some tokenizers treat the start of a text differently
   * @return the state before the first token
   * @throws IllegalArgumentException if a token is out of range
   */
  TokenDecoder newDecoder(int... before);

  /** Gives back what lies outside the Java heap. Closing again does nothing. */
  @Override
  void close();
}
