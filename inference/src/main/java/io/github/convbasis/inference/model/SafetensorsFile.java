package io.github.convbasis.inference.model;

import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.npy.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;

/**
 * Reads tensors of a safetensors file by name, from a memory mapping.
 *
 * <p>The header is checked against the length of the file when it is opened, so opening costs the
 * header only, and no declared size is believed. Element types F32, F16 and BF16 are read, as
 * float32; a tensor costs its elements. Every fault is an {@link IOException} of one line that
 * starts with the name of the file and names the tensor. The file must not be cut short while it is
 * open. Safe for use by many threads, but {@link #close()} fails while another one reads.
 */
final class SafetensorsFile implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  private final String name;
  private final SafetensorsHeader header;
  private final Arena arena;
  private final MemorySegment bytes;

  private SafetensorsFile(String name, SafetensorsHeader header, Arena arena, MemorySegment bytes) {
    this.name = name;
    this.header = header;
    this.arena = arena;
    this.bytes = bytes;
  }

  /**
   * Opens and maps a file.
   *
   * @param file a regular file
   * @return the file, to be closed by the caller
   * @throws FileFormatException if it is not a sound safetensors file
   * @throws IOException if it cannot be read or mapped
   */
  static SafetensorsFile open(Path file) throws IOException {
    String name = FileErrors.name(file);
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try (FileChannel channel = RegularFile.open(file)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      SafetensorsFile result =
          new SafetensorsFile(name, SafetensorsHeader.read(name, bytes), arena, bytes);
      opened = true;
      return result;
    } catch (InternalError e) {
      throw cutShort(name, e);
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  /**
   * Reads a file that is in memory.
   *
   * @param name for messages
   * @param bytes the whole file; kept, not copied
   * @throws FileFormatException if it is not a sound safetensors file
   */
  static SafetensorsFile of(String name, byte[] bytes) throws FileFormatException {
    MemorySegment segment = MemorySegment.ofArray(bytes);
    return new SafetensorsFile(
        name, SafetensorsHeader.read(name, segment), Arena.ofAuto(), segment);
  }

  /** Names the file, as it stands in messages. */
  String name() {
    return name;
  }

  /** Returns the tensors by name; unmodified by callers. */
  Map<String, TensorEntry> entries() {
    return header.entries();
  }

  /**
   * Reads a tensor of this file.
   *
   * @param entry one of {@link #entries}
   * @return its elements, row-major
   * @throws FileFormatException if its type is another than F32, F16 and BF16, or it has too many
   *     elements for an array
   * @throws IOException if the file has been cut short since it was opened
   */
  float[] read(TensorEntry entry) throws IOException {
    if (!entry.type().isReadable()) {
      throw fault(entry, "dtype " + entry.type() + " is not supported, expected F32, F16 or BF16");
    }
    if (entry.count() > LONGEST_ARRAY) {
      throw fault(
          entry,
          String.format(
              "shape %s has %d elements, expected at most %d",
              entry.shapeText(), entry.count(), LONGEST_ARRAY));
    }
    float[] elements = new float[(int) entry.count()];
    MemorySegment data =
        bytes.asSlice(header.dataOffset() + entry.begin(), entry.end() - entry.begin());
    try {
      switch (entry.type()) {
        case F32 -> MemorySegment.copy(data, FLOAT, 0, elements, 0, elements.length);
        case F16 -> copyHalves(data, elements);
        default -> copyBrainHalves(data, elements);
      }
    } catch (InternalError e) {
      throw cutShort(name, e);
    }
    return elements;
  }

  private static void copyHalves(MemorySegment data, float[] elements) {
    for (int i = 0; i < elements.length; i++) {
      elements[i] = Float.float16ToFloat(data.get(SHORT, 2L * i));
    }
  }

  private static void copyBrainHalves(MemorySegment data, float[] elements) {
    for (int i = 0; i < elements.length; i++) {
      elements[i] = Float.intBitsToFloat(data.get(SHORT, 2L * i) << 16);
    }
  }

  /** How the JVM reports that a page of a mapped file is no longer there. */
  private static IOException cutShort(String name, InternalError e) {
    return new FileFormatException(name, "truncated while it was being read", e);
  }

  FileFormatException fault(TensorEntry entry, String reason) {
    return new FileFormatException(
        name, "tensor '" + FileErrors.shortened(entry.name()) + "': " + reason);
  }

  /** Unmaps the file. Closing again does nothing. */
  @Override
  public synchronized void close() {
    if (bytes.heapBase().isEmpty() && arena.scope().isAlive()) {
      arena.close();
    }
  }
}
