package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads the directory of a zip archive, and checks every place and size in it against the file.
 *
 * <p>The JDK's own reader neither verifies checksums nor says which member it refuses, so the
 * directory is parsed here.
 */
final class ZipDirectory {
  /** Archives with more members are refused. */
  static final int MOST_MEMBERS = 1000;

  private static final int LONGEST_DIRECTORY = 1 << 20;
  private static final int END_BYTES = 22;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int END64_BYTES = 56;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final int ENTRY_BYTES = 46;
  private static final int ENTRY_SIGNATURE = 0x02014b50;
  private static final int LOCAL_BYTES = 30;
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int ENCRYPTED = 0x2041;
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final int IN_EXTRA_16 = 0xffff;
  private static final long IN_EXTRA_32 = 0xffffffffL;

  private final String file;
  private final FileChannel channel;
  private final long length;

  private long count;
  private long size;
  private long start;

  private ZipDirectory(String file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    this.length = channel.size();
  }

  /** The members of an archive, in the order of its directory. */
  static List<ZipMember> read(String file, FileChannel channel) throws IOException {
    ZipDirectory directory = new ZipDirectory(file, channel);
    directory.findDirectory();
    List<ZipMember> members = directory.members();
    directory.refuseOverlaps(members);
    return members;
  }

  private void findDirectory() throws IOException {
    int tailBytes = (int) Math.min(length, END_BYTES + IN_EXTRA_16);
    ByteBuffer tail = bytes(length - tailBytes, tailBytes);
    int at = tailBytes - END_BYTES;
    while (at >= 0 && !isEnd(tail, at)) {
      at--;
    }
    if (at < 0) {
      throw new NpyFormatException(
          file, "is not a zip archive (.npz), or truncated: it has no directory at its end");
    }
    long end = length - tailBytes + at;
    int disks = tail.getShort(at + 4) | tail.getShort(at + 6);
    int countHere = tail.getShort(at + 8) & 0xffff;
    count = tail.getShort(at + 10) & 0xffff;
    size = tail.getInt(at + 12) & IN_EXTRA_32;
    start = tail.getInt(at + 16) & IN_EXTRA_32;
    if (disks != 0 || countHere != count) {
      throw corrupt("it is one part of several");
    }
    if (count == IN_EXTRA_16 || size == IN_EXTRA_32 || start == IN_EXTRA_32) {
      end = findDirectory64(end);
    }
    if (count < 0 || count > MOST_MEMBERS) {
      throw new NpyFormatException(
          file, Long.toUnsignedString(count) + " members, expected at most " + MOST_MEMBERS);
    }
    if (size < 0 || size > LONGEST_DIRECTORY || start < 0 || start != end - size) {
      throw corrupt(
          "directory of "
              + size
              + " bytes at "
              + start
              + " does not end where it should, at "
              + end);
    }
  }

  private boolean isEnd(ByteBuffer tail, int at) {
    return tail.getInt(at) == END_SIGNATURE
        && at + END_BYTES + (tail.getShort(at + 20) & 0xffff) == tail.capacity();
  }

  private long findDirectory64(long end) throws IOException {
    if (end < LOCATOR_BYTES) {
      throw corrupt("Zip64 locator is missing");
    }
    ByteBuffer locator = bytes(end - LOCATOR_BYTES, LOCATOR_BYTES);
    if (locator.getInt(0) != LOCATOR_SIGNATURE) {
      throw corrupt("Zip64 locator is missing");
    }
    long end64 = locator.getLong(8);
    if (end64 < 0 || end64 > end - LOCATOR_BYTES - END64_BYTES) {
      throw corrupt("Zip64 record at " + end64 + " is outside of the file");
    }
    ByteBuffer record = bytes(end64, END64_BYTES);
    if (record.getInt(0) != END64_SIGNATURE) {
      throw corrupt("Zip64 record is missing at " + end64);
    }
    count = record.getLong(32);
    size = record.getLong(40);
    start = record.getLong(48);
    return end64;
  }

  private List<ZipMember> members() throws IOException {
    ByteBuffer directory = bytes(start, (int) size);
    List<ZipMember> members = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < count; i++) {
      ZipMember member = member(directory, i);
      if (!names.add(member.name())) {
        throw new NpyFormatException(file + "!" + member.name(), "is in the archive twice");
      }
      members.add(member);
    }
    if (directory.hasRemaining()) {
      throw corrupt(directory.remaining() + " bytes too many in the directory");
    }
    return members;
  }

  private ZipMember member(ByteBuffer directory, int index) throws IOException {
    String which = "member " + (index + 1) + " of " + count;
    int at = directory.position();
    if (directory.remaining() < ENTRY_BYTES || directory.getInt(at) != ENTRY_SIGNATURE) {
      throw corrupt("directory entry of " + which + " is missing");
    }
    int nameBytes = directory.getShort(at + 28) & 0xffff;
    int extraBytes = directory.getShort(at + 30) & 0xffff;
    int commentBytes = directory.getShort(at + 32) & 0xffff;
    if (ENTRY_BYTES + nameBytes + extraBytes + commentBytes > directory.remaining()) {
      throw corrupt("directory entry of " + which + " is truncated");
    }
    byte[] rawName = new byte[nameBytes];
    directory.get(at + ENTRY_BYTES, rawName);
    String name = name(which, rawName);
    String called = file + "!" + name;
    if ((directory.getShort(at + 8) & ENCRYPTED) != 0) {
      throw new NpyFormatException(called, "is encrypted");
    }
    int method = directory.getShort(at + 10) & 0xffff;
    if (method != STORED && method != DEFLATED) {
      throw new NpyFormatException(
          called,
          "compression method "
              + method
              + " is not supported, expected stored (0) or deflated (8)");
    }
    long[] places = {
      directory.getInt(at + 24) & IN_EXTRA_32,
      directory.getInt(at + 20) & IN_EXTRA_32,
      directory.getInt(at + 42) & IN_EXTRA_32
    };
    ByteBuffer extra = directory.slice(at + ENTRY_BYTES + nameBytes, extraBytes);
    readExtra(called, extra.order(ByteOrder.LITTLE_ENDIAN), places);
    directory.position(at + ENTRY_BYTES + nameBytes + extraBytes + commentBytes);
    long checksum = directory.getInt(at + 16) & IN_EXTRA_32;
    ZipMember described =
        new ZipMember(name, method == DEFLATED, checksum, places[1], places[0], places[2], 0);
    return located(called, rawName, described);
  }

  private String name(String which, byte[] raw) throws NpyFormatException {
    String name;
    try {
      name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
    } catch (CharacterCodingException e) {
      throw new NpyFormatException(file, "name of " + which + " is not UTF-8", e);
    }
    int bare = name.length() - (name.endsWith(NpzNames.SUFFIX) ? NpzNames.SUFFIX.length() : 0);
    String fault = NpzNames.fault(name.substring(0, bare));
    if (fault != null) {
      throw new NpyFormatException(file + "!" + FileErrors.shortened(name), "name " + fault);
    }
    return name;
  }

  /** Takes size, packed size and place, in that order, from the Zip64 field where they are. */
  private static void readExtra(String called, ByteBuffer extra, long[] places)
      throws NpyFormatException {
    while (extra.remaining() >= 4) {
      int id = extra.getShort() & 0xffff;
      int bytes = extra.getShort() & 0xffff;
      if (bytes > extra.remaining()) {
        throw new NpyFormatException(called, "corrupt: its extra field is truncated");
      }
      int next = extra.position() + bytes;
      if (id == 1) {
        for (int i = 0; i < places.length; i++) {
          if (places[i] == IN_EXTRA_32 && next - extra.position() >= Long.BYTES) {
            places[i] = extra.getLong();
          }
        }
      }
      extra.position(next);
    }
  }

  /** The member with the place of its data, after a look at its local header. */
  private ZipMember located(String called, byte[] rawName, ZipMember member) throws IOException {
    long at = member.start();
    if (at < 0 || at > start - LOCAL_BYTES - rawName.length) {
      throw new NpyFormatException(called, "corrupt: place " + at + " is outside of the archive");
    }
    ByteBuffer local = bytes(at, LOCAL_BYTES + rawName.length);
    byte[] localName = new byte[rawName.length];
    local.get(LOCAL_BYTES, localName);
    int method = local.getShort(8) & 0xffff;
    boolean same =
        local.getInt(0) == LOCAL_SIGNATURE
            && (local.getShort(6) & ENCRYPTED) == 0
            && method == (member.deflated() ? DEFLATED : STORED)
            && (local.getShort(26) & 0xffff) == rawName.length
            && Arrays.equals(localName, rawName);
    if (!same) {
      throw new NpyFormatException(called, "corrupt: local header differs from the directory");
    }
    long dataStart = at + LOCAL_BYTES + rawName.length + (local.getShort(28) & 0xffff);
    if (member.packedSize() < 0 || member.packedSize() > start - dataStart) {
      throw new NpyFormatException(
          called,
          "truncated: declares "
              + Long.toUnsignedString(member.packedSize())
              + " bytes, has at most "
              + Math.max(start - dataStart, 0));
    }
    if (member.size() < 0 || !member.deflated() && member.size() != member.packedSize()) {
      throw new NpyFormatException(
          called,
          "corrupt: declares "
              + Long.toUnsignedString(member.size())
              + " bytes, is stored with "
              + member.packedSize());
    }
    return new ZipMember(
        member.name(),
        member.deflated(),
        member.checksum(),
        member.packedSize(),
        member.size(),
        at,
        dataStart);
  }

  /** Members that share bytes are how a small archive pretends to be a large one. */
  private void refuseOverlaps(List<ZipMember> members) throws NpyFormatException {
    List<ZipMember> sorted = new ArrayList<>(members);
    sorted.sort(Comparator.comparingLong(ZipMember::start));
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).start() < sorted.get(i - 1).end()) {
        throw new NpyFormatException(
            file + "!" + sorted.get(i).name(),
            "corrupt: overlaps the member " + sorted.get(i - 1).name());
      }
    }
  }

  private ByteBuffer bytes(long position, int count) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (target.hasRemaining()) {
      if (channel.read(target, position + target.position()) < 0) {
        throw new NpyFormatException(file, "truncated while it was being read");
      }
    }
    return target.rewind();
  }

  private NpyFormatException corrupt(String reason) {
    return new NpyFormatException(file, "corrupt zip archive: " + reason);
  }
}
