package io.github.convbasis.training;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.SegmentPlan;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * The backward pass of one head. Exact entries are differentiated as such; the others are parts of
 * {@code f = D⁻¹W}, whose gradients are {@code dV = Wᵀ·Ĝ} with {@code Ĝ = G/D}, and those of
 * queries and keys by {@link OperatorGradient} or {@link SegmentGradient}.
 *
 * <p>Ĝ is scaled by a power of two so that its greatest element is about 1, and 0 in rows without
 * modelled logits: what these rows would add by rounding is not theirs to add. Mutable: one use,
 * one thread.
 */
final class HeadBackward {
  private static final int ROWS_PER_ITEM = 512;

  final Backend backend;
  final AttentionInputs inputs;
  final HeadContext context;
  final HeadModel model;
  final HeadTensor upstream;
  final Gradients gradients;
  final Workspace workspace;
  final Parallelism parallelism;
  final int head;
  final int keyHead;
  final int n;

  /** {@code ⟨G_i, O_i⟩}. */
  final double[] dots;

  HeadKernels kernels;

  /** Ĝ scaled, one head. */
  HeadTensor scaled;

  /** {@code dots/D}, scaled alike. */
  double[] scaledDots;

  /** What scaled gradients are to be multiplied with. */
  double factor;

  HeadBackward(
      Backend backend,
      AttentionInputs inputs,
      HeadContext context,
      HeadTensor output,
      HeadTensor upstream,
      Gradients gradients,
      Workspace workspace,
      Parallelism parallelism) {
    this.backend = backend;
    this.inputs = inputs;
    this.context = context;
    this.upstream = upstream;
    this.gradients = gradients;
    this.workspace = workspace;
    this.parallelism = parallelism;
    model = context.model();
    head = context.head();
    keyHead = inputs.keyHead(head);
    n = inputs.rows();
    dots = new double[n];
    forRows(
        (from, to) -> {
          double[] row = new double[upstream.width()];
          for (int i = from; i < to; i++) {
            output.copyRow(head, i, row);
            dots[i] = upstream.dot(head, i, row);
          }
        });
  }

  /** Does something with all rows, some at a time. */
  void forRows(Parallelism.RangeConsumer body) {
    parallelism.forEachRange(n, ROWS_PER_ITEM, body);
  }

  /** Allocates one head of n rows in the precision of the inputs. */
  HeadTensor rows(int width) {
    return HeadTensor.allocate(inputs.isSinglePrecision(), 1, n, width);
  }

  /** Adds the gradients of the head. */
  void add() {
    if (model == null) {
      addExact(GradientEntries.all());
      return;
    }
    if (context.exactRows().length > 0) {
      addExact(GradientEntries.ofRows(context.exactRows()));
    }
    for (GradientEntries entries : model.entries(context.otherRows())) {
      addExact(entries);
    }
    if (scale()) {
      addModelled();
    }
  }

  private void addExact(GradientEntries entries) {
    backend.exactGradients(
        inputs,
        head,
        entries,
        context.logSums(),
        dots,
        upstream,
        gradients.queries(),
        gradients.keys(),
        gradients.values(),
        workspace,
        parallelism);
  }

  /** Sets Ĝ; returns false if nothing that is modelled has a gradient. */
  private boolean scale() {
    int width = upstream.width();
    double[] row = new double[width];
    double greatest = 0;
    boolean any = false;
    for (int i = 0; i < n; i++) {
      any |= context.modelled()[i];
    }
    if (!any) {
      return false;
    }
    kernels = context.kernels(backend, inputs, workspace, parallelism);
    double[] inverses = new double[n];
    for (int i = 0; i < n; i++) {
      if (context.modelled()[i]) {
        inverses[i] = Math.exp(kernels.shift() - context.logSums()[i]);
        upstream.copyRow(head, i, row);
        double size = Math.abs(dots[i]);
        for (double element : row) {
          size = Math.max(size, Math.abs(element));
        }
        greatest = Math.max(greatest, size * inverses[i]);
      }
    }
    if (!(greatest < Double.POSITIVE_INFINITY)) {
      throw new ArithmeticException("upstream gradient of head " + head + " overflows");
    }
    if (greatest < Double.MIN_NORMAL) {
      return false;
    }
    int exponent = Math.getExponent(greatest);
    factor = Math.scalb(1.0, exponent);
    scaled = rows(width);
    scaledDots = new double[n];
    forRows(
        (from, to) -> {
          double[] elements = new double[width];
          for (int i = from; i < to; i++) {
            upstream.copyRow(head, i, elements);
            for (int c = 0; c < width; c++) {
              elements[c] = Math.scalb(elements[c] * inverses[i], -exponent);
            }
            scaled.setRow(0, i, elements);
            scaledDots[i] = Math.scalb(dots[i] * inverses[i], -exponent);
          }
        });
    return true;
  }

  private void addModelled() {
    SegmentPlan plan = backend.segmentConvolution(kernels.weights());
    HeadTensor product = rows(upstream.width());
    plan.applyTranspose(scaled, product, 0, workspace, parallelism);
    HeadTensor values = gradients.values();
    forRows(
        (from, to) -> {
          double[] sum = new double[values.width()];
          for (int j = from; j < to; j++) {
            values.copyRow(keyHead, j, sum);
            product.addScaledRow(0, j, factor, sum);
            values.setRow(keyHead, j, sum);
          }
        });
    if (context.mode() == GradientMode.OPERATOR) {
      new OperatorGradient(this, plan).add();
    } else {
      new SegmentGradient(this, plan).add();
    }
  }

  /** Adds scaled sums of rows, {@code target_i += factor·scale·sums_i}. */
  void addRow(HeadTensor target, int targetHead, int row, double[] sums, double[] work) {
    target.copyRow(targetHead, row, work);
    double weight = factor * inputs.scale();
    for (int c = 0; c < target.width(); c++) {
      work[c] += weight * sums[c];
    }
    target.setRow(targetHead, row, work);
  }
}
