package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * What the header of a {@code .npy} file declares, read and written here and nowhere else.
 *
 * @param type element type in the file
 * @param shape dimensions, empty for a single number
 * @param elementCount product of the dimensions
 * @param dataOffset where the data starts in the file
 */
record NpyHeader(StoredType type, int[] shape, long elementCount, long dataOffset) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 1 << 16;
  private static final int ALIGNMENT = 64;

  /** NumPy leaves room for the first dimension to grow to this many digits. */
  private static final int GROWTH_DIGITS = 21;

  /**
   * Reads a header and leaves the stream at the first byte of the data.
   *
   * @param file name of the file or member, for messages
   */
  static NpyHeader read(String file, InputStream in) throws IOException {
    byte[] start = in.readNBytes(MAGIC.length + 2);
    checkMagic(file, start);
    int major = start[6] & 0xff;
    int minor = start[7] & 0xff;
    if (major < 1 || major > 3 || minor != 0) {
      throw new NpyFormatException(
          file,
          "format version " + major + "." + minor + " is not supported, expected 1.0, 2.0 or 3.0");
    }
    int lengthBytes = major == 1 ? 2 : 4;
    byte[] lengthField = in.readNBytes(lengthBytes);
    long length = 0;
    for (int i = lengthField.length - 1; i >= 0; i--) {
      length = length << 8 | lengthField[i] & 0xff;
    }
    if (lengthField.length < lengthBytes) {
      throw new NpyFormatException(file, "truncated: the file ends before its header");
    }
    if (length > LONGEST_HEADER) {
      throw new NpyFormatException(
          file, "header of " + length + " bytes is too long, expected at most " + LONGEST_HEADER);
    }
    byte[] header = in.readNBytes((int) length);
    if (header.length < length) {
      throw new NpyFormatException(
          file, "truncated: declares a header of " + length + " bytes, has " + header.length);
    }
    return of(file, text(file, header, major), start.length + lengthBytes + length);
  }

  private static void checkMagic(String file, byte[] start) throws NpyFormatException {
    if (start.length == 0) {
      throw new NpyFormatException(file, "truncated: the file is empty");
    }
    boolean same = true;
    for (int i = 0; i < Math.min(start.length, MAGIC.length); i++) {
      same &= start[i] == MAGIC[i];
    }
    if (same && start.length == MAGIC.length + 2) {
      return;
    }
    if (same) {
      throw new NpyFormatException(file, "truncated: the file ends before its header");
    }
    String remark = "";
    if (start.length > 1 && start[0] == 'P' && start[1] == 'K') {
      remark = "; it looks like a zip archive (.npz)";
    } else if (start.length > 1 && start[0] == (byte) 0x80 && start[1] >= 2 && start[1] <= 5) {
      remark = "; it looks like a Python pickle, which is never read";
    }
    throw new NpyFormatException(
        file, "is not a .npy file: it does not start with \\x93NUMPY" + remark);
  }

  private static String text(String file, byte[] header, int major) throws NpyFormatException {
    if (major < 3) {
      return new String(header, StandardCharsets.ISO_8859_1);
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw new NpyFormatException(file, "malformed header: it is not UTF-8", e);
    }
  }

  private static NpyHeader of(String file, String text, long dataOffset) throws NpyFormatException {
    HeaderParser parsed = HeaderParser.parse(file, text);
    int[] shape = parsed.shape();
    long count = elementCount(shape);
    if (count < 0) {
      throw new NpyFormatException(
          file, "shape " + shapeText(shape) + " is too large: its size overflows 64 bits");
    }
    if (parsed.fortranOrder() && count > 0 && longDimensions(shape) > 1) {
      throw new NpyFormatException(
          file,
          "fortran_order True with shape "
              + shapeText(shape)
              + " is not supported; write np.ascontiguousarray(array)");
    }
    return new NpyHeader(parsed.type(), shape, count, dataOffset);
  }

  /**
   * The product of the dimensions, or -1 if its bytes would overflow a long. Like in NumPy, a
   * dimension of zero does not excuse the others.
   */
  static long elementCount(int[] shape) {
    long bytes = Long.BYTES;
    boolean empty = false;
    for (int dimension : shape) {
      empty |= dimension == 0;
      if (dimension > 0 && bytes > Long.MAX_VALUE / dimension) {
        return -1;
      }
      bytes *= Math.max(dimension, 1);
    }
    return empty ? 0 : bytes / Long.BYTES;
  }

  private static int longDimensions(int[] shape) {
    int count = 0;
    for (int dimension : shape) {
      count += dimension > 1 ? 1 : 0;
    }
    return count;
  }

  /** Bytes of data that the header declares. */
  long dataBytes() {
    return elementCount * type.bytes();
  }

  /** Refuses a file that is shorter or longer than its header declares. */
  void requireLength(String file, long fileLength) throws NpyFormatException {
    long has = fileLength - dataOffset;
    String declared =
        "shape " + shapeText(shape) + " of '" + type.descriptor() + "' declares " + dataBytes();
    if (has < dataBytes()) {
      throw new NpyFormatException(
          file, "truncated: " + declared + " bytes of data, has " + Math.max(has, 0));
    }
    if (has > dataBytes()) {
      throw new NpyFormatException(
          file,
          (has - dataBytes()) + " bytes too many: " + declared + " bytes of data, has " + has);
    }
  }

  /** The bytes that NumPy writes before the data of an array in C order, format version 1.0. */
  static byte[] encode(ElementType type, int... shape) {
    StringBuilder text = new StringBuilder(2 * ALIGNMENT);
    text.append("{'descr': '").append(type.descriptor());
    text.append("', 'fortran_order': False, 'shape': ").append(shapeText(shape)).append(", }");
    if (shape.length > 0) {
      text.append(" ".repeat(GROWTH_DIGITS - Integer.toString(shape[0]).length()));
    }
    int preamble = MAGIC.length + 4;
    // Like NumPy, a header that is aligned already gets a whole further block.
    int padding = ALIGNMENT - (preamble + text.length() + 1) % ALIGNMENT;
    text.append(" ".repeat(padding)).append('\n');
    ByteBuffer bytes = ByteBuffer.allocate(preamble + text.length()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length());
    bytes.put(text.toString().getBytes(StandardCharsets.ISO_8859_1));
    return bytes.array();
  }

  /** A shape as Python spells it, for example {@code (3,)}. */
  static String shapeText(int... shape) {
    StringBuilder text = new StringBuilder("(");
    for (int i = 0; i < shape.length; i++) {
      text.append(i == 0 ? "" : ", ").append(shape[i]);
    }
    return text.append(shape.length == 1 ? ",)" : ")").toString();
  }
}
