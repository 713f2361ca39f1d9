package io.github.convbasis.variants;

import io.github.convbasis.variants.Visibility.Block;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a block whose logits are read as a lower-triangular matrix, {@code columns} of {@code
 * rows}, from local row = local column down: a basis can then be recovered from columns, each of
 * which holds every lag that its segment needs.
 *
 * <p>The part below a block's diagonal is one as it stands. What is above becomes one when rows and
 * keys are counted backwards: keys stay columns, so keys of one segment below are keys of one
 * segment above. (Transposed instead, columns would be queries: piecewise-constant keys, one
 * segment each below, would then be none.)
 *
 * <p>Keys beyond as many as there are rows would show every row lags that no sampled column holds;
 * so wide blocks are cut into squares, each with its own diagonal.
 *
 * <p>Immutable and thread-safe.
 *
 * @param query query of local row 0
 * @param key key of local column 0
 * @param rows local rows
 * @param columns local columns, at most as many
 * @param step 1, or -1 where rows and keys are counted backwards
 * @param low first local lag that is seen
 * @param high end of the local lags that are seen, exclusive
 */
record Triangle(int query, int key, int rows, int columns, int step, int low, int high) {

  /** Cuts a block into triangles that have something to see. */
  static List<Triangle> of(Visibility visibility, Block block) {
    List<Triangle> triangles = new ArrayList<>();
    int rows = block.rows();
    for (long from = block.keyFrom(); from < block.keyTo(); from += rows) {
      int key = (int) from;
      int columns = Math.min(rows, block.keyTo() - key);
      if (visibility.shown(key, key + columns) == 0) {
        continue;
      }
      Triangle below = below(visibility, block.queryFrom(), key, rows, columns);
      if (below.low < below.high) {
        triangles.add(below);
      }
      Triangle above = above(visibility, block.queryFrom(), key, columns);
      if (!visibility.isCausal() && above.low < above.high) {
        triangles.add(above);
      }
    }
    return triangles;
  }

  private static Triangle below(Visibility visibility, int query, int key, int rows, int columns) {
    // The lag of local lag t is query - key + t.
    long band = visibility.band();
    long low = Math.max(0, key - query - band + 1);
    long high = Math.min(rows, band - query + key);
    return new Triangle(query, key, rows, columns, 1, clamp(low, rows), clamp(high, rows));
  }

  private static Triangle above(Visibility visibility, int query, int key, int size) {
    // The lag of local lag t is query - key - t.
    long band = visibility.band();
    long low = Math.max(1, (long) query - key - band + 1);
    long high = Math.min(size, (long) query - key + band);
    return new Triangle(
        query + size - 1, key + size - 1, size, size, -1, clamp(low, size), clamp(high, size));
  }

  private static int clamp(long lag, int rows) {
    return (int) Math.max(0, Math.min(rows, lag));
  }

  /** Returns the query of a local row. */
  int queryOf(int row) {
    return query + step * row;
  }

  /** Returns the key of a local column. */
  int keyOf(int column) {
    return key + step * column;
  }

  /** Returns query position less key position at a local lag. */
  int lagOf(int local) {
    return query - key + step * local;
  }
}
