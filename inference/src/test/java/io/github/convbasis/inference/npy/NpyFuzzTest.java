package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the bytes are, a file is either read or refused in one line, and cheaply. */
class NpyFuzzTest {
  private static final int MUTATIONS = 10_000;
  private static final String TOKENS = "0123456789(){}',:<=|>fi48 TF\n-";
  private static final String[] HUGE = {
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967297",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1" + "0".repeat(300),
    "-1",
    "-9223372036854775808",
  };

  @TempDir private Path directory;
  private Path npy;
  private Path npz;

  private FileChannel npyChannel;
  private FileChannel npzChannel;

  @BeforeEach
  void setUp() throws IOException {
    npy = directory.resolve("fuzz.npy");
    npz = directory.resolve("fuzz.npz");
    npyChannel = FileChannel.open(npy, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    npzChannel = FileChannel.open(npz, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  @AfterEach
  void tearDown() throws IOException {
    npyChannel.close();
    npzChannel.close();
  }

  /** Some file systems flush a file that is emptied and written anew, which takes too long here. */
  private static void overwrite(FileChannel channel, byte[] bytes) throws IOException {
    int written = channel.write(ByteBuffer.wrap(bytes), 0);
    assertEquals(bytes.length, written);
    channel.truncate(bytes.length);
  }

  private static List<byte[]> npyFiles() {
    return List.of(
        NpyBytes.file(NpyBytes.header("<f4", "(2, 3)"), 24),
        NpyBytes.file(NpyBytes.header("<f8", "(3, 1)"), 24),
        NpyBytes.file(
            2, NpyBytes.header("<i8", "(2,)").getBytes(StandardCharsets.UTF_8), new byte[16]),
        NpyBytes.file(
            3, NpyBytes.header("<i4", "()").getBytes(StandardCharsets.UTF_8), new byte[4]));
  }

  private static List<byte[]> npzFiles() {
    byte[] floats = NpyBytes.file(NpyBytes.header("<f4", "(2, 3)"), 24);
    byte[] longs = NpyBytes.file(NpyBytes.header("<i8", "(9,)"), 72);
    RawZip.Member large = RawZip.deflated("c.npy", longs);
    large.zip64 = true;
    return List.of(
        new RawZip().add(RawZip.stored("a.npy", floats)).add(RawZip.stored("b.npy", longs)).bytes(),
        new RawZip()
            .add(RawZip.stored("a.npy", floats))
            .add(RawZip.deflated("b.npy", longs))
            .bytes(),
        new RawZip().add(RawZip.stored("a.npy", floats)).add(large).bytes64());
  }

  /** Reads the bytes as a file of either kind; true if that gave an array. */
  private boolean survives(boolean archive, byte[] bytes, String what) throws Exception {
    Path file = archive ? npz : npy;
    overwrite(archive ? npzChannel : npyChannel, bytes);
    long before = NpyBytes.allocated();
    try {
      if (archive) {
        for (Map.Entry<String, NpyArray> entry : NpzReader.read(file).entrySet()) {
          checkArray(entry.getValue());
        }
      } else {
        checkArray(NpyReader.read(file));
      }
      return true;
    } catch (IOException e) {
      long allocated = NpyBytes.allocated() - before;
      assertTrue(allocated < NpyBytes.MOST_ALLOCATED, () -> what + " allocated " + allocated);
      NpyBytes.assertNames(file, e);
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(what, e);
    }
  }

  private static void checkArray(NpyArray array) {
    assertEquals(array.length(), array.toDoubles().length);
    assertEquals(array.length(), NpyHeader.elementCount(array.shape()));
  }

  private void survivesAsMatrix(byte[] bytes, String what) throws IOException {
    overwrite(npyChannel, bytes);
    try (NpyMatrix matrix = NpyMatrix.open(npy)) {
      double[] target = new double[matrix.columns()];
      for (int row = 0; row < matrix.rows(); row++) {
        matrix.copyRow(row, target.length, target);
      }
      assertEquals(NpyReader.read(npy).length(), matrix.rows() * matrix.columns(), what);
    } catch (IOException e) {
      NpyBytes.assertNames(npy, e);
    } catch (RuntimeException e) {
      throw new AssertionError(what, e);
    }
  }

  @Test
  void everyTruncationIsRefused() throws Exception {
    for (byte[] whole : npyFiles()) {
      for (int length = 0; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        assertFalse(survives(false, cut, "length " + length), "read at length " + length);
      }
      assertTrue(survives(false, whole, "whole"));
    }
    for (byte[] whole : npzFiles()) {
      for (int length = 0; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        assertFalse(survives(true, cut, "length " + length), "read at length " + length);
      }
    }
  }

  @Test
  void mutatedFiles() throws Exception {
    mutate(false, npyFiles());
  }

  @Test
  void mutatedArchives() throws Exception {
    mutate(true, npzFiles());
  }

  private void mutate(boolean archive, List<byte[]> seeds) throws Exception {
    int read = 0;
    int refused = 0;
    for (int seed = 0; seed < seeds.size(); seed++) {
      Random random = new Random(seed);
      for (int i = 0; i < MUTATIONS; i++) {
        byte[] bytes = mutated(seeds.get(seed), random);
        String what = "mutation " + i + " of file " + seed;
        if (survives(archive, bytes, what)) {
          read++;
        } else {
          refused++;
        }
        if (!archive) {
          survivesAsMatrix(bytes, what);
        }
      }
    }
    // Were either zero, the mutations would not be testing what they are meant to.
    assertTrue(read > 0, "no mutation was read");
    assertTrue(refused > MUTATIONS, "hardly any mutation was refused");
  }

  private static byte[] mutated(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at] = (byte) TOKENS.charAt(random.nextInt(TOKENS.length()));
        case 3 -> Arrays.fill(bytes, at, Math.min(at + 4, bytes.length), (byte) -1);
        default -> bytes[at] = bytes[random.nextInt(bytes.length)];
      }
    }
    return bytes;
  }

  @Test
  void hugeShapesAreRefused() throws Exception {
    for (String shape : hugeShapes()) {
      for (String descr : List.of("<f4", "<f8", "<i4", "<i8")) {
        byte[] file = NpyBytes.file(NpyBytes.header(descr, shape), 24);
        assertFalse(survives(false, file, shape), "read " + shape);
        survivesAsMatrix(file, shape);
        assertFalse(survives(true, archive(RawZip.stored("a.npy", file)), shape), shape);
        assertFalse(survives(true, archive(RawZip.deflated("a.npy", file)), shape), shape);
      }
    }
  }

  private static byte[] archive(RawZip.Member member) {
    return new RawZip().add(member).bytes();
  }

  private static List<String> hugeShapes() {
    List<String> shapes = new ArrayList<>();
    for (String huge : HUGE) {
      shapes.add("(" + huge + ",)");
      shapes.add("(2, " + huge + ")");
      shapes.add("(" + huge + ", " + huge + ")");
      shapes.add("(" + huge + ", " + huge + ", " + huge + ")");
      shapes.add("(" + (huge + ", ").repeat(64) + ")");
    }
    return shapes;
  }

  @Test
  void hugeSizesInArchivesAreRefused() throws Exception {
    long[] sizes = {
      1L << 31, (1L << 32) - 2, 1L << 33, 1L << 62, Long.MAX_VALUE, -1, Long.MIN_VALUE
    };
    byte[] file = NpyBytes.file(NpyBytes.header("<f8", "(1000000000,)"), 24);
    for (long size : sizes) {
      for (int which = 0; which < 3; which++) {
        RawZip.Member member = RawZip.deflated("a.npy", file);
        member.zip64 = true;
        member.size = which == 1 ? member.size : size;
        member.packedSize = which == 0 ? member.packedSize : size;
        assertFalse(survives(true, archive(member), "size " + size), "read size " + size);
      }
    }
    assertThrows(NpyFormatException.class, () -> NpzReader.read(npz));
  }
}
