package io.github.convbasis.inference.token;

/**
 * Turns tokens into text as they come. A character whose bytes span several tokens is given out
 * with the last of them. Mutable: one thread at a time.
 */
public interface TokenDecoder {
  /**
   * Takes a token.
   *
   * @param token from 0 to the tokenizer's size - 1
   * @return the text that is certain now, often empty
   * @throws IllegalArgumentException if the token is out of range
   */
  String add(int token);

  /**
   * Ends the text.
   *
   * @return what was held back; bytes of an unfinished character become U+FFFD
   */
  String end();

  /** Refuses tokens that a tokenizer does not have. */
  static void requireToken(int token, int size) {
    if (token < 0 || token >= size) {
      throw new IllegalArgumentException(
          String.format("token must be from 0 to %d, was %d", size - 1, token));
    }
  }
}
