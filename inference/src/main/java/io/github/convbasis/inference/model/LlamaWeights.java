package io.github.convbasis.inference.model;

import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.npy.FileErrors;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * The weights of a Llama model under their Hugging Face names, each checked to be there and of the
 * shape its configuration demands, and read when it is asked for.
 *
 * <p>Tensors that the forward pass would leave out, such as biases, are refused, since leaving them
 * out would change what the model says. As thread-safe as the checkpoint behind it.
 */
final class LlamaWeights {
  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String FINAL_NORM = "model.norm.weight";
  static final String HEAD = "lm_head.weight";

  /** The parts of a layer, see {@link #name}. */
  enum Part {
    ATTENTION_NORM("input_layernorm"),
    QUERY("self_attn.q_proj"),
    KEY("self_attn.k_proj"),
    VALUE("self_attn.v_proj"),
    OUTPUT("self_attn.o_proj"),
    FEED_FORWARD_NORM("post_attention_layernorm"),
    GATE("mlp.gate_proj"),
    UP("mlp.up_proj"),
    DOWN("mlp.down_proj");

    private final String label;

    Part(String label) {
      this.label = label;
    }

    /** The dimensions of the tensor: outputs × inputs, or one factor for each element. */
    private int[] shape(LlamaConfig config) {
      int hidden = config.hiddenSize();
      return switch (this) {
        case ATTENTION_NORM, FEED_FORWARD_NORM -> new int[] {hidden};
        case QUERY -> new int[] {config.queryWidth(), hidden};
        case KEY, VALUE -> new int[] {config.keyWidth(), hidden};
        case OUTPUT -> new int[] {hidden, config.queryWidth()};
        case GATE, UP -> new int[] {config.intermediateSize(), hidden};
        case DOWN -> new int[] {hidden, config.intermediateSize()};
      };
    }
  }

  private final Checkpoint checkpoint;

  private LlamaWeights(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /**
   * Checks that a checkpoint has all tensors of a model and no others.
   *
   * @param config of the model
   * @param checkpoint to be kept open while weights are read
   * @throws FileFormatException naming the tensor that is missing, of another shape or unexpected,
   *     or telling that the heap cannot take the weights
   */
  static LlamaWeights of(LlamaConfig config, Checkpoint checkpoint) throws FileFormatException {
    Set<String> left = new HashSet<>(checkpoint.names());
    require(checkpoint, left, EMBEDDING, config.vocabularySize(), config.hiddenSize());
    require(checkpoint, left, FINAL_NORM, config.hiddenSize());
    if (config.tiedEmbeddings()) {
      left.remove(HEAD);
    } else {
      require(checkpoint, left, HEAD, config.vocabularySize(), config.hiddenSize());
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      for (Part part : Part.values()) {
        require(checkpoint, left, name(layer, part), part.shape(config));
      }
    }
    // Frequencies that some old files carry; they follow from the configuration.
    left.removeIf(name -> name.endsWith(".rotary_emb.inv_freq"));
    for (String name : left) {
      throw new FileFormatException(
          checkpoint.name(),
          "tensor '"
              + FileErrors.shortened(name)
              + "' is none of a Llama model of "
              + config.layers()
              + " layers without biases, and cannot be honoured");
    }
    requireHeap(checkpoint, Float.BYTES * config.parameters(), Runtime.getRuntime().maxMemory());
    return new LlamaWeights(checkpoint);
  }

  private static void require(Checkpoint checkpoint, Set<String> left, String name, int... shape)
      throws FileFormatException {
    checkpoint.require(name, shape);
    left.remove(name);
  }

  /** Refuses weights that cannot fit, before any of them is read. */
  static void requireHeap(Checkpoint checkpoint, long needed, long most)
      throws FileFormatException {
    if (needed > most) {
      throw new FileFormatException(
          checkpoint.name(),
          String.format(
              "weights need %d bytes of memory as float32, Java has at most %d; give it more with"
                  + " -Xmx",
              needed, most));
    }
  }

  /** Names the tensor of a part of a layer. */
  static String name(int layer, Part part) {
    return "model.layers." + layer + "." + part.label + ".weight";
  }

  /**
   * Reads a tensor.
   *
   * @param name one of those that were checked
   * @return its elements, row-major and finite
   * @throws IOException if it cannot be read or an element is not finite
   */
  float[] tensor(String name) throws IOException {
    return checkpoint.read(name);
  }
}
