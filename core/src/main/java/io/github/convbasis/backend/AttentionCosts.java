package io.github.convbasis.backend;

/**
 * What operations cost, in units of one pair of row and key in {@link Backend#attendGroup}.
 * Measured once for a backend; they decide among plans that are all accurate enough, and nothing
 * else.
 *
 * @param probePair one pair of query and key in {@link Backend#tileSums} without means
 * @param meanPair one such pair with means of keys and values
 * @param rankOnePair one pair of row and rank-one tile in {@link Backend#attendTiles}, beside the
 *     means of the tile
 * @param tile every tile of one row block, whatever its kind
 * @param row one row, whatever it meets
 */
public record AttentionCosts(
    double probePair, double meanPair, double rankOnePair, double tile, double row) {}
