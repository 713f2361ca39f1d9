package io.github.convbasis.training;

/**
 * What happened in one head. Immutable and thread-safe.
 *
 * @param head query head
 * @param mode what was done; never {@link GradientMode#AUTO}
 * @param reason why, for a person
 * @param terms kernels; 0 for exact attention
 * @param exactShare share of the lower triangle, from 0 to 1, whose logits are exact because of the
 *     band and the exact columns; 1 for exact attention
 * @param exactRows rows that are exact because rounding of modelled weights could show in them; 0
 *     for exact attention
 * @param contextBytes memory that the backward pass is given beside inputs and output
 */
public record GradientReport(
    int head,
    GradientMode mode,
    String reason,
    int terms,
    double exactShare,
    int exactRows,
    long contextBytes) {}
