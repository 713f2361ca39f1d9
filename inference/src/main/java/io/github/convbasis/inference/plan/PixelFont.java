package io.github.convbasis.inference.plan;

import java.awt.image.BufferedImage;

/**
 * Draws capital letters, digits and a few signs, 5 × 7 pixels each: a bare container has no fonts.
 * Stateless and thread-safe.
 */
final class PixelFont {
  static final int HEIGHT = 7;
  private static final int WIDTH = 5;

  /** Distance from one character to the next. */
  private static final int ADVANCE = WIDTH + 1;

  private static final String CHARACTERS = "ABCEGILMNORTUVXK0123456789.%DFHPSWY-=";

  /** Seven rows of five bits for each character, two hexadecimal digits a row. */
  private static final String[] GLYPHS = {
    "0E11111F111111",
    "1E11111E11111E",
    "0E11101010110E",
    "1F10101E10101F",
    "0E11101713110F",
    "0E04040404040E",
    "1010101010101F",
    "111B1515111111",
    "11191513111111",
    "0E11111111110E",
    "1E11111E141211",
    "1F040404040404",
    "1111111111110E",
    "11111111110A04",
    "11110A040A1111",
    "11121418141211",
    "0E11131519110E",
    "040C040404040E",
    "0E11010204081F",
    "0E11010601110E",
    "02060A121F0202",
    "1F101E0101110E",
    "0608101E11110E",
    "1F010204080808",
    "0E11110E11110E",
    "0E11110F01020C",
    "00000000000404",
    "18190204081303",
    "1E11111111111E",
    "1F10101E101010",
    "1111111F111111",
    "1E11111E101010",
    "0F10100E01011E",
    "11111115151B11",
    "11110A04040404",
    "0000001F000000",
    "00001F001F0000",
  };

  private PixelFont() {}

  /** Draws a text with its upper left corner at x, y; characters it does not have stay blank. */
  static void draw(BufferedImage image, String text, int x, int y, int rgb) {
    for (int i = 0; i < text.length(); i++) {
      int glyph = CHARACTERS.indexOf(text.charAt(i));
      for (int row = 0; glyph >= 0 && row < HEIGHT; row++) {
        int bits = Integer.parseInt(GLYPHS[glyph], 2 * row, 2 * row + 2, 16);
        for (int column = 0; column < WIDTH; column++) {
          if ((bits >> (WIDTH - 1 - column) & 1) != 0) {
            image.setRGB(x + i * ADVANCE + column, y + row, rgb);
          }
        }
      }
    }
  }

  static int width(String text) {
    return text.length() * ADVANCE;
  }
}
