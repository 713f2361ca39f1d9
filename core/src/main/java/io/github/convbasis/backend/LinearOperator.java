package io.github.convbasis.backend;

/**
 * A dense matrix of weights prepared for products with rows, {@code y_r[o] = Σ_i W[o,i]·x_r[i]}:
 * the linear maps of a model.
 *
 * <p>A row's result does not depend on which other rows are asked for in the same call, nor on the
 * number of tasks, so one row after the other gives what all at once give, bit for bit.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface LinearOperator {
  /**
   * Returns the rows of W.
   *
   * @return elements of a result
   */
  int outputs();

  /**
   * Returns the columns of W.
   *
   * @return elements of an argument
   */
  int inputs();

  /**
   * Copies a row of W, such as the embedding of a token that shares it.
   *
   * @param output which row
   * @param target receives as many elements as there are inputs
   */
  void copyOutput(int output, float[] target);

  /**
   * Multiplies rows, {@code 2·rows·inputs·outputs} flops. An element that leaves the range of float
   * becomes infinite or NaN, which is for the caller to refuse.
   *
   * @param x rows of at least as many elements as there are inputs
   * @param y receives rows of at least as many elements as there are outputs, an array of its own
   *     for each row, none of them in x; further elements stay
   * @param rows how many
   * @param parallelism how many tasks may work
   */
  void apply(float[][] x, float[][] y, int rows, Parallelism parallelism);
}
