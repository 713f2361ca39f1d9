package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LlamaModel;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what attention that is not exact does to a language model. */
@Command(
    name = "perplexity",
    mixinStandardHelpOptions = true,
    description = {
      "Run a Llama model on a text with exact attention, with attention at some tolerances and,"
          + " with --terms, from recovered bases, and tell how well it predicts the text, how far"
          + " its logits drift and what each costs.",
      "",
      "Unless --tolerance or --terms is given, the tolerances are 0.1, 0.03 and 0.01. Unless"
          + " --overhead is given, it is 2: the library's own default, 0.1, leaves short heads exact;"
          + " here they are planned all the same, to show what that does.",
      "",
      "A model is a directory in the layout of Hugging Face, see 'convbasis capture --help'.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  convbasis perplexity",
      "  convbasis perplexity --terms 8,64,512",
      "  convbasis perplexity --model DIR --text book.txt --windows 4 --tolerance 0.1,0.01"
    })
final class PerplexityCommand implements Callable<Integer> {
  private static final double[] TOLERANCES = {0.1, 0.03, 0.01};
  private static final double OVERHEAD = 2;

  @Spec private CommandSpec spec;
  @Mixin private BackendOptions backend;
  @Mixin private ModelOptions source;
  @Mixin private TextOptions textSource;
  @Mixin private AttentionListOptions attention;

  @Option(
      names = "--tokens",
      paramLabel = "n",
      description =
          "Tokens of a window (default: the model's context, or the whole text if shorter).")
  private Integer tokens;

  @Option(
      names = "--windows",
      paramLabel = "w",
      defaultValue = "1",
      description =
          "Windows of the text, one behind the other, each read from a fresh start (default:"
              + " ${DEFAULT-VALUE}).")
  private int windows;

  @Option(
      names = "--rounds",
      paramLabel = "r",
      defaultValue = "10",
      description =
          "Passes over each window, the fastest of which is timed (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seed",
      paramLabel = "n",
      defaultValue = "1",
      description = "Seed of the sampled rows (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    requireUsable();
    Backend chosen = backend.select();
    int threads = backend.threads();
    try (LoadedModel loaded = source.load(chosen)) {
      measure(loaded, chosen, threads);
    }
    return 0;
  }

  private void measure(LoadedModel loaded, Backend chosen, int threads) {
    LlamaModel model = loaded.model();
    int[][] texts = texts(loaded);
    List<AttentionTrial> trials = trials(chosen, model.config());
    backend.parallel(parallelism -> run(model, texts, trials, parallelism));
    PerplexityReport report =
        new PerplexityReport(
            source.model(), textSource.text(), loaded, texts, chosen, threads, trials);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Report.json(report.tree()));
    } else {
      out.print(report.text());
      out.flush();
    }
  }

  private void requireUsable() {
    attention.requireUsable();
    requirePositive("--windows", windows);
    requirePositive("--rounds", rounds);
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new InputException(option + " must be at least 1, was " + value);
    }
  }

  private int[][] texts(LoadedModel loaded) {
    int context = loaded.model().config().contextLength();
    if (tokens != null && (tokens < 2 || tokens > context)) {
      throw new InputException(
          String.format(
              "--tokens must be from 2 to the %d of the model's context, was %d", context, tokens));
    }
    long most = (long) windows * (tokens == null ? context : tokens);
    if (most > Integer.MAX_VALUE) {
      throw new InputException(
          String.format(
              "--windows must hold at most %d tokens, %d windows hold %d",
              Integer.MAX_VALUE, windows, most));
    }
    int least = tokens == null && windows == 1 ? 2 : (int) most;
    int[] all = textSource.tokens(loaded.tokenizer(), 0, least, (int) most);
    int length = all.length / windows;
    int[][] texts = new int[windows][];
    for (int window = 0; window < windows; window++) {
      texts[window] = Arrays.copyOfRange(all, window * length, (window + 1) * length);
    }
    return texts;
  }

  private List<AttentionTrial> trials(Backend chosen, LlamaConfig config) {
    List<AttentionTrial> trials = new ArrayList<>();
    for (AttentionChoice choice :
        attention.choices(chosen, TOLERANCES, OVERHEAD, AttentionOptions.SAMPLED_ROWS, seed)) {
      trials.add(new AttentionTrial(choice, config.vocabularySize()));
    }
    return trials;
  }

  /** Takes turns, so that all kinds of attention share what the machine goes through. */
  private Void run(
      LlamaModel model, int[][] texts, List<AttentionTrial> trials, Parallelism parallelism) {
    long passes = (long) texts.length * rounds * trials.size();
    try (Progress progress = Progress.of("perplexity", passes)) {
      for (int[] text : texts) {
        float[][] logits = new float[trials.size()][];
        for (int round = 0; round < rounds; round++) {
          for (int trial = 0; trial < trials.size(); trial++) {
            logits[trial] = trials.get(trial).run(model, text, parallelism);
            progress.step();
          }
        }
        for (int trial = 0; trial < trials.size(); trial++) {
          trials.get(trial).finish(text, logits[0], logits[trial]);
        }
      }
    }
    return null;
  }
}
