package io.github.convbasis.properties;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;

/** A planned product with a lower-triangular matrix, or its transpose, and what it should be. */
interface Product {
  /** Rows, n. */
  int size();

  /** Multiplies all heads, through the public API. */
  void multiply(
      boolean transpose,
      HeadTensor input,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism);

  /** Multiplies one head of doubles, through the public API. */
  double[] multiply(boolean transpose, double[] input, int columns);

  /** The product of one column by definition. */
  double[] expected(boolean transpose, int column, double[] input);

  /** The product of norms that the unit of FFT has. */
  double norms(boolean transpose, int column, double[] input);

  /**
   * Whether columns may share complex numbers, so that the greatest one's rounding shows in others.
   */
  boolean columnsShareRounding();

  /** A product and columns to multiply, by their recipe. */
  interface Sample {
    ColumnsSample columns();

    Product plan(Backend backend);
  }
}
