package io.github.convbasis.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.BackendProvider;
import io.github.convbasis.backend.Backends;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts the library in JVMs of its own, in every way it may be deployed. */
class DeploymentTest {
  private static final String FLAG = "--add-modules=jdk.incubator.vector";
  private static final String REMEDY = "--add-modules jdk.incubator.vector";
  private static final String SERVICE = "META-INF/services/" + BackendProvider.class.getName();
  private static final String SCALAR_RESULT = "scalar 3.0";
  private static final String SIMD_RESULT = "simd 3.0";

  private final Path core = home(Backends.class);
  private final Path simd = home(simdProvider());
  private final Path probe = home(DeploymentProbe.class);

  @TempDir Path directory;

  private static Class<?> simdProvider() {
    return ServiceLoader.load(BackendProvider.class).stream()
        .map(ServiceLoader.Provider::type)
        .filter(type -> type.getName().contains(".simd."))
        .findFirst()
        .orElseThrow();
  }

  private static Path home(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a child JVM did. */
  private record Outcome(int exitCode, String out) {}

  private static Outcome run(String backend, String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.add(DeploymentProbe.class.getName());
    command.add(backend);
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Outcome(process.waitFor(), out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String path(Path... elements) {
    List<String> texts = new ArrayList<>();
    for (Path element : elements) {
      texts.add(element.toString());
    }
    return String.join(File.pathSeparator, texts);
  }

  private static void assertPrints(String expected, Outcome outcome) {
    assertEquals(0, outcome.exitCode(), outcome.out());
    assertTrue(outcome.out().lines().anyMatch(expected::equals), outcome.out());
  }

  @Test
  void coreAloneWorksOnTheClassPath() {
    assertPrints(SCALAR_RESULT, run("auto", "-cp", path(core, probe)));
  }

  @Test
  void coreAloneWorksOnTheModulePath() {
    assertPrints(
        SCALAR_RESULT,
        run(
            "auto",
            "--module-path",
            path(core),
            "--add-modules=io.github.convbasis.core",
            "-cp",
            path(probe)));
  }

  @Test
  void withoutTheIncubatorModuleAutoSaysWhyItIsScalar() {
    Outcome outcome = run("auto", "-cp", path(core, simd, probe));
    assertPrints(SCALAR_RESULT, outcome);
    assertTrue(outcome.out().contains(REMEDY), outcome.out());
  }

  @Test
  void withoutTheIncubatorModuleForcedSimdFailsWithTheRemedy() {
    Outcome outcome = run("simd", "-cp", path(core, simd, probe));
    assertEquals(1, outcome.exitCode(), outcome.out());
    assertTrue(outcome.out().contains(REMEDY), outcome.out());
  }

  @Test
  void simdWorksOnTheClassPath() {
    assertPrints(SIMD_RESULT, run("simd", FLAG, "-cp", path(core, simd, probe)));
  }

  @Test
  void simdIsFoundOnTheModulePathWithoutAFlag() {
    assertPrints(
        SIMD_RESULT,
        run(
            "auto",
            "--module-path",
            path(core, simd),
            "--add-modules=io.github.convbasis.core",
            "-cp",
            path(probe)));
  }

  @Test
  void bothWorkFromOneShadedJar() throws IOException {
    Path shaded = directory.resolve("shaded.jar");
    shade(shaded);
    assertPrints(SIMD_RESULT, run("auto", FLAG, "-cp", path(shaded, probe)));
    assertPrints(SCALAR_RESULT, run("scalar", FLAG, "-cp", path(shaded, probe)));
    assertPrints(SCALAR_RESULT, run("auto", "-cp", path(shaded, probe)));
  }

  /** Merges both libraries as shading does: one folder of classes, service files joined. */
  private void shade(Path target) throws IOException {
    StringBuilder services = new StringBuilder();
    try (OutputStream file = Files.newOutputStream(target);
        JarOutputStream jar = new JarOutputStream(file)) {
      for (Path library : List.of(core, simd)) {
        if (Files.isDirectory(library)) {
          add(library, jar, services);
        } else {
          try (FileSystem contents =
              FileSystems.newFileSystem(URI.create("jar:" + library.toUri()), java.util.Map.of())) {
            add(contents.getPath("/"), jar, services);
          }
        }
      }
      jar.putNextEntry(new JarEntry(SERVICE));
      jar.write(services.toString().getBytes(StandardCharsets.UTF_8));
      jar.closeEntry();
    }
  }

  private static void add(Path root, JarOutputStream jar, StringBuilder services)
      throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String name = root.relativize(file).toString().replace(File.separatorChar, '/');
        if (name.equals(SERVICE)) {
          services.append(Files.readString(file)).append('\n');
        } else if (name.endsWith(".class") && !name.equals("module-info.class")) {
          jar.putNextEntry(new JarEntry(name));
          jar.write(Files.readAllBytes(file));
          jar.closeEntry();
        }
      }
    }
  }
}
