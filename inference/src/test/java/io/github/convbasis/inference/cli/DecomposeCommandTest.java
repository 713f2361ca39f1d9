package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.inference.npy.ElementType;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpyReader;
import io.github.convbasis.inference.npy.NpyWriter;
import io.github.convbasis.inference.npy.NpzReader;
import io.github.convbasis.inference.npy.NpzWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecomposeCommandTest {
  private static final int N = 24;

  @TempDir Path directory;
  private Path matrix;
  private Path basis;
  private Path rebuilt;

  @BeforeEach
  void nameFiles() {
    matrix = directory.resolve("h.npy");
    basis = directory.resolve("basis.npz");
    rebuilt = directory.resolve("rebuilt.npy");
  }

  private double[] writeRandomMatrix(int changeEvery) throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    double[] entries = new double[N * N];
    for (int j = 0; j < N; j++) {
      for (int i = j; i < N; i++) {
        boolean sameAsLeft = j % changeEvery != 0;
        entries[i * N + j] = sameAsLeft ? entries[(i - 1) * N + j - 1] : random.nextInt(-9, 10);
      }
    }
    NpyWriter.write(matrix, NpyArray.ofDoubles(entries, N, N));
    return entries;
  }

  @Test
  void rebuildingGivesTheMatrixBack() throws IOException {
    double[] entries = writeRandomMatrix(6);
    CommandRun.of("decompose", matrix, "--output", basis).succeeded();
    Map<String, NpyArray> arrays = NpzReader.read(basis);
    assertArrayEquals(new long[] {N}, arrays.get("size").longs());
    assertArrayEquals(new long[] {24, 18, 12, 6}, arrays.get("supports").longs());
    assertArrayEquals(new int[] {4, N}, arrays.get("coefficients").shape());
    CommandRun.of("rebuild", basis, "--output", rebuilt).succeeded();
    assertArrayEquals(entries, NpyReader.read(rebuilt).doubles());
    CommandRun.of("rebuild", basis, "--output", rebuilt, "--dtype", "float32").succeeded();
    assertEquals(ElementType.FLOAT32, NpyReader.read(rebuilt).elementType());
    assertArrayEquals(entries, NpyReader.read(rebuilt).toDoubles());
  }

  @Test
  void aToleranceNeedsFewerTermsAndIsKept() throws IOException {
    double[] entries = writeRandomMatrix(1);
    CommandRun run =
        CommandRun.of("decompose", matrix, "--output", basis, "--tolerance", 4, "--json")
            .succeeded();
    assertTrue(run.json().get("terms").asInt() < N);
    CommandRun.of("rebuild", basis, "--output", rebuilt).succeeded();
    double[] actual = NpyReader.read(rebuilt).doubles();
    double worst = 0;
    for (int i = 0; i < entries.length; i++) {
      worst = Math.max(worst, Math.abs(entries[i] - actual[i]));
    }
    assertEquals(run.json().get("sup_error").asDouble(), worst);
    assertTrue(worst <= 4);
  }

  @Test
  void everyBackendWritesTheSameFile() throws IOException {
    writeRandomMatrix(4);
    CommandRun.of("decompose", matrix, "--output", basis, "--backend", "scalar").succeeded();
    Path other = directory.resolve("other.npz");
    CommandRun.of("decompose", matrix, "--output", other, "--backend", "simd").succeeded();
    assertArrayEquals(Files.readAllBytes(basis), Files.readAllBytes(other));
  }

  @Test
  void theZeroMatrixHasNoTerms() throws IOException {
    NpyWriter.write(matrix, NpyArray.ofFloats(new float[9], 3, 3));
    CommandRun run = CommandRun.of("decompose", matrix, "--output", basis).succeeded();
    assertTrue(run.out().contains("the matrix is zero"), run.out());
    CommandRun.of("rebuild", basis, "--output", rebuilt).succeeded();
    assertArrayEquals(new double[9], NpyReader.read(rebuilt).doubles());
  }

  @Test
  void matricesThatAreNotLowerTriangularAreRefused() throws IOException {
    double[] entries = writeRandomMatrix(6);
    entries[2 * N + 7] = 1;
    NpyWriter.write(matrix, NpyArray.ofDoubles(entries, N, N));
    Object[] decompose = {"decompose", matrix, "--output", basis};
    CommandRun.of(decompose)
        .refusedBecause("must be finite and zero above its diagonal, is 1.0 at row 2, column 7");
    entries[2 * N + 7] = 0;
    entries[7 * N + 2] = Double.NaN;
    NpyWriter.write(matrix, NpyArray.ofDoubles(entries, N, N));
    CommandRun.of(decompose).refusedBecause("is NaN at row 7, column 2");
    NpyWriter.write(matrix, NpyArray.ofDoubles(new double[6], 2, 3));
    CommandRun.of(decompose).refusedBecause("must be a square matrix, is 2 × 3");
    NpyWriter.write(matrix, NpyArray.ofDoubles(new double[4], 2, 2));
    CommandRun.of("decompose", matrix, "--output", basis, "--tolerance", -1)
        .refusedBecause("tolerance must be finite and at least 0, was -1.0");
    assertFalse(Files.exists(basis));
  }

  @Test
  void basesThatDoNotHoldTogetherAreRefused() throws IOException {
    assertBasisRefused("size must be between 1 and", 0, new long[] {}, 0);
    assertBasisRefused("coefficients must be 1 × 5", 5, new long[] {5}, 4);
    assertBasisRefused("supports[0] must be between 1 and 5, is 6", 5, new long[] {6}, 5);
    assertBasisRefused("supports[1] must be between 1 and 2, was 3", 5, new long[] {3, 3}, 5);
    assertBasisRefused("supports[0] must be between 1 and 5, is -1", 5, new long[] {-1}, 5);
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("size", NpyArray.ofLongs(new long[] {2}));
    NpzWriter.write(basis, arrays);
    Object[] rebuild = {"rebuild", basis, "--output", rebuilt};
    CommandRun.of(rebuild)
        .refusedBecause("must hold size, supports and coefficients, holds [size]");
    arrays.put("supports", NpyArray.ofLongs(new long[] {1}, 1));
    arrays.put("coefficients", NpyArray.ofDoubles(new double[] {1, 1}, 1, 2));
    NpzWriter.write(basis, arrays);
    CommandRun.of(rebuild).refusedBecause("must be zero beyond their support, term 0 is 1.0 at 1");
    assertFalse(Files.exists(rebuilt));
  }

  private void assertBasisRefused(String reason, long size, long[] supports, int columns)
      throws IOException {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("size", NpyArray.ofLongs(new long[] {size}));
    arrays.put("supports", NpyArray.ofLongs(supports, supports.length));
    double[] zeros = new double[supports.length * columns];
    arrays.put("coefficients", NpyArray.ofDoubles(zeros, supports.length, columns));
    NpzWriter.write(basis, arrays);
    CommandRun.of("rebuild", basis, "--output", rebuilt).refusedBecause(reason);
  }

  @Test
  void entriesThatDoNotFitTheElementTypeAreRefused() throws IOException {
    NpyWriter.write(matrix, NpyArray.ofDoubles(new double[] {1e300, 0, 0, 1}, 2, 2));
    CommandRun.of("decompose", matrix, "--output", basis).succeeded();
    CommandRun.of("rebuild", basis, "--output", rebuilt, "--dtype", "float32")
        .refusedBecause("entry 1.0E300 at row 0, column 0 is too large for float32");
    NpyWriter.write(matrix, NpyArray.ofDoubles(new double[] {1.7e308, 0, 0, -1.7e308}, 2, 2));
    CommandRun.of("decompose", matrix, "--output", basis).refusedBecause("h.npy: coefficients");
    CommandRun.of("decompose", matrix, "--output", matrix).refusedBecause("is the input");
    assertFalse(Files.exists(rebuilt));
  }

  @Test
  void aSizeThatNoDiskHoldsIsRefused() throws IOException {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("size", NpyArray.ofLongs(new long[] {Integer.MAX_VALUE}));
    arrays.put("supports", NpyArray.ofLongs(new long[0], 0));
    arrays.put("coefficients", NpyArray.ofDoubles(new double[0], 0, Integer.MAX_VALUE));
    NpzWriter.write(basis, arrays);
    CommandRun.of("rebuild", basis, "--output", rebuilt).refusedBecause("of disk");
  }
}
