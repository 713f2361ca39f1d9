package io.github.convbasis.inference.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import java.util.Arrays;

/**
 * Writes a tile map as JSON and reads it back, exactly.
 *
 * <p>{@code rows}, {@code row_block} and {@code column_block} are the grid; {@code tiles} has a
 * string for each row block, runs of tiles from the left such as {@code 12n3r2e}: e for exact, c
 * for convolution, r for rank one, n for negligible. Time and memory are those of the tiles; what a
 * text declares is checked before memory is taken for it. Stateless and thread-safe.
 */
public final class TileMapJson {
  private static final String LETTERS = "ecrn";

  /** Tiles of 64 × 64 for a million rows, and as many again. */
  private static final long MOST_TILES = 1L << 28;

  private TileMapJson() {}

  /**
   * Adds the fields of a map.
   *
   * @param map the map
   * @param target object to add them to
   */
  public static void write(TileMap map, ObjectNode target) {
    TileGrid grid = map.grid();
    target.put("rows", grid.rows());
    target.put("row_block", grid.rowBlock());
    target.put("column_block", grid.columnBlock());
    ArrayNode tiles = target.putArray("tiles");
    for (int row = 0; row < grid.rowBlocks(); row++) {
      tiles.add(runs(map, row));
    }
  }

  private static String runs(TileMap map, int row) {
    int count = map.grid().columnBlocks(row);
    StringBuilder text = new StringBuilder();
    int start = 0;
    for (int column = 1; column <= count; column++) {
      TileKind kind = map.kind(row, start);
      if (column == count || map.kind(row, column) != kind) {
        text.append(column - start).append(LETTERS.charAt(kind.ordinal()));
        start = column;
      }
    }
    return text.toString();
  }

  /**
   * Reads a map.
   *
   * @param fields of the object that {@link #write} made
   * @return the same map
   * @throws FileFormatException naming the field and its value, if a size, a total, a kind or a
   *     tile on the diagonal is wrong
   */
  public static TileMap read(JsonFields fields) throws FileFormatException {
    TileGrid grid = grid(fields);
    JsonNode tiles = fields.value("tiles");
    if (!tiles.isArray() || tiles.size() != grid.rowBlocks()) {
      throw fields.fault(
          "tiles",
          String.format("must be a list of %d row blocks, has %d", grid.rowBlocks(), tiles.size()));
    }
    byte[][] kinds = new byte[grid.rowBlocks()][];
    long total = 0;
    for (int row = 0; row < kinds.length; row++) {
      total += grid.columnBlocks(row);
      if (total > MOST_TILES) {
        throw fields.fault("rows", "must give at most " + MOST_TILES + " tiles");
      }
      kinds[row] = kinds(fields, row, tiles.get(row), grid.columnBlocks(row));
    }
    TileKind[] all = TileKind.values();
    try {
      return TileMap.of(grid, (row, column) -> all[kinds[row][column]]);
    } catch (IllegalArgumentException e) {
      throw new FileFormatException(fields.file(), "field tiles: " + e.getMessage(), e);
    }
  }

  private static TileGrid grid(JsonFields fields) throws FileFormatException {
    int rows = fields.positiveInt("rows");
    int rowBlock = fields.positiveInt("row_block");
    int columnBlock = fields.positiveInt("column_block");
    try {
      return new TileGrid(rows, rowBlock, columnBlock);
    } catch (IllegalArgumentException e) {
      throw new FileFormatException(fields.file(), "field rows: " + e.getMessage(), e);
    }
  }

  private static byte[] kinds(JsonFields fields, int row, JsonNode node, int count)
      throws FileFormatException {
    String text = node.isTextual() ? node.textValue() : "";
    // Twice: the total must be right before memory is taken for it.
    expand(fields, row, text, count, null);
    byte[] kinds = new byte[count];
    expand(fields, row, text, count, kinds);
    return kinds;
  }

  private static void expand(JsonFields fields, int row, String text, int count, byte[] kinds)
      throws FileFormatException {
    long total = 0;
    long run = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c >= '0' && c <= '9') {
        run = Math.min(10 * run + (c - '0'), Integer.MAX_VALUE);
        continue;
      }
      int kind = LETTERS.indexOf(c);
      if (kind < 0 || run == 0) {
        throw fault(
            fields,
            row,
            kind < 0
                ? "has the unknown kind '" + c + "', expected e, c, r or n"
                : "has a run of no tiles before '" + c + "'");
      }
      if (kinds != null) {
        Arrays.fill(kinds, (int) total, (int) (total + run), (byte) kind);
      }
      total += run;
      run = 0;
    }
    if (run != 0) {
      throw fault(fields, row, "ends with a number, expected a kind after it");
    }
    if (total != count) {
      throw fault(fields, row, "must be " + count + " tiles, has " + total);
    }
  }

  private static FileFormatException fault(JsonFields fields, int row, String reason) {
    return new FileFormatException(fields.file(), "field tiles, row block " + row + " " + reason);
  }
}
