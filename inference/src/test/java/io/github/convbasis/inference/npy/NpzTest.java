package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TimeZone;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpzTest {
  private static final NpyArray SMALL = NpyArray.ofFloats(new float[] {1, 2, 3}, 3);

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("arrays.npz");
  }

  private static Map<String, NpyArray> arrays() {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("weights", SMALL);
    arrays.put("a b.npy", NpyArray.ofLongs(new long[] {-7}));
    arrays.put("größe", NpyArray.ofDoubles(new Random(5).doubles(30_000).toArray(), 3, 10_000));
    arrays.put("none", NpyArray.ofDoubles(new double[0], 0, 4));
    return arrays;
  }

  @Test
  void arraysComeBackInOrder() throws IOException {
    Map<String, NpyArray> arrays = arrays();
    NpzWriter.write(file, arrays);
    Map<String, NpyArray> back = NpzReader.read(file);
    assertEquals(List.copyOf(arrays.keySet()), List.copyOf(back.keySet()));
    for (Map.Entry<String, NpyArray> entry : arrays.entrySet()) {
      NpyArray array = back.get(entry.getKey());
      assertEquals(entry.getValue().toString(), array.toString());
      assertArrayEquals(entry.getValue().toDoubles(), array.toDoubles());
    }
    assertEquals(List.of("arrays.npz"), NpyBytes.names(directory));
  }

  @Test
  void anotherZipReaderAgrees() throws IOException {
    NpzWriter.write(file, arrays());
    Path single = directory.resolve("single.npy");
    NpyWriter.write(single, SMALL);
    try (ZipFile zip = new ZipFile(file.toFile())) {
      ZipEntry entry = zip.getEntry("weights.npy");
      assertEquals(4, zip.size());
      assertEquals(ZipEntry.STORED, entry.getMethod());
      assertArrayEquals(Files.readAllBytes(single), zip.getInputStream(entry).readAllBytes());
    }
  }

  @Test
  void noArrays() throws IOException {
    NpzWriter.write(file, Map.of());
    assertEquals(Map.of(), NpzReader.read(file));
  }

  @Test
  void sameContentGivesTheSameBytesInEveryTimeZone() throws IOException {
    TimeZone zone = TimeZone.getDefault();
    byte[] first;
    try {
      TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Auckland"));
      NpzWriter.write(file, arrays());
      first = Files.readAllBytes(file);
      TimeZone.setDefault(TimeZone.getTimeZone("America/Los_Angeles"));
      NpzWriter.write(file, arrays());
    } finally {
      TimeZone.setDefault(zone);
    }
    assertArrayEquals(first, Files.readAllBytes(file));
  }

  @Test
  void namesAreChecked() throws IOException {
    for (String name : List.of("", "a/b", "a\\b", "a\nb", "x".repeat(256))) {
      assertThrows(
          IllegalArgumentException.class, () -> NpzWriter.write(file, Map.of(name, SMALL)));
    }
    Map<String, NpyArray> many = new LinkedHashMap<>();
    for (int i = 0; i < 1001; i++) {
      many.put("array" + i, SMALL);
    }
    assertThrows(IllegalArgumentException.class, () -> NpzWriter.write(file, many));
    assertEquals(List.of(), NpyBytes.names(directory));
  }

  @Test
  void mostAndLongestNames() throws IOException {
    Map<String, NpyArray> many = new LinkedHashMap<>();
    for (int i = 0; i < 1000; i++) {
      many.put("\u20ac".repeat(251) + (1000 + i), SMALL);
    }
    NpzWriter.write(file, many);
    assertEquals(many.keySet(), NpzReader.read(file).keySet());
  }

  @Test
  void zip64() throws IOException {
    byte[] content = NpyBytes.file(NpyBytes.header("<i8", "(5,)"), 40);
    RawZip.Member stored = RawZip.stored("a.npy", content);
    stored.zip64 = true;
    RawZip.Member deflated = RawZip.deflated("b.npy", content);
    deflated.zip64 = true;
    Files.write(file, new RawZip().add(stored).add(deflated).bytes64());
    Map<String, NpyArray> arrays = NpzReader.read(file);
    assertArrayEquals(new long[5], arrays.get("a").longs());
    assertArrayEquals(new long[5], arrays.get("b").longs());
  }

  @Test
  void largeDeflatedMemberIsRead() throws IOException {
    byte[] content = NpyBytes.file(NpyBytes.header("<f8", "(1000, 1000)"), 8_000_000);
    Files.write(file, new RawZip().add(RawZip.deflated("a.npy", content)).bytes());
    assertTrue(Files.size(file) < 20_000);
    assertArrayEquals(new double[1_000_000], NpzReader.read(file).get("a").doubles());
  }
}
