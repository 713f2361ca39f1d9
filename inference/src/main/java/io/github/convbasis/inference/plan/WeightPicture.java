package io.github.convbasis.inference.plan;

import io.github.convbasis.plan.AttentionPlan;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Paints the attention weights of a head beside those of a plan and the plan's tiles, with one
 * logarithmic colour scale and its legend. Works without a display and without fonts. Stateless and
 * thread-safe.
 */
public final class WeightPicture {
  /** Most pixels along a side of each triangle: that of {@link TilePicture}. */
  public static final int MOST_PIXELS = TilePicture.MOST_PIXELS;

  /** Decades of the scale below 1; smaller weights have its darkest colour. */
  private static final int DECADES = 6;

  private static final int[] COLOURS = {0x440154, 0x3b528b, 0x21918c, 0x5ec962, 0xfde725};
  private static final int WHITE = 0xffffff;
  private static final int BLACK = 0x000000;
  private static final int GAP = 12;
  private static final int LINE = 14;
  private static final int BAR_WIDTH = 300;
  private static final int BAR_HEIGHT = 10;

  private WeightPicture() {}

  /** Returns the colour of a weight from 0 to 1, in {@code 1 + log10(weight)/6} of the scale. */
  static int colour(double weight) {
    double share = 1 + Math.log10(weight) / DECADES;
    double at = Math.min(1, Math.max(0, share)) * (COLOURS.length - 1);
    int lower = Math.min(COLOURS.length - 2, (int) at);
    int rgb = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      int a = COLOURS[lower] >> shift & 0xff;
      int b = COLOURS[lower + 1] >> shift & 0xff;
      rgb |= (int) Math.round(a + (b - a) * (at - lower)) << shift;
    }
    return rgb;
  }

  /**
   * Paints a picture.
   *
   * @param exact weights of exact attention
   * @param planned weights of the plan, of the same size
   * @param plan whose tiles are shown
   * @param reduction what a pixel of both shows
   * @return the picture
   * @throws IllegalArgumentException if the sizes differ
   */
  public static BufferedImage paint(
      WeightMap exact, WeightMap planned, AttentionPlan plan, WeightMap.Reduction reduction) {
    if (exact.rows() != planned.rows()
        || exact.side() != planned.side()
        || exact.rows() != plan.rows()) {
      throw new IllegalArgumentException(
          String.format(
              "planned must have %d rows, %d pixels a side, like exact, had %d and %d; plan had %d",
              exact.rows(), exact.side(), planned.rows(), planned.side(), plan.rows()));
    }
    BufferedImage tiles = TilePicture.paint(plan.map(), plan.exactColumns());
    int zoom = Math.max(1, MOST_PIXELS / exact.side());
    int panel = Math.max(exact.side() * zoom, BAR_WIDTH + 2 * GAP);
    int width = 2 * (panel + GAP) + tiles.getWidth();
    int height = LINE + Math.max(tiles.getHeight(), exact.side() * zoom + 5 * LINE);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] background = new int[width * height];
    Arrays.fill(background, WHITE);
    image.setRGB(0, 0, width, height, background, 0, width);
    PixelFont.draw(image, "EXACT", 0, 2, BLACK);
    panel(image, exact, 0, zoom);
    PixelFont.draw(image, "APPROXIMATION", panel + GAP, 2, BLACK);
    panel(image, planned, panel + GAP, zoom);
    PixelFont.draw(image, "PLAN", 2 * (panel + GAP), 2, BLACK);
    Graphics2D graphics = image.createGraphics();
    graphics.drawImage(tiles, 2 * (panel + GAP), LINE, null);
    graphics.dispose();
    legend(image, LINE + exact.side() * zoom + GAP, exact, reduction);
    return image;
  }

  private static void panel(BufferedImage image, WeightMap map, int left, int zoom) {
    for (int row = 0; row < map.side(); row++) {
      for (int column = 0; column <= row; column++) {
        int rgb = colour(map.get(row, column));
        for (int i = 0; i < zoom * zoom; i++) {
          image.setRGB(left + column * zoom + i % zoom, LINE + row * zoom + i / zoom, rgb);
        }
      }
    }
  }

  private static void legend(
      BufferedImage image, int top, WeightMap map, WeightMap.Reduction reduction) {
    for (int x = 0; x < BAR_WIDTH; x++) {
      int rgb = colour(Math.pow(10, DECADES * ((double) x / (BAR_WIDTH - 1) - 1)));
      for (int y = 0; y < BAR_HEIGHT; y++) {
        image.setRGB(GAP + x, top + y, rgb);
      }
    }
    for (int decade = 0; decade <= DECADES; decade += 2) {
      String label = decade == DECADES ? "1" : "1E-" + (DECADES - decade);
      int middle = GAP + decade * (BAR_WIDTH - 1) / DECADES;
      int left = Math.min(GAP + BAR_WIDTH - PixelFont.width(label), middle);
      PixelFont.draw(image, label, left, top + LINE, BLACK);
    }
    String pixel =
        map.side() == map.rows()
            ? "A PIXEL IS AN ENTRY"
            : "A PIXEL IS THE " + reduction + " OF ITS ENTRIES";
    PixelFont.draw(image, "N = " + map.rows() + "  " + pixel, GAP, top + 2 * LINE, BLACK);
  }

  /**
   * Paints a picture into a PNG file, which appears whole or not at all.
   *
   * @param file the file to make or to replace
   * @param exact weights of exact attention
   * @param planned weights of the plan, of the same size
   * @param plan whose tiles are shown
   * @param reduction what a pixel of both shows
   * @throws IOException if it cannot be written; what was there before is then as it was
   */
  public static void write(
      Path file,
      WeightMap exact,
      WeightMap planned,
      AttentionPlan plan,
      WeightMap.Reduction reduction)
      throws IOException {
    TilePicture.write(file, paint(exact, planned, plan, reduction));
  }
}
