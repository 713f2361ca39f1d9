package io.github.convbasis.inference.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.npy.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The fields of a JSON object out of a file, each checked when it is asked for.
 *
 * <p>A field that is missing or {@code null} counts as absent. Every fault is a {@link
 * FileFormatException} that names the file, the field and the value found. Parsing costs time and
 * memory in proportion to the text. Immutable and thread-safe.
 */
public final class JsonFields {
  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();

  private final String file;
  private final String prefix;
  private final JsonNode object;

  private JsonFields(String file, String prefix, JsonNode object) {
    this.file = file;
    this.prefix = prefix;
    this.object = object;
  }

  /**
   * Parses a text.
   *
   * @param file name of the file, for messages
   * @param bytes its UTF-8 text
   * @return the fields of the object it holds
   * @throws FileFormatException if it is not UTF-8, not JSON, or something else than an object
   */
  public static JsonFields parse(String file, byte[] bytes) throws FileFormatException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      JsonNode root = READER.readTree(text);
      if (root == null || !root.isObject()) {
        throw new FileFormatException(
            file,
            "must hold a JSON object, holds "
                + (root == null || root.isMissingNode() ? "nothing" : shown(root)));
      }
      return new JsonFields(file, "", root);
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file, "malformed JSON: it is not UTF-8", e);
    } catch (JsonProcessingException e) {
      throw new FileFormatException(
          file, "malformed JSON: " + FileErrors.shortened(e.getOriginalMessage()), e);
    }
  }

  /**
   * Reads a file.
   *
   * @param file the file, a regular one
   * @param mostBytes how long it may be
   * @return the fields of the object it holds
   * @throws FileFormatException as {@link #parse}, or if it is longer
   * @throws IOException if it cannot be read
   */
  public static JsonFields read(Path file, int mostBytes) throws IOException {
    String name = FileErrors.name(file);
    try (FileChannel channel = RegularFile.open(file);
        InputStream in = Channels.newInputStream(channel)) {
      byte[] bytes = in.readNBytes((int) Math.min(channel.size(), mostBytes + 1L));
      if (bytes.length > mostBytes) {
        throw new FileFormatException(
            name,
            "must be at most " + mostBytes + " bytes of JSON, has " + channel.size() + " bytes");
      }
      return parse(name, bytes);
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    }
  }

  /**
   * Lists the fields.
   *
   * @return their names, in the order of the file
   */
  public List<String> names() {
    List<String> names = new ArrayList<>(object.size());
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /**
   * Tells whether a field is there and not null.
   *
   * @param field its name
   * @return whether it has a value
   */
  public boolean has(String field) {
    return object.hasNonNull(field);
  }

  /**
   * Returns the value of a field.
   *
   * @param field its name
   * @return the value, not null
   * @throws FileFormatException if it is absent
   */
  public JsonNode value(String field) throws FileFormatException {
    if (!has(field)) {
      throw new FileFormatException(file, "field " + name(field) + " is missing");
    }
    return object.get(field);
  }

  /**
   * Returns the fields of an object in a field.
   *
   * @param field its name
   * @return the fields of the inner object
   * @throws FileFormatException if it is absent or something else
   */
  public JsonFields object(String field) throws FileFormatException {
    JsonNode inner = value(field);
    if (!inner.isObject()) {
      throw fault(field, "must be an object");
    }
    return new JsonFields(file, name(field) + ".", inner);
  }

  /**
   * Returns a whole number.
   *
   * @param field its name
   * @return at least 1
   * @throws FileFormatException if it is absent or anything but a whole number from 1 to 2³¹ - 1
   */
  public int positiveInt(String field) throws FileFormatException {
    JsonNode number = value(field);
    if (!number.isIntegralNumber() || !number.canConvertToInt() || number.intValue() < 1) {
      throw fault(field, "must be a whole number from 1 to " + Integer.MAX_VALUE);
    }
    return number.intValue();
  }

  /**
   * Returns a number.
   *
   * @param field its name
   * @return finite and greater than 0
   * @throws FileFormatException if it is absent or anything else
   */
  public double positiveNumber(String field) throws FileFormatException {
    JsonNode number = value(field);
    double found = number.doubleValue();
    if (!number.isNumber() || !(found > 0) || Double.isInfinite(found)) {
      throw fault(field, "must be a finite number greater than 0");
    }
    return found;
  }

  /**
   * Returns a number of either sign.
   *
   * @param field its name
   * @return finite
   * @throws FileFormatException if it is absent or anything else
   */
  public double number(String field) throws FileFormatException {
    JsonNode number = value(field);
    if (!number.isNumber() || !Double.isFinite(number.doubleValue())) {
      throw fault(field, "must be a finite number");
    }
    return number.doubleValue();
  }

  /**
   * Returns a truth value.
   *
   * @param field its name
   * @param absent what it is when absent
   * @return the value
   * @throws FileFormatException if it is neither true nor false
   */
  public boolean flag(String field, boolean absent) throws FileFormatException {
    if (!has(field)) {
      return absent;
    }
    if (!value(field).isBoolean()) {
      throw fault(field, "must be true or false");
    }
    return value(field).booleanValue();
  }

  /**
   * Returns a text.
   *
   * @param field its name
   * @return the text
   * @throws FileFormatException if it is absent or no string
   */
  public String text(String field) throws FileFormatException {
    if (!value(field).isTextual()) {
      throw fault(field, "must be a string");
    }
    return value(field).textValue();
  }

  /**
   * Makes an exception that names the file, the field and its value.
   *
   * @param field its name
   * @param expected what it should be, such as {@code must be false}
   * @return the exception to throw
   */
  public FileFormatException fault(String field, String expected) {
    JsonNode found = object.get(field);
    return new FileFormatException(
        file,
        "field "
            + name(field)
            + " "
            + expected
            + ", "
            + (found == null ? "is missing" : "was " + shown(found)));
  }

  /**
   * Names the file these fields are from.
   *
   * @return as it stands in messages
   */
  public String file() {
    return file;
  }

  private String name(String field) {
    return FileErrors.shortened(prefix + field);
  }

  private static String shown(JsonNode value) {
    return FileErrors.shortened(value.toString());
  }
}
