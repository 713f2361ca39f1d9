package io.github.convbasis.deployment;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/** A program that uses the library: chooses a backend by its first word and attends. */
public final class DeploymentProbe {
  private DeploymentProbe() {}

  /**
   * Prints the backend and one element of the output.
   *
   * @param arguments the backend's name
   */
  public static void main(String[] arguments) {
    Backend backend = Backends.select(arguments[0]);
    HeadTensor rows = HeadTensor.of(new float[] {0, 0, 6, 2}, 1, 2, 2);
    HeadTensor output = HeadTensor.allocate(true, 1, 2, 2);
    AttentionInputs inputs = AttentionInputs.causal(HeadTensor.allocate(true, 1, 2, 2), rows, rows);
    new ExactAttention(backend).forward(inputs, output, Parallelism.sequential());
    System.out.println(backend.name() + " " + output.get(0, 1, 0));
  }
}
