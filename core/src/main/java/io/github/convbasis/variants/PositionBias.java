package io.github.convbasis.variants;

/**
 * A number that is added to every logit of a head and depends on the lag alone, {@code b_h(i - j)}
 * for query position i and key position j. As a matrix it is Toeplitz, so logits have as many
 * segments with it as without.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface PositionBias {
  /**
   * Returns the number of query heads it is for.
   *
   * @return at least 1
   */
  int heads();

  /**
   * Returns the bias of one lag, finite.
   *
   * @param head query head, from 0
   * @param lag query position less key position; negative for keys that come later
   * @return what is added to the scaled logit
   */
  double at(int head, int lag);
}
