package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NpyRowWriterTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("rows.npy");
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void sameBytesAsTheArrayWriter(ElementType type) throws IOException {
    int rows = 3;
    int columns = 20_011;
    double[] data = new Random(4).doubles((long) rows * columns).toArray();
    try (NpyRowWriter writer = NpyRowWriter.open(file, type, rows, columns)) {
      for (int row = 0; row < rows; row++) {
        double[] elements = new double[columns];
        System.arraycopy(data, row * columns, elements, 0, columns);
        writer.writeRow(elements);
      }
      writer.commit();
    }
    Path whole = directory.resolve("whole.npy");
    NpyWriter.write(whole, array(type, data, rows, columns));
    assertEquals(-1, Files.mismatch(whole, file));
  }

  private static NpyArray array(ElementType type, double[] data, int... shape) {
    if (type == ElementType.FLOAT64) {
      return NpyArray.ofDoubles(data, shape);
    }
    float[] floats = new float[data.length];
    for (int i = 0; i < data.length; i++) {
      floats[i] = (float) data[i];
    }
    return NpyArray.ofFloats(floats, shape);
  }

  @Test
  void rowsWithoutColumns() throws IOException {
    try (NpyRowWriter writer = NpyRowWriter.open(file, ElementType.FLOAT32, 1, 0)) {
      writer.writeRow(new double[0]);
      writer.commit();
    }
    assertArrayEquals(new int[] {1, 0}, NpyReader.read(file).shape());
  }

  @Test
  void tooFewRows() throws IOException {
    try (NpyRowWriter writer = NpyRowWriter.open(file, ElementType.FLOAT64, 2, 3)) {
      writer.writeRow(new double[3]);
      IllegalStateException e = assertThrows(IllegalStateException.class, writer::commit);
      assertEquals(file + ": 1 rows written, expected 2 as declared", e.getMessage());
    }
    assertEquals(List.of(), NpyBytes.names(directory));
  }

  @Test
  void tooManyRows() throws IOException {
    try (NpyRowWriter writer = NpyRowWriter.open(file, ElementType.FLOAT64, 1, 3)) {
      writer.writeRow(new double[3]);
      assertThrows(IllegalStateException.class, () -> writer.writeRow(new double[3]));
      writer.commit();
    }
    assertArrayEquals(new int[] {1, 3}, NpyReader.read(file).shape());
  }

  @Test
  void argumentsAreChecked() throws IOException {
    assertThrows(
        IllegalArgumentException.class, () -> NpyRowWriter.open(file, ElementType.INT64, 1, 1));
    assertThrows(
        IllegalArgumentException.class, () -> NpyRowWriter.open(file, ElementType.FLOAT32, -1, 1));
    try (NpyRowWriter writer = NpyRowWriter.open(file, ElementType.FLOAT32, 1, 3)) {
      assertThrows(IllegalArgumentException.class, () -> writer.writeRow(new double[4]));
    }
    assertEquals(List.of(), NpyBytes.names(directory));
  }
}
