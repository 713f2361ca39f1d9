package io.github.convbasis.inference.embed;

import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.attention.AttentionWorkspace.HeadScratch;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Attends to all rows of a layer in the way of one {@link AttentionChoice}. One call at a time. */
interface PromptAttention {
  /** Attends and says what was done, with the time it took. */
  LayerReport attend(
      int layer,
      AttentionInputs inputs,
      HeadTensor output,
      AttentionWorkspace workspace,
      Parallelism parallelism);

  /** Every logit, under any mask. */
  final class Exact implements PromptAttention {
    private final ExactAttention attention;

    Exact(Backend backend) {
      attention = new ExactAttention(backend);
    }

    @Override
    public LayerReport attend(
        int layer,
        AttentionInputs inputs,
        HeadTensor output,
        AttentionWorkspace workspace,
        Parallelism parallelism) {
      long start = System.nanoTime();
      HeadScratch scratch = workspace.take();
      attention.forward(inputs, output, scratch.workspace, parallelism);
      workspace.give(scratch);
      return new LayerReport(layer, List.of(), List.of(), System.nanoTime() - start, 0);
    }
  }

  /** A plan for each head. */
  final class Planned implements PromptAttention {
    private final PlannedAttention attention;
    private final boolean reusing;

    /** For each layer that was attended the attention that starts from its last plans. */
    private final Map<Integer, PlannedAttention> earlier = new HashMap<>();

    Planned(PlannedAttention attention, boolean reusing) {
      this.attention = attention;
      this.reusing = reusing;
    }

    @Override
    public LayerReport attend(
        int layer,
        AttentionInputs inputs,
        HeadTensor output,
        AttentionWorkspace workspace,
        Parallelism parallelism) {
      long start = System.nanoTime();
      List<HeadReport> heads =
          earlier.getOrDefault(layer, attention).forward(inputs, output, workspace, parallelism);
      if (reusing) {
        List<AttentionPlan> plans = heads.stream().map(HeadReport::plan).toList();
        earlier.put(layer, attention.withPlans(plans));
      }
      return new LayerReport(layer, heads, List.of(), System.nanoTime() - start, 0);
    }
  }

  /** A recovered basis for each head. */
  final class Recovered implements PromptAttention {
    private final ConvAttention attention;
    private final int rowsPerStratum;
    private final long seed;

    Recovered(ConvAttention attention, int rowsPerStratum, long seed) {
      this.attention = attention;
      this.rowsPerStratum = rowsPerStratum;
      this.seed = seed;
    }

    @Override
    public LayerReport attend(
        int layer,
        AttentionInputs inputs,
        HeadTensor output,
        AttentionWorkspace workspace,
        Parallelism parallelism) {
      long start = System.nanoTime();
      List<ConvAttention.HeadResult> results =
          attention.forward(inputs, output, workspace, parallelism);
      long attended = System.nanoTime();
      RecoveredHead[] heads = new RecoveredHead[results.size()];
      if (rowsPerStratum == 0) {
        Arrays.setAll(heads, head -> new RecoveredHead(results.get(head), null));
        return new LayerReport(layer, List.of(), List.of(heads), attended - start, 0);
      }
      parallelism.forEach(
          heads.length,
          head ->
              heads[head] =
                  new RecoveredHead(
                      results.get(head),
                      ErrorEstimate.measure(inputs, head, output, rowsPerStratum, seed)));
      long sampling = System.nanoTime() - attended;
      return new LayerReport(layer, List.of(), List.of(heads), attended - start, sampling);
    }
  }
}
