package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NpyRoundTripTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("array.npy");
  }

  /** The last is longer than one chunk of the reader, and no multiple of it. */
  static List<int[]> shapes() {
    return List.of(
        new int[] {},
        new int[] {0},
        new int[] {1},
        new int[] {7},
        new int[] {3, 0, 2},
        new int[] {2, 3},
        new int[] {2, 3, 4},
        new int[64],
        new int[] {101, 331});
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void floatsComeBack(int[] shape) throws IOException {
    float[] data = new float[length(shape)];
    Random random = new Random(1);
    for (int i = 0; i < data.length; i++) {
      data[i] = Float.intBitsToFloat(random.nextInt());
    }
    NpyWriter.write(file, NpyArray.ofFloats(data, shape));
    NpyArray back = NpyReader.read(file);
    assertEquals(ElementType.FLOAT32, back.elementType());
    assertArrayEquals(shape, back.shape());
    assertArrayEquals(data, back.floats());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void doublesComeBack(int[] shape) throws IOException {
    double[] data = new Random(2).doubles(length(shape), -1e300, 1e300).toArray();
    NpyWriter.write(file, NpyArray.ofDoubles(data, shape));
    NpyArray back = NpyReader.read(file);
    assertEquals(ElementType.FLOAT64, back.elementType());
    assertArrayEquals(shape, back.shape());
    assertArrayEquals(data, back.doubles());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void longsComeBack(int[] shape) throws IOException {
    long[] data = new Random(3).longs(length(shape)).toArray();
    NpyWriter.write(file, NpyArray.ofLongs(data, shape));
    NpyArray back = NpyReader.read(file);
    assertEquals(ElementType.INT64, back.elementType());
    assertArrayEquals(shape, back.shape());
    assertArrayEquals(data, back.longs());
  }

  private static int length(int[] shape) {
    int length = 1;
    for (int dimension : shape) {
      length *= dimension;
    }
    return length;
  }

  @Test
  void specialValuesComeBack() throws IOException {
    double[] data = {Double.NaN, Double.POSITIVE_INFINITY, -0.0, Double.MIN_VALUE};
    NpyWriter.write(file, NpyArray.ofDoubles(data, 4));
    assertArrayEquals(data, NpyReader.read(file).doubles());
  }

  @Test
  void intsWidenToLongs() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(4 * 40_000).order(ByteOrder.LITTLE_ENDIAN);
    long[] expected = new long[40_000];
    for (int i = 0; i < expected.length; i++) {
      data.putInt(i - 20_000);
      expected[i] = i - 20_000;
    }
    byte[] header = NpyBytes.header("<i4", "(40000,)").getBytes(StandardCharsets.UTF_8);
    Files.write(file, NpyBytes.file(1, header, data.array()));
    NpyArray back = NpyReader.read(file);
    assertEquals(ElementType.INT64, back.elementType());
    assertArrayEquals(expected, back.longs());
  }

  /** Lengths of the padding as NumPy 2 writes it, among them headers near a multiple of 64. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "(); 62; 128",
        "(3,); 60; 128",
        "(2, 3); 58; 128",
        "(2000000, 0); 52; 128",
        "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0); 80; 192",
        "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0); 83; 192",
      })
  void headerIsTheOneNumpyWrites(String shape, int spaces, int length) throws IOException {
    int[] dimensions = dimensions(shape);
    int count = length(dimensions);
    NpyWriter.write(file, NpyArray.ofLongs(new long[count], dimensions));
    String expected =
        "{'descr': '<i8', 'fortran_order': False, 'shape': "
            + shape
            + ", }"
            + " ".repeat(spaces)
            + "\n";
    byte[] header = expected.getBytes(StandardCharsets.ISO_8859_1);
    assertEquals(length, header.length + 10);
    assertArrayEquals(NpyBytes.file(1, header, new byte[8 * count]), Files.readAllBytes(file));
  }

  private static int[] dimensions(String shape) {
    String bare = shape.replaceAll("[() ]", "");
    return bare.isEmpty()
        ? new int[0]
        : List.of(bare.split(",")).stream().mapToInt(Integer::parseInt).toArray();
  }

  @Test
  void dataIsLittleEndian() throws IOException {
    NpyWriter.write(file, NpyArray.ofDoubles(new double[] {1, -2.5}, 2));
    byte[] all = Files.readAllBytes(file);
    byte[] data = Arrays.copyOfRange(all, 128, all.length);
    assertArrayEquals(NpyBytes.little(1, -2.5), data);
  }
}
