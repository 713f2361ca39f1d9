package io.github.convbasis.bench;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * PyTorch's causal {@code scaled_dot_product_attention} of one head on one thread, forward and
 * backward.
 */
final class PyTorchGradient {
  private final Tensor upstream;
  private final Tensor[] inputs;

  PyTorchGradient(AttentionInputs inputs, HeadTensor upstream) {
    torch.set_num_threads(1);
    // Its matrix products have threads of their own: two by default on two cores.
    openblas_nolapack.blas_set_num_threads(1);
    this.inputs =
        new Tensor[] {tensor(inputs.queries()), tensor(inputs.keys()), tensor(inputs.values())};
    for (Tensor input : this.inputs) {
      input.requires_grad_(true);
    }
    this.upstream = tensor(upstream);
  }

  private static Tensor tensor(HeadTensor rows) {
    return Tensor.create(rows.floats(), 1, 1, rows.rows(), rows.width());
  }

  /** Attends and differentiates; returns something of the gradients, so that they are computed. */
  long differentiate() {
    try (PointerScope scope = new PointerScope()) {
      return call(scope).get(0).numel();
    }
  }

  /** Attends, differentiates and copies out the gradients by queries, keys and values. */
  float[][] gradients() {
    try (PointerScope scope = new PointerScope()) {
      TensorVector tensors = call(scope);
      float[][] result = new float[inputs.length][];
      for (int i = 0; i < result.length; i++) {
        Tensor gradient = tensors.get(i).contiguous();
        result[i] = new float[(int) gradient.numel()];
        gradient.data_ptr_float().get(result[i]);
      }
      return result;
    }
  }

  private TensorVector call(PointerScope scope) {
    Tensor output =
        torch.scaled_dot_product_attention(
            inputs[0],
            inputs[1],
            inputs[2],
            new TensorOptional(),
            0.0,
            true,
            new DoubleOptional(),
            false);
    scope.attach(output);
    TensorVector gradients =
        torch.grad(
            new TensorVector(output),
            new TensorVector(inputs),
            new TensorVector(upstream),
            new BoolOptional(),
            false,
            false);
    scope.attach(gradients);
    return gradients;
  }
}
