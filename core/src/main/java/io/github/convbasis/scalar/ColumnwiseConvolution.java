package io.github.convbasis.scalar;

import io.github.convbasis.backend.ConvolutionPlan;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.HeadTensor;

/** Applies a plan of its own to each column. Immutable and thread-safe. */
final class ColumnwiseConvolution implements ConvolutionPlan {
  private final ConvolutionPlan[] plans;

  ColumnwiseConvolution(ConvolutionPlan[] plans) {
    this.plans = plans;
  }

  @Override
  public int size() {
    return plans[0].size();
  }

  @Override
  public void apply(
      HeadTensor x, HeadTensor y, int head, Workspace workspace, Parallelism parallelism) {
    eachColumn(x, y, head, workspace, parallelism, false);
  }

  @Override
  public void applyTranspose(
      HeadTensor y, HeadTensor z, int head, Workspace workspace, Parallelism parallelism) {
    eachColumn(y, z, head, workspace, parallelism, true);
  }

  private void eachColumn(
      HeadTensor input,
      HeadTensor output,
      int head,
      Workspace workspace,
      Parallelism parallelism,
      boolean transpose) {
    int n = size();
    HeadTensor results = HeadTensor.allocate(false, plans.length, n, 1);
    parallelism.forEach(
        plans.length,
        column -> {
          double[] copy = new double[n];
          for (int row = 0; row < n; row++) {
            copy[row] = input.get(head, row, column);
          }
          HeadTensor single = HeadTensor.of(copy, 1, n, 1);
          HeadTensor result = results.head(column);
          Parallelism alone = Parallelism.sequential();
          if (transpose) {
            plans[column].applyTranspose(single, result, 0, workspace, alone);
          } else {
            plans[column].apply(single, result, 0, workspace, alone);
          }
        });
    double[] line = new double[plans.length];
    for (int row = 0; row < n; row++) {
      for (int column = 0; column < plans.length; column++) {
        line[column] = results.get(column, row, 0);
      }
      output.setRow(head, row, line);
    }
  }
}
