package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.npy.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the main job, analyze and attend, on bundled real attention heads. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Analyse and attend four real attention heads that come with the program.",
      "",
      "Unpacks their queries, keys and values as .npy files and runs the other commands on them,"
          + " showing each before it runs.",
      ""
    })
final class DemoCommand implements Callable<Integer> {
  private static final String RESOURCES = "/io/github/convbasis/inference/bundled/";

  @Spec private CommandSpec spec;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      defaultValue = "convbasis-demo",
      description = "Where the files go; made if missing (default: ${DEFAULT-VALUE}).")
  private Path directory;

  @Option(
      names = "--terms",
      paramLabel = "k,…",
      defaultValue = "8,64,512",
      description = "Numbers of terms to analyse, comma-separated (default: ${DEFAULT-VALUE}).")
  private String terms;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "Real attention heads: a small byte-level Llama model, trained on the King James Bible,"
            + " reading unseen text of it.");
    Path queries = unpack("queries.npy");
    Path keys = unpack("keys.npy");
    Path values = unpack("values.npy");
    String[] files = {
      "--queries", queries.toString(), "--keys", keys.toString(), "--values", values.toString()
    };
    int exitCode = show("analyze", files, "--terms", terms);
    out.println();
    out.println(
        "The output error is relative to exact attention over all rows: 1e-2 is one percent. These"
            + " heads are not sums");
    out.println("of few convolutions, so exact attention is the right choice for them:");
    exitCode |= show("attend", files, "--output", file("exact.npy"));
    out.println();
    out.println("With few terms the answer comes with the error it has:");
    return exitCode | show("attend", files, "--output", file("approximate.npy"), "--terms", "64");
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  private int show(String command, String[] files, String... more) {
    String[] words = new String[1 + files.length + more.length];
    words[0] = command;
    System.arraycopy(files, 0, words, 1, files.length);
    System.arraycopy(more, 0, words, 1 + files.length, more.length);
    CommandLine parent = spec.commandLine().getParent();
    parent.getOut().printf("%n$ convbasis %s%n%n", String.join(" ", words));
    parent.getOut().flush();
    return parent.execute(words);
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
