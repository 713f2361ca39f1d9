package io.github.convbasis.matrix;

/** Which keys a query row may attend to. */
public enum AttentionMask {
  /** Query row i sees key rows 0 … i; needs as many query rows as key rows. */
  CAUSAL,
  /** Every query row sees every key row; bidirectional and cross attention. */
  NONE
}
