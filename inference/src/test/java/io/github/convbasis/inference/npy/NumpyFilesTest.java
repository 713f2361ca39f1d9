package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that NumPy 2.4.6 itself wrote. */
class NumpyFilesTest {
  private static final String VERSION_1_FLOAT32 =
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsID"
          + "MpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA"
          + "AMA/AAAAwAAAQEAAAIBAAACgQMrySXE=";
  private static final String VERSION_2_FLOAT64 =
      "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMy"
          + "wpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA"
          + "AAAAAADwPwAAAAAAAARAAAAAAAAAAIA=";
  private static final String VERSION_3_INT64 =
      "k05VTVBZAwB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMi"
          + "wgMSksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr/"
          + "/////////wAAAAAAAQAA";
  private static final String SINGLE_INT32 =
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH"
          + "0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoH"
          + "AAAA";
  private static final String STRUCTURED =
      "k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxmNCcpLCAoJ2InLCAnPGY4JyldLCAnZm9ydHJhbl9vcmRlci"
          + "c6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA"
          + "AIA/AAAAAAAAAEA=";
  private static final String SAVEZ =
      "UEsDBC0AAAAAAAAAIQBO+yB1//////////8FABQAcS5ucHkBABAAkAAAAAAAAACQAAAAAAAAAJNOVU1QWQEAdg"
          + "B7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAyKSwgfSAgICAg"
          + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAACAPwAAAEAAAE"
          + "BAAACAQFBLAwQtAAAAAAAAACEA90AS6v//////////CQAUAHN0ZXBzLm5weQEAEACYAAAAAAAAAJgAAAAAAAAA"
          + "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKS"
          + "wgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA"
          + "AAAAAAAAAAEAAAAAAAAAAgAAAAAAAABQSwECLQMtAAAAAAAAACEATvsgdZAAAACQAAAABQAAAAAAAAAAAAAAgA"
          + "EAAAAAcS5ucHlQSwECLQMtAAAAAAAAACEA90AS6pgAAACYAAAACQAAAAAAAAAAAAAAgAHHAAAAc3RlcHMubnB5"
          + "UEsFBgAAAAACAAIAagAAAJoBAAAAAA==";
  private static final String SAVEZ_COMPRESSED =
      "UEsDBC0AAAAIAAAAIQDO8AqC//////////8FABQAcS5ucHkBABAAgAEAAAAAAABJAAAAAAAAAJvsF+obEMnIUM"
          + "ZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6ChaaOgq1CmQDLoYRDgBQ"
          + "SwMELQAAAAgAAAAhAMaoplb//////////wUAFAB4Lm5weQEAEACEAAAAAAAAAEYAAAAAAAAAm+wX6hsQychQxl"
          + "CtnpJanFykbqWgbpNmoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkamjoKtQoUAS4GBgYHAFBLAQIt"
          + "Ay0AAAAIAAAAIQDO8AqCSQAAAIABAAAFAAAAAAAAAAAAAACAAQAAAABxLm5weVBLAQItAy0AAAAIAAAAIQDGqK"
          + "ZWRgAAAIQAAAAFAAAAAAAAAAAAAACAAYAAAAB4Lm5weVBLBQYAAAAAAgACAGYAAAD9AAAAAAA=";

  @TempDir private Path directory;

  private Path write(String name, String base64) throws IOException {
    return Files.write(directory.resolve(name), Base64.getDecoder().decode(base64));
  }

  @Test
  void version1() throws IOException {
    NpyArray array = NpyReader.read(write("a.npy", VERSION_1_FLOAT32));
    assertArrayEquals(new int[] {2, 3}, array.shape());
    assertArrayEquals(new float[] {1.5f, -2, 3, 4, 5, 1e30f}, array.floats());
  }

  @Test
  void version2() throws IOException {
    NpyArray array = NpyReader.read(write("a.npy", VERSION_2_FLOAT64));
    assertArrayEquals(new int[] {3}, array.shape());
    assertArrayEquals(new double[] {1, 2.5, -0.0}, array.doubles());
  }

  @Test
  void version3() throws IOException {
    NpyArray array = NpyReader.read(write("a.npy", VERSION_3_INT64));
    assertArrayEquals(new int[] {2, 1}, array.shape());
    assertArrayEquals(new long[] {-1, 1L << 40}, array.longs());
  }

  @Test
  void singleNumber() throws IOException {
    NpyArray array = NpyReader.read(write("a.npy", SINGLE_INT32));
    assertArrayEquals(new int[0], array.shape());
    assertArrayEquals(new long[] {7}, array.longs());
  }

  @Test
  void structuredTypeIsRefused() throws IOException {
    Path file = write("a.npy", STRUCTURED);
    NpyBytes.assertRefused(
        file,
        () -> NpyReader.read(file),
        "structured element type [('a', '<f4'), ('b', '<f8')] is not supported; write");
  }

  @Test
  void savez() throws IOException {
    Map<String, NpyArray> arrays = NpzReader.read(write("a.npz", SAVEZ));
    assertEquals(List.of("q", "steps"), List.copyOf(arrays.keySet()));
    assertArrayEquals(new float[] {1, 2, 3, 4}, arrays.get("q").floats());
    assertArrayEquals(new long[] {0, 1, 2}, arrays.get("steps").longs());
  }

  @Test
  void savezCompressed() throws IOException {
    Map<String, NpyArray> arrays = NpzReader.read(write("a.npz", SAVEZ_COMPRESSED));
    assertEquals(List.of("q", "x"), List.copyOf(arrays.keySet()));
    assertArrayEquals(new int[] {4, 8}, arrays.get("q").shape());
    assertArrayEquals(new double[32], arrays.get("q").doubles());
    assertArrayEquals(new float[] {2}, arrays.get("x").floats());
  }

  @Test
  void writerGivesTheSameBytes() throws IOException {
    Path file = directory.resolve("b.npy");
    float[] data = {1.5f, -2, 3, 4, 5, 1e30f};
    NpyWriter.write(file, NpyArray.ofFloats(data, 2, 3));
    assertArrayEquals(Base64.getDecoder().decode(VERSION_1_FLOAT32), Files.readAllBytes(file));
  }
}
