package io.github.convbasis.inference.token;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Gives out text as tokens come, for a tokenizer that decodes whole sequences only, and may decode
 * a token differently at their start. So new tokens are decoded together with the last ones before
 * them, and what these alone give is taken off. The rest is held back while it ends in U+FFFD, the
 * mark of an unfinished character.
 *
 * <p>Mutable: one thread at a time.
 */
final class WindowDecoder implements TokenDecoder {
  private static final char UNFINISHED = '\uFFFD';

  /** A character has at most four bytes, so more tokens than twice that wait for nothing. */
  private static final int MOST_WAITING = 8;

  private final Function<long[], String> decode;
  private final int size;
  private long[] window = new long[16];
  private int count;

  /** How many tokens of the window have been given out. */
  private int given;

  /**
   * Starts after tokens that were given out elsewhere.
   *
   * @param decode turns tokens into text
   * @param size how many tokens there are
   * @param before what was given out
   */
  WindowDecoder(Function<long[], String> decode, int size, int... before) {
    this.decode = decode;
    this.size = size;
    for (int token : before) {
      TokenDecoder.requireToken(token, size);
    }
    for (int i = Math.max(0, before.length - MOST_WAITING); i < before.length; i++) {
      window[count++] = before[i];
    }
    given = count;
  }

  @Override
  public String add(int token) {
    TokenDecoder.requireToken(token, size);
    if (count == window.length) {
      window = Arrays.copyOf(window, 2 * count);
    }
    window[count++] = token;
    String fresh = fresh();
    boolean waits = fresh.isEmpty() || fresh.charAt(fresh.length() - 1) == UNFINISHED;
    if (waits && count - given < MOST_WAITING) {
      return "";
    }
    return give(fresh);
  }

  @Override
  public String end() {
    return give(fresh());
  }

  /** Returns the text of tokens that were not given out, in the light of those before them. */
  private String fresh() {
    String old = decode.apply(Arrays.copyOf(window, given));
    String all = decode.apply(Arrays.copyOf(window, count));
    return all.substring(Math.min(old.length(), all.length()));
  }

  /** Keeps the tokens that were given out last, as the light for the next. */
  private String give(String fresh) {
    System.arraycopy(window, given, window, 0, count - given);
    count -= given;
    given = count;
    return fresh;
  }
}
