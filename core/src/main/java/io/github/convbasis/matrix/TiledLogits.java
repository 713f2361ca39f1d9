package io.github.convbasis.matrix;

/**
 * A model H̃ of a head's causal logits that differs from tile to tile.
 *
 * <ul>
 *   <li>Exact columns, whatever their tile, and {@link TileKind#EXACT} tiles: {@code h(i, j) =
 *       scale·⟨q_i, k_j⟩}.
 *   <li>{@link TileKind#CONVOLUTION}: {@code h(i, j) = w_r(i - j) + g(i) + c(j)}, r the segment of
 *       column j.
 *   <li>{@link TileKind#RANK_ONE}: with q̄ the mean query of the row block, {@code p = softmax of
 *       scale·⟨q̄, k_j⟩} over the tile's columns that are not exact, and {@code k̃ = Σ p_j·k_j}:
 *       {@code h(i, j) = scale·⟨q_i - q̄, k̃⟩ + scale·⟨q̄, k_j⟩}. So the logarithm of the tile's
 *       weight is right to first order in {@code q_i - q̄}, and the tile stands for one key k̃ with
 *       the value {@code Σ p_j·v_j}.
 *   <li>{@link TileKind#NEGLIGIBLE}: weight 0.
 * </ul>
 *
 * <p>Arrays are not copied and must not change. Immutable and thread-safe otherwise.
 *
 * @param map what each tile is
 * @param exactColumns columns that are exact for every row, such as sinks; increasing
 * @param kernels w, its first segment at column 0; null if no tile is a convolution
 * @param rowOffsets g, n of them; null for zeros
 * @param columnOffsets c, n of them; null for zeros
 * @param mostRankOneShare greatest share of a row's weights that a rank-one tile may hold, greater
 *     than 0 and 1 for any: where a row looks at a tile that the mean query of its block hardly
 *     sees, the tile's summary says little, and the row is not to be trusted
 */
public record TiledLogits(
    TileMap map,
    int[] exactColumns,
    SegmentedToeplitz kernels,
    double[] rowOffsets,
    double[] columnOffsets,
    double mostRankOneShare) {

  /** Checks that the parts fit together. */
  public TiledLogits {
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
    if (map.has(TileKind.CONVOLUTION)) {
      if (kernels == null || kernels.size() != n || kernels.start(0) != 0) {
        throw new IllegalArgumentException(
            "kernels must be of size " + n + " like the map and start at column 0, was " + kernels);
      }
    }
    requireOffsets("rowOffsets", rowOffsets, n);
    requireOffsets("columnOffsets", columnOffsets, n);
    if (!(mostRankOneShare > 0)) {
      throw new IllegalArgumentException(
          "mostRankOneShare must be greater than 0, was " + mostRankOneShare);
    }
  }

  /**
   * Trusts every rank-one tile.
   *
   * @param map what each tile is
   * @param exactColumns columns that are exact for every row, increasing
   * @param kernels w, its first segment at column 0; null if no tile is a convolution
   * @param rowOffsets g, n of them; null for zeros
   * @param columnOffsets c, n of them; null for zeros
   */
  public TiledLogits(
      TileMap map,
      int[] exactColumns,
      SegmentedToeplitz kernels,
      double[] rowOffsets,
      double[] columnOffsets) {
    this(map, exactColumns, kernels, rowOffsets, columnOffsets, 1);
  }

  private static void requireOffsets(String name, double[] offsets, int n) {
    if (offsets == null) {
      return;
    }
    if (offsets.length != n) {
      throw new IllegalArgumentException(
          name + " must be " + n + " like the rows, was " + offsets.length);
    }
    for (int i = 0; i < n; i++) {
      if (!Double.isFinite(offsets[i])) {
        throw new IllegalArgumentException(
            String.format("%s must be finite, was %s at %d", name, offsets[i], i));
      }
    }
  }

  /**
   * Models every logit by tiles that need no kernels.
   *
   * @param map what each tile is, none of them a convolution
   * @return the model
   */
  public static TiledLogits of(TileMap map) {
    return new TiledLogits(map, new int[0], null, null, null);
  }

  /**
   * Returns a logit of a convolution.
   *
   * @param row row
   * @param column column, at most the row
   * @return {@code w_r(row - column) + g(row) + c(column)}
   */
  public double convolutionLogit(int row, int column) {
    double logit = kernels.kernel(kernels.segmentOf(column), row - column);
    return logit
        + (rowOffsets == null ? 0 : rowOffsets[row])
        + (columnOffsets == null ? 0 : columnOffsets[column]);
  }
}
