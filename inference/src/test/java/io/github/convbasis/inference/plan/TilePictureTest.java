package io.github.convbasis.inference.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TilePictureTest {
  private static final int WHITE = 0xffffff;

  @TempDir Path directory;

  private static int pixel(BufferedImage image, int x, int y) {
    return image.getRGB(x, y) & WHITE;
  }

  private static int expected(TileMap map, int[] exactColumns, int row, int column) {
    if (column > row) {
      return WHITE;
    }
    if (Arrays.binarySearch(exactColumns, column) >= 0) {
      return TilePicture.EXACT_COLUMN;
    }
    TileGrid grid = map.grid();
    return TilePicture.colour(map.kind(row / grid.rowBlock(), column / grid.columnBlock()));
  }

  @Test
  void everyEntryOfASmallTriangleIsASquare() throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 20; i++) {
      TileMap map = RandomMaps.next(random, 90);
      int n = map.grid().rows();
      int[] columns = random.ints(3, 0, n).sorted().distinct().toArray();
      Path file = directory.resolve("small.png");
      TilePicture.write(file, map, columns);
      BufferedImage image = ImageIO.read(file.toFile());
      int zoom = TilePicture.MOST_PIXELS / n;
      for (int row = 0; row < n; row++) {
        for (int column = 0; column < n; column++) {
          int colour = expected(map, columns, row, column);
          assertEquals(colour, pixel(image, column * zoom, row * zoom));
          assertEquals(colour, pixel(image, (column + 1) * zoom - 1, (row + 1) * zoom - 1));
        }
      }
    }
  }

  @Test
  void pixelsOfALargeTriangleAreTheMeanOfTheirEntries() {
    SplittableRandom random = new SplittableRandom(8);
    int n = 3000;
    TileGrid grid = new TileGrid(n, 17, 5);
    TileKind[] kinds = TileKind.values();
    TileMap map =
        TileMap.of(
            grid,
            (row, column) ->
                kinds[random.nextInt(column >= grid.blocksBelowDiagonal(row) ? 2 : 4)]);
    int[] columns = {0, 1, 700, 701, 2999};
    BufferedImage image = TilePicture.paint(map, columns);
    int side = TilePicture.MOST_PIXELS;
    for (int i = 0; i < 5000; i++) {
      int y = random.nextInt(side);
      int x = i < 1000 ? y : random.nextInt(side);
      int[] sums = new int[3];
      int count = 0;
      for (int row = y * n / side; row < (y + 1) * n / side; row++) {
        for (int column = x * n / side; column < (x + 1) * n / side; column++) {
          int colour = expected(map, columns, row, column);
          for (int channel = 0; channel < 3; channel++) {
            sums[channel] += colour >> 8 * channel & 0xff;
          }
          count++;
        }
      }
      for (int channel = 0; channel < 3; channel++) {
        int found = pixel(image, x, y) >> 8 * channel & 0xff;
        assertEquals((sums[channel] + count / 2) / count, found, x + ", " + y);
      }
    }
  }

  @Test
  void theLegendHasEveryColourAndLetters() {
    TileMap map = TileMap.uniform(new TileGrid(1024, 64, 64), TileKind.EXACT);
    BufferedImage image = TilePicture.paint(map, new int[] {512});
    int[] colours = new int[TileKind.values().length + 1];
    for (TileKind kind : TileKind.values()) {
      colours[kind.ordinal()] = TilePicture.colour(kind);
    }
    colours[colours.length - 1] = TilePicture.EXACT_COLUMN;
    int black = 0;
    int[] found = new int[colours.length];
    for (int y = 1024; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        black += pixel(image, x, y) == 0 ? 1 : 0;
        for (int k = 0; k < colours.length; k++) {
          found[k] += pixel(image, x, y) == colours[k] ? 1 : 0;
        }
      }
    }
    for (int count : found) {
      assertEquals(found[0], count, "swatches are of one size");
    }
    assertTrue(found[0] > 0);
    assertTrue(black > 500, "labels were drawn: " + black);
    assertEquals(1024, image.getWidth());
  }

  @Test
  void wrongColumnsAreRefusedAndTheOldFileStays() throws IOException {
    TileMap map = TileMap.uniform(new TileGrid(9, 3, 3), TileKind.EXACT);
    Path file = Files.writeString(directory.resolve("old.png"), "old");
    for (int[] wrong : new int[][] {{-1}, {9}, {3, 3}, {4, 2}}) {
      assertThrows(IllegalArgumentException.class, () -> TilePicture.write(file, map, wrong));
    }
    assertEquals("old", Files.readString(file));
    TilePicture.write(file, map, new int[0]);
    assertEquals(1017, ImageIO.read(file.toFile()).getWidth(), "nine entries of 113 pixels");
  }
}
