package io.github.convbasis.bench;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** PyTorch's causal {@code scaled_dot_product_attention} of one head on one thread. */
final class PyTorchAttention {
  private final Tensor queries;
  private final Tensor keys;
  private final Tensor values;

  PyTorchAttention(AttentionInputs inputs) {
    torch.set_num_threads(1);
    // Its matrix products have threads of their own: two by default on two cores.
    openblas_nolapack.blas_set_num_threads(1);
    queries = tensor(inputs.queries());
    keys = tensor(inputs.keys());
    values = tensor(inputs.values());
  }

  private static Tensor tensor(HeadTensor rows) {
    return Tensor.create(rows.floats(), 1, 1, rows.rows(), rows.width());
  }

  /** Attends; returns something of the output, so that it is computed. */
  long attend() {
    try (PointerScope scope = new PointerScope()) {
      return call(scope).numel();
    }
  }

  /** Attends and copies the output out. */
  float[] result() {
    try (PointerScope scope = new PointerScope()) {
      Tensor result = call(scope);
      float[] output = new float[(int) result.numel()];
      result.contiguous().data_ptr_float().get(output);
      return output;
    }
  }

  private Tensor call(PointerScope scope) {
    Tensor result =
        torch.scaled_dot_product_attention(
            queries, keys, values, new TensorOptional(), 0.0, true, new DoubleOptional(), false);
    scope.attach(result);
    return result;
  }
}
