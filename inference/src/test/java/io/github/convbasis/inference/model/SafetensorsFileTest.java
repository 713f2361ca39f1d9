package io.github.convbasis.inference.model;

import static io.github.convbasis.inference.model.SafetensorsBytes.entry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.inference.json.FileFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the bytes are, a safetensors file is either read or refused in one line. */
class SafetensorsFileTest {
  private static final int MUTATIONS = 30_000;
  private static final String TOKENS = "0123456789{}[]\":,.-eFB16 \\u";

  @TempDir Path directory;

  private static byte[] sound() {
    byte[] halves = shorts(0x3c00, 0xc000, 0x0001, 0x7bff);
    byte[] brains = shorts(0x3f80, 0xc000, 0x0001, 0x7f7f);
    return new SafetensorsBytes()
        .add("a", new float[] {1, -2, 3.5f, 4, 5, 6}, 2, 3)
        .add("h", "F16", halves, 4)
        .add("b", "BF16", brains, 2, 2)
        .add("empty", "F32", new byte[0], 0, 7)
        .add("scalar", new float[] {9})
        .add("ids", "I64", new byte[16], 2)
        .bytes();
  }

  private static byte[] shorts(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    return bytes.array();
  }

  private static void check(SafetensorsFile file) throws IOException {
    assertArrayEquals(new float[] {1, -2, 3.5f, 4, 5, 6}, read(file, "a"));
    assertArrayEquals(new float[] {1, -2, 0x1p-24f, 65504}, read(file, "h"));
    assertArrayEquals(
        new float[] {1, -2, Float.intBitsToFloat(1 << 16), Float.intBitsToFloat(0x7f7f0000)},
        read(file, "b"));
    assertEquals(0, read(file, "empty").length);
    assertArrayEquals(new float[] {9}, read(file, "scalar"));
    assertTrue(file.entries().get("a").hasShape(2, 3));
    FileFormatException e = assertThrows(FileFormatException.class, () -> read(file, "ids"));
    assertTrue(e.getMessage().contains("tensor 'ids': dtype I64 is not supported"));
  }

  private static float[] read(SafetensorsFile file, String name) throws IOException {
    return file.read(file.entries().get(name));
  }

  @Test
  void everyTypeIsReadFromMemoryAndFromAMapping() throws IOException {
    check(SafetensorsFile.of("memory", sound()));
    Path file = directory.resolve("sound.safetensors");
    Files.write(file, sound());
    try (SafetensorsFile mapped = SafetensorsFile.open(file)) {
      check(mapped);
    }
  }

  @Test
  void missingFilesAndDirectoriesAreRefusedByName() {
    Path missing = directory.resolve("missing");
    IOException e = assertThrows(NoSuchFileException.class, () -> SafetensorsFile.open(missing));
    assertEquals(missing + ": no such file", e.getMessage());
    IOException other = assertThrows(IOException.class, () -> SafetensorsFile.open(directory));
    assertTrue(other.getMessage().startsWith(directory + ": is a directory"));
  }

  private static void refused(byte[] bytes, String... saying) {
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> SafetensorsFile.of("f", bytes));
    assertOneLine(e);
    for (String part : saying) {
      assertTrue(e.getMessage().contains(part), e.getMessage() + " does not say: " + part);
    }
  }

  private static void assertOneLine(IOException e) {
    assertTrue(e.getMessage().startsWith("f: "), e.getMessage());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
  }

  private static void refusedHeader(String header, int data, String... saying) {
    refused(SafetensorsBytes.file(header, data), saying);
  }

  @Test
  void wrongHeaderLengths() {
    refused(new byte[7], "truncated: has 7 bytes, expected at least 8");
    byte[] bytes = sound();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(0, bytes.length - 7);
    refused(
        bytes, "header length " + (bytes.length - 7) + " is more than the " + (bytes.length - 8));
    buffer.putLong(0, -1);
    refused(bytes, "header length 18446744073709551615 is more than the");
    byte[] large = new byte[SafetensorsHeader.LONGEST_HEADER + 9];
    ByteBuffer.wrap(large)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(SafetensorsHeader.LONGEST_HEADER + 1L);
    refused(large, "header length 16777217 is too long, expected at most 16777216");
  }

  @Test
  void malformedText() {
    refused(SafetensorsBytes.file(new byte[] {'{', (byte) 0xff, '}'}, new byte[0]), "not UTF-8");
    refusedHeader("", 0, "does not start with '{'");
    refusedHeader(" {}", 0, "does not start with '{'");
    refusedHeader("{", 0, "malformed JSON");
    refusedHeader("{} x", 0, "malformed JSON");
    refusedHeader(
        "{\"__metadata__\":{\"a\":1}}", 0, "field __metadata__.a must be a string, was 1");
    String a = "\"a\":" + entry("F32", "[1]", "[0,4]");
    refusedHeader("{" + a + "," + a + "}", 4, "malformed JSON", "a");
    refusedHeader("{\"a\\nb\":3}", 0, "tensor 'a\\u000ab': must be an object, was 3");
    refusedHeader("[".repeat(100_000), 0, "does not start");
    refusedHeader("{\"a\":" + "[".repeat(100_000), 0, "malformed JSON");
  }

  @Test
  void wrongEntries() {
    String[][] cases = {
      {"{\"a\":" + entry("F33", "[1]", "[0,4]") + "}", "tensor 'a': dtype \"F33\" is unknown"},
      {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", "dtype missing is unknown"},
      {"{\"a\":" + entry("F32", "[-1]", "[0,4]") + "}", "shape must be whole numbers", "has -1"},
      {"{\"a\":" + entry("F32", "[1.5]", "[0,4]") + "}", "has 1.5"},
      {"{\"a\":" + entry("F32", "[9223372036854775808]", "[0,4]") + "}", "9223372036854775808"},
      {"{\"a\":" + entry("F32", "3", "[0,4]") + "}", "shape must be a list", "was 3"},
      {"{\"a\":" + entry("F32", "[1]", "[-4,0]") + "}", "data_offsets must be whole", "has -4"},
      {"{\"a\":" + entry("F32", "[1]", "[4,0]") + "}", "end at 0, before they begin at 4"},
      {"{\"a\":" + entry("F32", "[1]", "[0,4,8]") + "}", "must be two numbers, were [0,4,8]"},
      {"{\"a\":" + entry("F32", "[2]", "[0,4]") + "}", "[2] of F32 takes 8 bytes", "span 4"},
      {
        "{\"a\":" + entry("F32", "[4294967296,4294967296]", "[0,4]") + "}",
        "shape [4294967296,4294967296] of F32 is too large"
      },
      {"{\"a\":" + entry("F32", "[0,4294967296,4294967296]", "[0,0]") + "}", "is too large"},
      {"{\"a\":" + entry("F32", "[2]", "[0,8]") + "}", "end at 8, the data has 4 bytes"},
      {
        "{\"a\":" + entry("F32", "[1000000000000]", "[0,4000000000000]") + "}",
        "end at 4000000000000, the data has 4 bytes"
      },
      {"{\"a\":" + entry("F32", "[0]", "[0,0]") + "}", "4 bytes too many: data_offsets end at 0"},
      {"{}", "4 bytes too many"},
    };
    for (String[] test : cases) {
      refused(SafetensorsBytes.file(test[0], 4), Arrays.copyOfRange(test, 1, test.length));
    }
  }

  @Test
  void holesAndOverlaps() {
    String a = "\"a\":" + entry("F32", "[2]", "[0,8]");
    refusedHeader(
        "{" + a + ",\"b\":" + entry("F32", "[2]", "[4,12]") + "}",
        12,
        "tensor 'b': data_offsets overlap: begin at 4, but 'a' ends at 8");
    refusedHeader(
        "{\"b\":" + entry("F32", "[1]", "[12,16]") + "," + a + "}",
        16,
        "tensor 'b': data_offsets leave a hole: begin at 12, but 'a' ends at 8");
    refusedHeader(
        "{\"b\":" + entry("F32", "[1]", "[4,8]") + "}",
        8,
        "tensor 'b': data_offsets leave a hole: begin at 4, but the data starts at 0");
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = sound();
    for (int length = 0; length < whole.length; length++) {
      refused(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void mutatedFiles() throws Exception {
    byte[] whole = sound();
    int headerEnd = whole.length - 80;
    Random random = new Random(5);
    int read = 0;
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = whole.clone();
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(headerEnd);
        switch (random.nextInt(4)) {
          case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
          case 1 -> bytes[at] = (byte) random.nextInt(256);
          case 2 -> bytes[at] = bytes[random.nextInt(headerEnd)];
          default -> bytes[at] = (byte) TOKENS.charAt(random.nextInt(TOKENS.length()));
        }
      }
      if (survives(bytes)) {
        read++;
      } else {
        refused++;
      }
    }
    // Were either zero, the mutations would not be testing what they are meant to.
    assertTrue(read > 100, "hardly any mutation was read: " + read);
    assertTrue(refused > MUTATIONS / 2, "hardly any mutation was refused: " + refused);
  }

  private static boolean survives(byte[] bytes) throws Exception {
    long before = HeapUse.allocated();
    try {
      SafetensorsFile file = SafetensorsFile.of("f", bytes);
      long elements = 0;
      for (TensorEntry entry : file.entries().values()) {
        if (entry.type().isReadable()) {
          elements += file.read(entry).length;
        }
      }
      assertTrue(elements <= bytes.length / 2);
      return true;
    } catch (FileFormatException e) {
      assertOneLine(e);
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(new String(bytes, StandardCharsets.ISO_8859_1), e);
    } finally {
      long allocated = HeapUse.allocated() - before;
      assertTrue(allocated < HeapUse.MOST_ALLOCATED, "allocated " + allocated);
    }
  }
}
