package io.github.convbasis.inference.npy;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzRefusalTest {
  private static final byte[] CONTENT = NpyBytes.file(NpyBytes.header("<i8", "(5,)"), 40);

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("arrays.npz");
  }

  private void refused(byte[] bytes, String... saying) throws IOException {
    Files.write(file, bytes);
    long[] allocated = new long[1];
    IOException e =
        assertThrows(
            IOException.class,
            () -> {
              long before = NpyBytes.allocated();
              try {
                NpzReader.read(file);
              } finally {
                allocated[0] = NpyBytes.allocated() - before;
              }
            });
    assertTrue(allocated[0] < NpyBytes.MOST_ALLOCATED, () -> allocated[0] + " bytes: " + e);
    assertInstanceOf(NpyFormatException.class, e);
    NpyBytes.assertRefused(file, () -> NpzReader.read(file), saying);
  }

  private void refused(RawZip.Member member, String... saying) throws IOException {
    refused(new RawZip().add(member).bytes(), saying);
  }

  @Test
  void otherFiles() throws IOException {
    refused(new byte[0], "is not a zip archive (.npz), or truncated");
    refused(CONTENT, "is not a zip archive (.npz), or truncated");
  }

  @Test
  void duplicateNames() throws IOException {
    refused(
        new RawZip()
            .add(RawZip.stored("a.npy", CONTENT))
            .add(RawZip.stored("a.npy", CONTENT))
            .bytes(),
        "arrays.npz!a.npy: is in the archive twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dir/a.npy", "..\\a.npy", "/a.npy", "dir/"})
  void pathsInNames(String name) throws IOException {
    refused(RawZip.stored(name, CONTENT), "arrays.npz!" + name + ": name has a path separator");
  }

  @Test
  void otherNames() throws IOException {
    refused(RawZip.stored("a.txt", CONTENT), "arrays.npz!a.txt: is not a .npy member");
    refused(RawZip.stored("a\nb.npy", CONTENT), "!a\\u000ab.npy: name has a control character");
    refused(RawZip.stored(".npy", CONTENT), "!.npy: name is empty");
    refused(RawZip.stored("x".repeat(60_000), CONTENT), "is 60000 characters long");
  }

  @Test
  void nameThatIsNotUtf8() throws IOException {
    byte[] bytes = new RawZip().add(RawZip.stored("\u00fc.npy", CONTENT)).bytes();
    bytes[bytes.length - 22 - 5] = 'x';
    refused(bytes, "name of member 1 of 1 is not UTF-8");
  }

  @Test
  void tooManyMembers() throws IOException {
    RawZip zip = new RawZip();
    for (int i = 0; i < 1001; i++) {
      zip.add(RawZip.stored(i + ".npy", CONTENT));
    }
    refused(zip.bytes(), "1001 members, expected at most 1000");
    refused(zip.bytes64(), "1001 members, expected at most 1000");
  }

  @Test
  void encryptedMember() throws IOException {
    RawZip.Member member = RawZip.stored("a.npy", CONTENT);
    member.flags = 1;
    refused(member, "arrays.npz!a.npy: is encrypted");
  }

  @Test
  void otherCompression() throws IOException {
    RawZip.Member member = RawZip.stored("a.npy", CONTENT);
    member.method = 14;
    refused(member, "!a.npy: compression method 14 is not supported, expected stored (0)");
  }

  @Test
  void wrongChecksum() throws IOException {
    byte[] bytes = new RawZip().add(RawZip.stored("a.npy", CONTENT)).bytes();
    bytes[30 + 5 + CONTENT.length - 1] ^= 1;
    refused(bytes, "arrays.npz!a.npy: corrupt: checksum ", ", expected ");
  }

  @Test
  void corruptCompressedData() throws IOException {
    RawZip.Member member = RawZip.deflated("a.npy", CONTENT);
    member.packed[0] = 7;
    refused(member, "arrays.npz!a.npy: corrupt compressed data: ");
  }

  @Test
  void truncatedCompressedData() throws IOException {
    RawZip.Member member = RawZip.deflated("a.npy", CONTENT);
    member.packedSize -= 3;
    refused(member, "arrays.npz!a.npy: corrupt compressed data: ");
  }

  @Test
  void memberIsCheckedLikeAFile() throws IOException {
    byte[] big = NpyBytes.file(NpyBytes.header(">f8", "(5,)"), 40);
    refused(RawZip.stored("a.npy", big), "arrays.npz!a.npy: element type '>f8' is not supported");
    byte[] pickle = NpyBytes.file(NpyBytes.header("|O", "(5,)"), 40);
    refused(RawZip.deflated("a.npy", pickle), "!a.npy: element type '|O' (Python objects");
    byte[] fewer = NpyBytes.file(NpyBytes.header("<f8", "(6,)"), 40);
    refused(
        RawZip.deflated("a.npy", fewer),
        "!a.npy: truncated: shape (6,) of '<f8' declares 48 bytes of data, has 40");
  }

  @Test
  void smallMemberThatDeclaresMuch() throws IOException {
    byte[] content = NpyBytes.file(NpyBytes.header("<f8", "(1000000000,)"), 40);
    refused(RawZip.stored("a.npy", content), "!a.npy: truncated: ", "declares 8000000000 bytes");
    RawZip.Member stored = RawZip.stored("a.npy", content);
    stored.zip64 = true;
    stored.size += 8_000_000_000L - 40;
    refused(stored, "!a.npy: corrupt: declares 80", "is stored with");
    stored.packedSize = stored.size;
    refused(stored, "!a.npy: truncated: declares 80", "bytes, has at most ");
    RawZip.Member deflated = RawZip.deflated("a.npy", content);
    deflated.zip64 = true;
    deflated.size += 8_000_000_000L - 40;
    refused(deflated, "!a.npy: declares 80", "compressed bytes can hold");
  }

  @Test
  void memberThatHoldsLessThanItDeclares() throws IOException {
    byte[] content = NpyBytes.file(NpyBytes.header("<f8", "(2500000,)"), 19_000_000);
    // What cannot be compressed makes the declared size one that is possible.
    byte[] noise = new byte[100_000];
    new Random(6).nextBytes(noise);
    System.arraycopy(noise, 0, content, 1000, noise.length);
    RawZip.Member member = RawZip.deflated("a.npy", content);
    member.size += 1_000_000;
    refused(member, "!a.npy: truncated: declares 20000", "bytes, has 19000");
  }

  @Test
  void memberThatHoldsMoreThanItDeclares() throws IOException {
    byte[] content = NpyBytes.file(NpyBytes.header("<f8", "(2,)"), 50_000_000);
    RawZip.Member member = RawZip.deflated("a.npy", content);
    refused(member, "!a.npy: 49999984 bytes too many: shape (2,)");
    member.size -= 50_000_000 - 16;
    refused(member, "!a.npy: bytes too many: declares ");
  }

  @Test
  void negativeSizes() throws IOException {
    RawZip.Member member = RawZip.deflated("a.npy", CONTENT);
    member.zip64 = true;
    member.size = -1;
    refused(member, "!a.npy: corrupt: declares 18446744073709551615 bytes");
    member.size = CONTENT.length;
    member.packedSize = Long.MIN_VALUE;
    refused(member, "!a.npy: truncated: declares 9223372036854775808 bytes");
    member.packedSize = member.packed.length;
    member.start = -5;
    refused(new RawZip().addToDirectory(member).bytes(), "!a.npy: corrupt: place -5 is outside");
    member.start = Long.MAX_VALUE;
    refused(new RawZip().addToDirectory(member).bytes(), "is outside of the archive");
  }

  @Test
  void overlappingMembers() throws IOException {
    RawZip.Member inner = RawZip.stored("b.npy", CONTENT);
    byte[] nested = NpyBytes.concat(RawZip.local(inner), inner.packed);
    RawZip.Member outer = RawZip.stored("a.npy", nested);
    inner.start = RawZip.local(outer).length;
    refused(
        new RawZip().add(outer).addToDirectory(inner).bytes(),
        "!b.npy: corrupt: overlaps the member a.npy");
  }

  @Test
  void localHeaderThatDiffers() throws IOException {
    RawZip.Member member = RawZip.stored("a.npy", CONTENT);
    member.localName = "b.npy";
    refused(member, "arrays.npz!a.npy: corrupt: local header differs from the directory");
  }

  @Test
  void directoryThatDoesNotFit() throws IOException {
    byte[] bytes = new RawZip().add(RawZip.stored("a.npy", CONTENT)).bytes();
    byte[] moved = NpyBytes.concat("#!/bin/sh\n".getBytes(StandardCharsets.UTF_8), bytes);
    refused(moved, "corrupt zip archive: directory of 51 bytes at");
    byte[] more = bytes.clone();
    more[bytes.length - 14] = 2;
    more[bytes.length - 12] = 2;
    refused(more, "corrupt zip archive: directory entry of member 2 of 2 is missing");
    more[bytes.length - 14] = 0;
    more[bytes.length - 12] = 0;
    refused(more, "corrupt zip archive: 51 bytes too many in the directory");
    more[bytes.length - 18] = 1;
    refused(more, "corrupt zip archive: it is one part of several");
  }

  @Test
  void zip64RecordThatIsNotThere() throws IOException {
    byte[] bytes = new RawZip().add(RawZip.stored("a.npy", CONTENT)).bytes64();
    byte[] locator = bytes.clone();
    locator[bytes.length - 22 - 20] = 0;
    refused(locator, "Zip64 locator is missing");
    byte[] far = bytes.clone();
    far[bytes.length - 22 - 20 + 15] = 1;
    refused(far, "Zip64 record at ", " is outside of the file");
    byte[] wrong = bytes.clone();
    wrong[bytes.length - 22 - 20 - 56] = 0;
    refused(wrong, "Zip64 record is missing at ");
  }
}
