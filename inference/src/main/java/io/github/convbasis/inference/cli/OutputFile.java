package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.npy.AtomicFile;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyWriter;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks and writes output files. */
final class OutputFile {
  private OutputFile() {}

  /**
   * Refuses a file that could not be written, before time is spent on what should go into it.
   *
   * @throws InputException naming the file and the reason
   */
  static void requireWritable(Path file) {
    try {
      AtomicFile.open(file).close();
    } catch (IOException e) {
      throw new InputException("--output " + e.getMessage(), e);
    }
  }

  /**
   * Refuses an output that would replace an input.
   *
   * @throws InputException naming both
   */
  static void requireOther(Path output, Path... inputs) {
    for (Path input : inputs) {
      try {
        if (Files.exists(output) && Files.exists(input) && Files.isSameFile(output, input)) {
          throw new InputException(
              "--output " + output + ": is the input " + input + "; choose another file");
        }
      } catch (IOException e) {
        throw new InputException("--output " + output + ": cannot be compared with " + input, e);
      }
    }
  }

  /** Writes a dense tensor as heads × rows × width, or without heads for two dimensions. */
  static void write(Path file, HeadTensor tensor, int dimensions) throws IOException {
    int[] shape =
        dimensions == 2
            ? new int[] {tensor.rows(), tensor.width()}
            : new int[] {tensor.heads(), tensor.rows(), tensor.width()};
    NpyWriter.write(
        file,
        tensor.isSinglePrecision()
            ? NpyArray.ofFloats(tensor.floats(), shape)
            : NpyArray.ofDoubles(tensor.doubles(), shape));
  }
}
