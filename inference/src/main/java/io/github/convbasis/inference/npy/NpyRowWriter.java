package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Writes a two-dimensional {@code .npy} file row by row, so that it may be larger than memory.
 *
 * <p>The bytes are those that {@code numpy.save} writes for element type {@code '<f4'} or {@code
 * '<f8'}; doubles are rounded to float32 where that is the type. The file appears whole on {@link
 * #commit()}, or not at all, as {@link AtomicFile} has it. Faults of the file are an {@link
 * IOException} with a message of one line that starts with its name. A row costs its elements;
 * beside that there are buffers of 128 KiB at most. Instances are for use by one thread.
 */
public final class NpyRowWriter implements AutoCloseable {
  private final String name;
  private final AtomicFile file;
  private final ElementType elementType;
  private final int rows;
  private final int columns;
  private final ByteBuffer chunk;
  private int written;

  private NpyRowWriter(
      String name, AtomicFile file, ElementType elementType, int rows, int columns) {
    this.name = name;
    this.file = file;
    this.elementType = elementType;
    this.rows = rows;
    this.columns = columns;
    long rowBytes = (long) columns * elementType.bytes();
    this.chunk =
        ByteBuffer.allocate((int) Math.min(rowBytes, NpyPayload.CHUNK_BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Opens a file and writes its header.
   *
   * @param file the file to make or to replace
   * @param elementType float32 or float64
   * @param rows how many rows will be written
   * @param columns how many elements each row has
   * @return the writer, to be closed by the caller
   * @throws IllegalArgumentException if the type is another one or a size is negative
   * @throws IOException if the file cannot be written
   */
  public static NpyRowWriter open(Path file, ElementType elementType, int rows, int columns)
      throws IOException {
    if (elementType == ElementType.INT64) {
      throw new IllegalArgumentException("rows are float32 or float64, not " + elementType);
    }
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException(
          "negative dimension in shape " + NpyHeader.shapeText(rows, columns));
    }
    AtomicFile target = AtomicFile.open(file);
    try {
      target.stream().write(NpyHeader.encode(elementType, rows, columns));
      return new NpyRowWriter(FileErrors.name(file), target, elementType, rows, columns);
    } catch (IOException e) {
      target.close();
      throw e;
    }
  }

  /**
   * Writes the next row.
   *
   * @param row its elements
   * @throws IllegalArgumentException if they are not as many as there are columns
   * @throws IllegalStateException if all declared rows are written already
   * @throws IOException if the file cannot be written
   */
  public void writeRow(double[] row) throws IOException {
    if (row.length != columns) {
      throw new IllegalArgumentException(
          name + ": row of " + row.length + " elements, expected " + columns);
    }
    if (written == rows) {
      throw new IllegalStateException(name + ": all of " + rows + " declared rows are written");
    }
    int bytes = elementType.bytes();
    for (int done = 0; done < columns; ) {
      int count = Math.min(columns - done, chunk.capacity() / bytes);
      if (elementType == ElementType.FLOAT64) {
        chunk.asDoubleBuffer().put(row, done, count);
      } else {
        for (int i = 0; i < count; i++) {
          chunk.putFloat(4 * i, (float) row[done + i]);
        }
      }
      file.stream().write(chunk.array(), 0, count * bytes);
      done += count;
    }
    written++;
  }

  /**
   * Puts the file into place.
   *
   * @throws IllegalStateException if fewer rows were written than declared, or the file is
   *     committed or closed already
   * @throws IOException if that fails; what was there before is then as it was
   */
  public void commit() throws IOException {
    if (written != rows) {
      throw new IllegalStateException(
          name + ": " + written + " rows written, expected " + rows + " as declared");
    }
    file.commit();
  }

  /**
   * Drops what was written, unless it was committed. Closing again does nothing.
   *
   * @throws IOException if the temporary file cannot be deleted
   */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
