package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.plan.Planner;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures tokens per second of prompts and of generation. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measure tokens per second in the manner of llama-bench: reading a prompt of n tokens (ppn)"
          + " and generating n tokens from an empty cache (tgn), after a warm-up, as mean ± standard"
          + " deviation over repetitions.",
      "",
      "Prompts are read with exact attention and, with --tolerance (--overhead 0.1 unless given) or"
          + " --terms, with others beside it; generating always attends exactly. Tokens are those of a text, since what conv-basis"
          + " attention costs depends on them.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  convbasis bench",
      "  convbasis bench --model DIR --pp 512,2048 --tg 128 --threads 8 --format csv",
      "  convbasis bench --pp 2048 --tolerance 0.1 --terms 64"
    })
final class BenchCommand implements Callable<Integer> {
  private static final double[] NONE = {};

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions source;
  @Mixin private TextOptions textSource;
  @Mixin private AttentionListOptions attention;
  @Mixin private BackendOptions backend;

  @Option(
      names = "--pp",
      paramLabel = "n",
      split = ",",
      defaultValue = "512",
      description = "Lengths of prompts; 0 for none (default: ${DEFAULT-VALUE}).")
  private int[] prompts;

  @Option(
      names = "--tg",
      paramLabel = "n",
      split = ",",
      defaultValue = "128",
      description = "Numbers of tokens to generate; 0 for none (default: ${DEFAULT-VALUE}).")
  private int[] generations;

  @Option(
      names = "--chunk",
      paramLabel = "n",
      defaultValue = "512",
      description =
          "Most tokens of a prompt that are worked on at once with exact attention; others attend to"
              + " a whole prompt (default: ${DEFAULT-VALUE}).")
  private int chunk;

  @Option(
      names = "--repetitions",
      paramLabel = "r",
      defaultValue = "5",
      description = "How often each test is measured (default: ${DEFAULT-VALUE}).")
  private int repetitions;

  @Option(
      names = "--warm-up",
      paramLabel = "s",
      defaultValue = "3",
      description =
          "Seconds that each test runs, at least once, before it is measured: until then the compiler"
              + " is at work (default: ${DEFAULT-VALUE}).")
  private double warmUp;

  @Option(
      names = "--seed",
      paramLabel = "n",
      defaultValue = "1",
      description = "Seed of the rows sampled for plans (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--format",
      paramLabel = "md|csv|json",
      description = "How to print the results (default: md).")
  private BenchReport.Format format;

  @Option(names = "--json", description = "The same as --format json.")
  private boolean json;

  @Override
  public Integer call() {
    requireUsable();
    int threads = backend.threads();
    Backend chosen = backend.select();
    try (LoadedModel loaded = source.load(chosen)) {
      LlamaModel model = loaded.model();
      requireLengths("--pp", prompts, model.config());
      requireLengths("--tg", generations, model.config());
      List<AttentionChoice> choices =
          attention.choices(chosen, NONE, Planner.DEFAULT_OVERHEAD, 0, seed);
      int most = longest();
      int[] text = textSource.tokens(loaded.tokenizer(), 0, most, most);
      List<BenchTest> tests = tests(model, choices, text);
      backend.parallel(parallelism -> run(tests, parallelism));
      BenchReport report = new BenchReport(source.model(), model.config(), chosen, threads, tests);
      PrintWriter out = spec.commandLine().getOut();
      out.print(report.print(json ? BenchReport.Format.JSON : format));
      out.flush();
    }
    return 0;
  }

  private void requireUsable() {
    attention.requireUsable();
    requirePositive("--chunk", chunk);
    requirePositive("--repetitions", repetitions);
    if (!(warmUp >= 0 && warmUp < Double.POSITIVE_INFINITY)) {
      throw new InputException("--warm-up must be finite and at least 0, was " + warmUp);
    }
    if (json && format != null && format != BenchReport.Format.JSON) {
      throw new InputException(
          "--json and --format " + Report.word(format) + " exclude each other; give one of them");
    }
    if (longest() == 0) {
      throw new InputException("--pp and --tg must ask for a test, were both 0");
    }
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new InputException(option + " must be at least 1, was " + value);
    }
  }

  private static void requireLengths(String option, int[] lengths, LlamaConfig config) {
    for (int length : lengths) {
      if (length < 0 || length > config.contextLength()) {
        throw new InputException(
            String.format(
                "%s must be from 0 to the %d of the model's context, was %d",
                option, config.contextLength(), length));
      }
    }
  }

  private int longest() {
    int longest = 0;
    for (int length : prompts) {
      longest = Math.max(longest, length);
    }
    for (int length : generations) {
      longest = Math.max(longest, length);
    }
    return longest;
  }

  private List<BenchTest> tests(LlamaModel model, List<AttentionChoice> choices, int[] text) {
    List<BenchTest> tests = new ArrayList<>();
    for (int length : prompts) {
      for (AttentionChoice choice : choices) {
        if (length > 0) {
          boolean exact = choice.kind() == AttentionChoice.Kind.EXACT;
          AttentionRun run = AttentionRun.of(choice);
          tests.add(BenchTest.prompt(model, choice, run, text, length, exact ? chunk : length));
        }
      }
    }
    for (int length : generations) {
      if (length > 0) {
        AttentionChoice exact = choices.get(0);
        tests.add(BenchTest.generation(model, exact, AttentionRun.of(exact), text, length));
      }
    }
    return tests;
  }

  private Void run(List<BenchTest> tests, Parallelism parallelism) {
    try (Progress progress = Progress.of("bench", (long) tests.size() * (repetitions + 1))) {
      for (BenchTest test : tests) {
        test.warmUp(warmUp, parallelism);
        progress.step();
        for (int repetition = 0; repetition < repetitions; repetition++) {
          test.measure(parallelism);
          progress.step();
        }
      }
    }
    return null;
  }
}
