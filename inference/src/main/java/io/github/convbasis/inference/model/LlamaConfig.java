package io.github.convbasis.inference.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The sizes and constants of a model of the Llama architecture, as its {@code config.json} gives
 * them. Immutable and thread-safe.
 *
 * @param hiddenSize width of the hidden state
 * @param intermediateSize width inside the feed-forward part
 * @param layers number of layers
 * @param heads query heads of a layer
 * @param keyHeads key and value heads of a layer, a divisor of the query heads
 * @param headWidth d, elements of a head, even
 * @param contextLength most positions the model was made for
 * @param vocabularySize number of tokens
 * @param normEpsilon what is added to the mean square in RMSNorm
 * @param ropeBase base of the rotary embedding, greater than 1
 * @param ropeScaling how its frequencies are changed
 * @param tiedEmbeddings whether the output head is the token embedding
 * @param endTokens tokens that end a text, often one
 */
public record LlamaConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int keyHeads,
    int headWidth,
    int contextLength,
    int vocabularySize,
    double normEpsilon,
    double ropeBase,
    RopeScaling ropeScaling,
    boolean tiedEmbeddings,
    List<Integer> endTokens) {
  static final String FILE = "config.json";

  private static final int LONGEST_FILE = 1 << 20;
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;
  private static final double USUAL_BASE = 10_000;

  /** Fields of relatives of the architecture that change what is computed. */
  private static final List<String> NOT_HONOURED =
      List.of(
          "attn_logit_softcapping",
          "final_logit_softcapping",
          "quantization_config",
          "query_pre_attn_scalar",
          "attention_multiplier",
          "embedding_multiplier",
          "residual_multiplier",
          "logits_scaling",
          "logit_scale",
          "use_qk_norm",
          "no_rope_layers",
          "num_local_experts");

  /**
   * Reads {@value #FILE} of a directory.
   *
   * @param directory of the model
   * @return the checked configuration
   * @throws FileFormatException naming the field and its value, if something is missing, malformed
   *     or cannot be honoured
   * @throws IOException if the file cannot be read
   */
  public static LlamaConfig read(Path directory) throws IOException {
    return of(JsonFields.read(directory.resolve(FILE), LONGEST_FILE));
  }

  /** Checks the fields of a configuration. */
  static LlamaConfig of(JsonFields fields) throws FileFormatException {
    requireArchitecture(fields);
    requireHonoured(fields);
    int hidden = fields.positiveInt("hidden_size");
    int intermediate = fields.positiveInt("intermediate_size");
    int vocabulary = fields.positiveInt("vocab_size");
    int heads = fields.positiveInt("num_attention_heads");
    int keyHeads =
        fields.has("num_key_value_heads") ? fields.positiveInt("num_key_value_heads") : heads;
    if (heads % keyHeads != 0) {
      throw fields.fault("num_key_value_heads", "must divide num_attention_heads " + heads);
    }
    int headWidth = headWidth(fields, hidden, heads);
    requireArray(fields, "intermediate_size", (long) hidden * intermediate);
    requireArray(fields, "vocab_size", (long) hidden * vocabulary);
    requireArray(fields, "num_attention_heads", (double) hidden * heads * headWidth);
    return new LlamaConfig(
        hidden,
        intermediate,
        fields.positiveInt("num_hidden_layers"),
        heads,
        keyHeads,
        headWidth,
        fields.positiveInt("max_position_embeddings"),
        vocabulary,
        fields.positiveNumber("rms_norm_eps"),
        ropeBase(fields),
        ropeScaling(fields),
        fields.flag("tie_word_embeddings", false),
        endTokens(fields, vocabulary));
  }

  private static List<Integer> endTokens(JsonFields fields, int vocabulary)
      throws FileFormatException {
    List<Integer> tokens = new ArrayList<>();
    if (fields.has("eos_token_id")) {
      JsonNode given = fields.value("eos_token_id");
      for (JsonNode token : given.isArray() ? given : List.of(given)) {
        boolean whole = token.isIntegralNumber() && token.canConvertToInt();
        if (!whole || token.intValue() < 0 || token.intValue() >= vocabulary) {
          throw fields.fault(
              "eos_token_id", "must be from 0 to " + (vocabulary - 1) + " by vocab_size");
        }
        tokens.add(token.intValue());
      }
    }
    return tokens;
  }

  private static int headWidth(JsonFields fields, int hidden, int heads)
      throws FileFormatException {
    boolean given = fields.has("head_dim");
    if (!given && hidden % heads != 0) {
      throw fields.fault("hidden_size", "must be a multiple of num_attention_heads " + heads);
    }
    int width = given ? fields.positiveInt("head_dim") : hidden / heads;
    if (width % 2 != 0) {
      throw fields.fault(
          given ? "head_dim" : "hidden_size",
          "must give heads of even width to be rotated in pairs");
    }
    return width;
  }

  private static void requireArray(JsonFields fields, String field, double elements)
      throws FileFormatException {
    if (elements > LONGEST_ARRAY) {
      throw fields.fault(
          field,
          String.format(
              "must keep tensors within %d elements, needs %.0f", LONGEST_ARRAY, elements));
    }
  }

  private static void requireArchitecture(JsonFields fields) throws FileFormatException {
    if (!fields.has("architectures") && !fields.has("model_type")) {
      throw fields.fault("architectures", "must be [\"LlamaForCausalLM\"]");
    }
    if (fields.has("architectures")) {
      JsonNode names = fields.value("architectures");
      if (names.size() != 1 || !names.path(0).asText().equals("LlamaForCausalLM")) {
        throw fields.fault("architectures", "must be [\"LlamaForCausalLM\"]");
      }
    }
    if (fields.has("model_type") && !fields.text("model_type").equals("llama")) {
      throw fields.fault("model_type", "must be \"llama\"");
    }
  }

  private static void requireHonoured(JsonFields fields) throws FileFormatException {
    for (String field : NOT_HONOURED) {
      if (fields.has(field) && !isFalse(fields.value(field))) {
        throw fields.fault(field, "cannot be honoured and must be absent");
      }
    }
    if (fields.has("sliding_window") && fields.flag("use_sliding_window", true)) {
      throw fields.fault("sliding_window", "cannot be honoured and must be absent");
    }
    requireFullAttention(fields);
    for (String field : List.of("attention_bias", "mlp_bias")) {
      if (fields.flag(field, false)) {
        throw fields.fault(field, "must be false");
      }
    }
    if (fields.has("hidden_act") && !fields.text("hidden_act").equals("silu")) {
      throw fields.fault("hidden_act", "must be \"silu\"");
    }
    RopeScaling.requireFullRotation(fields);
  }

  private static void requireFullAttention(JsonFields fields) throws FileFormatException {
    if (!fields.has("layer_types")) {
      return;
    }
    JsonNode types = fields.value("layer_types");
    int layers = fields.positiveInt("num_hidden_layers");
    if (!types.isArray() || types.size() != layers) {
      throw fields.fault(
          "layer_types", "must be a list with one entry for each of the " + layers + " layers");
    }
    for (JsonNode type : types) {
      if (!type.asText().equals("full_attention")) {
        throw fields.fault("layer_types", "must be \"full_attention\" for every layer");
      }
    }
  }

  private static boolean isFalse(JsonNode value) {
    return value.isBoolean() && !value.booleanValue();
  }

  private static double ropeBase(JsonFields fields) throws FileFormatException {
    boolean nested =
        fields.has("rope_parameters") && fields.object("rope_parameters").has("rope_theta");
    JsonFields owner = nested ? fields.object("rope_parameters") : fields;
    if (!owner.has("rope_theta")) {
      return USUAL_BASE;
    }
    double base = owner.positiveNumber("rope_theta");
    if (!(base > 1)) {
      throw owner.fault("rope_theta", "must be greater than 1");
    }
    return base;
  }

  private static RopeScaling ropeScaling(JsonFields fields) throws FileFormatException {
    if (fields.has("rope_parameters") && fields.has("rope_scaling")) {
      throw fields.fault("rope_scaling", "must be absent beside rope_parameters");
    }
    for (String field : List.of("rope_parameters", "rope_scaling")) {
      if (fields.has(field)) {
        return RopeScaling.read(fields.object(field));
      }
    }
    return RopeScaling.NONE;
  }

  /** Copies the end tokens. */
  public LlamaConfig {
    endTokens = List.copyOf(endTokens);
  }

  /**
   * Counts the weights.
   *
   * @return elements of all tensors, a tied output head not counted
   */
  public long parameters() {
    long hidden = hiddenSize;
    long embeddings = hidden * vocabularySize * (tiedEmbeddings ? 1 : 2);
    long attention = 2 * hidden * queryWidth() + 2 * hidden * keyWidth();
    long feedForward = 3 * hidden * intermediateSize;
    return embeddings + layers * (attention + feedForward + 2 * hidden) + hidden;
  }

  /**
   * Returns how many elements all query heads of a row take.
   *
   * @return heads × head width
   */
  int queryWidth() {
    return heads * headWidth;
  }

  /**
   * Returns how many elements all key heads of a row take.
   *
   * @return key heads × head width
   */
  int keyWidth() {
    return keyHeads * headWidth;
  }
}
