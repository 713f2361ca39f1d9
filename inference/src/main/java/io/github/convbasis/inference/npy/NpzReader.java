package io.github.convbasis.inference.npy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipException;

/**
 * Reads a {@code .npz} file, which is a zip archive of {@code .npy} members, into memory.
 *
 * <p>Members are stored or deflated, Zip64 or not, as {@code numpy.savez} and {@code
 * numpy.savez_compressed} write them; what holds for their content stands at {@link NpyReader}.
 * Archives of more than 1,000 members, members that are encrypted, corrupt, compressed otherwise,
 * that overlap, have the same name or a path in their name are refused with an {@link
 * NpyFormatException} that names {@code file!member}; a file that cannot be opened, with another
 * {@link IOException}. Either has a message of one line that starts with the name of the file.
 *
 * <p>Every member is read twice: once to hold its length and checksum against what is declared, and
 * only then into memory. So reading costs two passes over the file, or two decompressions, the
 * memory of the arrays and 256 KiB; a member that is refused costs no memory, whatever it declares.
 * The method is stateless and safe for use by many threads.
 */
public final class NpzReader {
  /** Deflate cannot shrink anything further than by this factor. */
  private static final long BEST_DEFLATE_RATIO = 1032;

  private NpzReader() {}

  /**
   * Reads a file.
   *
   * @param file the file, which must be a regular one
   * @return the arrays by name, without the {@code .npy} of the members, in the order of the
   *     archive
   * @throws NpyFormatException if it is not a {@code .npz} file of a supported kind, or larger than
   *     memory
   * @throws IOException if it cannot be read
   */
  public static Map<String, NpyArray> read(Path file) throws IOException {
    String name = FileErrors.name(file);
    try (FileChannel channel = RegularFile.open(file)) {
      Map<String, NpyArray> arrays = new LinkedHashMap<>();
      for (ZipMember member : ZipDirectory.read(name, channel)) {
        arrays.put(arrayName(name, member), read(name + "!" + member.name(), channel, member));
      }
      return arrays;
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    }
  }

  private static String arrayName(String file, ZipMember member) throws NpyFormatException {
    String name = member.name();
    if (!name.endsWith(NpzNames.SUFFIX)) {
      throw new NpyFormatException(
          file + "!" + name, "is not a .npy member, expected a name that ends in .npy");
    }
    return name.substring(0, name.length() - NpzNames.SUFFIX.length());
  }

  private static NpyArray read(String name, FileChannel channel, ZipMember member)
      throws IOException {
    try {
      requirePossibleSize(name, member);
      try (InputStream in = member.open(channel)) {
        NpyHeader header = NpyHeader.read(name, in);
        header.requireLength(name, member.size());
        NpyPayload.requireHeap(name, header);
      }
      verify(name, channel, member);
      try (InputStream in = member.open(channel)) {
        return NpyPayload.read(name, NpyHeader.read(name, in), in);
      }
    } catch (ZipException | EOFException e) {
      throw new NpyFormatException(name, "corrupt compressed data: " + FileErrors.reason(e), e);
    }
  }

  private static void requirePossibleSize(String name, ZipMember member) throws NpyFormatException {
    // Sizes are at most those of the file and of a long, and division avoids the overflow.
    if (member.deflated() && member.size() / BEST_DEFLATE_RATIO > member.packedSize()) {
      throw new NpyFormatException(
          name,
          "declares "
              + member.size()
              + " bytes, more than its "
              + member.packedSize()
              + " compressed bytes can hold");
    }
  }

  /** Reads a member without keeping it, to see whether it is what the directory says. */
  private static void verify(String name, FileChannel channel, ZipMember member)
      throws IOException {
    CRC32 checksum = new CRC32();
    byte[] chunk = new byte[NpyPayload.CHUNK_BYTES];
    long length = 0;
    try (InputStream in = member.open(channel)) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        length += count;
        if (length > member.size()) {
          throw new NpyFormatException(
              name, "bytes too many: declares " + member.size() + " bytes, has more");
        }
        checksum.update(chunk, 0, count);
      }
    }
    if (length < member.size()) {
      throw new NpyFormatException(
          name, "truncated: declares " + member.size() + " bytes, has " + length);
    }
    if (checksum.getValue() != member.checksum()) {
      throw new NpyFormatException(
          name,
          "corrupt: checksum "
              + Long.toHexString(checksum.getValue())
              + ", expected "
              + Long.toHexString(member.checksum()));
    }
  }
}
