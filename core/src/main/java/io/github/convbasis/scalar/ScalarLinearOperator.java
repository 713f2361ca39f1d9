package io.github.convbasis.scalar;

import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;

/** Sums every element in double, inputs ascending. Immutable and thread-safe. */
final class ScalarLinearOperator implements LinearOperator {
  private final float[] weights;
  private final int outputs;
  private final int inputs;

  ScalarLinearOperator(float[] weights, int outputs, int inputs) {
    this.weights = weights.clone();
    this.outputs = outputs;
    this.inputs = inputs;
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  @Override
  public void copyOutput(int output, float[] target) {
    System.arraycopy(weights, output * inputs, target, 0, inputs);
  }

  @Override
  public void apply(float[][] x, float[][] y, int rows, Parallelism parallelism) {
    parallelism.forEach(rows, row -> multiply(x[row], y[row]));
  }

  private void multiply(float[] x, float[] y) {
    for (int output = 0; output < outputs; output++) {
      double sum = 0;
      for (int input = 0; input < inputs; input++) {
        sum += (double) weights[output * inputs + input] * x[input];
      }
      y[output] = (float) sum;
    }
  }
}
