package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Row by row access to a two-dimensional {@code .npy} file of any size, by way of a memory mapping.
 *
 * <p>Element types {@code '<f4'} and {@code '<f8'}, format versions 1.0, 2.0 and 3.0, C order. The
 * file is checked like {@link NpyReader} checks it and refused with the same messages. Opening
 * costs the header only, whatever the size of the file; a row costs its elements, and no heap. The
 * file must not be cut short while it is open. Instances are safe for use by many threads, but
 * {@link #close()} fails while another thread copies a row.
 */
public final class NpyMatrix implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final ElementType elementType;
  private final int rows;
  private final int columns;
  private final Arena arena;
  private final MemorySegment data;

  private NpyMatrix(String name, NpyHeader header, Arena arena, MemorySegment data) {
    this.name = name;
    this.elementType = header.type().elementType();
    this.rows = header.shape()[0];
    this.columns = header.shape()[1];
    this.arena = arena;
    this.data = data;
  }

  /**
   * Opens a file.
   *
   * @param file the file, which must be a regular one
   * @return the matrix, to be closed by the caller
   * @throws NpyFormatException if it is not a {@code .npy} file of two dimensions with elements of
   *     float32 or float64
   * @throws IOException if it cannot be read or mapped
   */
  public static NpyMatrix open(Path file) throws IOException {
    String name = FileErrors.name(file);
    try (FileChannel channel = RegularFile.open(file)) {
      InputStream in = Channels.newInputStream(channel);
      NpyHeader header = NpyHeader.read(name, in);
      requireMatrix(name, header);
      header.requireLength(name, channel.size());
      return map(name, header, channel);
    } catch (IOException e) {
      throw FileErrors.naming(file, e);
    }
  }

  private static void requireMatrix(String name, NpyHeader header) throws NpyFormatException {
    if (header.shape().length != 2) {
      throw new NpyFormatException(
          name,
          "shape "
              + NpyHeader.shapeText(header.shape())
              + " has "
              + header.shape().length
              + " dimensions, expected 2");
    }
    if (header.type().elementType() == ElementType.INT64) {
      throw new NpyFormatException(
          name,
          "element type '"
              + header.type().descriptor()
              + "' is not supported for a matrix; write float32 or float64 ('<f4', '<f8')");
    }
  }

  private static NpyMatrix map(String name, NpyHeader header, FileChannel channel)
      throws IOException {
    Arena arena = Arena.ofShared();
    boolean mapped = false;
    try {
      MemorySegment data =
          channel.map(
              FileChannel.MapMode.READ_ONLY, header.dataOffset(), header.dataBytes(), arena);
      NpyMatrix matrix = new NpyMatrix(name, header, arena, data);
      mapped = true;
      return matrix;
    } finally {
      if (!mapped) {
        arena.close();
      }
    }
  }

  /**
   * The number of rows.
   *
   * @return the first dimension
   */
  public int rows() {
    return rows;
  }

  /**
   * The number of columns.
   *
   * @return the second dimension
   */
  public int columns() {
    return columns;
  }

  /**
   * The type of the elements in the file.
   *
   * @return float32 or float64
   */
  public ElementType elementType() {
    return elementType;
  }

  /**
   * Copies the start of a row.
   *
   * @param row which row, from 0
   * @param columns how many elements, at most a whole row
   * @param target where they go, from index 0
   * @throws IndexOutOfBoundsException if there is no such row, if it is shorter than that, or if
   *     the target is
   * @throws IllegalStateException if the matrix is closed
   * @throws IOException if the file has been cut short since it was opened
   */
  public void copyRow(int row, int columns, double[] target) throws IOException {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(0, columns, this.columns);
    Objects.checkFromIndexSize(0, columns, target.length);
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException(name + ": is closed");
    }
    long start = (long) row * this.columns * elementType.bytes();
    try {
      if (elementType == ElementType.FLOAT64) {
        MemorySegment.copy(data, DOUBLE, start, target, 0, columns);
      } else {
        for (int column = 0; column < columns; column++) {
          target[column] = data.get(FLOAT, start + 4L * column);
        }
      }
    } catch (InternalError e) {
      // How the JVM reports that a page of a mapped file is no longer there.
      throw new IOException(name + ": truncated while it was being read", e);
    }
  }

  /**
   * Unmaps the file. Closing again does nothing.
   *
   * @throws IllegalStateException if another thread is copying a row
   */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
