package io.github.convbasis.inference.model;

import io.github.convbasis.backend.Parallelism;

/**
 * Rows that are worked on together.
 *
 * @param from the first
 * @param count how many, at most {@link RowBlock#ROWS}
 * @param block scratch for them
 * @param parallelism of the products inside: sequential where different ranges are worked on at the
 *     same time
 */
record RowRange(int from, int count, RowBlock block, Parallelism parallelism) {}
