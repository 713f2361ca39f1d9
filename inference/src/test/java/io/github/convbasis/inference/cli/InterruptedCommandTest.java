package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.convbasis.conv.ConvBasis;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Commands in a JVM of their own, interrupted while they work. Each is seen to have begun writing,
 * and has seconds of work ahead of it then: had it ended first, its exit code would say so.
 */
@DisabledOnOs(OS.WINDOWS)
class InterruptedCommandTest {
  private static final String MESSAGE =
      "convbasis: interrupted; no output was left half-written. Run the same command again.";

  /** Long enough for a busy machine; only a failure waits for it. */
  private static final int DEADLINE_SECONDS = 120;

  enum Signal {
    INT(2),
    TERM(15);

    private final int number;

    Signal(int number) {
      this.number = number;
    }
  }

  @TempDir Path directory;
  private Path work;
  private Path out;
  private Path err;
  private Process process;

  @BeforeEach
  void setUp() throws IOException {
    work = Files.createDirectory(directory.resolve("work"));
    out = directory.resolve("out");
    err = directory.resolve("err");
  }

  @AfterEach
  void tearDown() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start(Object... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-cp"));
    // The same places, whichever of them the tests have as modules.
    command.add(
        System.getProperty("jdk.module.path", "")
            + File.pathSeparator
            + System.getProperty("java.class.path", ""));
    command.add(Main.class.getName());
    for (Object word : words) {
      command.add(word.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    process = builder.start();
  }

  /** Waits for a sign of work in the files below the working directory. */
  private void await(String what, Predicate<Set<String>> sign) throws Exception {
    long start = System.nanoTime();
    while (!sign.test(written())) {
      if (!process.isAlive()) {
        fail("ended with " + process.exitValue() + " before " + what + ": " + messages());
      }
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS)) {
        fail("no " + what + " in " + written());
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** Returns files that are not empty and directories; they may go away meanwhile. */
  private Set<String> written() throws IOException {
    Set<String> names = new TreeSet<>();
    Files.walkFileTree(
        work,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            return add(path);
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
            return attributes.size() == 0 ? FileVisitResult.CONTINUE : add(path);
          }

          @Override
          public FileVisitResult visitFileFailed(Path path, IOException e) {
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path path, IOException e) {
            return FileVisitResult.CONTINUE;
          }

          private FileVisitResult add(Path path) {
            names.add(work.relativize(path).toString());
            return FileVisitResult.CONTINUE;
          }
        });
    names.remove("");
    return names;
  }

  private void interrupt(Signal signal) throws Exception {
    if (signal == Signal.TERM) {
      process.destroy();
    } else {
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }
    assertTrue(process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS), "still runs");
    assertEquals(128 + signal.number, process.exitValue(), messages()::toString);
    assertEquals(List.of(MESSAGE), messages());
  }

  /** Returns what the command said on its error stream; the JVM warns of the incubator module. */
  private List<String> messages() {
    try {
      return Files.readAllLines(err).stream()
          .filter(line -> !line.startsWith("WARNING: "))
          .collect(Collectors.toList());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A process whose parent ignores Ctrl-C, as one in the background may, ignores it too. */
  private static void requireHeard(Signal signal) throws IOException {
    Path status = Path.of("/proc/self/status");
    if (signal == Signal.INT && Files.exists(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("SigIgn:")) {
          long ignored = Long.parseUnsignedLong(line.substring(7).trim(), 16);
          assumeFalse((ignored & 1L << signal.number - 1) != 0, "SIGINT is ignored here");
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void captureLeavesNoFileOfABatch(Signal signal) throws Exception {
    requireHeard(signal);
    Path heads = work.resolve("heads");
    boolean exists = signal == Signal.INT;
    if (exists) {
      Files.createDirectory(heads);
      Files.writeString(heads.resolve("mine"), "mine");
    }
    start("capture", "--output", heads, "--backend", "scalar", "--threads", 1);
    await("a captured head", files -> files.stream().anyMatch(f -> f.endsWith("queries.npy")));
    interrupt(signal);
    assertEquals(exists ? Set.of("heads", "heads/mine") : Set.of(), written());
    assertEquals("", Files.readString(out));
  }

  @ParameterizedTest
  @EnumSource
  void attendLeavesNoPlanAndTheOutputAsItWas(Signal signal) throws Exception {
    requireHeard(signal);
    Path output = Files.writeString(work.resolve("y.npy"), "before");
    List<Object> words = new ArrayList<>(List.of("attend", "--output", output));
    for (String kind : List.of("queries", "keys", "values")) {
      Path file = directory.resolve(kind + ".npy");
      try (InputStream in =
          InterruptedCommandTest.class.getResourceAsStream(
              "/io/github/convbasis/inference/bundled/" + kind + ".npy")) {
        Files.copy(in, file);
      }
      words.addAll(List.of("--" + kind, file));
    }
    words.addAll(List.of("--tolerance", 0.001, "--overhead", 1000, "--backend", "scalar"));
    words.addAll(List.of("--threads", 1, "--json"));
    words.addAll(List.of("--plan-out", work.resolve("plans"), "--plot", work.resolve("plots")));
    start(words.toArray());
    await("both batches", files -> files.stream().filter(f -> f.contains(".batch.")).count() == 2);
    interrupt(signal);
    assertEquals(Set.of("y.npy"), written());
    assertEquals("before", Files.readString(output));
    assertEquals("", Files.readString(out));
  }

  @ParameterizedTest
  @EnumSource
  void rebuildLeavesNoPartOfAMatrix(Signal signal) throws Exception {
    requireHeard(signal);
    Path basis = directory.resolve("basis.npz");
    // A matrix of 800 MB, of which little is written.
    int n = 10_000;
    BasisFile.write(basis, ConvBasis.of(n, new int[] {n}, new double[][] {new double[n]}));
    start("rebuild", basis, "--output", work.resolve("h.npy"));
    await("part of the matrix", files -> files.stream().anyMatch(f -> f.endsWith(".tmp")));
    interrupt(signal);
    assertEquals(Set.of(), written());
    assertEquals("", Files.readString(out));
  }

  @ParameterizedTest
  @EnumSource
  void generateEndsWithTheTextThatCame(Signal signal) throws Exception {
    requireHeard(signal);
    start("generate", "--max-tokens", 2000, "--backend", "scalar", "--threads", 1);
    await("text", files -> out.toFile().length() > 0);
    interrupt(signal);
    assertTrue(Files.size(out) < 2000, "had ended");
  }
}
