package io.github.convbasis.matrix;

import java.util.Arrays;
import java.util.Objects;

/**
 * Holds what one attention call reads: queries, keys, values, the logit scale and the mask.
 *
 * <p>The logit of query row i and key row j is {@code scale·⟨queries_i, keys_j⟩}; the scale is
 * applied once, not on queries and keys each. Queries and keys come already rotated where a model
 * rotates them. Grouped-query attention: {@code queries.heads()} is a multiple of {@code
 * keys.heads()}, and neighbouring query heads share a key head.
 *
 * <p>Checked on construction: shapes, finite scale, finite elements (O(n·d) reads, but for rows
 * promised by {@link HeadTensor#withFiniteRows}). Immutable but for the arrays behind the tensors;
 * thread-safe as long as those are not written.
 *
 * @param queries query heads × query rows × d
 * @param keys key heads × key rows × d
 * @param values key heads × key rows × value width
 * @param scale the logit scale, usually 1/√d
 * @param mask which keys a row sees
 */
public record AttentionInputs(
    HeadTensor queries, HeadTensor keys, HeadTensor values, double scale, AttentionMask mask) {

  /**
   * Checks the inputs.
   *
   * @throws IllegalArgumentException naming the argument, the relation and both values
   */
  public AttentionInputs {
    Objects.requireNonNull(queries, "queries");
    Objects.requireNonNull(keys, "keys");
    Objects.requireNonNull(values, "values");
    Objects.requireNonNull(mask, "mask");
    require(
        keys.width() == queries.width(),
        "keys must be %d wide like queries, was %d",
        queries.width(),
        keys.width());
    require(
        values.heads() == keys.heads(),
        "values must have %d heads like keys, was %d",
        keys.heads(),
        values.heads());
    require(
        values.rows() == keys.rows(),
        "values must have %d rows like keys, was %d",
        keys.rows(),
        values.rows());
    require(
        queries.heads() % keys.heads() == 0,
        "queries must have a multiple of the %d heads of keys, was %d",
        keys.heads(),
        queries.heads());
    if (mask == AttentionMask.CAUSAL) {
      require(
          keys.rows() == queries.rows(),
          "keys must have %d rows like queries under a causal mask, was %d",
          queries.rows(),
          keys.rows());
    }
    if (mask == AttentionMask.CAUSAL_CHUNK && keys.rows() < queries.rows()) {
      throw new IllegalArgumentException(
          String.format(
              "keys must have at least the %d rows of queries that are a chunk, was %d",
              queries.rows(), keys.rows()));
    }
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("scale must be finite, was " + scale);
    }
    queries.requireFinite("queries");
    keys.requireFinite("keys");
    values.requireFinite("values");
  }

  private static void require(boolean holds, String message, int expected, int actual) {
    if (!holds) {
      throw new IllegalArgumentException(String.format(message, expected, actual));
    }
  }

  /**
   * Makes causal inputs with the usual scale {@code 1/√d}.
   *
   * @param queries query heads × n × d
   * @param keys key heads × n × d
   * @param values key heads × n × value width
   * @return the checked inputs
   * @throws IllegalArgumentException as the constructor
   */
  public static AttentionInputs causal(HeadTensor queries, HeadTensor keys, HeadTensor values) {
    double scale = 1 / Math.sqrt(queries.width());
    return new AttentionInputs(queries, keys, values, scale, AttentionMask.CAUSAL);
  }

  /**
   * Makes causal inputs of a chunk, {@link AttentionMask#CAUSAL_CHUNK}, with the usual scale {@code
   * 1/√d}.
   *
   * @param queries query heads × the last rows × d
   * @param keys key heads × all rows so far × d
   * @param values key heads × all rows so far × value width
   * @return the checked inputs
   * @throws IllegalArgumentException as the constructor
   */
  public static AttentionInputs causalChunk(
      HeadTensor queries, HeadTensor keys, HeadTensor values) {
    double scale = 1 / Math.sqrt(queries.width());
    return new AttentionInputs(queries, keys, values, scale, AttentionMask.CAUSAL_CHUNK);
  }

  /**
   * Returns the inputs of one query head.
   *
   * @param head query head, from 0
   * @return inputs of a single head, on the same arrays
   */
  public AttentionInputs head(int head) {
    int keyHead = keyHead(head);
    return new AttentionInputs(
        queries.head(head), keys.head(keyHead), values.head(keyHead), scale, mask);
  }

  /**
   * Tells whether queries, keys and values are all float32.
   *
   * @return false if one of them is float64
   */
  public boolean isSinglePrecision() {
    return queries.isSinglePrecision() && keys.isSinglePrecision() && values.isSinglePrecision();
  }

  /**
   * Returns the sequence length of the queries, n.
   *
   * @return rows of queries
   */
  public int rows() {
    return queries.rows();
  }

  /**
   * Returns how many query heads read one key head.
   *
   * @return query heads per key head, at least 1
   */
  public int groupSize() {
    return queries.heads() / keys.heads();
  }

  /**
   * Returns the key head that a query head reads.
   *
   * @param head query head, from 0
   * @return key head, from 0
   */
  public int keyHead(int head) {
    return Objects.checkIndex(head, queries.heads()) / groupSize();
  }

  /**
   * Returns how many keys a query row sees, counted from key row 0.
   *
   * @param row query row, from 0
   * @return number of visible keys, at least 1
   */
  public int visibleKeys(int row) {
    return mask == AttentionMask.NONE ? keys.rows() : firstPosition() + row + 1;
  }

  /**
   * Returns the place of query row 0 in the sequence of the keys: what a causal row sees are the
   * keys up to its own place.
   *
   * @return 0, but for a chunk the number of keys before it
   */
  public int firstPosition() {
    return mask == AttentionMask.CAUSAL_CHUNK ? keys.rows() - queries.rows() : 0;
  }

  /**
   * Averages neighbouring queries.
   *
   * @param head query head
   * @param fromRow first query row
   * @param toRow end of the query rows, exclusive
   * @param target receives the mean
   */
  public void meanQuery(int head, int fromRow, int toRow, double[] target) {
    Arrays.fill(target, 0);
    for (int row = fromRow; row < toRow; row++) {
      queries.addScaledRow(head, row, 1.0 / (toRow - fromRow), target);
    }
  }

  /**
   * Checks that a tensor can take the output.
   *
   * @param output must be query heads × query rows × value width, rows disjoint
   * @throws IllegalArgumentException if the shape differs or rows overlap
   */
  public void requireOutput(HeadTensor output) {
    if (output.heads() != queries.heads()
        || output.rows() != queries.rows()
        || output.width() != values.width()) {
      throw new IllegalArgumentException(
          String.format(
              "output must be %d × %d × %d, was %s",
              queries.heads(), queries.rows(), values.width(), output));
    }
    if (!output.rowsAreDisjoint()) {
      throw new IllegalArgumentException("output must have disjoint rows, was overlapping");
    }
  }
}
