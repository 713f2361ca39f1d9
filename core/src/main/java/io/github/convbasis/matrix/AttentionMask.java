package io.github.convbasis.matrix;

/** Which keys a query row may attend to. */
public enum AttentionMask {
  /** Query row i sees key rows 0 … i; needs as many query rows as key rows. */
  CAUSAL,
  /**
   * The queries are the last rows of a longer causal sequence, as in a prefill by chunks or in
   * decoding: query row i sees key rows 0 … (keys - queries) + i. Never inferred from shapes, since
   * other libraries align such rows at the first key.
   */
  CAUSAL_CHUNK,
  /** Every query row sees every key row; bidirectional and cross attention. */
  NONE
}
