package io.github.convbasis.inference.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaConfigTest {
  static final String SOUND =
      "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"vocab_size\":11,"
          + "\"hidden_size\":12,\"intermediate_size\":20,\"num_hidden_layers\":2,"
          + "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"head_dim\":6,"
          + "\"max_position_embeddings\":40,\"rms_norm_eps\":1e-5,\"rope_theta\":500.0,"
          + "\"hidden_act\":\"silu\"}";

  private static LlamaConfig parse(String json) throws FileFormatException {
    return LlamaConfig.of(JsonFields.parse("f", json.getBytes(StandardCharsets.UTF_8)));
  }

  /** The sound configuration with a field replaced or, for an empty value, left out. */
  private static String with(String field, String value) {
    String without = SOUND.replaceAll(",?\"" + field + "\":(\\[[^]]*]|[^,}]*)", "");
    return value.isEmpty()
        ? without.replace("{,", "{")
        : without.replace("}", ",\"" + field + "\":" + value + "}").replace("{,", "{");
  }

  @Test
  void fieldsAndDefaults() throws FileFormatException {
    LlamaConfig config = parse(SOUND);
    LlamaConfig expected =
        new LlamaConfig(12, 20, 2, 4, 2, 6, 40, 11, 1e-5, 500, RopeScaling.NONE, false, List.of());
    assertEquals(expected, config);
    assertEquals(4, parse(with("num_key_value_heads", "")).keyHeads());
    assertEquals(10_000, parse(with("rope_theta", "")).ropeBase());
    assertThrows(FileFormatException.class, () -> parse(with("head_dim", "")));
    assertTrue(parse(with("tie_word_embeddings", "true")).tiedEmbeddings());
    String nested = with("rope_parameters", "{\"rope_theta\":77,\"rope_type\":\"default\"}");
    assertEquals(77, parse(nested).ropeBase());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "architectures # [\"MistralForCausalLM\"] # must be [\"LlamaForCausalLM\"], was [\"Mistral",
        "model_type # \"gemma2\" # must be \"llama\", was \"gemma2\"",
        "hidden_size # `` # field hidden_size is missing",
        "hidden_size # 12.5 # must be a whole number from 1 to 2147483647, was 12.5",
        "hidden_size # 0 # was 0",
        "hidden_size # 99999999999 # was 99999999999",
        "num_hidden_layers # \"2\" # was \"2\"",
        "num_key_value_heads # 3 # must divide num_attention_heads 4, was 3",
        "head_dim # 7 # even width to be rotated in pairs, was 7",
        "vocab_size # 2000000000 # must keep tensors within",
        "intermediate_size # 2000000000 # must keep tensors within",
        "num_attention_heads # 2000000000 # must keep tensors within",
        "rms_norm_eps # 0 # must be a finite number greater than 0, was 0",
        "rms_norm_eps # `` # field rms_norm_eps is missing",
        "rope_theta # 1 # must be greater than 1, was 1",
        "hidden_act # \"gelu\" # must be \"silu\", was \"gelu\"",
        "attention_bias # true # field attention_bias must be false, was true",
        "mlp_bias # true # field mlp_bias must be false, was true",
        "mlp_bias # 1 # must be true or false, was 1",
        "attn_logit_softcapping # 50.0 # attn_logit_softcapping cannot be honoured",
        "sliding_window # 4096 # sliding_window cannot be honoured and must be absent, was 4096",
        "layer_types # [\"full_attention\",\"sliding_attention\"] # must be \"full_attention\" for every",
        "layer_types # \"sliding_attention\" # must be a list with one entry for each of the 2 layers",
        "layer_types # [\"full_attention\"] # for each of the 2 layers, was [\"full_attention\"]",
        "partial_rotary_factor # 0.5 # partial_rotary_factor must be 1, was 0.5",
        "rope_scaling # {\"rope_type\":\"yarn\"} # rope_scaling.rope_type must be default, linear",
        "rope_scaling # {\"type\":\"dynamic\"} # rope_scaling.type must be",
        "rope_scaling # {\"factor\":2} # field rope_scaling.rope_type is missing",
        "rope_scaling # {\"type\":\"linear\"} # field rope_scaling.factor is missing",
        "rope_scaling # {\"type\":\"linear\",\"factor\":0.5} # factor must be at least 1, was 0.5",
        "rope_scaling # 3 # field rope_scaling must be an object, was 3",
        "tie_word_embeddings # \"no\" # must be true or false, was \"no\"",
        "quantization_config # {} # quantization_config cannot be honoured",
      })
  void whatCannotBeHonouredIsRefused(String field, String value, String saying) {
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> parse(with(field, value)));
    assertTrue(e.getMessage().startsWith("f: field "), e.getMessage());
    assertTrue(e.getMessage().contains(saying), e.getMessage() + " does not say: " + saying);
  }

  @Test
  void whatIsSwitchedOffIsNoObstacle() throws FileFormatException {
    for (String value : new String[] {"null", "false"}) {
      assertEquals(parse(SOUND), parse(with("attn_logit_softcapping", value)));
    }
    assertEquals(parse(SOUND), parse(with("sliding_window", "null")));
    assertEquals(
        parse(SOUND),
        parse(with("sliding_window", "7").replace("}", ",\"use_sliding_window\":false}")));
    assertEquals(parse(SOUND), parse(with("partial_rotary_factor", "1.0")));
  }

  @Test
  void scaledFrequencies() throws FileFormatException {
    String linear = with("rope_scaling", "{\"type\":\"linear\",\"factor\":4}");
    double[] plain = RopeScaling.NONE.frequencies(500, 6);
    assertArrayEquals(new double[] {1, Math.pow(500, -1 / 3.0), Math.pow(500, -2 / 3.0)}, plain);
    double[] quarter = parse(linear).ropeScaling().frequencies(500, 6);
    for (int m = 0; m < plain.length; m++) {
      assertEquals(plain[m] / 4, quarter[m]);
    }
  }

  /** The rule as transformers has it, by wavelengths. */
  @Test
  void llama3Frequencies() throws FileFormatException {
    String json =
        with(
            "rope_scaling",
            "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4,"
                + "\"original_max_position_embeddings\":8192}");
    double[] actual = parse(json).ropeScaling().frequencies(500_000, 128);
    double[] plain = RopeScaling.NONE.frequencies(500_000, 128);
    int kept = 0;
    int divided = 0;
    for (int m = 0; m < plain.length; m++) {
      double wavelength = 2 * Math.PI / plain[m];
      double expected;
      if (wavelength < 8192 / 4.0) {
        expected = plain[m];
        kept++;
      } else if (wavelength > 8192) {
        expected = plain[m] / 8;
        divided++;
      } else {
        double smooth = (8192 / wavelength - 1) / (4 - 1);
        expected = (1 - smooth) * plain[m] / 8 + smooth * plain[m];
      }
      assertEquals(expected, actual[m], 1e-14 * expected);
    }
    assertTrue(kept > 10 && divided > 10 && kept + divided < plain.length);
  }
}
