package io.github.convbasis.inference.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Bytes of safetensors files made by hand. */
final class SafetensorsBytes {
  private final Map<String, String> headers = new LinkedHashMap<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /** A file with a header of exactly this text, and that many bytes of data. */
  static byte[] file(String header, int dataBytes) {
    return file(header.getBytes(StandardCharsets.UTF_8), new byte[dataBytes]);
  }

  static byte[] file(byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }

  static String entry(String dtype, String shape, String offsets) {
    return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  }

  SafetensorsBytes add(String name, float[] elements, int... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(elements);
    return add(name, "F32", bytes.array(), shape);
  }

  SafetensorsBytes add(String name, String dtype, byte[] bytes, int... shape) {
    String offsets = "[" + data.size() + "," + (data.size() + bytes.length) + "]";
    data.writeBytes(bytes);
    headers.put(name, entry(dtype, Arrays.toString(shape), offsets));
    return this;
  }

  byte[] bytes() {
    StringBuilder json = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    headers.forEach((name, entry) -> json.append(",\"" + name + "\":" + entry));
    return file(json.append("}").toString().getBytes(StandardCharsets.UTF_8), data.toByteArray());
  }
}
