package io.github.convbasis.inference.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.inference.npy.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a model by name, from one safetensors file or from the shards that an index names.
 *
 * <p>Opening costs the headers. Safe for use by many threads, but {@link #close()} fails while
 * another one reads.
 */
final class Checkpoint implements AutoCloseable {
  static final String SINGLE_FILE = "model.safetensors";
  static final String INDEX_FILE = "model.safetensors.index.json";

  private static final int LONGEST_INDEX = 1 << 24;

  private final String name;
  private final Map<String, SafetensorsFile> files;
  private final Map<String, SafetensorsFile> owners;

  private Checkpoint(
      String name, Map<String, SafetensorsFile> files, Map<String, SafetensorsFile> owners) {
    this.name = name;
    this.files = files;
    this.owners = owners;
  }

  /**
   * Opens {@value #SINGLE_FILE} of a directory or, where that is missing, the shards of {@value
   * #INDEX_FILE}.
   *
   * @param directory of the model
   * @return the tensors, to be closed by the caller
   * @throws FileFormatException if a file is unsound, or index and shards do not agree
   * @throws IOException if a file is missing or cannot be read
   */
  static Checkpoint open(Path directory) throws IOException {
    Path single = directory.resolve(SINGLE_FILE);
    Path index = directory.resolve(INDEX_FILE);
    if (Files.exists(single)) {
      return of(SafetensorsFile.open(single));
    }
    if (!Files.exists(index)) {
      throw FileErrors.of(single, "no such file, and no " + INDEX_FILE + " beside it");
    }
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    boolean opened = false;
    try {
      Checkpoint checkpoint = openShards(directory, index, files);
      opened = true;
      return checkpoint;
    } finally {
      if (!opened) {
        files.values().forEach(SafetensorsFile::close);
      }
    }
  }

  /** Takes the tensors of a single file, which is then closed with the result. */
  static Checkpoint of(SafetensorsFile file) {
    Map<String, SafetensorsFile> owners = new HashMap<>();
    file.entries().keySet().forEach(tensor -> owners.put(tensor, file));
    return new Checkpoint(file.name(), Map.of(file.name(), file), owners);
  }

  private static Checkpoint openShards(
      Path directory, Path index, Map<String, SafetensorsFile> files) throws IOException {
    JsonFields weights = JsonFields.read(index, LONGEST_INDEX).object("weight_map");
    Map<String, SafetensorsFile> owners = new HashMap<>();
    for (String tensor : weights.names()) {
      String shard = plainName(weights, tensor);
      SafetensorsFile file = files.get(shard);
      if (file == null) {
        file = SafetensorsFile.open(directory.resolve(shard));
        files.put(shard, file);
      }
      if (!file.entries().containsKey(tensor)) {
        throw weights.fault(tensor, "must be the shard that holds the tensor");
      }
      owners.put(tensor, file);
    }
    for (SafetensorsFile file : files.values()) {
      for (TensorEntry entry : file.entries().values()) {
        if (owners.get(entry.name()) != file) {
          throw file.fault(entry, "is in this shard, but not so in " + INDEX_FILE);
        }
      }
    }
    return new Checkpoint(FileErrors.name(index), files, owners);
  }

  /** A file name that stays in the directory of the model, whatever the index says. */
  private static String plainName(JsonFields weights, String tensor) throws FileFormatException {
    JsonNode shard = weights.value(tensor);
    String text = shard.isTextual() ? shard.textValue() : "";
    if (!text.matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.safetensors")) {
      throw weights.fault(tensor, "must be the plain name of a .safetensors file");
    }
    return text;
  }

  /** Names the file or index, as it stands in messages. */
  String name() {
    return name;
  }

  /** Returns the names of all tensors. */
  Set<String> names() {
    return owners.keySet();
  }

  /**
   * Finds a tensor of a certain shape.
   *
   * @param tensor its name
   * @param shape what its dimensions must be
   * @throws FileFormatException if it is missing or of another shape or type
   */
  void require(String tensor, int... shape) throws FileFormatException {
    SafetensorsFile file = owners.get(tensor);
    if (file == null) {
      throw new FileFormatException(name, "tensor '" + tensor + "' is missing");
    }
    TensorEntry entry = file.entries().get(tensor);
    if (!entry.type().isReadable()) {
      throw file.fault(
          entry, "dtype " + entry.type() + " is not supported, expected F32, F16 or BF16");
    }
    if (!entry.hasShape(shape)) {
      throw file.fault(
          entry,
          "shape must be " + Arrays.toString(shape) + " by config.json, was " + entry.shapeText());
    }
  }

  /**
   * Reads a tensor that was {@linkplain #require found}.
   *
   * @param tensor its name
   * @return its elements, row-major and finite
   * @throws FileFormatException if an element is infinite or no number
   * @throws IOException if it cannot be read
   */
  float[] read(String tensor) throws IOException {
    SafetensorsFile file = owners.get(tensor);
    TensorEntry entry = file.entries().get(tensor);
    float[] elements = file.read(entry);
    for (int i = 0; i < elements.length; i++) {
      if (!Float.isFinite(elements[i])) {
        throw file.fault(entry, "must be finite, was " + elements[i] + " at element " + i);
      }
    }
    return elements;
  }

  /** Unmaps all files. Closing again does nothing. */
  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
