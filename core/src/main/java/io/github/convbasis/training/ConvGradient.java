package io.github.convbasis.training;

import io.github.convbasis.attention.LogitColumns;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Differentiates conv-basis attention of causal heads without the n × n matrix, in one of the modes
 * of {@link GradientMode}.
 *
 * <p>Logits are modelled by kernels, each of them one column of logits; lags below a band and
 * chosen columns are exact. Rows are exact as a whole where rounding of transforms could show in
 * them, by more than a guard tolerance. Exact entries are differentiated as such in every mode.
 *
 * <p>Forward O(terms·n·d·log n) and O(d) for each exact entry; backward as the mode says; memory
 * O(terms·n + n·d). Immutable and thread-safe; deterministic for one backend, bit for bit with any
 * number of tasks.
 */
public final class ConvGradient {
  private final Backend backend;
  private final ConvBasisRecovery recovery;
  private final List<AttentionPlan> plans;
  private final GradientMode mode;
  private final Retention retention;
  private final int band;
  private final int[] exactColumns;
  private final double guardTolerance;

  private ConvGradient(
      Backend backend,
      ConvBasisRecovery recovery,
      List<AttentionPlan> plans,
      GradientMode mode,
      Retention retention,
      int band,
      int[] exactColumns,
      double guardTolerance) {
    this.backend = Objects.requireNonNull(backend, "backend");
    this.recovery = recovery;
    this.plans = plans;
    this.mode = Objects.requireNonNull(mode, "mode");
    this.retention = Objects.requireNonNull(retention, "retention");
    this.band = band;
    this.exactColumns = exactColumns;
    this.guardTolerance = guardTolerance;
  }

  /**
   * Models heads by recovered segments, without a band and exact columns; mode AUTO, kernels kept,
   * the backend's guard tolerance.
   *
   * @param backend what computes
   * @param recovery how segments are found; whatever it says of a first segment of zeros, every
   *     kernel is a column
   * @return the gradient
   */
  public static ConvGradient of(Backend backend, ConvBasisRecovery recovery) {
    return new ConvGradient(
        backend,
        Objects.requireNonNull(recovery, "recovery"),
        null,
        GradientMode.AUTO,
        Retention.KEPT,
        0,
        new int[0],
        backend.defaultGuardTolerance());
  }

  /**
   * Models heads by plans for inference. A plan has a gradient if its tiles outside a band and
   * exact columns are all convolutions whose kernels are columns of logits, or all negligible; a
   * head with any other plan is exact, and its report says why. The model has all exact that the
   * plan has, but its band is as wide as the farthest exact tile.
   *
   * @param backend what computes
   * @param plans one for each query head, for at least as many rows as there will be
   * @return the gradient
   */
  public static ConvGradient of(Backend backend, List<AttentionPlan> plans) {
    return new ConvGradient(
        backend,
        null,
        List.copyOf(plans),
        GradientMode.AUTO,
        Retention.KEPT,
        0,
        new int[0],
        backend.defaultGuardTolerance());
  }

  /**
   * Sets what is differentiated.
   *
   * @param newMode the mode; all but AUTO are used whatever they cost
   * @return a changed copy
   */
  public ConvGradient withMode(GradientMode newMode) {
    return new ConvGradient(
        backend, recovery, plans, newMode, retention, band, exactColumns, guardTolerance);
  }

  /**
   * Sets what is kept for the backward pass.
   *
   * @param newRetention kept or recomputed
   * @return a changed copy
   */
  public ConvGradient withRetention(Retention newRetention) {
    return new ConvGradient(
        backend, recovery, plans, mode, newRetention, band, exactColumns, guardTolerance);
  }

  /**
   * Makes logits near the diagonal exact.
   *
   * @param lags how many, from the diagonal on, at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative, or plans are given
   */
  public ConvGradient withBand(int lags) {
    requireRecovery("band");
    if (lags < 0) {
      throw new IllegalArgumentException("band must be at least 0, was " + lags);
    }
    return new ConvGradient(
        backend, recovery, plans, mode, retention, lags, exactColumns, guardTolerance);
  }

  /**
   * Makes columns exact for every row, such as sinks. A segment that begins with one is sampled at
   * its first column that is not exact.
   *
   * @param columns columns, increasing from 0 or more
   * @return a changed copy
   * @throws IllegalArgumentException if they do not increase, or plans are given
   */
  public ConvGradient withExactColumns(int... columns) {
    requireRecovery("exactColumns");
    for (int i = 0; i < columns.length; i++) {
      int least = i == 0 ? 0 : columns[i - 1] + 1;
      if (columns[i] < least) {
        throw new IllegalArgumentException(
            String.format("exactColumns[%d] must be at least %d, was %d", i, least, columns[i]));
      }
    }
    return new ConvGradient(
        backend, recovery, plans, mode, retention, band, columns.clone(), guardTolerance);
  }

  private void requireRecovery(String name) {
    if (recovery == null) {
      throw new IllegalArgumentException(name + " must not be set where plans are given");
    }
  }

  /**
   * Sets the rounding error from which a row is exact, relative to the greatest |V| it sees.
   *
   * @param tolerance greater than 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is not greater than 0
   */
  public ConvGradient withGuardTolerance(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("guardTolerance must be greater than 0, was " + tolerance);
    }
    return new ConvGradient(
        backend, recovery, plans, mode, retention, band, exactColumns, tolerance);
  }

  /** What a backward pass needs of the forward pass. Immutable and thread-safe. */
  public static final class Context {
    private final String backend;
    private final AttentionInputs inputs;
    private final HeadTensor output;
    private final HeadContext[] heads;

    private Context(
        String backend, AttentionInputs inputs, HeadTensor output, HeadContext[] heads) {
      this.backend = backend;
      this.inputs = inputs;
      this.output = output;
      this.heads = heads;
    }

    /**
     * Returns the memory of this context beside inputs and output, which it refers to.
     *
     * @return for each row of each head 8 bytes, 1 more if its logits are modelled and 4 more if it
     *     is an exact one of these; and 8 for each entry of a kernel that is kept
     */
    public long contextBytes() {
      return Arrays.stream(heads).mapToLong(HeadContext::bytes).sum();
    }

    /**
     * Returns the rows whose modelled logits were replaced by exact ones.
     *
     * @param head query head, from 0
     * @return a copy, increasing; empty if the whole head is exact
     */
    public int[] exactRows(int head) {
      return heads[head].exactRows().clone();
    }

    /**
     * Says what happened in each head.
     *
     * @return one report for each query head
     */
    public List<GradientReport> reports() {
      return Arrays.stream(heads).map(HeadContext::report).toList();
    }
  }

  /**
   * Attends all heads, with scratch of its own.
   *
   * @param inputs causal queries, keys, values, scale; must not change before the backward pass
   * @param output receives query heads × n × value width; must not change either
   * @param parallelism how many tasks may work inside a head
   * @return what the backward pass needs
   * @throws IllegalArgumentException if the output has another shape or overlapping rows, the mask
   *     is not causal, a plan or an exact column does not fit n or the recovery does not
   * @throws ArithmeticException if a logit or a result overflows
   */
  public Context forward(AttentionInputs inputs, HeadTensor output, Parallelism parallelism) {
    return forward(inputs, output, backend.newWorkspace(), parallelism);
  }

  /**
   * Attends all heads.
   *
   * @param inputs causal queries, keys, values, scale; must not change before the backward pass
   * @param output receives query heads × n × value width; must not change either
   * @param workspace from the backend; nothing in it is needed for the backward pass
   * @param parallelism how many tasks may work inside a head
   * @return what the backward pass needs
   * @throws IllegalArgumentException if the output has another shape or overlapping rows, the mask
   *     is not causal, a plan or an exact column does not fit n or the recovery does not
   * @throws ArithmeticException if a logit or a result overflows
   */
  public Context forward(
      AttentionInputs inputs, HeadTensor output, Workspace workspace, Parallelism parallelism) {
    if (inputs.mask() != AttentionMask.CAUSAL) {
      throw new IllegalArgumentException("mask must be CAUSAL, was " + inputs.mask());
    }
    inputs.requireOutput(output);
    int heads = inputs.queries().heads();
    requireFitting(heads, inputs.rows());
    HeadContext[] contexts = new HeadContext[heads];
    for (int head = 0; head < heads; head++) {
      contexts[head] = forward(inputs, head, output, workspace, parallelism);
    }
    return new Context(backend.name(), inputs, output, contexts);
  }

  private void requireFitting(int heads, int n) {
    if (exactColumns.length > 0 && exactColumns[exactColumns.length - 1] >= n) {
      throw new IllegalArgumentException(
          String.format(
              "exactColumns must be below n = %d, was %d",
              n, exactColumns[exactColumns.length - 1]));
    }
    if (plans == null) {
      return;
    }
    if (plans.size() != heads) {
      throw new IllegalArgumentException(
          "plans must be " + heads + " like the query heads, were " + plans.size());
    }
    for (int head = 0; head < heads; head++) {
      if (plans.get(head).rows() < n) {
        throw new IllegalArgumentException(
            String.format(
                "plans[%d] must be for at least n = %d rows, was for %d",
                head, n, plans.get(head).rows()));
      }
    }
  }

  private HeadContext forward(
      AttentionInputs inputs,
      int head,
      HeadTensor output,
      Workspace workspace,
      Parallelism parallelism) {
    Exact exact = reason -> exact(inputs, head, output, reason, workspace, parallelism);
    if (mode == GradientMode.EXACT) {
      return exact.attend("asked for");
    }
    HeadModel model;
    if (plans == null) {
      model = recovered(inputs, head, workspace, parallelism);
    } else {
      PlanModel planned = PlanModel.of(plans.get(head).firstRows(inputs.rows()));
      if (planned.model() == null) {
        return exact.attend(planned.reason());
      }
      model = planned.model();
    }
    HeadForward forward =
        new HeadForward(backend, inputs, head, model, output, workspace, parallelism);
    if (mode != GradientMode.AUTO) {
      return forward.attend(mode, "asked for", guardTolerance, retention);
    }
    double ratio = operatorBesideExact(inputs, model, 0);
    if (ratio >= 1) {
      return exact.attend(dear(ratio));
    }
    String reason = String.format("predicted to cost %.2g of exact attention", ratio);
    HeadContext context = forward.attend(GradientMode.OPERATOR, reason, guardTolerance, retention);
    ratio = operatorBesideExact(inputs, model, context.exactRows().length);
    return ratio < 1
        ? context
        : exact.attend(dear(ratio) + ", with " + context.exactRows().length + " exact rows");
  }

  private static String dear(double ratio) {
    return String.format("OPERATOR is predicted to cost %.2g times as much", ratio);
  }

  /** Attends one head exactly. */
  @FunctionalInterface
  private interface Exact {
    HeadContext attend(String reason);
  }

  private HeadModel recovered(
      AttentionInputs inputs, int head, Workspace workspace, Parallelism parallelism) {
    int[] starts =
        recovery
            .search(new LogitColumns(backend, inputs, head, workspace, parallelism))
            .starts()
            .stream()
            .mapToInt(Integer::intValue)
            .toArray();
    int[] own = new int[starts.length];
    Arrays.setAll(own, r -> r);
    return HeadModel.of(inputs.rows(), starts, own, band, exactColumns);
  }

  private double operatorBesideExact(AttentionInputs inputs, HeadModel model, int exactRows) {
    int n = inputs.rows();
    GradientCosts costs =
        GradientCosts.of(backend, n, inputs.keys().width(), inputs.values().width());
    double entries = model.exactEntries() + (double) exactRows * n / 2;
    return costs.operator(Math.max(1, model.starts.length), entries) / costs.exact();
  }

  private HeadContext exact(
      AttentionInputs inputs,
      int head,
      HeadTensor output,
      String reason,
      Workspace workspace,
      Parallelism parallelism) {
    double[] logSums = new double[inputs.rows()];
    backend.attendEntries(
        inputs, head, GradientEntries.all(), output, logSums, workspace, parallelism);
    return HeadContext.exact(head, reason, logSums);
  }

  /**
   * Adds the gradients of a loss, with scratch of its own. Those of a key head sum over its query
   * heads, ascending.
   *
   * @param context from a forward pass of a gradient on the same backend
   * @param upstream gradient of the loss by the output, shaped like it
   * @param gradients receives what is added; must share nothing with other arguments
   * @param parallelism how many tasks may work inside a head
   * @throws IllegalArgumentException if a shape differs, an element is not finite or the context is
   *     of another backend
   * @throws ArithmeticException if a gradient overflows; gradients are unspecified then
   */
  public void backward(
      Context context, HeadTensor upstream, Gradients gradients, Parallelism parallelism) {
    backward(context, upstream, gradients, backend.newWorkspace(), parallelism);
  }

  /**
   * Adds the gradients of a loss. Those of a key head sum over its query heads, ascending.
   *
   * @param context from a forward pass of a gradient on the same backend
   * @param upstream gradient of the loss by the output, shaped like it
   * @param gradients receives what is added; must share nothing with other arguments
   * @param workspace from the backend
   * @param parallelism how many tasks may work inside a head
   * @throws IllegalArgumentException if a shape differs, an element is not finite or the context is
   *     of another backend
   * @throws ArithmeticException if a gradient overflows; gradients are unspecified then
   */
  public void backward(
      Context context,
      HeadTensor upstream,
      Gradients gradients,
      Workspace workspace,
      Parallelism parallelism) {
    if (!context.backend.equals(backend.name())) {
      throw new IllegalArgumentException(
          String.format(
              "context must be of backend %s, was of %s", backend.name(), context.backend));
    }
    AttentionInputs inputs = context.inputs;
    Gradients.requireUpstream(upstream, context.output);
    gradients.requireFor(inputs);
    for (HeadContext head : context.heads) {
      new HeadBackward(
              backend, inputs, head, context.output, upstream, gradients, workspace, parallelism)
          .add();
    }
    gradients.requireNoOverflow();
  }
}
