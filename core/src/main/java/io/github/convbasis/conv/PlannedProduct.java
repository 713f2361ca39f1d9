package io.github.convbasis.conv;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;

/**
 * A plan with the checks of its arguments, which plans leave to their callers. Immutable and
 * thread-safe.
 */
final class PlannedProduct {
  private final Backend backend;
  private final ConvolutionPlan plan;
  // 0: any number.
  private final int columns;

  PlannedProduct(Backend backend, ConvolutionPlan plan, int columns) {
    this.backend = backend;
    this.plan = plan;
    this.columns = columns;
  }

  int size() {
    return plan.size();
  }

  void apply(
      HeadTensor input,
      HeadTensor output,
      boolean transpose,
      Workspace workspace,
      Parallelism parallelism) {
    requireShape("input", input, input);
    requireShape("output", output, input);
    requireSeparate(input, output);
    input.requireFinite("input");
    for (int head = 0; head < input.heads(); head++) {
      if (transpose) {
        plan.applyTranspose(input, output, head, workspace, parallelism);
      } else {
        plan.apply(input, output, head, workspace, parallelism);
      }
    }
  }

  double[] apply(double[] input, int width, boolean transpose) {
    int n = plan.size();
    if (width < 1 || columns != 0 && width != columns) {
      throw new IllegalArgumentException(
          columns == 0
              ? "columns must be at least 1, was " + width
              : "columns must be " + columns + " like kernels, was " + width);
    }
    if (input.length != (long) n * width) {
      throw new IllegalArgumentException(
          String.format(
              "input must have %d × %d = %d elements, was %d",
              n, width, (long) n * width, input.length));
    }
    double[] output = new double[input.length];
    apply(
        HeadTensor.of(input, 1, n, width),
        HeadTensor.of(output, 1, n, width),
        transpose,
        backend.newWorkspace(),
        Parallelism.sequential());
    return output;
  }

  private void requireShape(String name, HeadTensor tensor, HeadTensor input) {
    int width = columns == 0 ? input.width() : columns;
    if (tensor.heads() != input.heads()
        || tensor.rows() != plan.size()
        || tensor.width() != width) {
      throw new IllegalArgumentException(
          String.format(
              "%s must be %d × %d × %d, was %s", name, input.heads(), plan.size(), width, tensor));
    }
  }

  private static void requireSeparate(HeadTensor input, HeadTensor output) {
    if (!output.rowsAreDisjoint()) {
      throw new IllegalArgumentException("output must have disjoint rows, was overlapping");
    }
    boolean sameArray =
        input.isSinglePrecision() == output.isSinglePrecision()
            && (input.isSinglePrecision()
                ? input.floats() == output.floats()
                : input.doubles() == output.doubles());
    if (sameArray) {
      throw new IllegalArgumentException(
          "output must lie in another array than input, was in the same");
    }
  }
}
