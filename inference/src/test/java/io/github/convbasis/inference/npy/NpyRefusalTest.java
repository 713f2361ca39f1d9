package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyRefusalTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("heads.npy");
  }

  private void refused(byte[] bytes, String... saying) throws IOException {
    Files.write(file, bytes);
    IOException e = assertThrows(IOException.class, () -> NpyReader.read(file));
    assertInstanceOf(NpyFormatException.class, e);
    NpyBytes.assertRefused(file, () -> NpyReader.read(file), saying);
  }

  private NpyArray accepted(String header, int dataBytes) throws IOException {
    Files.write(file, NpyBytes.file(header, dataBytes));
    return NpyReader.read(file);
  }

  @ParameterizedTest
  @ValueSource(strings = {">f4", "|f4", "f4", "<f2", "<u4", "<c8", "<U3", "|b1", "", "<", "<f44"})
  void otherElementTypes(String descr) throws IOException {
    refused(
        NpyBytes.file(NpyBytes.header(descr, "(3,)"), 12),
        "heads.npy: element type '"
            + descr
            + "' is not supported; write little-endian float32 or float64 ('<f4', '<f8')");
  }

  @Test
  void objectsAndRawBytesAreNamed() throws IOException {
    refused(NpyBytes.file(NpyBytes.header("|O", "(3,)"), 12), "'|O' (Python objects, stored as");
    refused(NpyBytes.file(NpyBytes.header("O", "(3,)"), 12), "'O' (Python objects, stored as");
    refused(NpyBytes.file(NpyBytes.header("|V8", "(3,)"), 24), "'|V8' (structured or raw bytes)");
  }

  @Test
  void nativeOrderIsReadWhereItIsLittle() throws IOException {
    if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
      NpyArray array = accepted(NpyBytes.header("=f4", "(3,)"), 12);
      assertArrayEquals(new float[3], array.floats());
    } else {
      refused(NpyBytes.file(NpyBytes.header("=f4", "(3,)"), 12), "'=f4' is not supported");
    }
  }

  @Test
  void otherFiles() throws IOException {
    refused(new byte[0], "truncated: the file is empty");
    refused("1,2,3,4,5,6\n".getBytes(StandardCharsets.UTF_8), "is not a .npy file");
    refused("PK\3\4stuff".getBytes(StandardCharsets.UTF_8), "looks like a zip archive (.npz)");
    refused(new byte[] {(byte) 0x80, 4, 'K', 1, '.', 0, 0, 0}, "looks like a Python pickle");
  }

  @Test
  void otherVersions() throws IOException {
    byte[] bytes = NpyBytes.file(NpyBytes.header("<f4", "(3,)"), 12);
    bytes[6] = 4;
    refused(bytes, "version 4.0 is not supported, expected 1.0, 2.0 or 3.0");
    bytes[6] = 1;
    bytes[7] = 1;
    refused(bytes, "version 1.1 is not supported");
    bytes[6] = 0;
    refused(bytes, "version 0.1 is not supported");
  }

  @Test
  void headerLengthIsCheckedBeforeItIsRead() throws IOException {
    byte[] bytes = NpyBytes.file(2, new byte[0], new byte[16]);
    bytes[8] = 1;
    bytes[10] = 1;
    refused(bytes, "header of 65537 bytes is too long, expected at most 65536");
    bytes[11] = (byte) 0xff;
    refused(bytes, "header of 4278255617 bytes is too long");
    bytes[8] = 0;
    bytes[10] = 0;
    bytes[11] = 0;
    bytes[9] = 1;
    refused(bytes, "truncated: declares a header of 256 bytes, has 16");
  }

  @Test
  void lengthMustBeTheDeclaredOne() throws IOException {
    String header = NpyBytes.header("<f4", "(3, 2)");
    refused(
        NpyBytes.file(header, 20),
        "truncated: shape (3, 2) of '<f4' declares 24 bytes of data, has 20");
    refused(
        NpyBytes.file(header, 31),
        "7 bytes too many: shape (3, 2) of '<f4' declares 24 bytes of data, has 31");
  }

  @Test
  void fortranOrderIsReadOnlyWhereItIsTheSame() throws IOException {
    String shape = "{'descr': '<f4', 'fortran_order': True, 'shape': %s}";
    refused(
        NpyBytes.file(String.format(shape, "(3, 2)"), 24), "shape (3, 2)", "np.ascontiguousarray");
    assertEquals(3, accepted(String.format(shape, "(3,)"), 12).length());
    assertEquals(3, accepted(String.format(shape, "(1, 3, 1)"), 12).length());
    assertEquals(1, accepted(String.format(shape, "()"), 4).length());
    assertEquals(0, accepted(String.format(shape, "(3, 0, 2)"), 0).length());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"shape\":(3,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        "  { 'shape' : ( 3 , ) , 'descr'\t: '<f4',\n'fortran_order' : False , }  \r\n\f",
        "{'descr':'<f4','fortran_order':False,'shape':(3,1)}",
        "{'descr':'<f4','fortran_order':False,'shape':(3,1,)}",
      })
  void everySpellingOfTheHeader(String header) throws IOException {
    NpyArray array = accepted(header, 12);
    assertEquals(3, array.shape()[0]);
    assertArrayEquals(new float[3], array.floats());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "{'descr': '<f4', 'shape': (3,)} # key 'fortran_order' is missing",
        "{'shape': (3,), 'fortran_order': False} # key 'descr' is missing",
        "{} # key 'descr' is missing",
        "{'descr': '<f4', 'descr': '<f4'} # key 'descr' stands there twice",
        "{'shape': (3,), 'shape': (3,)} # key 'shape' stands there twice",
        "{'extra': 1} # unknown key 'extra', expected descr, fortran_order and shape",
        "{'descr': 3} # expected an element type in quotes at character 10, found '3'",
        "{'descr': '<f4 # the string that starts at character 10 has no end",
        "{'descr': '<f\\4'} # escape or line break",
        "{'descr' '<f4'} # expected ':' at character 9, found '''",
        "{'fortran_order': 1} # expected True or False at character 18, found '1'",
        "{'shape': 3} # expected '(' at character 10, found '3'",
        "{'shape': [3]} # expected '(' at character 10, found '['",
        "{'shape': (3)} # shape (3) is not a tuple, expected (3,)",
        "{'shape': (,)} # expected a dimension at character 11, found ','",
        "{'shape': (3 4)} # expected ',' or ')' at character 13, found '4'",
        "{'shape': (3, # expected a dimension at character 13, found the end",
        "{'shape': (-3,)} # negative dimension -3",
        "{'shape': (03,)} # leading zero in dimension 03",
        "{'shape': (0x3,)} # found 'x'",
        "{'shape': (2147483648,)} # dimension 2147483648 is too large, expected at most 2147483647",
        "{'shape': (3L,)} # found 'L'",
        "{'descr': '<f4'; # expected '}' at character 15, found ';'",
        "[] # expected '{' at character 0, found '['",
        "`` # expected '{' at character 0, found the end",
      })
  void malformedHeaders(String header, String saying) throws IOException {
    refused(NpyBytes.file(header, 12), "malformed header: ", saying);
  }

  @Test
  void nothingMayFollowTheHeader() throws IOException {
    refused(NpyBytes.file(NpyBytes.header("<f4", "(3,)") + "x", 12), "expected the end");
  }

  @Test
  void version3HeaderMustBeUtf8() throws IOException {
    refused(NpyBytes.file(3, new byte[] {'{', (byte) 0xff, '}'}, new byte[0]), "is not UTF-8");
  }

  @Test
  void moreDimensionsThanNumpyHas() throws IOException {
    String shape = "(" + "1, ".repeat(65) + ")";
    refused(NpyBytes.file(NpyBytes.header("<f4", shape), 4), "more than 64 dimensions");
  }

  @Test
  void sizesThatOverflow() throws IOException {
    String big = "2147483647";
    String shape = "(" + big + ", " + big + ", " + big + ")";
    refused(
        NpyBytes.file(NpyBytes.header("<f4", shape), 12),
        "shape " + shape + " is too large: its size overflows 64 bits");
    String bytes = "(" + big + ", " + big + ")";
    refused(NpyBytes.file(NpyBytes.header("<f8", bytes), 12), "overflows 64 bits");
    String empty = "(0, " + big + ", " + big + ")";
    refused(NpyBytes.file(NpyBytes.header("<f8", empty), 0), "overflows 64 bits");
    assertEquals(0, accepted(NpyBytes.header("<f8", "(0, " + big + ")"), 0).length());
  }

  @Test
  void moreElementsThanAnArrayHolds() throws IOException {
    String header = NpyBytes.header("<f4", "(65536, 32768)");
    SparseFiles.write(file, NpyBytes.file(header, 0), 4L << 31);
    NpyBytes.assertRefused(
        file, () -> NpyReader.read(file), "has 2147483648 elements, expected at most 2147483639");
  }

  @Test
  void moreBytesThanTheHeapHas() {
    NpyHeader header = new NpyHeader(StoredType.I4, new int[] {1000, 10}, 10_000, 128);
    NpyFormatException e =
        assertThrows(
            NpyFormatException.class, () -> NpyPayload.requireHeap("a.npy", header, 79_999));
    assertEquals(
        "a.npy: shape (1000, 10) needs 80000 bytes of memory, has 79999; give Java more with -Xmx",
        e.getMessage());
  }

  @Test
  void fileThatIsLargerThanTheHeap() throws IOException {
    long bytes = Runtime.getRuntime().maxMemory() + (1L << 20);
    int count = (int) Math.min(bytes / 8, Integer.MAX_VALUE - 8);
    String header = NpyBytes.header("<f8", "(" + count + ",)");
    SparseFiles.write(file, NpyBytes.file(header, 0), 8L * count);
    assumeTrue(8L * count > bytes - (1L << 20));
    NpyBytes.assertRefused(file, () -> NpyReader.read(file), "bytes of memory", "-Xmx");
  }

  @Test
  void controlCharactersAreShownAsEscapes() throws IOException {
    refused(NpyBytes.file(NpyBytes.header("<f4\u0007\u0085", "(3,)"), 12), "'<f4\\u0007\\u0085'");
  }

  @Test
  void longTextIsCut() throws IOException {
    Files.write(file, NpyBytes.file(NpyBytes.header("x".repeat(5000), "(3,)"), 12));
    IOException e = assertThrows(IOException.class, () -> NpyReader.read(file));
    assertTrue(e.getMessage().length() < file.toString().length() + 250, e.getMessage());
  }

  @Test
  void missingFileAndDirectory() {
    IOException missing = assertThrows(NoSuchFileException.class, () -> NpyReader.read(file));
    assertEquals(file + ": no such file", missing.getMessage());
    NpyBytes.assertRefused(directory, () -> NpyReader.read(directory), "is a directory");
    NpyBytes.assertRefused(directory, () -> NpzReader.read(directory), "is a directory");
    NpyBytes.assertRefused(directory, () -> NpyMatrix.open(directory), "is a directory");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void unreadableFile() throws IOException {
    NpyWriter.write(file, NpyArray.ofFloats(new float[3], 3));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(file), "the superuser may read everything");
    IOException e = assertThrows(AccessDeniedException.class, () -> NpyReader.read(file));
    assertEquals(file + ": permission denied", e.getMessage());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void deviceIsRefused() {
    Path device = Path.of("/dev/null");
    NpyBytes.assertRefused(device, () -> NpyReader.read(device), "is a device, pipe or socket");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void namedPipeIsRefusedWithoutWaiting() throws Exception {
    Process process = new ProcessBuilder("mkfifo", file.toString()).start();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue());
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> NpyBytes.assertRefused(file, () -> NpyReader.read(file), "pipe"));
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> NpyBytes.assertRefused(file, () -> AtomicFile.open(file), "pipe"));
  }
}
