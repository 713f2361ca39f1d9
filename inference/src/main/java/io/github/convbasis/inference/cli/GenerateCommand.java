package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.generate.Generator;
import io.github.convbasis.inference.generate.TokenSampler;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.inference.token.TokenDecoder;
import java.io.PrintWriter;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Generates: reads a prompt and writes what a model makes follow it. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = {
      "Read a prompt with a Llama model and generate text. The text goes to the output stream as it"
          + " comes, the report to the error stream.",
      "",
      "The prompt is read in chunks and may be attended to by conv-basis attention, then as a whole."
          + " Tokens that are generated attend exactly over the cache of keys and values: one row at"
          + " a time there is nothing that conv-basis could save.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  convbasis generate",
      "  convbasis generate --prompt 'In the beginning' --max-tokens 200 --temperature 0",
      "  convbasis generate --model DIR --prompt-file question.txt --tolerance 0.01"
    })
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions source;
  @Mixin private PromptOptions prompt;
  @Mixin private AttentionOptions attention;
  @Mixin private BackendOptions backend;

  @Option(
      names = "--max-tokens",
      paramLabel = "n",
      defaultValue = "256",
      description = "Most tokens to generate (default: ${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "t",
      defaultValue = "0.8",
      description =
          "By which logits are divided; 0 takes the most likely token (default: ${DEFAULT-VALUE}).")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "k",
      defaultValue = "40",
      description =
          "How many of the most likely tokens to choose from; 0 for all (default:"
              + " ${DEFAULT-VALUE}).")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "p",
      defaultValue = "0.95",
      description =
          "Probability that the fewest most likely tokens to choose from add up to (default:"
              + " ${DEFAULT-VALUE}).")
  private double topP;

  @Option(
      names = "--chunk",
      paramLabel = "n",
      description =
          "Most tokens of the prompt that are worked on at once; only with exact attention (default:"
              + " "
              + DEFAULT_CHUNK
              + ").")
  private Integer chunk;

  @Option(
      names = "--seed",
      paramLabel = "n",
      defaultValue = "1",
      description =
          "Seed of the tokens drawn, and of the rows sampled for errors and plans (default:"
              + " ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--json",
      description = "Print the report as JSON, with the text in it, instead of the text.")
  private boolean json;

  private static final int DEFAULT_CHUNK = 512;

  @Override
  public Integer call() {
    TokenSampler sampler = sampler();
    int mostAtOnce = requireUsable();
    prompt.requireUsable(source.isBundled());
    int threads = backend.threads();
    Backend chosen = backend.select();
    AttentionChoice choice = attention.choice(chosen, seed);
    try (LoadedModel loaded = source.load(chosen)) {
      int[] tokens = prompt.tokens(loaded);
      AttentionRun run = AttentionRun.of(choice);
      GeneratedText text = new GeneratedText(loaded.tokenizer().newDecoder(tokens));
      Generator generator =
          new Generator(
              loaded.model(),
              sampler,
              run,
              loaded.tokenizer().size(),
              Set.copyOf(loaded.model().config().endTokens()));
      Generator.Result result =
          backend.parallel(
              parallelism -> {
                int size = choice.kind() == AttentionChoice.Kind.EXACT ? mostAtOnce : tokens.length;
                return generate(generator, tokens, size, text, parallelism);
              });
      report(
          new GenerateReport(
              source.model(),
              loaded.model().config(),
              loaded.tokenizer().unit(),
              chosen,
              threads,
              choice,
              HeadReports.of(run),
              result),
          text);
    }
    return 0;
  }

  private TokenSampler sampler() {
    try {
      return TokenSampler.of(temperature, topK, topP, seed);
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      String option = message.replaceFirst("^topK", "top-k").replaceFirst("^topP", "top-p");
      throw new InputException("--" + option, e);
    }
  }

  /** Returns the chunk size. */
  private int requireUsable() {
    if (maxTokens < 1) {
      throw new InputException("--max-tokens must be at least 1, was " + maxTokens);
    }
    AttentionChoice.Kind kind = attention.kind();
    if (chunk != null && chunk < 1) {
      throw new InputException("--chunk must be at least 1, was " + chunk);
    }
    if (chunk != null && kind != AttentionChoice.Kind.EXACT) {
      throw new InputException(
          "--chunk needs --attention exact, since others attend to a whole prompt, was "
              + Report.word(kind));
    }
    return chunk == null ? DEFAULT_CHUNK : chunk;
  }

  private Generator.Result generate(
      Generator generator, int[] tokens, int size, GeneratedText text, Parallelism parallelism) {
    PrintWriter out = spec.commandLine().getOut();
    // Text that is streamed shows progress by itself.
    try (Progress progress = json ? Progress.of("generate", maxTokens) : Progress.none()) {
      Generator.Result result =
          generator.generate(
              tokens,
              maxTokens,
              size,
              token -> {
                String fresh = text.add(token);
                progress.step();
                if (json) {
                  return true;
                }
                out.print(fresh);
                // Also flushes; nobody generates for a reader who has gone.
                return !out.checkError();
              },
              parallelism);
      String rest = text.end();
      if (!json) {
        out.println(rest);
      }
      return result;
    }
  }

  private void report(GenerateReport report, GeneratedText text) {
    if (json) {
      spec.commandLine().getOut().println(Report.json(report.tree(text.text())));
    } else {
      PrintWriter err = spec.commandLine().getErr();
      err.print(report.text());
      err.flush();
    }
  }

  /** Collects what was decoded. */
  private static final class GeneratedText {
    private final TokenDecoder decoder;
    private final StringBuilder all = new StringBuilder();

    GeneratedText(TokenDecoder decoder) {
      this.decoder = decoder;
    }

    String add(int token) {
      return kept(decoder.add(token));
    }

    String end() {
      return kept(decoder.end());
    }

    private String kept(String fresh) {
      all.append(fresh);
      return fresh;
    }

    String text() {
      return all.toString();
    }
  }
}
