package io.github.convbasis.inference.embed;

import io.github.convbasis.attention.ConvAttention;
import io.github.convbasis.attention.ErrorEstimate;
import io.github.convbasis.backend.Backend;
import io.github.convbasis.decompose.ConvBasisRecovery;
import io.github.convbasis.plan.PlannedAttention;
import io.github.convbasis.plan.Planner;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Which attention reads a prompt: exact, at a tolerance, or from a basis of a given number of
 * terms. Rows after the prompt are exact with every choice. Immutable and thread-safe.
 */
public final class AttentionChoice {
  /** The kinds of attention there are. */
  public enum Kind {
    /** Every logit. */
    EXACT,
    /** A plan for each head that holds at a tolerance, see {@link PlannedAttention}. */
    TOLERANCE,
    /** The paper's Recover, as good as it happens to be, see {@link ConvAttention}. */
    RECOVER
  }

  private final Kind kind;
  private final Backend backend;
  private final double tolerance;
  private final int terms;
  private final Supplier<PromptAttention> attentions;

  private AttentionChoice(
      Kind kind,
      Backend backend,
      double tolerance,
      int terms,
      Supplier<PromptAttention> attentions) {
    this.kind = kind;
    this.backend = backend;
    this.tolerance = tolerance;
    this.terms = terms;
    this.attentions = attentions;
  }

  /**
   * Chooses exact attention.
   *
   * @param backend what computes
   * @return the choice
   */
  public static AttentionChoice exact(Backend backend) {
    Objects.requireNonNull(backend, "backend");
    return new AttentionChoice(Kind.EXACT, backend, 0, 0, () -> new PromptAttention.Exact(backend));
  }

  /**
   * Chooses attention at a tolerance, every prompt planned for itself.
   *
   * @param planner chooses plans; {@code Planner.of(backend, tolerance)}
   * @param seed of the sampled rows
   * @return the choice
   */
  public static AttentionChoice tolerance(Planner planner, long seed) {
    return tolerance(planner, seed, false);
  }

  /**
   * Chooses attention at a tolerance. What reuses plans starts each layer, from its second prompt
   * on, from those of the prompt before, which are judged anew.
   *
   * @param planner chooses plans; {@code Planner.of(backend, tolerance)}
   * @param seed of the sampled rows
   * @param reusing whether plans are kept from prompt to prompt
   * @return the choice
   */
  public static AttentionChoice tolerance(Planner planner, long seed, boolean reusing) {
    PlannedAttention attention = PlannedAttention.of(planner).withSeed(seed);
    return new AttentionChoice(
        Kind.TOLERANCE,
        planner.backend(),
        planner.tolerance(),
        0,
        () -> new PromptAttention.Planned(attention, reusing));
  }

  /**
   * Chooses conv-basis attention from recovered terms, T and δ chosen from the data.
   *
   * @param backend what computes
   * @param terms the most terms a head may have, the paper's k, at least 1
   * @param rowsPerStratum rows recomputed exactly in each stratum for the error of a head, see
   *     {@link ErrorEstimate#measure}; 0 to estimate none
   * @param seed of these rows
   * @return the choice
   * @throws IllegalArgumentException if terms is below 1, or rowsPerStratum is negative or 1
   */
  public static AttentionChoice recover(Backend backend, int terms, int rowsPerStratum, long seed) {
    return recover(backend, ConvBasisRecovery.ofTerms(terms), terms, rowsPerStratum, seed);
  }

  /**
   * Chooses conv-basis attention from recovered terms.
   *
   * @param backend what computes
   * @param recovery how a basis is found
   * @param terms the most terms it may have, for reports
   * @param rowsPerStratum rows recomputed exactly in each stratum for the error of a head, see
   *     {@link ErrorEstimate#measure}; 0 to estimate none
   * @param seed of these rows
   * @return the choice
   * @throws IllegalArgumentException if rowsPerStratum is negative or 1
   */
  public static AttentionChoice recover(
      Backend backend, ConvBasisRecovery recovery, int terms, int rowsPerStratum, long seed) {
    if (rowsPerStratum < 0 || rowsPerStratum == 1) {
      throw new IllegalArgumentException(
          "rowsPerStratum must be 0 or at least 2, was " + rowsPerStratum);
    }
    ConvAttention attention = ConvAttention.of(backend, recovery);
    return new AttentionChoice(
        Kind.RECOVER,
        backend,
        0,
        terms,
        () -> new PromptAttention.Recovered(attention, rowsPerStratum, seed));
  }

  /**
   * Returns what was chosen.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the tolerance.
   *
   * @return relative error; 0 for another kind
   */
  public double tolerance() {
    return tolerance;
  }

  /**
   * Returns the terms.
   *
   * @return the most terms of a head; 0 for another kind
   */
  public int terms() {
    return terms;
  }

  /**
   * Names the choice.
   *
   * @return such as {@code exact}, {@code within 0.01} or {@code 64 terms}
   */
  public String label() {
    return switch (kind) {
      case EXACT -> "exact";
      case TOLERANCE -> "within " + tolerance;
      case RECOVER -> terms + (terms == 1 ? " term" : " terms");
    };
  }

  Backend backend() {
    return backend;
  }

  /** Makes what attends, with no plans yet. */
  PromptAttention newAttention() {
    return attentions.get();
  }
}
