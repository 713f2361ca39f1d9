package io.github.convbasis.inference.token;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.inference.npy.FileErrors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Checks the character maps of normalizers of type {@code Precompiled}, because the native library
 * ends the whole process where it cannot parse one.
 *
 * <p>A map is base64 of: the size of a trie in bytes, little-endian 32 bits; the trie, units of 32
 * bits; UTF-8 text that replaces what the trie finds. The links inside the trie are not followed.
 */
final class CharacterMap {
  private static final String FIELD = "precompiled_charsmap";

  private CharacterMap() {}

  /**
   * Refuses a tokenizer whose map cannot be parsed.
   *
   * @param fields of the tokenizer file
   * @throws FileFormatException naming the file, the field and what is wrong with it
   */
  static void requireSound(JsonFields fields) throws FileFormatException {
    if (fields.has("normalizer")) {
      requireSound(fields.file(), fields.value("normalizer"));
    }
  }

  /** Looks into sequences too, however they are nested. */
  private static void requireSound(String file, JsonNode node) throws FileFormatException {
    if (node.isObject() && node.path("type").asText().equals("Precompiled")) {
      requireSoundMap(file, node.path(FIELD));
    }
    for (JsonNode inner : node) {
      requireSound(file, inner);
    }
  }

  private static void requireSoundMap(String file, JsonNode map) throws FileFormatException {
    if (!map.isTextual()) {
      String found = map.isMissingNode() ? "is missing" : "was " + map;
      throw fault(file, "must be a string, " + found);
    }
    ByteBuffer bytes = ByteBuffer.wrap(decoded(file, map.textValue()));
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < Integer.BYTES) {
      throw fault(file, "must begin with a size of 4 bytes, has " + bytes.remaining() + " bytes");
    }
    long trie = Integer.toUnsignedLong(bytes.getInt());
    if (trie < Integer.BYTES || trie > bytes.remaining()) {
      throw fault(
          file,
          String.format(
              "must have a trie of %d to %d bytes by its length, was %d",
              Integer.BYTES, bytes.remaining(), trie));
    }
    // The library reads whole units, and takes what is left for text.
    bytes.position(Integer.BYTES + (int) (trie / Integer.BYTES * Integer.BYTES));
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes);
    } catch (CharacterCodingException e) {
      throw fault(file, "must end with UTF-8 text, did not from byte " + bytes.position() + " on");
    }
  }

  private static byte[] decoded(String file, String map) throws FileFormatException {
    try {
      byte[] bytes = Base64.getDecoder().decode(map);
      // Java is content without padding, the library is not.
      if (Base64.getEncoder().encodeToString(bytes).equals(map)) {
        return bytes;
      }
      throw fault(file, "must be base64 with padding, was " + map);
    } catch (IllegalArgumentException e) {
      throw fault(file, "must be base64, was " + map);
    }
  }

  private static FileFormatException fault(String file, String reason) {
    return new FileFormatException(
        file, "field " + FIELD + " of the normalizer " + FileErrors.shortened(reason));
  }
}
