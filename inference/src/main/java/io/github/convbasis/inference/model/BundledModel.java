package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.inference.json.JsonFields;
import java.io.IOException;
import java.io.InputStream;

/**
 * The small language model that comes with the program, and unseen text to run it on; its README
 * tells their origin. Stateless and thread-safe.
 */
public final class BundledModel {
  /** What names it where a directory could stand. */
  public static final String NAME = "bundled";

  private static final String RESOURCES = "/io/github/convbasis/inference/bundled/model/";

  private BundledModel() {}

  /**
   * Loads the model.
   *
   * @return the model
   * @throws IOException if its resources cannot be read
   */
  public static LlamaModel load() throws IOException {
    return load(Backends.auto());
  }

  /**
   * Loads the model for a backend of the caller's choice.
   *
   * @param backend what multiplies by the weights
   * @return the model
   * @throws IOException if its resources cannot be read
   */
  public static LlamaModel load(Backend backend) throws IOException {
    LlamaConfig config =
        LlamaConfig.of(JsonFields.parse(NAME + "/" + LlamaConfig.FILE, resource(LlamaConfig.FILE)));
    String name = NAME + "/" + Checkpoint.SINGLE_FILE;
    try (Checkpoint checkpoint =
        Checkpoint.of(SafetensorsFile.of(name, resource(Checkpoint.SINGLE_FILE)))) {
      return LlamaModel.of(config, LlamaWeights.of(config, checkpoint), backend);
    }
  }

  /**
   * Opens the text.
   *
   * @return 120,000 bytes of the King James Bible that the model was not trained on
   */
  public static InputStream openText() {
    return open("text.txt");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    }
  }

  private static InputStream open(String name) {
    InputStream in = BundledModel.class.getResourceAsStream(RESOURCES + name);
    if (in == null) {
      throw new IllegalStateException("resource " + RESOURCES + name + " is missing");
    }
    return in;
  }
}
