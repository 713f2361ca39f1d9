package io.github.convbasis.simd.exact;

/**
 * Holds what {@link TileSumsKernel} works in: a block of packed queries, one run of keys and its
 * logits, and sums.
 *
 * <p>About {@code 4·(352·d + 96·2L)} bytes, 100 kB at d = 64, and as much again for means. Mutable:
 * one thread at a time.
 */
public final class TileSumScratch {
  private static final int LANES = AttentionScratch.GROUP_ROWS;

  /** Queries that share a run of keys. */
  static final int BLOCK_QUERIES = 256;

  /**
   * Keys whose logits are in memory together: whole tiles of 16, 32 or 96, little padding of 64.
   */
  static final int RUN_KEYS = 96;

  final float[] queries;
  final int[] starts = new int[BLOCK_QUERIES];
  final int[] visibleKeys = new int[BLOCK_QUERIES];
  final float[] visible = new float[BLOCK_QUERIES];
  final float[] maxima = new float[BLOCK_QUERIES];
  final float[] sums = new float[BLOCK_QUERIES];
  final float[] errors = new float[BLOCK_QUERIES];
  final float[] logs = new float[BLOCK_QUERIES];
  final float[] inverses = new float[BLOCK_QUERIES];
  final float[] tile = new float[RUN_KEYS * LANES];
  final float[] transposition;
  final KeyTile run;
  final TileMeans means;

  private final int depth;
  private final int width;
  private final boolean withValues;
  private final boolean withKeys;

  /**
   * Allocates.
   *
   * @param depth elements of a key
   * @param width elements of a value row
   * @param withValues whether values are averaged
   * @param withKeys whether keys are averaged
   */
  public TileSumScratch(int depth, int width, boolean withValues, boolean withKeys) {
    this.depth = depth;
    this.width = width;
    this.withValues = withValues;
    this.withKeys = withKeys;
    queries = new float[BLOCK_QUERIES * depth];
    transposition = new float[Transposition.bufferSize(depth)];
    run = new KeyTile(RUN_KEYS, depth, 0);
    boolean any = withValues || withKeys;
    means = any ? new TileMeans(depth, width, withValues, withKeys) : null;
  }

  /**
   * Tells whether this was allocated for such sums.
   *
   * @param otherDepth elements of a key
   * @param otherWidth elements of a value row
   * @param otherValues whether values are averaged
   * @param otherKeys whether keys are averaged
   * @return whether all agree
   */
  public boolean fits(int otherDepth, int otherWidth, boolean otherValues, boolean otherKeys) {
    return depth == otherDepth
        && width == otherWidth
        && withValues == otherValues
        && withKeys == otherKeys;
  }
}
