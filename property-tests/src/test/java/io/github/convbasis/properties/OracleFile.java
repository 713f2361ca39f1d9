package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the one kind of .npy file among the test resources: version 1.0, float64, C order. */
final class OracleFile {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{'descr': '<f8', 'fortran_order': False,"
              + " 'shape': \\((\\d+), (\\d+), (\\d+)\\), \\} *\n");

  private OracleFile() {}

  /** Returns heads × rows × width numbers. */
  static HeadTensor read(String name) {
    byte[] bytes = bytes("/oracle/" + name + ".npy");
    assertArrayEquals(MAGIC, Arrays.copyOf(bytes, MAGIC.length), name + ": magic and version");
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.position(MAGIC.length);
    byte[] text = new byte[Short.toUnsignedInt(buffer.getShort())];
    buffer.get(text);
    Matcher header = HEADER.matcher(new String(text, StandardCharsets.US_ASCII));
    assertTrue(
        header.matches(), () -> name + ": header " + new String(text, StandardCharsets.UTF_8));
    int heads = Integer.parseInt(header.group(1));
    int rows = Integer.parseInt(header.group(2));
    int width = Integer.parseInt(header.group(3));
    double[] elements = new double[heads * rows * width];
    assertEquals(elements.length * Double.BYTES, buffer.remaining(), name + ": bytes of data");
    buffer.asDoubleBuffer().get(elements);
    return HeadTensor.of(elements, heads, rows, width);
  }

  private static byte[] bytes(String resource) {
    try (InputStream in = OracleFile.class.getResourceAsStream(resource)) {
      assertTrue(in != null, resource + " is missing");
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
