package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.model.AttentionStep;
import io.github.convbasis.inference.model.LlamaConfig;
import io.github.convbasis.inference.model.LlamaModel;
import io.github.convbasis.inference.npy.AtomicBatch;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Captures: runs a model on a text and writes the queries, keys and values of its heads. */
@Command(
    name = "capture",
    mixinStandardHelpOptions = true,
    description = {
      "Run a Llama model on a text and write queries, keys and values of its attention heads.",
      "",
      "Queries and keys are rotated and unscaled, the logit scale is 1/√d: as the other commands"
          + " take them. Files are named layer0_head0_queries.npy, …_keys.npy and …_values.npy;"
          + " heads that share keys and values get a copy each.",
      "",
      "A model is a directory in the layout of Hugging Face: config.json, model.safetensors or"
          + " shards with model.safetensors.index.json, and tokenizer.json unless its tokens are"
          + " bytes (vocab_size 256).",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  convbasis capture --output heads",
      "  convbasis capture --model DIR --text book.txt --tokens 1024 --layer 2 --output heads"
    })
final class CaptureCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private BackendOptions backend;
  @Mixin private ModelOptions source;
  @Mixin private TextOptions textSource;

  @Option(
      names = "--tokens",
      paramLabel = "n",
      description = "How many tokens (default: the model's context, or the whole text if shorter).")
  private Integer tokens;

  @Option(
      names = "--offset",
      paramLabel = "b",
      defaultValue = "0",
      description = "First byte of the text (default: ${DEFAULT-VALUE}).")
  private int offset;

  @Option(names = "--layer", paramLabel = "l", description = "Only this layer, from 0.")
  private Integer layer;

  @Option(names = "--head", paramLabel = "h", description = "Only this query head, from 0.")
  private Integer head;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description =
          "Directory for the files; made if missing. They appear all or not at all, and replace"
              + " none.")
  private Path output;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Backend chosen = backend.select();
    try (LoadedModel loaded = source.load(chosen)) {
      capture(loaded, chosen);
    }
    return 0;
  }

  private void capture(LoadedModel loaded, Backend chosen) throws IOException {
    LlamaModel model = loaded.model();
    LlamaConfig config = model.config();
    requireIndex("--layer", layer, config.layers());
    requireIndex("--head", head, config.heads());
    int[] text = tokens(loaded);
    int layers = layer == null ? config.layers() : layer + 1;
    try (AtomicBatch batch = openOutput()) {
      CapturedHeads captured = new CapturedHeads(config, layer, head);
      captured.addTo(batch);
      long start = System.nanoTime();
      backend.parallel(parallelism -> run(model, text, layers, chosen, captured, parallelism));
      double seconds = (System.nanoTime() - start) / 1e9;
      batch.commit();
      print(chosen, config, text.length, captured.heads(), seconds);
    }
  }

  private static void requireIndex(String option, Integer index, int count) {
    if (index != null && (index < 0 || index >= count)) {
      throw new InputException(
          String.format("%s must be from 0 to %d, was %d", option, count - 1, index));
    }
  }

  private AtomicBatch openOutput() {
    try {
      return AtomicBatch.open(output);
    } catch (IOException e) {
      throw new InputException("--output " + e.getMessage(), e);
    }
  }

  private int[] tokens(LoadedModel loaded) {
    if (offset < 0) {
      throw new InputException("--offset must be at least 0, was " + offset);
    }
    int context = loaded.model().config().contextLength();
    if (tokens != null && (tokens < 1 || tokens > context)) {
      throw new InputException(
          String.format(
              "--tokens must be from 1 to the %d of the model's context, was %d", context, tokens));
    }
    int least = tokens == null ? 1 : tokens;
    return textSource.tokens(loaded.tokenizer(), offset, least, tokens == null ? context : tokens);
  }

  private static Void run(
      LlamaModel model,
      int[] text,
      int layers,
      Backend chosen,
      CapturedHeads captured,
      Parallelism parallelism) {
    AttentionStep exact = AttentionStep.exact(chosen);
    try (Progress progress = Progress.of("capture", layers)) {
      model.runLayers(
          text,
          layers,
          (index, queries, keys, values, result, tasks) -> {
            take(captured, index, queries, keys, values);
            // Nobody reads what comes after the last layer's queries, keys and values.
            if (index + 1 < layers) {
              exact.attend(index, queries, keys, values, result, tasks);
            }
            progress.step();
          },
          parallelism);
    }
    return null;
  }

  private static void take(
      CapturedHeads captured, int layer, HeadTensor queries, HeadTensor keys, HeadTensor values) {
    try {
      captured.take(layer, queries, keys, values);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private void print(
      Backend chosen, LlamaConfig config, int n, List<CapturedHeads.Head> heads, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    if (!json) {
      out.printf(
          "%d layers of %d heads (%d of keys), d = %d; %d tokens from byte %d of %s%n",
          config.layers(),
          config.heads(),
          config.keyHeads(),
          config.headWidth(),
          n,
          offset,
          textSource.text());
      out.printf(
          "backend %s (%s), %d threads, %.3f s%nwrote %d files, %d × %d, to %s%n",
          chosen.name(),
          chosen.description(),
          backend.threads(),
          seconds,
          CapturedHeads.FILES_PER_HEAD * heads.size(),
          n,
          config.headWidth(),
          output);
      return;
    }
    ObjectNode root = Report.object();
    root.put("model", source.model().toString());
    root.put("text", textSource.text().toString());
    root.put("offset", offset);
    root.put("n", n);
    root.put("d", config.headWidth());
    root.put("scale", 1 / Math.sqrt(config.headWidth()));
    root.put("backend", chosen.name());
    root.put("threads", backend.threads());
    root.put("seconds", seconds);
    for (CapturedHeads.Head captured : heads) {
      ObjectNode node = root.withArray("heads").addObject();
      node.put("layer", captured.layer());
      node.put("head", captured.head());
      node.put("key_head", captured.keyHead());
      for (String kind : CapturedHeads.KINDS) {
        node.put(kind, output.resolve(captured.file(kind)).toString());
      }
    }
    out.println(Report.json(root));
  }
}
