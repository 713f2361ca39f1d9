package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyMatrixTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("matrix.npy");
  }

  @Test
  void rowsOfFloats() throws IOException {
    NpyWriter.write(file, NpyArray.ofFloats(new float[] {1, 2, 3, 4.5f, -5, 6}, 2, 3));
    try (NpyMatrix matrix = NpyMatrix.open(file)) {
      assertEquals(2, matrix.rows());
      assertEquals(3, matrix.columns());
      assertEquals(ElementType.FLOAT32, matrix.elementType());
      double[] target = {9, 9, 9, 9};
      matrix.copyRow(1, 3, target);
      assertArrayEquals(new double[] {4.5, -5, 6, 9}, target);
      matrix.copyRow(0, 2, target);
      assertArrayEquals(new double[] {1, 2, 6, 9}, target);
    }
  }

  @Test
  void rowsOfDoublesThatAreNotAligned() throws IOException {
    String header = NpyBytes.header("<f8", "(2, 2)");
    if ((header.length() + 10) % 8 == 0) {
      header = header + "\n";
    }
    Files.write(
        file,
        NpyBytes.file(
            1, header.getBytes(StandardCharsets.UTF_8), NpyBytes.little(1, 2, 3, 1e-300)));
    try (NpyMatrix matrix = NpyMatrix.open(file)) {
      double[] target = new double[2];
      matrix.copyRow(1, 2, target);
      assertArrayEquals(new double[] {3, 1e-300}, target);
    }
  }

  @Test
  void argumentsAreChecked() throws IOException {
    NpyWriter.write(file, NpyArray.ofDoubles(new double[6], 2, 3));
    NpyMatrix matrix = NpyMatrix.open(file);
    double[] target = new double[3];
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.copyRow(2, 3, target));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.copyRow(-1, 3, target));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.copyRow(0, 4, new double[9]));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.copyRow(0, -1, target));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.copyRow(0, 3, new double[2]));
    matrix.close();
    assertDoesNotThrow(matrix::close);
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> matrix.copyRow(0, 3, target));
    assertEquals(file + ": is closed", e.getMessage());
  }

  @Test
  void noRowsOrNoColumns() throws IOException {
    NpyWriter.write(file, NpyArray.ofDoubles(new double[0], 0, 3));
    try (NpyMatrix matrix = NpyMatrix.open(file)) {
      assertEquals(0, matrix.rows());
      assertEquals(3, matrix.columns());
    }
  }

  @Test
  void moreThanTwoGibibytes() throws Exception {
    String header = NpyBytes.header("<f4", "(3, 1000000000)");
    byte[] start = NpyBytes.file(header, 0);
    SparseFiles.write(file, start, 12_000_000_000L);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer values = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      values.putFloat(0, 2.5f).putFloat(4, -3);
      channel.write(values, start.length + 8_000_000_000L);
    }
    long before = NpyBytes.allocated();
    try (NpyMatrix matrix = NpyMatrix.open(file)) {
      double[] target = new double[3];
      matrix.copyRow(2, 3, target);
      assertArrayEquals(new double[] {2.5, -3, 0}, target);
    }
    assertTrue(NpyBytes.allocated() - before < NpyBytes.MOST_ALLOCATED);
  }

  @Test
  void otherShapesAndTypesAreRefused() throws IOException {
    NpyWriter.write(file, NpyArray.ofFloats(new float[6], 6));
    NpyBytes.assertRefused(
        file, () -> NpyMatrix.open(file), "shape (6,) has 1 dimensions, expected 2");
    NpyWriter.write(file, NpyArray.ofLongs(new long[6], 2, 3));
    NpyBytes.assertRefused(
        file, () -> NpyMatrix.open(file), "element type '<i8' is not supported for a matrix");
  }

  @Test
  void lengthMustBeTheDeclaredOne() throws IOException {
    Files.write(file, NpyBytes.file(NpyBytes.header("<f4", "(3, 2)"), 20));
    NpyBytes.assertRefused(
        file,
        () -> NpyMatrix.open(file),
        "truncated: shape (3, 2) of '<f4' declares 24 bytes of data, has 20");
  }
}
