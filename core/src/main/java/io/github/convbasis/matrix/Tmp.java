package io.github.convbasis.matrix;

/** Temporary. */
public final class Tmp {
  private Tmp() {}
}
