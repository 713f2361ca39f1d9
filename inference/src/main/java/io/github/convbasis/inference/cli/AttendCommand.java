package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.decompose.SegmentSearch;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.HeadReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Attends: reads queries, keys and values, writes the output rows. */
@Command(
    name = "attend",
    mixinStandardHelpOptions = true,
    description = {
      "Compute causal attention and write the output.",
      "",
      "Without a choice of method it is exact. With --terms it is conv-basis attention: a few"
          + " columns of the logits stand for all of them; the error this makes is estimated from"
          + " exactly recomputed rows and printed per head.",
      "",
      "With --tolerance each head gets a plan of its own: which parts of the lower triangle are"
          + " computed exactly, summed up by blocks, left out, or convolved. Every plan is judged"
          + " by rows it has not seen; a head whose plan does not hold is computed exactly.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  convbasis attend --queries q.npy --keys k.npy --values v.npy --output y.npy",
      "  convbasis attend --queries q.npy --keys k.npy --values v.npy --output y.npy --terms 64",
      "  convbasis attend --queries q.npy --keys k.npy --values v.npy --output y.npy"
          + " --tolerance 0.01"
    })
final class AttendCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private RecoveryOptions recovery;
  @Mixin private PlanOptions plan;
  @Mixin private BackendOptions backend;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "Y.npy",
      description = "Output; float64 if an input is, else float32. Written whole or not at all.")
  private Path output;

  @Option(names = "--exact", description = "Exact attention (the default).")
  private boolean exact;

  @Option(
      names = "--terms",
      paramLabel = "k",
      description = "Conv-basis attention with at most k terms per head.")
  private Integer terms;

  @Option(
      names = "--mask",
      paramLabel = "causal|none",
      defaultValue = "causal",
      description =
          "none lets every row see every key (exact attention only) (default: ${DEFAULT-VALUE}).")
  private AttentionMask mask;

  @Option(
      names = "--sampled-rows",
      paramLabel = "m",
      defaultValue = "32",
      description =
          "With --terms: rows recomputed exactly for the error, in each stratum 1, 2, 4, … rows"
              + " long (default: ${DEFAULT-VALUE}).")
  private int sampledRows;

  @Option(
      names = "--seed",
      paramLabel = "n",
      defaultValue = "1",
      description =
          "Seed of the rows sampled for the error and for plans (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    requireOneMethod();
    OutputFile.requireOther(output, input.files());
    OutputFile.requireWritable(output);
    InputOptions.Loaded loaded = input.load(mask);
    AttentionInputs inputs = loaded.inputs();
    Backend chosen = backend.backend(inputs);
    HeadTensor result =
        HeadTensor.allocate(
            inputs.isSinglePrecision(),
            inputs.queries().heads(),
            inputs.rows(),
            inputs.values().width());
    if (plan.areAsked()) {
      attendPlanned(chosen, loaded, result);
      return 0;
    }
    long start = System.nanoTime();
    List<ConvAttention.HeadResult> heads =
        backend.parallel(parallelism -> attend(chosen, inputs, result, parallelism));
    double seconds = (System.nanoTime() - start) / 1e9;
    List<ErrorEstimate> errors = new ArrayList<>();
    for (ConvAttention.HeadResult head : heads) {
      errors.add(ErrorEstimate.measure(inputs, head.head(), result, sampledRows, seed));
    }
    OutputFile.write(output, result, loaded.dimensions());
    print(chosen, inputs, heads, errors, seconds);
    return 0;
  }

  private void attendPlanned(Backend chosen, InputOptions.Loaded loaded, HeadTensor result)
      throws IOException {
    AttentionInputs inputs = loaded.inputs();
    try (PlannedAttend planned = PlannedAttend.open(plan, inputs, chosen, seed)) {
      long start = System.nanoTime();
      List<HeadReport> heads = backend.parallel(parallelism -> planned.attend(result, parallelism));
      double seconds = (System.nanoTime() - start) / 1e9;
      planned.write(heads);
      OutputFile.write(output, result, loaded.dimensions());
      // Last, since the output can be replaced by another run, and plans cannot.
      planned.commit();
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        ObjectNode root = root("planned", "caller", chosen, inputs, seconds);
        root.put("tolerance", plan.tolerance());
        root.put("seed", seed);
        heads.forEach(head -> root.withArray("heads").add(PlannedReport.tree(head)));
        out.println(Report.json(root));
        return;
      }
      out.print(heading("attention at a tolerance of " + plan.tolerance(), chosen, inputs));
      out.println();
      out.print(PlannedReport.text(heads));
      out.printf("%nwrote %s in %.3f s%n", output, seconds);
    }
  }

  private void requireOneMethod() {
    plan.requireUsable();
    if (plan.areAsked() && (exact || terms != null)) {
      throw new InputException(
          "--tolerance and "
              + (exact ? "--exact" : "--terms")
              + " exclude each other; give one of them");
    }
    if (exact && terms != null) {
      throw new InputException("--exact and --terms exclude each other; give one of them");
    }
    if (terms == null && recovery.firstGiven() != null) {
      throw new InputException(
          recovery.firstGiven() + " needs --terms: it says how a basis is recovered");
    }
    if ((terms != null || plan.areAsked()) && mask != AttentionMask.CAUSAL) {
      throw new InputException(
          (terms != null ? "--terms" : "--tolerance") + " needs --mask causal, was none");
    }
  }

  /** Returns one result per head for conv-basis attention, none for exact. */
  private List<ConvAttention.HeadResult> attend(
      Backend chosen, AttentionInputs inputs, HeadTensor result, Parallelism parallelism) {
    if (terms != null) {
      ConvAttention attention = ConvAttention.of(chosen, recovery.recovery(terms));
      try (Progress progress = Progress.of("attend", inputs.queries().heads())) {
        return attention.forward(inputs, result, parallelism.reporting(progress::step));
      }
    }
    try (Progress progress = Progress.of("attend", ExactAttention.items(inputs))) {
      new ExactAttention(chosen).forward(inputs, result, parallelism.reporting(progress::step));
    }
    return List.of();
  }

  private void print(
      Backend chosen,
      AttentionInputs inputs,
      List<ConvAttention.HeadResult> heads,
      List<ErrorEstimate> errors,
      double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Report.json(tree(chosen, inputs, heads, errors, seconds)));
      return;
    }
    String method =
        terms != null
            ? "conv-basis attention, at most " + terms + " terms"
            : exact
                ? "exact attention"
                : "exact attention (the default: the most accurate; --terms k for conv-basis)";
    out.print(heading(method, chosen, inputs));
    if (!heads.isEmpty()) {
      out.println();
      out.print(table(heads, errors));
      out.println("error: relative Frobenius, " + errors.get(0).provenance());
      out.println(
          "exact part: share of the lower triangle computed from queries and keys, not from terms");
    }
    out.printf("%nwrote %s in %.3f s%n", output, seconds);
  }

  private String heading(String method, Backend chosen, AttentionInputs inputs) {
    return String.format(
        "%s%nbackend %s (%s), %d threads%nqueries %s, keys %s, values %s, scale %.6g%n",
        method,
        chosen.name(),
        chosen.description(),
        backend.threads(),
        inputs.queries(),
        inputs.keys(),
        inputs.values(),
        inputs.scale());
  }

  private static String table(List<ConvAttention.HeadResult> heads, List<ErrorEstimate> errors) {
    List<List<String>> rows = new ArrayList<>();
    for (int h = 0; h < heads.size(); h++) {
      SegmentSearch found = heads.get(h).search();
      ErrorEstimate error = errors.get(h);
      rows.add(
          List.of(
              Integer.toString(heads.get(h).head()),
              Integer.toString(found.columns()),
              Report.word(found.outcome()),
              Integer.toString(found.window()),
              String.format("%.3g", found.delta()),
              Integer.toString(found.probes()),
              String.format("%.1f %%", 100 * heads.get(h).exactShare()),
              Integer.toString(heads.get(h).exactRows()),
              String.format("%.2e", error.relativeError()),
              String.format("%.1e … %.1e", error.low(), error.high())));
    }
    return Report.table(
        List.of(
            "head",
            "terms",
            "ended",
            "T",
            "δ",
            "probes",
            "exact part",
            "exact rows",
            "error",
            "interval"),
        rows);
  }

  private ObjectNode tree(
      Backend chosen,
      AttentionInputs inputs,
      List<ConvAttention.HeadResult> heads,
      List<ErrorEstimate> errors,
      double seconds) {
    ObjectNode root =
        root(
            terms != null ? "conv-basis" : "exact",
            terms != null || exact ? "caller" : "default",
            chosen,
            inputs,
            seconds);
    for (int h = 0; h < heads.size(); h++) {
      ObjectNode node = root.withArray("heads").addObject();
      node.put("head", heads.get(h).head());
      Report.describe(node, heads.get(h).search());
      node.put("exact_share", heads.get(h).exactShare());
      node.put("exact_rows", heads.get(h).exactRows());
      ErrorEstimate error = errors.get(h);
      RecoveredReport.describe(node, error);
    }
    return root;
  }

  private ObjectNode root(
      String method, String chosenBy, Backend chosen, AttentionInputs inputs, double seconds) {
    ObjectNode root = Report.object();
    root.put("method", method);
    root.put("method_chosen_by", chosenBy);
    root.put("backend", chosen.name());
    root.put("backend_description", chosen.description());
    root.put("threads", backend.threads());
    root.put("query_heads", inputs.queries().heads());
    root.put("key_heads", inputs.keys().heads());
    root.put("n", inputs.rows());
    root.put("d", inputs.queries().width());
    root.put("value_width", inputs.values().width());
    root.put("scale", inputs.scale());
    root.put("mask", Report.word(mask));
    root.put("seconds", seconds);
    root.put("output", output.toString());
    return root;
  }
}
