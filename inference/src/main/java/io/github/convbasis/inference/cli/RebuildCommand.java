package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.inference.npy.ElementType;
import io.github.convbasis.inference.npy.NpyRowWriter;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Rebuilds a matrix from its basis. */
@Command(
    name = "rebuild",
    mixinStandardHelpOptions = true,
    description = {"Rebuild the lower-triangular matrix of a basis that decompose wrote.", ""},
    footer = {"", "Example:", "  convbasis rebuild basis.npz --output h.npy"})
final class RebuildCommand implements Callable<Integer> {
  private static final double MIB = 1 << 20;

  /** What a basis of a few bytes may take of the free disk. */
  private static final double USABLE_SHARE = 0.9;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "basis.npz",
      description = "Arrays size, supports and coefficients, as decompose writes them.")
  private Path basisFile;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "H.npy",
      description = "Where the n × n matrix goes. Written whole or not at all.")
  private Path output;

  @Option(
      names = "--dtype",
      paramLabel = "float32|float64",
      defaultValue = "float64",
      description = "Element type of the output (default: ${DEFAULT-VALUE}).")
  private ElementType elementType;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (elementType == ElementType.INT64) {
      throw new InputException("--dtype must be float32 or float64, was int64");
    }
    OutputFile.requireWritable(output);
    OutputFile.requireOther(output, basisFile);
    ConvBasis basis = BasisFile.read(basisFile);
    requireSpace(basis.size());
    write(basis);
    if (json) {
      ObjectNode root = Report.object();
      root.put("size", basis.size());
      root.put("terms", basis.terms());
      root.put("output", output.toString());
      spec.commandLine().getOut().println(Report.json(root));
    } else {
      spec.commandLine()
          .getOut()
          .printf("n = %d from %d terms%nwrote %s%n", basis.size(), basis.terms(), output);
    }
    return 0;
  }

  private void requireRange(double[] row, int index) {
    for (int column = 0; elementType == ElementType.FLOAT32 && column <= index; column++) {
      if (Math.abs(row[column]) > Float.MAX_VALUE) {
        throw new InputException(
            String.format(
                "%s: entry %s at row %d, column %d is too large for float32; use --dtype float64",
                basisFile, row[column], index, column));
      }
    }
  }

  private void requireSpace(int n) throws IOException {
    // In double, since n² elements of a size from a file may exceed a long.
    double needed = (double) n * n * elementType.bytes();
    Path directory = output.toAbsolutePath().getParent();
    long usable = Files.getFileStore(directory).getUsableSpace();
    if (needed > USABLE_SHARE * usable) {
      throw new InputException(
          String.format(
              "%s: n = %d needs %.0f MiB of disk, %.0f are free",
              output, n, needed / MIB, usable / MIB));
    }
  }

  private void write(ConvBasis basis) throws IOException {
    SegmentedToeplitz segments = basis.toSegments();
    int n = basis.size();
    double[] row = new double[n];
    try (NpyRowWriter writer = NpyRowWriter.open(output, elementType, n, n);
        Progress progress = Progress.of("rebuild", n)) {
      for (int i = 0; i < n; i++) {
        Arrays.fill(row, 0);
        segments.copyRow(i, row);
        requireRange(row, i);
        writer.writeRow(row);
        progress.step();
      }
      writer.commit();
    }
  }
}
