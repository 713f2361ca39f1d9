package io.github.convbasis.inference.cli;

import io.github.convbasis.attention.ExactAttention;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.inference.npy.AtomicFile;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the main job on bundled real attention heads. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Analyse and attend four real attention heads that come with the program.",
      "",
      "Writes their queries, keys, values and exact attention output as .npy files to play with.",
      ""
    })
final class DemoCommand implements Callable<Integer> {
  private static final String RESOURCES = "/io/github/convbasis/inference/bundled/";

  @Spec private CommandSpec spec;
  @Mixin private RecoveryOptions recovery;
  @Mixin private BackendOptions backend;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      defaultValue = "convbasis-demo",
      description = "Where the files go; made if missing (default: ${DEFAULT-VALUE}).")
  private Path directory;

  @Option(
      names = "--terms",
      paramLabel = "k",
      split = ",",
      defaultValue = "8,64,512",
      description = "Numbers of terms to try, comma-separated (default: ${DEFAULT-VALUE}).")
  private List<Integer> terms;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "Real attention heads: a small byte-level Llama model, trained on the King James Bible,"
            + " reading unseen text of it.");
    Path queries = unpack("queries.npy");
    Path keys = unpack("keys.npy");
    Path values = unpack("values.npy");
    InputOptions.Loaded loaded =
        InputOptions.load(queries, keys, values, null, AttentionMask.CAUSAL);
    AttentionInputs inputs = loaded.inputs();
    Backend chosen = backend.backend();
    AnalyzeCommand.printTable(
        out,
        chosen,
        inputs,
        backend.parallel(
            parallelism -> AnalyzeCommand.analyze(chosen, inputs, terms, recovery, parallelism)));
    out.println();
    out.println(
        "output error is relative to exact attention over all rows: 1e-2 is one percent. These"
            + " heads are not sums of few");
    out.println("convolutions, so exact attention is the right choice for them:");
    out.println();
    HeadTensor output =
        HeadTensor.allocate(true, inputs.queries().heads(), inputs.rows(), inputs.values().width());
    backend.parallel(
        parallelism -> {
          new ExactAttention(chosen).forward(inputs, output, parallelism);
          return output;
        });
    Path outputFile = directory.resolve("output.npy");
    OutputFile.write(outputFile, output, loaded.dimensions());
    out.printf("exact attention of all heads: wrote %s%n%nGo on with:%n", outputFile);
    String files = "--queries " + queries + " --keys " + keys + " --values " + values;
    out.printf("  inference/convbasis analyze %s --terms 16,256%n", files);
    out.printf(
        "  inference/convbasis attend %s --terms 64 --output %s%n",
        files, directory.resolve("approximate.npy"));
    return 0;
  }

  private Path unpack(String name) throws IOException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new InputException("--directory " + directory + ": cannot be made: " + e, e);
    }
    Path file = directory.resolve(name);
    try (InputStream resource = DemoCommand.class.getResourceAsStream(RESOURCES + name);
        AtomicFile target = AtomicFile.open(file)) {
      if (resource == null) {
        throw new IllegalStateException("resource " + RESOURCES + name + " is missing");
      }
      resource.transferTo(target.stream());
      target.commit();
    }
    return file;
  }
}
