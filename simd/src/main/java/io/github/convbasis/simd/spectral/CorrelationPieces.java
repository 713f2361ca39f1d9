package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Cuts the columns of all segments that matter into pieces, one for each block of L columns, and
 * numbers the slots that their correlations with blocks of rows are added up in: one for each
 * distance of blocks and set of pieces. A set is the pieces of a segment that begin with their
 * block, which are neighbours; a segment that starts inside a block has its first piece in a set of
 * its own, since its lags are others.
 *
 * <p>Piece of block c, {@code phase} columns into it, and row block {@code c + distance} meet at
 * lags {@code distance·L - phase ± (L - 1)}. Only pairs in one region of blocks count. Mutable, not
 * thread-safe.
 */
final class CorrelationPieces {
  private static final int TILE = CorrelationKernels.TILE;

  final int blockSize;

  /** Least distance that counts. */
  final int least;

  int size;

  /** Blocks of rows. */
  int blocks;

  /** Blocks of a region. */
  int regionBlocks;

  /** Pieces in use, and by piece its columns. */
  int count;

  int[] from = new int[16];
  int[] to = new int[16];

  /** Sets in use. */
  int sets;

  /** By set: its segment, its phase, its first piece and the block of that, its pieces. */
  int[] segment = new int[16];

  int[] phase = new int[16];
  int[] firstPiece = new int[16];
  int[] firstBlock = new int[16];
  int[] pieces = new int[16];

  /** By set: its first slot, and its distances from {@link #least} on. */
  int[] firstSlot = new int[16];

  int[] distances = new int[16];

  /** Slots, a multiple of {@link CorrelationKernels#TILE} for each set. */
  int slots;

  CorrelationPieces(int blockSize, int least) {
    this.blockSize = blockSize;
    this.least = least;
  }

  /**
   * Cuts.
   *
   * @param matrix where segments are
   * @param wanted for each segment something, or null if it does not matter
   * @param regionSize rows of a region, a multiple of L unless it is n
   */
  void cut(SegmentedToeplitz matrix, double[][] wanted, int regionSize) {
    size = matrix.size();
    blocks = (size + blockSize - 1) / blockSize;
    regionBlocks = (regionSize + blockSize - 1) / blockSize;
    count = 0;
    sets = 0;
    slots = 0;
    for (int r = 0; r < matrix.terms(); r++) {
      if (wanted[r] != null) {
        cut(r, matrix.start(r), matrix.end(r));
      }
    }
  }

  private void cut(int r, int start, int end) {
    for (int column = start; column < end; ) {
      int block = column / blockSize;
      int within = column - block * blockSize;
      int pieceEnd = Math.min(end, (block + 1) * blockSize);
      if (column == start || within == 0 && phase[sets - 1] != 0) {
        addSet(r, within, block);
      }
      if (count == from.length) {
        from = Arrays.copyOf(from, 2 * count);
        to = Arrays.copyOf(to, 2 * count);
      }
      from[count] = column;
      to[count] = pieceEnd;
      count++;
      pieces[sets - 1]++;
      column = pieceEnd;
      if (column == end || phase[sets - 1] != 0) {
        numberSlots(sets - 1);
      }
    }
  }

  private void addSet(int r, int within, int block) {
    if (sets == segment.length) {
      int capacity = 2 * sets;
      segment = Arrays.copyOf(segment, capacity);
      phase = Arrays.copyOf(phase, capacity);
      firstPiece = Arrays.copyOf(firstPiece, capacity);
      firstBlock = Arrays.copyOf(firstBlock, capacity);
      pieces = Arrays.copyOf(pieces, capacity);
      firstSlot = Arrays.copyOf(firstSlot, capacity);
      distances = Arrays.copyOf(distances, capacity);
    }
    segment[sets] = r;
    phase[sets] = within;
    firstPiece[sets] = count;
    firstBlock[sets] = block;
    pieces[sets] = 0;
    sets++;
  }

  private void numberSlots(int set) {
    int most = 0;
    for (int block = firstBlock[set]; block < firstBlock[set] + pieces[set]; block++) {
      most = Math.max(most, regionEnd(block) - block);
    }
    distances[set] = Math.max(0, most - least);
    firstSlot[set] = slots;
    slots += (distances[set] + TILE - 1) / TILE * TILE;
  }

  /** Returns the end of the blocks of a block's region. */
  int regionEnd(int block) {
    return (int) Math.min(blocks, (block / regionBlocks + 1L) * regionBlocks);
  }

  /** Returns the number of regions. */
  int regions() {
    return (blocks + regionBlocks - 1) / regionBlocks;
  }

  /** Returns where a row block lies among others that regions are kept apart in. */
  int paddedBlock(int block) {
    return block + block / regionBlocks * (TILE - 1);
  }

  /** Returns how many places row blocks take that way. */
  int paddedBlocks() {
    return blocks + regions() * (TILE - 1);
  }
}
