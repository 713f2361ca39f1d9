package io.github.convbasis.inference.model;

/** Scratch for a block of rows. Mutable: one thread at a time. */
final class RowBlock {
  /** Rows of a block; fixed, so that work items do not depend on the number of tasks. */
  static final int ROWS = 100;

  final float[][] normed;

  /** Queries, keys, values or attention output of all heads. */
  final float[][] wide;

  final float[][] gate;
  final float[][] up;

  RowBlock(LlamaConfig config) {
    normed = new float[ROWS][config.hiddenSize()];
    wide = new float[ROWS][config.queryWidth()];
    gate = new float[ROWS][config.intermediateSize()];
    up = new float[ROWS][config.intermediateSize()];
  }
}
