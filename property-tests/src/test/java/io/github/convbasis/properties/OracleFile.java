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
          "\\{'descr': '<f8', 'fortran_order': False, 'shape': \\((\\d[\\d, ]*)\\), \\} *\n");

  private OracleFile() {}

  /** Returns heads × rows × width numbers; of fewer dimensions, the last ones. */
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
    String[] lengths = header.group(1).split(",\\s*");
    assertTrue(lengths.length <= 3, () -> name + ": dimensions " + header.group(1));
    int[] shape = {1, 1, 1};
    for (int i = 1; i <= lengths.length; i++) {
      shape[3 - i] = Integer.parseInt(lengths[lengths.length - i]);
    }
    int heads = shape[0];
    int rows = shape[1];
    int width = shape[2];
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
