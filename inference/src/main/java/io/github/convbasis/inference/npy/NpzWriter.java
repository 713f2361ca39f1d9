package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes named arrays to a {@code .npz} file, which is a zip archive of {@code .npy} members.
 *
 * <p>{@code numpy.load} reads the file. Members are stored without compression and with a fixed
 * time stamp, so the same arrays in the same order give the same bytes; archives and members beyond
 * 4 GiB use Zip64. The file appears whole or not at all, as {@link AtomicFile} has it; faults are
 * an {@link IOException} with a message of one line that starts with the name of the file. Writing
 * costs two passes over the arrays, one for the checksums, and 256 KiB. The method is stateless and
 * safe for use by many threads.
 */
public final class NpzWriter {
  // Any earlier date makes the zip stream add a field that depends on the time zone.
  private static final LocalDateTime TIME_STAMP = LocalDateTime.of(1980, 2, 1, 0, 0, 0);

  private NpzWriter() {}

  /**
   * Writes a file.
   *
   * @param file the file to make or to replace
   * @param arrays what to write, by name, in the order of the map
   * @throws IllegalArgumentException if there are more than 1,000 arrays, or a name is empty,
   *     longer than 255 characters, or has path separators or control characters in it
   * @throws IOException if it cannot be written; what was there before is then as it was
   */
  public static void write(Path file, Map<String, NpyArray> arrays) throws IOException {
    if (arrays.size() > ZipDirectory.MOST_MEMBERS) {
      throw new IllegalArgumentException(
          arrays.size() + " arrays, expected at most " + ZipDirectory.MOST_MEMBERS);
    }
    for (String name : arrays.keySet()) {
      String fault = NpzNames.fault(name);
      if (fault != null) {
        throw new IllegalArgumentException(
            "array name '" + FileErrors.shortened(name) + "' " + fault);
      }
    }
    try (AtomicFile target = AtomicFile.open(file)) {
      try (ZipOutputStream zip = new ZipOutputStream(target.stream())) {
        for (Map.Entry<String, NpyArray> entry : arrays.entrySet()) {
          zip.putNextEntry(entry(entry.getKey(), entry.getValue()));
          NpyPayload.write(entry.getValue(), zip);
          zip.closeEntry();
        }
      }
      target.commit();
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    }
  }

  private static ZipEntry entry(String name, NpyArray array) throws IOException {
    CRC32 checksum = new CRC32();
    try (OutputStream out = new CheckedOutputStream(OutputStream.nullOutputStream(), checksum)) {
      NpyPayload.write(array, out);
    }
    long size = NpyHeader.encode(array.elementType(), array.shape()).length;
    size += (long) array.length() * array.elementType().bytes();
    ZipEntry entry = new ZipEntry(name + NpzNames.SUFFIX);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(size);
    entry.setCompressedSize(size);
    entry.setCrc(checksum.getValue());
    entry.setTimeLocal(TIME_STAMP);
    return entry;
  }
}
