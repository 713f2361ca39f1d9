package io.github.convbasis.inference.model;

import java.util.Arrays;

/**
 * Multiplies rows by a matrix of weights, {@code y_r = W·x_r}: 2·rows·inputs·outputs flops in
 * float32.
 *
 * <p>Every element of y is summed over the inputs in ascending order, four at a time, so a row's
 * result depends on that row alone. Immutable and thread-safe.
 */
final class LinearMap {
  /** Outputs per block: so many elements of five rows fit the first-level cache. */
  private static final int OUTPUT_BLOCK = 512;

  /** Inputs per block: their weights for one block of outputs fit the second-level cache. */
  private static final int INPUT_BLOCK = 128;

  /** Weights of one input each, so that the innermost loop walks along one row of every array. */
  private final float[][] byInput;

  private final int outputs;

  private LinearMap(float[][] byInput, int outputs) {
    this.byInput = byInput;
    this.outputs = outputs;
  }

  /**
   * Takes weights as model files have them.
   *
   * @param weights outputs × inputs, row-major; not kept
   * @param outputs elements of a result
   * @param inputs elements of an argument
   */
  static LinearMap of(float[] weights, int outputs, int inputs) {
    float[][] byInput = new float[inputs][outputs];
    for (int output = 0; output < outputs; output++) {
      for (int input = 0; input < inputs; input++) {
        byInput[input][output] = weights[output * inputs + input];
      }
    }
    return new LinearMap(byInput, outputs);
  }

  /** Copies the weights of one output, such as the embedding of a token that shares them. */
  void copyOutput(int output, float[] target) {
    for (int input = 0; input < byInput.length; input++) {
      target[input] = byInput[input][output];
    }
  }

  /**
   * Multiplies rows.
   *
   * @param x rows of at least as many elements as there are inputs
   * @param y receives rows of outputs, an array of its own for each row
   * @param rows how many
   */
  void apply(float[][] x, float[][] y, int rows) {
    for (int from = 0; from < outputs; from += OUTPUT_BLOCK) {
      int to = Math.min(outputs, from + OUTPUT_BLOCK);
      for (int row = 0; row < rows; row++) {
        Arrays.fill(y[row], from, to, 0);
      }
      for (int first = 0; first < byInput.length; first += INPUT_BLOCK) {
        int last = Math.min(byInput.length, first + INPUT_BLOCK);
        for (int row = 0; row < rows; row++) {
          addRow(x[row], first, last, y[row], from, to);
        }
      }
    }
  }

  private void addRow(float[] x, int first, int last, float[] y, int from, int to) {
    int k = first;
    for (; k + 3 < last; k += 4) {
      fourInputs(x, k, y, from, to);
    }
    for (; k < last; k++) {
      oneInput(x[k], byInput[k], y, from, to);
    }
  }

  /** Stores to one row only: loops that store to two are not vectorised by the compiler. */
  private void fourInputs(float[] x, int k, float[] y, int from, int to) {
    float[] w0 = byInput[k];
    float[] w1 = byInput[k + 1];
    float[] w2 = byInput[k + 2];
    float[] w3 = byInput[k + 3];
    float a0 = x[k];
    float a1 = x[k + 1];
    float a2 = x[k + 2];
    float a3 = x[k + 3];
    for (int o = from; o < to; o++) {
      y[o] = y[o] + (a0 * w0[o] + a1 * w1[o] + a2 * w2[o] + a3 * w3[o]);
    }
  }

  private static void oneInput(float a, float[] w, float[] y, int from, int to) {
    for (int o = from; o < to; o++) {
      y[o] = y[o] + a * w[o];
    }
  }
}
