package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import java.util.stream.IntStream;

/**
 * What the backward pass of one head needs of its forward pass. Immutable and thread-safe.
 *
 * @param head query head
 * @param mode what was done, not {@link GradientMode#AUTO}
 * @param reason why
 * @param model which logits are modelled; null for exact attention
 * @param kernels of the model; null for exact attention, or to sample them again
 * @param logSums for each row the logarithm of its row sum
 * @param modelled for each row whether its modelled logits count; null for exact attention
 * @param exactRows rows whose modelled logits were replaced by exact ones, increasing
 */
record HeadContext(
    int head,
    GradientMode mode,
    String reason,
    HeadModel model,
    HeadKernels kernels,
    double[] logSums,
    boolean[] modelled,
    int[] exactRows) {

  static HeadContext exact(int head, String reason, double[] logSums) {
    return new HeadContext(head, GradientMode.EXACT, reason, null, null, logSums, null, new int[0]);
  }

  /** Returns the kernels, sampled again if they were not kept. */
  HeadKernels kernels(
      Backend backend, AttentionInputs inputs, Workspace workspace, Parallelism parallelism) {
    return kernels != null
        ? kernels
        : HeadKernels.sample(backend, inputs, head, model, workspace, parallelism);
  }

  /** Returns the rows that are not exact as a whole, null for all. */
  int[] otherRows() {
    if (exactRows.length == 0) {
      return null;
    }
    boolean[] exact = new boolean[logSums.length];
    for (int row : exactRows) {
      exact[row] = true;
    }
    return IntStream.range(0, exact.length).filter(row -> !exact[row]).toArray();
  }

  /** Returns the memory of this, in bytes. */
  long bytes() {
    long bytes = (long) Double.BYTES * logSums.length + (long) Integer.BYTES * exactRows.length;
    if (modelled != null) {
      bytes += modelled.length;
    }
    return kernels == null ? bytes : bytes + kernels.bytes();
  }

  GradientReport report() {
    int terms = model == null ? 0 : model.samples.length;
    int n = logSums.length;
    double entries = model == null ? 0 : model.exactEntries();
    double share = model == null ? 1 : Math.min(1, 2 * entries / (n * (n + 1.0)));
    return new GradientReport(head, mode, reason, terms, share, exactRows.length, bytes());
  }
}
