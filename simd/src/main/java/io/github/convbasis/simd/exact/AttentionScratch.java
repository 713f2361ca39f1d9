package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.simd.Lanes;
import java.util.Arrays;

/**
 * Holds the tiles that {@link ExactAttentionKernel} works in: packed queries, unnormalised output
 * and the state of the softmax for a block of rows, and one tile of keys, values and weights.
 *
 * <p>About {@code 4·((block rows + tile keys)·(d + width) + 2L·(tile keys + max(d, width)))} bytes,
 * 185 kB at d = width = 64, and 4 bytes for each lag of a bias. Contents are left over from call to
 * call and never read before they are written. Mutable: one thread at a time.
 */
public final class AttentionScratch {
  /**
   * Rows that share a tile of keys and values. With 128, n = 32,768 is 5 % slower (AMD Zen 5, 512
   * bits): every tile comes from beyond the second-level cache twice as often.
   */
  static final int BLOCK_ROWS = 256;

  /**
   * Keys of a tile, a multiple of the register block of keys: at d = width = 64 a tile of keys and
   * values (24 kB) stays in the first-level cache while the row groups pass.
   */
  static final int TILE_KEYS = 48;

  /** Rows whose lanes work together: two vectors. */
  static final int GROUP_ROWS = 2 * Lanes.COUNT;

  final int depth;
  final int width;

  /** Value width as the kernel sees it: at least one register block. */
  final int paddedWidth;

  /** Row numbers of the block; lanes without a row of their own repeat the last. */
  final int[] rows = new int[BLOCK_ROWS];

  /** Query heads of these rows. */
  final int[] heads = new int[BLOCK_ROWS];

  /** Where these rows start in an array: of the queries, then of the output. */
  final int[] starts = new int[BLOCK_ROWS];

  /** Keys that each row sees. */
  final int[] visibleKeys = new int[BLOCK_ROWS];

  /** First key that each row sees, where rows do not see all from the first on. */
  final int[] firstKeys = new int[BLOCK_ROWS];

  /** Least and greatest first key of each group of rows, and of the ends of what they see. */
  final int[] leastFirst = new int[BLOCK_ROWS / GROUP_ROWS];

  final int[] mostFirst = new int[BLOCK_ROWS / GROUP_ROWS];
  final int[] leastEnd = new int[BLOCK_ROWS / GROUP_ROWS];
  final int[] mostEnd = new int[BLOCK_ROWS / GROUP_ROWS];

  /** Queries times {@code scale·log2(e)}, groups × depth × 2L. */
  final float[] queries;

  /** Unnormalised output, groups × column blocks × 5 × 2L. */
  final float[] output;

  final float[] maxima = new float[BLOCK_ROWS];
  final float[] tileSums = new float[BLOCK_ROWS];
  final float[] sums = new float[BLOCK_ROWS];
  final float[] errors = new float[BLOCK_ROWS];
  final float[] factors = new float[BLOCK_ROWS];

  /** Keys of the current tile that each row sees. */
  final float[] visible = new float[BLOCK_ROWS];

  /** First keys of the current tile that each row does not see. */
  final float[] skipped = new float[BLOCK_ROWS];

  /** Logits, then weights: tile keys × 2L. */
  final float[] tile = new float[TILE_KEYS * GROUP_ROWS];

  /** The keys and values of the current tile. */
  final KeyTile run;

  /** Where {@link LogitRow#touch} leaves what it read; without meaning. */
  int touched;

  /** Key rows of the current tile, where they need not be neighbours. */
  final int[] tileKeys = new int[TILE_KEYS];

  /** What is added to logits by lag, where something is. */
  final LagBias bias = new LagBias();

  /** Half-transposed queries or output. */
  final float[] transposition;

  /**
   * Allocates for queries and keys of one depth and values of one width.
   *
   * @param depth elements of a query, at least 1
   * @param width elements of a value row, at least 1
   */
  public AttentionScratch(int depth, int width) {
    this.depth = depth;
    this.width = width;
    paddedWidth = Math.max(ValueTile.COLUMNS, width);
    queries = new float[BLOCK_ROWS * depth];
    output = new float[BLOCK_ROWS / GROUP_ROWS * groupOutput()];
    run = new KeyTile(TILE_KEYS, depth, width);
    transposition = new float[Transposition.bufferSize(Math.max(depth, width))];
  }

  /**
   * Allocates for inputs.
   *
   * @param inputs what will be attended with
   * @return scratch of their depth and width
   */
  public static AttentionScratch of(AttentionInputs inputs) {
    return new AttentionScratch(inputs.queries().width(), inputs.values().width());
  }

  /** Forgets what the rows of some groups, from the first, have met. */
  void clearSums(int groups) {
    int lanes = groups * GROUP_ROWS;
    Arrays.fill(maxima, 0, lanes, Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, lanes, 0);
    Arrays.fill(errors, 0, lanes, 0);
    Arrays.fill(output, 0, groups * groupOutput(), 0);
  }

  /** Returns the elements of unnormalised output of a group. */
  int groupOutput() {
    return ValueTile.blocks(paddedWidth) * ValueTile.COLUMNS * GROUP_ROWS;
  }

  /**
   * Tells whether this was allocated for such inputs.
   *
   * @param inputs what will be attended with
   * @return whether depth and width agree
   */
  public boolean fits(AttentionInputs inputs) {
    return depth == inputs.queries().width() && width == inputs.values().width();
  }
}
