package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;

/** The bundled model as a directory, to be changed by tests. */
final class ModelFixture {
  private static final String MODEL = "/io/github/convbasis/inference/bundled/model/";
  private static final String TOKENIZERS = "/io/github/convbasis/inference/token/";

  private ModelFixture() {}

  /** Copies the bundled model to a new directory, its configuration changed. */
  static Path model(Path directory, Consumer<ObjectNode> change) throws IOException {
    Files.createDirectories(directory);
    copy(MODEL + "model.safetensors", directory.resolve("model.safetensors"));
    Path config = directory.resolve("config.json");
    copy(MODEL + "config.json", config);
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode fields = (ObjectNode) mapper.readTree(config.toFile());
    change.accept(fields);
    mapper.writeValue(config.toFile(), fields);
    return directory;
  }

  /** Gives a model one of the hand-made tokenizers. */
  static Path withTokenizer(Path directory, String name) throws IOException {
    copy(TOKENIZERS + name, directory.resolve("tokenizer.json"));
    return directory;
  }

  private static void copy(String resource, Path target) throws IOException {
    try (InputStream in = ModelFixture.class.getResourceAsStream(resource)) {
      Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
