package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.npy.ElementType;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The files of queries, keys and values, and the logit scale. */
final class InputOptions {
  @Option(
      names = "--queries",
      required = true,
      paramLabel = "Q.npy",
      description = "Queries, n × d or heads × n × d; already rotated where the model rotates.")
  private Path queries;

  @Option(
      names = "--keys",
      required = true,
      paramLabel = "K.npy",
      description =
          "Keys, n × d or heads × n × d; fewer heads than queries is grouped-query attention.")
  private Path keys;

  @Option(
      names = "--values",
      required = true,
      paramLabel = "V.npy",
      description = "Values, n × width or heads × n × width.")
  private Path values;

  @Option(names = "--scale", paramLabel = "s", description = "Logit scale (default: 1/√d).")
  private Double scale;

  /**
   * What was read.
   *
   * @param inputs the checked inputs
   * @param dimensions 2 or 3, as the queries have
   */
  record Loaded(AttentionInputs inputs, int dimensions) {}

  Path[] files() {
    return new Path[] {queries, keys, values};
  }

  /** Reads and checks the three files. */
  Loaded load(AttentionMask mask) {
    return load(queries, keys, values, scale, mask);
  }

  static Loaded load(Path queries, Path keys, Path values, Double scale, AttentionMask mask) {
    NpyArray queryArray = read(queries, "queries");
    HeadTensor queryTensor = tensor(queryArray, queries, "queries");
    HeadTensor keyTensor = tensor(read(keys, "keys"), keys, "keys");
    HeadTensor valueTensor = tensor(read(values, "values"), values, "values");
    double logitScale = scale != null ? scale : 1 / Math.sqrt(queryTensor.width());
    AttentionInputs inputs =
        new AttentionInputs(queryTensor, keyTensor, valueTensor, logitScale, mask);
    return new Loaded(inputs, queryArray.shape().length);
  }

  private static NpyArray read(Path file, String name) {
    try {
      return NpyReader.read(file);
    } catch (IOException e) {
      throw new InputException("--" + name + " " + e.getMessage(), e);
    }
  }

  private static HeadTensor tensor(NpyArray array, Path file, String name) {
    int[] shape = array.shape();
    if (shape.length != 2 && shape.length != 3) {
      throw new InputException(
          String.format(
              "--%s %s: must be n × d or heads × n × d, has %d dimensions",
              name, file, shape.length));
    }
    for (int length : shape) {
      if (length == 0) {
        throw new InputException(
            String.format("--%s %s: must not be empty, is %s", name, file, array));
      }
    }
    if (array.elementType() == ElementType.INT64) {
      throw new InputException(
          String.format("--%s %s: must be float32 or float64, holds whole numbers", name, file));
    }
    int heads = shape.length == 3 ? shape[0] : 1;
    int rows = shape[shape.length - 2];
    int width = shape[shape.length - 1];
    return array.elementType() == ElementType.FLOAT32
        ? HeadTensor.of(array.floats(), heads, rows, width)
        : HeadTensor.of(array.doubles(), heads, rows, width);
  }
}
