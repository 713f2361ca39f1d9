package io.github.convbasis.inference.token;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.inference.npy.FileErrors;
import java.util.Map;

/** The numbers that a tokenizer file gives to its tokens. Immutable and thread-safe. */
final class VocabularyIds {
  private final JsonFields fields;

  VocabularyIds(JsonFields fields) {
    this.fields = fields;
  }

  /**
   * Finds the highest number.
   *
   * @param most how many tokens the model has an embedding for
   * @return that number plus 1
   * @throws FileFormatException if there is no vocabulary, or a number is not one of the model's
   */
  int size(int most) throws FileFormatException {
    JsonFields model = fields.object("model");
    JsonNode vocabulary = model.value("vocab");
    int size = 0;
    if (vocabulary.isArray()) {
      // Unigram: pairs of text and score, numbered as they stand.
      size = vocabulary.size();
      if (size > most) {
        throw beyond("token " + (size - 1), size - 1L, most);
      }
    } else if (vocabulary.isObject()) {
      for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
        size = Math.max(size, 1 + id(entry.getKey(), entry.getValue(), most));
      }
    } else {
      throw model.fault("vocab", "must be an object or an array");
    }
    if (size == 0) {
      throw model.fault("vocab", "must have a token");
    }
    if (fields.has("added_tokens")) {
      for (JsonNode added : fields.value("added_tokens")) {
        size = Math.max(size, 1 + id(added.path("content").asText(), added.path("id"), most));
      }
    }
    return size;
  }

  private int id(String token, JsonNode id, int most) throws FileFormatException {
    if (!id.isIntegralNumber() || !id.canConvertToLong()) {
      throw new FileFormatException(
          fields.file(),
          String.format(
              "token '%s' must have a whole number, was %s",
              FileErrors.shortened(token), FileErrors.shortened(id.toString())));
    }
    if (id.longValue() < 0 || id.longValue() >= most) {
      throw beyond("token '" + FileErrors.shortened(token) + "'", id.longValue(), most);
    }
    return id.intValue();
  }

  private FileFormatException beyond(String token, long id, int most) {
    return new FileFormatException(
        fields.file(),
        String.format(
            "%s must be from 0 to %d, which the model's embedding has (vocab_size), was %d",
            token, most - 1, id));
  }
}
