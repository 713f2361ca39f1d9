package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.attention.AttentionWorkspace;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.model.AttentionStep;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.plan.WeightMap;
import io.github.convbasis.inference.plan.WeightPicture;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Plots: paints a head's attention weights beside those of its plan. */
@Command(
    name = "plot",
    mixinStandardHelpOptions = true,
    description = {
      "Paint the attention weights of one head beside those of its plan at a tolerance, and the"
          + " plan's tiles, into a PNG file. Colours are logarithmic from 1e-6 to 1. Costs n³"
          + " multiply-adds.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  convbasis plot --output head.png --layer 1 --head 0",
      "  convbasis plot --output head.png --queries Q.npy --keys K.npy --values V.npy"
    })
final class PlotCommand implements Callable<Integer> {
  /** Reading, planning, painting. */
  private static final int STEPS = 3;

  @Spec private CommandSpec spec;
  @Mixin private BackendOptions backend;
  @Mixin private ModelOptions source;
  @Mixin private TextOptions textSource;

  @ArgGroup(exclusive = false, heading = "Arrays instead of a model:%n")
  private InputOptions arrays;

  @Option(
      names = "--tokens",
      paramLabel = "n",
      description = "How many tokens (default: the model's context, or the whole text if shorter).")
  private Integer tokens;

  @Option(
      names = "--layer",
      paramLabel = "l",
      defaultValue = "0",
      description = "Layer of the model, from 0 (default: ${DEFAULT-VALUE}).")
  private int layer;

  @Option(
      names = "--head",
      paramLabel = "h",
      defaultValue = "0",
      description = "Query head, from 0 (default: ${DEFAULT-VALUE}).")
  private int head;

  @Option(
      names = "--tolerance",
      paramLabel = "τ",
      defaultValue = "0.1",
      description = "What the plan is for (default: ${DEFAULT-VALUE}).")
  private double tolerance;

  @Option(
      names = "--overhead",
      paramLabel = "s",
      defaultValue = "2",
      description =
          "Share of exact attention that planning and judging may cost (default:"
              + " ${DEFAULT-VALUE}).")
  private double overhead;

  @Option(
      names = "--pixel",
      paramLabel = "maximum|mean",
      defaultValue = "maximum",
      description =
          "What a pixel shows of the weights it covers, beyond 1,024 rows (default:"
              + " ${DEFAULT-VALUE}).")
  private WeightMap.Reduction reduction;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FILE.png",
      description = "The picture; it appears whole or not at all.")
  private Path output;

  @Option(
      names = "--seed",
      paramLabel = "n",
      defaultValue = "1",
      description = "Seed of the rows that judge the plan (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (!(tolerance > 0 && tolerance < 1)) {
      throw new InputException(
          "--tolerance must be greater than 0 and less than 1, was " + tolerance);
    }
    if (!(overhead > 0)) {
      throw new InputException("--overhead must be greater than 0, was " + overhead);
    }
    OutputFile.requireWritable(output);
    HeadReport report;
    try (Progress progress = Progress.of("plot", STEPS)) {
      AttentionInputs inputs;
      Backend chosen;
      if (arrays == null) {
        chosen = backend.select();
        inputs = backend.parallel(parallelism -> ofModel(chosen, parallelism));
      } else {
        OutputFile.requireOther(output, arrays.files());
        inputs = ofArrays();
        chosen = backend.backend(inputs);
      }
      progress.step();
      report = plot(inputs, Planner.of(chosen, tolerance).withMostOverhead(overhead), progress);
    }
    print(report, report.plan().rows());
    return 0;
  }

  private HeadReport plot(AttentionInputs inputs, Planner planner, Progress progress)
      throws IOException {
    HeadReport report = backend.parallel(parallelism -> plan(planner, inputs, parallelism));
    progress.step();
    paint(planner, inputs, report.plan());
    progress.step();
    return report;
  }

  private AttentionInputs ofArrays() {
    AttentionInputs inputs = arrays.load(AttentionMask.CAUSAL).inputs();
    requireIndex("--head", head, inputs.queries().heads());
    return inputs.head(head);
  }

  private static void requireIndex(String option, int index, int count) {
    if (index < 0 || index >= count) {
      throw new InputException(
          String.format("%s must be from 0 to %d, was %d", option, count - 1, index));
    }
  }

  private AttentionInputs ofModel(Backend chosen, Parallelism parallelism) {
    try (LoadedModel loaded = source.load(chosen)) {
      return ofModel(loaded, chosen, parallelism);
    }
  }

  private AttentionInputs ofModel(LoadedModel loaded, Backend chosen, Parallelism parallelism) {
    LlamaModel model = loaded.model();
    LlamaConfig config = model.config();
    requireIndex("--layer", layer, config.layers());
    requireIndex("--head", head, config.heads());
    int context = config.contextLength();
    if (tokens != null && (tokens < 1 || tokens > context)) {
      throw new InputException(
          String.format(
              "--tokens must be from 1 to the %d of the model's context, was %d", context, tokens));
    }
    int least = tokens == null ? 1 : tokens;
    int[] text = textSource.tokens(loaded.tokenizer(), 0, least, tokens == null ? context : tokens);
    AttentionStep exact = AttentionStep.exact(chosen);
    AttentionInputs[] seen = new AttentionInputs[1];
    model.runLayers(
        text,
        layer + 1,
        (index, queries, keys, values, result, tasks) -> {
          if (index == layer) {
            // Nothing runs after the last layer that is asked for, so its tensors stay as they are.
            seen[0] = AttentionInputs.causal(queries, keys, values).head(head);
          } else {
            exact.attend(index, queries, keys, values, result, tasks);
          }
        },
        parallelism);
    return seen[0];
  }

  private HeadReport plan(Planner planner, AttentionInputs inputs, Parallelism parallelism) {
    HeadTensor result =
        HeadTensor.allocate(inputs.isSinglePrecision(), 1, inputs.rows(), inputs.values().width());
    AttentionWorkspace workspace = AttentionWorkspace.of(planner.backend());
    PlannedAttention attention = PlannedAttention.of(planner).withSeed(seed);
    return attention.forward(inputs, result, workspace, parallelism).get(0);
  }

  private void paint(Planner planner, AttentionInputs inputs, AttentionPlan plan)
      throws IOException {
    WeightMap[] maps =
        backend.parallel(
            parallelism ->
                new WeightMap[] {
                  map(planner, inputs, null, parallelism), map(planner, inputs, plan, parallelism)
                });
    WeightPicture.write(output, maps[0], maps[1], plan, reduction);
  }

  private WeightMap map(
      Planner planner, AttentionInputs inputs, AttentionPlan plan, Parallelism parallelism) {
    return WeightMap.of(
        planner.backend(),
        inputs,
        plan == null ? null : planner.model(inputs, 0, plan, parallelism),
        WeightPicture.MOST_PIXELS,
        reduction,
        parallelism);
  }

  private void print(HeadReport report, int n) {
    if (json) {
      ObjectNode root = PlannedReport.tree(report);
      root.put("head", head);
      root.put("n", n);
      root.put("pixel", Report.word(reduction));
      root.put("output", output.toString());
      spec.commandLine().getOut().println(Report.json(root));
      return;
    }
    spec.commandLine()
        .getOut()
        .printf(
            "head %d, %d rows, plan within %s: %s%nwrote %s%n",
            head, n, tolerance, PlannedReport.brief(report.plan()), output);
  }
}
