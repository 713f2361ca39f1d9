package io.github.convbasis.inference.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.decompose.ConvBasisDecomposer;
import io.github.convbasis.decompose.Decomposition;
import io.github.convbasis.inference.npy.NpyMatrix;
import io.github.convbasis.matrix.LowerTriangular;
import io.github.convbasis.matrix.LowerTriangularMatrix;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Decomposes a lower-triangular matrix and writes its basis. */
@Command(
    name = "decompose",
    mixinStandardHelpOptions = true,
    description = {
      "Decompose a lower-triangular matrix into its basis of convolution matrices.",
      "",
      "The basis is unique and exact without --tolerance. It is written as an .npz of size (n),"
          + " supports (terms) and coefficients (terms × n, zero beyond each support).",
      ""
    },
    footer = {"", "Example:", "  convbasis decompose h.npy --output basis.npz --tolerance 1e-3"})
final class DecomposeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "H.npy", description = "Square matrix, zero above its diagonal.")
  private Path matrix;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "basis.npz",
      description = "Where the basis goes. Written whole or not at all.")
  private Path output;

  @Option(
      names = "--tolerance",
      paramLabel = "τ",
      defaultValue = "0",
      description = "Largest error of an entry; 0 is exact (default: ${DEFAULT-VALUE}).")
  private double tolerance;

  @Option(
      names = "--backend",
      paramLabel = "auto|scalar|simd",
      defaultValue = Backends.AUTO,
      description =
          "What compares entries, in double on either; the basis is the same to the bit"
              + " (default: ${DEFAULT-VALUE}).")
  private String backend;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
      throw new InputException("--tolerance must be finite and at least 0, was " + tolerance);
    }
    OutputFile.requireOther(output, matrix);
    OutputFile.requireWritable(output);
    Decomposition decomposition = decompose(Backends.select(backend));
    BasisFile.write(output, decomposition.basis());
    print(spec.commandLine().getOut(), decomposition);
    return 0;
  }

  private Decomposition decompose(Backend chosen) {
    try (NpyMatrix file = NpyMatrix.open(matrix);
        Progress progress = Progress.of("decompose", (long) passes() * file.rows())) {
      LowerTriangular rows = new MappedLowerTriangular(matrix, file, progress);
      ConvBasisDecomposer decomposer = ConvBasisDecomposer.of(chosen);
      // With a tolerance columns are scanned, which a row-major file gives only slowly.
      return tolerance == 0
          ? decomposer.decompose(rows)
          : decomposer.decompose(LowerTriangularMatrix.copyOf(rows), tolerance);
    } catch (IOException e) {
      throw new InputException(e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new InputException(matrix + ": " + e.getMessage(), e);
    }
  }

  /** Exact decomposition reads the rows three times; with a tolerance they are copied first. */
  private int passes() {
    return tolerance == 0 ? 3 : 1;
  }

  private void print(PrintWriter out, Decomposition decomposition) {
    ConvBasis basis = decomposition.basis();
    if (json) {
      ObjectNode root = Report.object();
      root.put("size", basis.size());
      root.put("terms", basis.terms());
      root.put("tolerance", decomposition.tolerance());
      root.put("sup_error", decomposition.supError());
      root.put("output", output.toString());
      out.println(Report.json(root));
    } else {
      out.printf(
          "n = %d: %d terms, sup-norm error %.3g (tolerance %.3g)%nsegment starts: %s%nwrote %s%n",
          basis.size(),
          basis.terms(),
          decomposition.supError(),
          decomposition.tolerance(),
          basis.terms() == 0
              ? "none, the matrix is zero"
              : Report.starts(
                  IntStream.range(0, basis.terms())
                      .mapToObj(r -> basis.size() - basis.support(r))
                      .toList()),
          output);
      if (decomposition.supError() > decomposition.tolerance() && tolerance > 0) {
        out.println(
            "note: rounding exceeds the tolerance; some entries are far larger than others");
      }
    }
  }
}
