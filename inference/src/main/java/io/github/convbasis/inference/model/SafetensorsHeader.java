package io.github.convbasis.inference.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.inference.npy.FileErrors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the header of a safetensors file declares: eight bytes of length, JSON, then the data, which
 * the tensors must fill without gap or overlap.
 *
 * @param entries tensors by name, in the order of the header
 * @param dataOffset where the data starts in the file
 */
record SafetensorsHeader(Map<String, TensorEntry> entries, long dataOffset) {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Several times what the headers of the greatest models take; a tree of it fits a small heap. */
  static final int LONGEST_HEADER = 1 << 24;

  private static final int MOST_DIMENSIONS = 64;
  private static final String METADATA = "__metadata__";

  /**
   * Reads and checks a header.
   *
   * @param file name of the file, for messages
   * @param bytes the whole file
   * @throws FileFormatException naming the tensor or field and both values
   */
  static SafetensorsHeader read(String file, MemorySegment bytes) throws FileFormatException {
    long size = bytes.byteSize();
    if (size < Long.BYTES) {
      throw new FileFormatException(
          file, "truncated: has " + size + " bytes, expected at least 8 for the header length");
    }
    long length = bytes.get(LENGTH, 0);
    long left = size - Long.BYTES;
    if (length < 0 || length > left) {
      throw new FileFormatException(
          file,
          String.format(
              "header length %s is more than the %d bytes that follow it",
              Long.toUnsignedString(length), left));
    }
    if (length > LONGEST_HEADER) {
      throw new FileFormatException(
          file, "header length " + length + " is too long, expected at most " + LONGEST_HEADER);
    }
    byte[] json = bytes.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
    if (json.length == 0 || json[0] != '{') {
      throw new FileFormatException(file, "malformed header: it does not start with '{'");
    }
    JsonFields fields = JsonFields.parse(file, json);
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    for (String name : fields.names()) {
      if (name.equals(METADATA)) {
        requireStrings(fields);
      } else {
        entries.put(name, entry(file, name, fields.value(name)));
      }
    }
    requireCover(file, entries, left - length);
    return new SafetensorsHeader(entries, Long.BYTES + length);
  }

  private static void requireStrings(JsonFields fields) throws FileFormatException {
    JsonFields metadata = fields.object(METADATA);
    for (String name : metadata.names()) {
      metadata.text(name);
    }
  }

  private static TensorEntry entry(String file, String name, JsonNode node)
      throws FileFormatException {
    if (!node.isObject()) {
      throw fault(file, name, "must be an object, was " + FileErrors.shortened(node.toString()));
    }
    JsonNode dtype = node.path("dtype");
    TensorType type = dtype.isTextual() ? TensorType.of(dtype.textValue()) : null;
    if (type == null) {
      throw fault(file, name, "dtype " + shown(dtype) + " is unknown, expected F32, F16 or BF16");
    }
    long[] shape = wholeNumbers(file, name, "shape", node.path("shape"));
    long[] offsets = wholeNumbers(file, name, "data_offsets", node.path("data_offsets"));
    if (offsets.length != 2) {
      throw fault(
          file, name, "data_offsets must be two numbers, were " + shown(node.path("data_offsets")));
    }
    if (offsets[1] < offsets[0]) {
      throw fault(
          file,
          name,
          String.format("data_offsets end at %d, before they begin at %d", offsets[1], offsets[0]));
    }
    long count = count(file, name, type, shape, node.path("shape"));
    if (count * type.bytes() != offsets[1] - offsets[0]) {
      throw fault(
          file,
          name,
          String.format(
              "shape %s of %s takes %d bytes, data_offsets span %d",
              shown(node.path("shape")), type, count * type.bytes(), offsets[1] - offsets[0]));
    }
    return new TensorEntry(name, type, shape, count, offsets[0], offsets[1]);
  }

  private static long[] wholeNumbers(String file, String name, String field, JsonNode array)
      throws FileFormatException {
    if (!array.isArray()) {
      throw fault(file, name, field + " must be a list of whole numbers, was " + shown(array));
    }
    if (array.size() > MOST_DIMENSIONS) {
      throw fault(
          file,
          name,
          field + " has " + array.size() + " numbers, expected at most " + MOST_DIMENSIONS);
    }
    long[] numbers = new long[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      JsonNode number = array.get(i);
      if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
        throw fault(
            file, name, field + " must be whole numbers from 0 to 2^63 - 1, has " + shown(number));
      }
      numbers[i] = number.longValue();
    }
    return numbers;
  }

  /** The product of the dimensions; one of zero does not excuse the others from overflowing. */
  private static long count(String file, String name, TensorType type, long[] shape, JsonNode shown)
      throws FileFormatException {
    long bytes = type.bytes();
    boolean empty = false;
    for (long dimension : shape) {
      empty |= dimension == 0;
      if (dimension > 0 && bytes > Long.MAX_VALUE / dimension) {
        throw fault(
            file,
            name,
            "shape " + shown(shown) + " of " + type + " is too large: its size overflows 64 bits");
      }
      bytes *= Math.max(dimension, 1);
    }
    return empty ? 0 : bytes / type.bytes();
  }

  private static void requireCover(String file, Map<String, TensorEntry> entries, long dataBytes)
      throws FileFormatException {
    List<TensorEntry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
    long covered = 0;
    String before = null;
    for (TensorEntry entry : sorted) {
      if (entry.end() > dataBytes) {
        throw fault(
            file,
            entry.name(),
            String.format(
                "truncated: data_offsets end at %d, the data has %d bytes",
                entry.end(), dataBytes));
      }
      if (entry.begin() != covered) {
        String end = before == null ? "the data starts" : quoted(before) + " ends";
        String kind = entry.begin() < covered ? "overlap" : "leave a hole";
        throw fault(
            file,
            entry.name(),
            String.format(
                "data_offsets %s: begin at %d, but %s at %d", kind, entry.begin(), end, covered));
      }
      covered = entry.end();
      before = entry.name();
    }
    if (covered != dataBytes) {
      throw new FileFormatException(
          file,
          String.format(
              "%d bytes too many: data_offsets end at %d, the data has %d bytes",
              dataBytes - covered, covered, dataBytes));
    }
  }

  private static String quoted(String name) {
    return "'" + FileErrors.shortened(name) + "'";
  }

  private static String shown(JsonNode node) {
    return node.isMissingNode() ? "missing" : FileErrors.shortened(node.toString());
  }

  private static FileFormatException fault(String file, String tensor, String reason) {
    return new FileFormatException(file, "tensor " + quoted(tensor) + ": " + reason);
  }
}
