package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.BackendProvider;
import io.github.convbasis.backend.Backends;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tells what this machine offers and what to change. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {"Show CPU, JDK and backends, and what to change for speed.", ""})
final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    List<String> advice = new ArrayList<>();
    ObjectNode root = Report.object();
    root.put("cpu", cpu());
    root.put("architecture", System.getProperty("os.arch"));
    root.put("processors", Runtime.getRuntime().availableProcessors());
    root.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    root.put("jdk", Runtime.version() + " (" + System.getProperty("java.vm.vendor") + ")");
    root.put("jvm", System.getProperty("java.vm.name") + ", " + System.getProperty("java.vm.info"));
    root.put("heap_mib", Runtime.getRuntime().maxMemory() >> 20);
    for (BackendProvider provider : Backends.providers()) {
      ObjectNode node = root.withArray("backends").addObject();
      node.put("name", provider.name());
      Optional<String> reason = provider.whyUnusable();
      node.put("usable", reason.isEmpty());
      if (reason.isPresent()) {
        node.put("reason", reason.get());
        advice.add("backend " + provider.name() + ": " + reason.get());
      } else {
        node.put("description", provider.create().description());
      }
    }
    root.put("chosen_backend", Backends.auto().name());
    if (Backends.providers().size() < 2) {
      advice.add("backend simd is not present: add the jar convbasis-simd");
    }
    advice.forEach(root.withArray("advice")::add);
    print(spec.commandLine().getOut(), root);
    return 0;
  }

  private void print(PrintWriter out, ObjectNode root) {
    if (json) {
      out.println(Report.json(root));
      return;
    }
    for (String field : List.of("cpu", "architecture", "processors", "os", "jdk", "jvm")) {
      out.printf("%-14s %s%n", field, root.get(field).asText());
    }
    out.printf(
        "%-14s %s MiB (CONVBASIS_JAVA_OPTS=-Xmx… changes it)%n", "heap", root.get("heap_mib"));
    root.get("backends")
        .forEach(
            node ->
                out.printf(
                    "%-14s %s: %s%n",
                    "backend",
                    node.get("name").asText(),
                    node.get("usable").asBoolean()
                        ? node.get("description").asText()
                        : "cannot be used: " + node.get("reason").asText()));
    out.printf("%-14s %s%n", "auto chooses", root.get("chosen_backend").asText());
    if (root.get("advice").isEmpty()) {
      out.println("Nothing to change.");
    }
    root.get("advice").forEach(line -> out.println("To change: " + line.asText()));
  }

  /** Reads the model name where the system tells it, else gives the architecture. */
  private static String cpu() {
    Path information = Path.of("/proc/cpuinfo");
    try {
      if (Files.isReadable(information)) {
        for (String line : Files.readAllLines(information)) {
          if (line.startsWith("model name")) {
            return line.substring(line.indexOf(':') + 1).strip();
          }
        }
      }
    } catch (IOException e) {
      return "unknown (" + information + ": " + e.getMessage() + ")";
    }
    return "unknown";
  }
}
