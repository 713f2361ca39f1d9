package io.github.convbasis.inference.npy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes zip archives field by field, so that every field can lie. */
final class RawZip {
  private final ByteArrayOutputStream members = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private int count;

  /** One member; whoever makes it changes what should be wrong before adding it. */
  static final class Member {
    String name;
    String localName;
    int flags;
    int method;
    byte[] packed;
    long size;
    long packedSize;
    long checksum;
    boolean zip64;
    long start = -1;

    private Member(String name, byte[] content, boolean deflate) {
      this.name = name;
      this.localName = name;
      this.method = deflate ? 8 : 0;
      this.packed = deflate ? deflated(content) : content;
      this.size = content.length;
      this.packedSize = packed.length;
      CRC32 crc = new CRC32();
      crc.update(content);
      this.checksum = crc.getValue();
    }
  }

  static Member stored(String name, byte[] content) {
    return new Member(name, content, false);
  }

  static Member deflated(String name, byte[] content) {
    return new Member(name, content, true);
  }

  private static byte[] deflated(byte[] content) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    try {
      deflater.setInput(content);
      deflater.finish();
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      byte[] chunk = new byte[8192];
      while (!deflater.finished()) {
        packed.write(chunk, 0, deflater.deflate(chunk));
      }
      return packed.toByteArray();
    } finally {
      deflater.end();
    }
  }

  RawZip add(Member member) {
    if (member.start < 0) {
      member.start = members.size();
    }
    members.writeBytes(local(member));
    members.writeBytes(member.packed);
    return addToDirectory(member);
  }

  RawZip addToDirectory(Member member) {
    byte[] name = member.name.getBytes(StandardCharsets.UTF_8);
    int extra = member.zip64 ? 28 : 0;
    ByteBuffer entry = buffer(46 + name.length + extra);
    entry.putInt(0x02014b50).putShort((short) 45).putShort((short) 45);
    entry.putShort((short) member.flags).putShort((short) member.method).putInt(0x210000);
    entry.putInt((int) member.checksum);
    entry.putInt(member.zip64 ? -1 : (int) member.packedSize);
    entry.putInt(member.zip64 ? -1 : (int) member.size);
    entry.putShort((short) name.length).putShort((short) extra);
    entry.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
    entry.putInt(member.zip64 ? -1 : (int) member.start).put(name);
    if (member.zip64) {
      entry.putShort((short) 1).putShort((short) 24);
      entry.putLong(member.size).putLong(member.packedSize).putLong(member.start);
    }
    directory.writeBytes(entry.array());
    count++;
    return this;
  }

  static byte[] local(Member member) {
    byte[] name = member.localName.getBytes(StandardCharsets.UTF_8);
    ByteBuffer local = buffer(30 + name.length);
    local.putInt(0x04034b50).putShort((short) 45).putShort((short) member.flags);
    local.putShort((short) member.method).putInt(0x210000).putInt((int) member.checksum);
    local.putInt(member.zip64 ? -1 : (int) member.packedSize);
    local.putInt(member.zip64 ? -1 : (int) member.size);
    local.putShort((short) name.length).putShort((short) 0).put(name);
    return local.array();
  }

  byte[] bytes() {
    return NpyBytes.concat(
        members.toByteArray(),
        directory.toByteArray(),
        end(count, directory.size(), members.size()));
  }

  /** The same archive with a Zip64 record that has the true numbers. */
  byte[] bytes64() {
    ByteBuffer record = buffer(56 + 20);
    record.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
    record.putInt(0).putInt(0).putLong(count).putLong(count);
    record.putLong(directory.size()).putLong(members.size());
    record.putInt(0x07064b50).putInt(0).putLong((long) members.size() + directory.size());
    record.putInt(1);
    return NpyBytes.concat(
        members.toByteArray(), directory.toByteArray(), record.array(), end(0xffff, -1, -1));
  }

  private static byte[] end(int count, int size, int start) {
    ByteBuffer end = buffer(22);
    end.putInt(0x06054b50).putInt(0).putShort((short) count).putShort((short) count);
    return end.putInt(size).putInt(start).putShort((short) 0).array();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
