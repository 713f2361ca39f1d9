package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;

/** Bytes of .npy files made by hand, and what tests ask of every refusal. */
final class NpyBytes {
  /** No refused file may cost more heap than this. */
  static final long MOST_ALLOCATED = 4L << 20;

  private static final Method ALLOCATED = allocatedMethod();
  private static final Object THREADS = threads();

  private NpyBytes() {}

  /** A version 1.0 file with a header of exactly this text, and that many bytes of data. */
  static byte[] file(String header, int dataBytes) {
    return file(1, header.getBytes(StandardCharsets.ISO_8859_1), new byte[dataBytes]);
  }

  static byte[] file(int major, byte[] header, byte[] data) {
    int lengthBytes = major == 1 ? 2 : 4;
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + lengthBytes + header.length + data.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, 0});
    if (major == 1) {
      bytes.putShort((short) header.length);
    } else {
      bytes.putInt(header.length);
    }
    return bytes.put(header).put(data).array();
  }

  static String header(String descr, String shape) {
    return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  }

  static byte[] little(double... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    return bytes.array();
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Demands a refusal that is one line, names the file, and says each of the given things. */
  static void assertRefused(Path file, Executable reading, String... saying) {
    IOException e = assertThrows(IOException.class, reading);
    assertNames(file, e);
    for (String part : saying) {
      assertTrue(e.getMessage().contains(part), () -> e.getMessage() + " does not say: " + part);
    }
  }

  static void assertNames(Path file, IOException e) {
    String message = e.getMessage();
    assertTrue(message.startsWith(file.toString()), () -> "does not name the file: " + message);
    assertEquals(1, message.lines().count(), () -> "more than one line: " + message);
    assertTrue(message.length() > file.toString().length() + 3, () -> "no reason: " + message);
  }

  static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(p -> p.getFileName().toString()).sorted().collect(Collectors.toList());
    }
  }

  /** Bytes of heap this thread has ever taken. */
  static long allocated() throws ReflectiveOperationException {
    return (Long) ALLOCATED.invoke(THREADS);
  }

  // By reflection, because the module under test has no need to read jdk.management.
  private static Method allocatedMethod() {
    try {
      return Class.forName("com.sun.management.ThreadMXBean")
          .getMethod("getCurrentThreadAllocatedBytes");
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static Object threads() {
    try {
      return Class.forName("java.lang.management.ManagementFactory")
          .getMethod("getThreadMXBean")
          .invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
