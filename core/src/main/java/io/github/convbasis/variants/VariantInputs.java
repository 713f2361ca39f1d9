package io.github.convbasis.variants;

import io.github.convbasis.backend.SeenKeys;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Holds what one call of a variant reads: queries, keys, values, the logit scale, which keys a row
 * sees and a bias by lag. The logit of query row i and key row j of head h is {@code
 * scale·⟨queries_i, keys_j⟩ + b_h(i - j)}.
 *
 * <p>Heads and shapes are those of {@link AttentionInputs}. Positions that turn queries and keys
 * (RoPE) are applied before. Immutable but for the arrays behind the tensors; thread-safe as long
 * as those are not written.
 */
public final class VariantInputs {
  private final AttentionInputs unmasked;
  private final List<Visibility> visibilities;
  // Null if there is none.
  private final PositionBias bias;

  private VariantInputs(
      AttentionInputs unmasked, List<Visibility> visibilities, PositionBias bias) {
    this.unmasked = unmasked;
    this.visibilities = visibilities;
    this.bias = bias;
  }

  /**
   * Makes inputs with the usual scale {@code 1/√d}, one visibility for all heads and no bias.
   *
   * @param queries query heads × query rows × d
   * @param keys key heads × key rows × d
   * @param values key heads × key rows × value width
   * @param visibility for as many rows and keys
   * @return the checked inputs
   * @throws IllegalArgumentException as {@link AttentionInputs}, or if the visibility is for other
   *     numbers of rows
   */
  public static VariantInputs of(
      HeadTensor queries, HeadTensor keys, HeadTensor values, Visibility visibility) {
    double scale = 1 / Math.sqrt(queries.width());
    AttentionInputs unmasked =
        new AttentionInputs(queries, keys, values, scale, AttentionMask.NONE);
    List<Visibility> all = Collections.nCopies(queries.heads(), visibility);
    return new VariantInputs(unmasked, requireFit(unmasked, all), null);
  }

  private static List<Visibility> requireFit(AttentionInputs inputs, List<Visibility> all) {
    require("visibilities", "query heads", inputs.queries().heads(), all.size());
    for (Visibility visibility : all) {
      Objects.requireNonNull(visibility, "visibility");
      require("rows of visibility", "queries", inputs.rows(), visibility.queryRows());
      require("keys of visibility", "keys", inputs.keys().rows(), visibility.keyRows());
    }
    return all;
  }

  private static void require(String name, String like, int expected, int actual) {
    if (expected != actual) {
      throw new IllegalArgumentException(
          String.format("%s must be %d like %s, was %d", name, expected, like, actual));
    }
  }

  /**
   * Sets the logit scale.
   *
   * @param scale finite; T5 has 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is not finite
   */
  public VariantInputs withScale(double scale) {
    return new VariantInputs(
        new AttentionInputs(queries(), keys(), values(), scale, AttentionMask.NONE),
        visibilities,
        bias);
  }

  /**
   * Gives every head a visibility of its own.
   *
   * @param visibilities for each query head which keys its rows see
   * @return a changed copy
   * @throws IllegalArgumentException if there are not as many as query heads, or one is for other
   *     numbers of rows
   */
  public VariantInputs withVisibilities(List<Visibility> visibilities) {
    return new VariantInputs(unmasked, requireFit(unmasked, List.copyOf(visibilities)), bias);
  }

  /**
   * Adds a bias to the logits.
   *
   * @param bias for as many heads as queries have
   * @return a changed copy
   * @throws IllegalArgumentException if the bias is for another number of heads
   */
  public VariantInputs withBias(PositionBias bias) {
    require("heads of bias", "queries", queries().heads(), bias.heads());
    return new VariantInputs(unmasked, visibilities, bias);
  }

  /**
   * Returns the queries.
   *
   * @return query heads × query rows × d
   */
  public HeadTensor queries() {
    return unmasked.queries();
  }

  /**
   * Returns the keys.
   *
   * @return key heads × key rows × d
   */
  public HeadTensor keys() {
    return unmasked.keys();
  }

  /**
   * Returns the values.
   *
   * @return key heads × key rows × value width
   */
  public HeadTensor values() {
    return unmasked.values();
  }

  /**
   * Returns the logit scale.
   *
   * @return finite
   */
  public double scale() {
    return unmasked.scale();
  }

  /**
   * Returns which keys the rows of a head see.
   *
   * @param head query head, from 0
   * @return its visibility
   */
  public Visibility visibility(int head) {
    return visibilities.get(head);
  }

  /**
   * Returns the key head that a query head reads.
   *
   * @param head query head, from 0
   * @return key head, from 0
   */
  public int keyHead(int head) {
    return unmasked.keyHead(head);
  }

  /**
   * Tells whether there is a bias.
   *
   * @return false if logits are those of queries and keys alone
   */
  public boolean hasBias() {
    return bias != null;
  }

  /**
   * Returns what is added to logits of a lag.
   *
   * @param head query head, from 0
   * @param lag query position less key position
   * @return 0 if there is no bias
   * @throws ArithmeticException if the bias is not finite
   */
  public double bias(int head, int lag) {
    if (bias == null) {
      return 0;
    }
    double value = bias.at(head, lag);
    if (!Double.isFinite(value)) {
      throw new ArithmeticException(
          String.format("bias of head %d at lag %d must be finite, was %s", head, lag, value));
    }
    return value;
  }

  /**
   * Checks that a tensor can take the output.
   *
   * @param output must be query heads × query rows × value width, rows disjoint
   * @throws IllegalArgumentException if the shape differs or rows overlap
   */
  public void requireOutput(HeadTensor output) {
    unmasked.requireOutput(output);
  }

  /** Refuses a logit that overflowed. */
  static double requireFinite(double logit, int head, int row, int key) {
    if (!Double.isFinite(logit)) {
      throw new ArithmeticException(
          String.format(
              "logit of head %d, query row %d and key row %d overflows to %s",
              head, row, key, logit));
    }
    return logit;
  }

  /** Returns the inputs of plain attention, as if every row saw every key. */
  AttentionInputs unmasked() {
    return unmasked;
  }

  /** Says which keys the rows of a block see, and the bias. */
  SeenKeys seenKeys(int head, Visibility.Block block) {
    SeenKeys seen = visibility(head).seenKeys(block);
    return bias == null ? seen : seen.withBias(lag -> bias(head, lag));
  }
}
