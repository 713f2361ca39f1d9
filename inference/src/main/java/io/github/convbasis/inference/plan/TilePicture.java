package io.github.convbasis.inference.plan;

import io.github.convbasis.inference.npy.AtomicFile;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Paints a lower triangle by what each of its entries is: the kind of its tile, or of an exact
 * column.
 *
 * <p>The triangle is at most {@value #MOST_PIXELS} pixels a side, with a legend below that tells
 * the share of each kind. Up to that size every entry is a square of pixels; beyond, a pixel is the
 * mean colour of the entries it covers, those above the diagonal counting as white, so the mean
 * over the picture shows the true shares. Costs the tiles, or the pixels if there are more. Works
 * without a display and without fonts. Stateless and thread-safe.
 */
public final class TilePicture {
  /** Most pixels along a side of the triangle. */
  static final int MOST_PIXELS = 1024;

  static final int EXACT_COLUMN = 0xd62728;
  private static final int WHITE = 0xffffff;
  private static final int BLACK = 0x000000;

  private static final int MARGIN = 6;
  private static final int SWATCH = 9;
  private static final int LINE = SWATCH + 5;
  private static final int LEGEND_LINES = TileKind.values().length + 1;
  private static final String LONGEST_LABEL = "EXACT COLUMN 100.0 %";

  private final TileGrid grid;
  private final TileMap map;
  private final int[] exactColumns;
  private final int side;
  private final int zoom;

  private TilePicture(TileMap map, int[] exactColumns) {
    this.map = map;
    this.grid = map.grid();
    this.exactColumns = exactColumns;
    side = Math.min(grid.rows(), MOST_PIXELS);
    zoom = MOST_PIXELS / side;
  }

  /**
   * Returns the colour of a kind.
   *
   * @param kind the kind
   * @return red, green and blue, 8 bits each
   */
  static int colour(TileKind kind) {
    return switch (kind) {
      case EXACT -> 0x1f3b73;
      case CONVOLUTION -> 0x2ca02c;
      case RANK_ONE -> 0xffbf4d;
      case NEGLIGIBLE -> 0xe6e6e6;
    };
  }

  /**
   * Paints a picture.
   *
   * @param map what each tile is
   * @param exactColumns columns that are exact whatever their tile, increasing
   * @return the picture
   * @throws IllegalArgumentException if the columns do not increase or are out of range
   */
  public static BufferedImage paint(TileMap map, int[] exactColumns) {
    Objects.requireNonNull(map, "map");
    int n = map.grid().rows();
    for (int i = 0; i < exactColumns.length; i++) {
      int least = i == 0 ? 0 : exactColumns[i - 1] + 1;
      if (exactColumns[i] < least || exactColumns[i] >= n) {
        throw new IllegalArgumentException(
            String.format(
                "exactColumns[%d] must be between %d and %d, was %d",
                i, least, n - 1, exactColumns[i]));
      }
    }
    return new TilePicture(map, exactColumns.clone()).paint();
  }

  /**
   * Paints a picture into a PNG file, which appears whole or not at all.
   *
   * @param file the file to make or to replace
   * @param map what each tile is
   * @param exactColumns columns that are exact whatever their tile, increasing
   * @throws IOException if it cannot be written; what was there before is then as it was
   */
  public static void write(Path file, TileMap map, int[] exactColumns) throws IOException {
    write(file, paint(map, exactColumns));
  }

  /** Writes an image, whole or not at all. */
  static void write(Path file, BufferedImage image) throws IOException {
    // Not by ImageIO's own stream, which may keep a cache file.
    try (AtomicFile target = AtomicFile.open(file);
        MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(target.stream())) {
      if (!ImageIO.write(image, "png", out)) {
        throw new IllegalStateException("this Java has no writer for PNG");
      }
      out.flush();
      target.commit();
    }
  }

  private BufferedImage paint() {
    int legendWidth = MARGIN + SWATCH + MARGIN + PixelFont.width(LONGEST_LABEL) + MARGIN;
    int width = Math.max(side * zoom, legendWidth);
    int height = side * zoom + MARGIN + LEGEND_LINES * LINE;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] background = new int[width * height];
    Arrays.fill(background, WHITE);
    image.setRGB(0, 0, width, height, background, 0, width);
    long[] counts = new long[TileKind.values().length + 1];
    long[] totals = new long[counts.length];
    for (int row = 0; row < side; row++) {
      for (int column = 0; column <= row; column++) {
        Arrays.fill(counts, 0);
        count(edge(row), edge(row + 1), edge(column), edge(column + 1), counts);
        int rgb = mean(counts, area(row, column));
        fill(image, column * zoom, row * zoom, zoom, rgb);
        for (int k = 0; k < counts.length; k++) {
          totals[k] += counts[k];
        }
      }
    }
    paintLegend(image, totals);
    return image;
  }

  /** First entry of a pixel; pixels cover whole entries, as many each as can be. */
  private int edge(int pixel) {
    return (int) ((long) pixel * grid.rows() / side);
  }

  private long area(int row, int column) {
    return (long) (edge(row + 1) - edge(row)) * (edge(column + 1) - edge(column));
  }

  /** Adds up the entries of a rectangle by tile kind; the last count is that of exact columns. */
  private void count(int rowFrom, int rowTo, int columnFrom, int columnTo, long[] counts) {
    int lastColumn = Math.min(columnTo, rowTo);
    for (int block = rowFrom / grid.rowBlock();
        block < grid.rowBlocks() && grid.rowStart(block) < rowTo;
        block++) {
      int top = Math.max(rowFrom, grid.rowStart(block));
      int bottom = Math.min(rowTo, grid.rowEnd(block));
      int tiles = grid.columnBlocks(block);
      for (int tile = columnFrom / grid.columnBlock();
          tile < tiles && grid.columnStart(tile) < lastColumn;
          tile++) {
        int left = Math.max(columnFrom, grid.columnStart(tile));
        int right = Math.min(lastColumn, grid.columnEnd(tile));
        long exact = exactEntries(top, bottom, left, right);
        counts[map.kind(block, tile).ordinal()] += entries(top, bottom, left, right) - exact;
        counts[counts.length - 1] += exact;
      }
    }
  }

  private long exactEntries(int top, int bottom, int left, int right) {
    int at = Arrays.binarySearch(exactColumns, left);
    long entries = 0;
    for (int c = at < 0 ? -at - 1 : at; c < exactColumns.length && exactColumns[c] < right; c++) {
      entries += Math.max(0, bottom - Math.max(top, exactColumns[c]));
    }
    return entries;
  }

  /** Entries of a rectangle that lie on or below the diagonal. */
  private static long entries(int top, int bottom, int left, int right) {
    long entries = 0;
    // Rows from the last column on see all of them; those before it see one more each.
    int full = Math.max(top, right - 1);
    if (full < bottom) {
      entries += (long) (bottom - full) * (right - left);
    }
    long from = Math.max(top, left) - left + 1L;
    long to = Math.min(bottom, full) - (long) left;
    return from > to ? entries : entries + (from + to) * (to - from + 1) / 2;
  }

  private static int mean(long[] counts, long area) {
    long counted = 0;
    for (long count : counts) {
      counted += count;
    }
    int rgb = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      long sum = (area - counted) * 0xff;
      for (int k = 0; k < counts.length; k++) {
        sum += counts[k] * (colour(k) >> shift & 0xff);
      }
      rgb |= (int) ((sum + area / 2) / area) << shift;
    }
    return rgb;
  }

  private static int colour(int index) {
    TileKind[] kinds = TileKind.values();
    return index < kinds.length ? colour(kinds[index]) : EXACT_COLUMN;
  }

  private static void fill(BufferedImage image, int x, int y, int size, int rgb) {
    for (int dy = 0; dy < size; dy++) {
      for (int dx = 0; dx < size; dx++) {
        image.setRGB(x + dx, y + dy, rgb);
      }
    }
  }

  private void paintLegend(BufferedImage image, long[] totals) {
    TileKind[] kinds = TileKind.values();
    for (int line = 0; line < totals.length; line++) {
      int y = side * zoom + MARGIN + line * LINE;
      fill(image, MARGIN, y, SWATCH, colour(line));
      String name = line < kinds.length ? kinds[line].name().replace('_', ' ') : "EXACT COLUMN";
      String label =
          String.format(Locale.ROOT, "%s %.1f %%", name, 100.0 * totals[line] / grid.entries());
      PixelFont.draw(image, label, 2 * MARGIN + SWATCH, y + (SWATCH - PixelFont.HEIGHT) / 2, BLACK);
    }
  }
}
