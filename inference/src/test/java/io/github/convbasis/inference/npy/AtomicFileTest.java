package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("out.txt");
  }

  private static void write(Path target, String text) throws IOException {
    try (AtomicFile atomic = AtomicFile.open(target)) {
      atomic.stream().write(text.getBytes(StandardCharsets.UTF_8));
      atomic.commit();
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void newFileAppearsOnCommit() throws IOException {
    try (AtomicFile atomic = AtomicFile.open(file)) {
      atomic.stream().write('x');
      assertFalse(Files.exists(file));
      List<String> names = NpyBytes.names(directory);
      assertEquals(1, names.size());
      assertTrue(names.get(0).matches("\\.out\\.txt\\.[0-9a-f]+\\.tmp"), names.get(0));
      atomic.commit();
      assertEquals("x", Files.readString(file));
    }
    assertEquals(List.of("out.txt"), NpyBytes.names(directory));
  }

  @Test
  void withoutCommitTheTargetStays() throws IOException {
    Files.writeString(file, "before");
    try (AtomicFile atomic = AtomicFile.open(file)) {
      atomic.stream().write(new byte[200_000]);
    }
    assertEquals("before", Files.readString(file));
    assertEquals(List.of("out.txt"), NpyBytes.names(directory));
  }

  @Test
  void closingTheStreamOnlyFlushes() throws IOException {
    try (AtomicFile atomic = AtomicFile.open(file)) {
      try (Writer writer = new OutputStreamWriter(atomic.stream(), StandardCharsets.UTF_8)) {
        writer.write("text");
      }
      assertFalse(Files.exists(file));
      atomic.commit();
    }
    assertEquals("text", Files.readString(file));
  }

  @Test
  void afterTheEndNothingWorks() throws IOException {
    AtomicFile atomic = AtomicFile.open(file);
    atomic.commit();
    assertThrows(IllegalStateException.class, atomic::commit);
    atomic.stream().write(1);
    NpyBytes.assertRefused(file, () -> atomic.stream().flush(), "is closed");
    atomic.close();
    assertDoesNotThrow(atomic::close);
    assertEquals(0, Files.size(file));
  }

  @Test
  void interruptedThread() throws IOException {
    try (AtomicFile atomic = AtomicFile.open(file)) {
      Thread.currentThread().interrupt();
      NpyBytes.assertRefused(
          file, () -> atomic.stream().write(new byte[200_000]), "out.txt: interrupted");
      assertTrue(Thread.interrupted());
      NpyBytes.assertRefused(file, atomic::commit, "out.txt: is closed");
    }
    assertEquals(List.of(), NpyBytes.names(directory));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void newFileHasThePermissionsOfTheUmask() throws IOException {
    Path ordinary = Files.createFile(directory.resolve("ordinary"));
    write(file, "x");
    assertEquals(permissions(ordinary), permissions(file));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void replacedFileKeepsItsPermissions() throws IOException {
    Files.writeString(file, "before");
    for (String permissions : List.of("rw-rw-rw-", "rwx--x--x", "rw-------")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
      write(file, "after");
      assertEquals(permissions, permissions(file));
    }
    assertEquals("after", Files.readString(file));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void protectedFileIsRefused() throws IOException {
    Files.writeString(file, "before");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    assumeFalse(Files.isWritable(file), "the superuser may write everything");
    NpyBytes.assertRefused(file, () -> AtomicFile.open(file), "permission denied");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void protectedDirectoryIsRefused() throws IOException {
    Path inner = Files.createDirectory(directory.resolve("inner"));
    Files.setPosixFilePermissions(inner, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeFalse(Files.isWritable(inner), "the superuser may write everything");
    Path target = inner.resolve("out.txt");
    NpyBytes.assertRefused(
        target, () -> AtomicFile.open(target), "directory " + inner + " may not be written to");
  }

  @Test
  void missingDirectoryIsRefused() throws IOException {
    Path missing = directory.resolve("missing");
    Path target = missing.resolve("out.txt");
    NpyBytes.assertRefused(
        target, () -> AtomicFile.open(target), "directory " + missing + " does not exist");
    Files.writeString(file, "before");
    Path below = file.resolve("out.txt");
    NpyBytes.assertRefused(below, () -> AtomicFile.open(below), file + " is not a directory");
    assertEquals(List.of("out.txt"), NpyBytes.names(directory));
  }

  @Test
  void directoryIsRefused() {
    NpyBytes.assertRefused(directory, () -> AtomicFile.open(directory), "is a directory");
    assertEquals(
        "/: is a directory, expected a regular file",
        assertThrows(IOException.class, () -> AtomicFile.open(Path.of("/"))).getMessage());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void deviceIsRefused() {
    Path device = Path.of("/dev/null");
    NpyBytes.assertRefused(device, () -> AtomicFile.open(device), "is a device, pipe or socket");
    assertFalse(Files.isRegularFile(device));
    assertTrue(Files.exists(device));
  }

  @Test
  void targetThatBecomesADirectoryIsRefused() throws IOException {
    try (AtomicFile atomic = AtomicFile.open(file)) {
      Files.createDirectory(file);
      NpyBytes.assertRefused(file, atomic::commit, "is a directory");
    }
    assertEquals(List.of("out.txt"), NpyBytes.names(directory));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void symbolicLinkStays() throws IOException {
    Path inner = Files.createDirectory(directory.resolve("inner"));
    Path real = inner.resolve("real.txt");
    Files.writeString(real, "before");
    Path first = Files.createSymbolicLink(inner.resolve("first"), Path.of("real.txt"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("inner/first"));
    write(link, "after");
    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.isSymbolicLink(first));
    assertEquals("after", Files.readString(real));
    assertEquals(List.of("first", "real.txt"), NpyBytes.names(inner));
    assertEquals(List.of("inner", "link"), NpyBytes.names(directory));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void symbolicLinkToNothingMakesWhatItPointsTo() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("real.txt"));
    write(link, "new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(directory.resolve("real.txt")));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void symbolicLinkToADeviceOrToItselfIsRefused() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/dev/null"));
    NpyBytes.assertRefused(link, () -> AtomicFile.open(link), "is a device, pipe or socket");
    // JUnit warns of links that lead out of the directory it deletes.
    Files.delete(link);
    Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
    NpyBytes.assertRefused(loop, () -> AtomicFile.open(loop), "too many levels of symbolic links");
  }

  @Test
  void longNames() throws IOException {
    Path target = directory.resolve("n".repeat(251) + ".npy");
    write(target, "x");
    assertEquals("x", Files.readString(target));
    assertEquals(1, NpyBytes.names(directory).size());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void stoppedProcessLeavesNothing() throws Exception {
    Files.writeString(file, "before");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                root(AtomicFile.class) + File.pathSeparator + root(AtomicFileVictim.class),
                AtomicFileVictim.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = process.inputReader()) {
      assertEquals("written", output.readLine());
      assertEquals(2, NpyBytes.names(directory).size());
      process.destroy();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    assertNotEquals(0, process.exitValue());
    assertEquals(List.of("out.txt"), NpyBytes.names(directory));
    assertEquals("before", Files.readString(file));
  }

  /** The directory or archive a class was loaded from, also when it was patched into a module. */
  private static Path root(Class<?> type) throws Exception {
    String name = type.getName().replace('.', '/') + ".class";
    Path path = Path.of(type.getResource("/" + name).toURI());
    for (int i = 0; i < Path.of(name).getNameCount(); i++) {
      path = path.getParent();
    }
    return path;
  }
}
