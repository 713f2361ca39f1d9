package io.github.convbasis.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.LlamaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The bundled model's forward pass in PyTorch on one thread, in the operations its Llama
 * implementations use: embedding, rms_norm, linear, rotation by halves, causal
 * scaled_dot_product_attention, silu. Frequencies are unscaled, heads do not share keys.
 */
final class PyTorchLlama {
  private static final String WEIGHTS =
      "/io/github/convbasis/inference/bundled/model/model.safetensors";

  private final Map<String, Tensor> weights = new HashMap<>();
  private final LlamaConfig config;
  private final Tensor cosines;
  private final Tensor sines;
  private final Tensor tokens;
  private final int n;

  PyTorchLlama(LlamaConfig config, int[] tokens) throws IOException {
    if (config.heads() != config.keyHeads() || !config.tiedEmbeddings()) {
      throw new IllegalStateException("written for heads of their own and tied embeddings");
    }
    torch.set_num_threads(1);
    // Its matrix products have threads of their own: two by default on two cores.
    openblas_nolapack.blas_set_num_threads(1);
    this.config = config;
    n = tokens.length;
    long[] indices = new long[n];
    for (int i = 0; i < n; i++) {
      indices[i] = tokens[i];
    }
    this.tokens = Tensor.create(indices, n);
    int d = config.headWidth();
    float[] cosine = new float[n * d];
    float[] sine = new float[n * d];
    for (int i = 0; i < n * d; i++) {
      int pair = i % d % (d / 2);
      double angle = i / d * Math.pow(config.ropeBase(), -2.0 * pair / d);
      cosine[i] = (float) Math.cos(angle);
      sine[i] = (float) Math.sin(angle);
    }
    cosines = Tensor.create(cosine, n, d);
    sines = Tensor.create(sine, n, d);
    readWeights();
  }

  private void readWeights() throws IOException {
    byte[] bytes;
    try (InputStream in = BundledModel.class.getResourceAsStream(WEIGHTS)) {
      bytes = in.readAllBytes();
    }
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(file.getLong());
    JsonNode tree =
        new ObjectMapper().readTree(new String(bytes, Long.BYTES, header, StandardCharsets.UTF_8));
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      if (entry.getKey().equals("__metadata__")) {
        continue;
      }
      JsonNode node = entry.getValue();
      int from = node.get("data_offsets").get(0).asInt();
      int to = node.get("data_offsets").get(1).asInt();
      ByteBuffer data = file.slice(Long.BYTES + header + from, to - from);
      float[] elements = floats(data.order(ByteOrder.LITTLE_ENDIAN), node.get("dtype").asText());
      long[] shape = new long[node.get("shape").size()];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = node.get("shape").get(i).asLong();
      }
      weights.put(entry.getKey(), Tensor.create(elements, shape));
    }
  }

  private static float[] floats(ByteBuffer data, String type) {
    if (!type.equals("F32")) {
      throw new IllegalStateException("written for weights of type F32, they are " + type);
    }
    FloatBuffer floats = data.asFloatBuffer();
    float[] elements = new float[floats.remaining()];
    floats.get(elements);
    return elements;
  }

  /** Runs the model; returns something of the logits, so that they are computed. */
  long forward() {
    try (PointerScope scope = new PointerScope()) {
      scope.attach(new NoGradGuard());
      return call().numel();
    }
  }

  /** Runs the model and copies the logits out. */
  float[] logits() {
    try (PointerScope scope = new PointerScope()) {
      scope.attach(new NoGradGuard());
      Tensor result = call().contiguous();
      float[] logits = new float[(int) result.numel()];
      result.data_ptr_float().get(logits);
      return logits;
    }
  }

  private Tensor call() {
    Tensor embedding = weights.get("model.embed_tokens.weight");
    Tensor x = torch.embedding(embedding, tokens);
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      Tensor normed = norm(x, prefix + "input_layernorm");
      Tensor q = rotate(heads(linear(normed, prefix + "self_attn.q_proj")));
      Tensor k = rotate(heads(linear(normed, prefix + "self_attn.k_proj")));
      Tensor v = heads(linear(normed, prefix + "self_attn.v_proj"));
      Tensor attended =
          torch.scaled_dot_product_attention(
              q, k, v, new TensorOptional(), 0.0, true, new DoubleOptional(), false);
      Tensor rows = attended.transpose(1, 2).reshape(n, config.heads() * config.headWidth());
      x = x.add(linear(rows, prefix + "self_attn.o_proj"));
      normed = norm(x, prefix + "post_attention_layernorm");
      Tensor gate = torch.silu(linear(normed, prefix + "mlp.gate_proj"));
      Tensor up = linear(normed, prefix + "mlp.up_proj");
      x = x.add(linear(gate.mul(up), prefix + "mlp.down_proj"));
    }
    return torch.linear(norm(x, "model.norm"), embedding);
  }

  private Tensor linear(Tensor x, String name) {
    return torch.linear(x, weights.get(name + ".weight"));
  }

  private Tensor norm(Tensor x, String name) {
    return torch.rms_norm(
        x,
        new long[] {config.hiddenSize()},
        new TensorOptional(weights.get(name + ".weight")),
        new DoubleOptional(config.normEpsilon()));
  }

  private Tensor heads(Tensor rows) {
    return rows.view(1, n, config.heads(), config.headWidth()).transpose(1, 2);
  }

  private Tensor rotate(Tensor x) {
    long half = config.headWidth() / 2;
    Tensor turned =
        torch.cat(new TensorVector(x.narrow(3, half, half).neg(), x.narrow(3, 0, half)), 3);
    return x.mul(cosines).add(turned.mul(sines));
  }
}
