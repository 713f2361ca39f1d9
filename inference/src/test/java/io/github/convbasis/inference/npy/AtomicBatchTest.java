package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicBatchTest {
  @TempDir Path parent;

  private Path directory() {
    return parent.resolve("batch");
  }

  @Test
  void filesAppearTogether() throws IOException {
    try (AtomicBatch batch = AtomicBatch.open(directory())) {
      Files.writeString(batch.add("a"), "1");
      Files.writeString(batch.add("b"), "2");
      assertFalse(Files.exists(directory().resolve("a")));
      batch.commit();
      assertThrows(IllegalStateException.class, batch::commit);
    }
    assertEquals(List.of("a", "b"), NpyBytes.names(directory()));
    assertEquals("2", Files.readString(directory().resolve("b")));
  }

  @Test
  void withoutACommitNothingIsLeft() throws IOException {
    try (AtomicBatch batch = AtomicBatch.open(directory())) {
      Files.writeString(batch.add("a"), "1");
    }
    assertFalse(Files.exists(directory()));
    Files.createDirectory(directory());
    AtomicBatch batch = AtomicBatch.open(directory());
    Files.writeString(batch.add("a"), "1");
    batch.close();
    batch.close();
    assertEquals(List.of(), NpyBytes.names(directory()));
  }

  @Test
  void aFaultTakesBackWhatWasMoved() throws IOException {
    try (AtomicBatch batch = AtomicBatch.open(directory())) {
      Files.writeString(batch.add("a"), "1");
      batch.add("never written");
      IOException e = assertThrows(IOException.class, batch::commit);
      NpyBytes.assertNames(directory(), e);
      assertFalse(Files.exists(directory().resolve("a")));
    }
    assertFalse(Files.exists(directory()));
  }

  @Test
  void noFileIsReplaced() throws IOException {
    Files.createDirectory(directory());
    Files.writeString(directory().resolve("a"), "old");
    try (AtomicBatch batch = AtomicBatch.open(directory())) {
      IOException e = assertThrows(IOException.class, () -> batch.add("a"));
      assertTrue(e.getMessage().contains("exists already"), e.getMessage());
      Files.writeString(batch.add("b"), "new");
      Files.writeString(directory().resolve("b"), "meanwhile");
      assertThrows(IOException.class, batch::commit);
    }
    assertEquals("old", Files.readString(directory().resolve("a")));
    assertEquals("meanwhile", Files.readString(directory().resolve("b")));
    assertEquals(List.of("a", "b"), NpyBytes.names(directory()));
  }

  @Test
  void whatIsNoDirectoryIsRefused() throws IOException {
    Path file = Files.writeString(parent.resolve("file"), "");
    NpyBytes.assertRefused(file, () -> AtomicBatch.open(file), "is not a directory");
    Path missing = parent.resolve("none").resolve("batch");
    NpyBytes.assertRefused(missing, () -> AtomicBatch.open(missing), "does not exist");
  }
}
