package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Cuts the columns of a region into pieces: one for each block of L columns and segment that share
 * columns; and numbers the half windows of kernels which the pieces need.
 *
 * <p>A piece of block c that begins {@code phase} columns into it meets the rows of output block b
 * at lags {@code (b-c)·L - phase - (L-1) … (b-c)·L - phase + (L-1)}: the kernel from its column
 * down over the rows of blocks b-1 and b. Half window j of a set is the kernel over the rows of one
 * block, lags {@code j·L - phase … (j+1)·L - phase - 1}, so the window of output block b is halves
 * {@code b-c-1} and {@code b-c}, and each half serves two output blocks. No half holds an entry of
 * rows after its block, which must not touch even the block's rounding.
 *
 * <p>Pieces of a segment that begin with their block share halves, phase 0; the first piece of a
 * segment that starts inside a block has halves of its own. Halves of one set lie side by side:
 * half j is slot {@code base + j}. Only columns that output blocks ask for matter, and only their
 * distances. Mutable, not thread-safe; refilled without allocation unless a region has more pieces
 * than any before.
 */
final class Pieces {
  /** Rows and columns start here. */
  int origin;

  /** Columns and rows of a block, L. */
  int blockSize;

  /** Blocks up to the last output block, which is perhaps short. */
  int blocks;

  /** First output block. */
  int firstOutput;

  /** Rows after the region's last. */
  int end;

  /** Whether a block's own pieces count for it: else only those of blocks before it. */
  boolean diagonal;

  /** Pieces in use. */
  int count;

  /** Slots of half windows in use. */
  int slots;

  /** By piece. */
  int[] block = new int[16];

  int[] from = new int[16];
  int[] to = new int[16];
  int[] set = new int[16];

  /** Power of two taken out of a piece's values; 0 unless columns have weights. */
  int[] exponent = new int[16];

  /** By block: its first piece; one more entry than blocks. */
  int[] firstPiece = new int[16];

  /**
   * By block: the row of each frequency that takes its product, a row of its own. Inputs are copied
   * before products are written, so these rows may be those of inputs.
   */
  int[] outputRow = new int[16];

  /** Rows of each frequency: enough for inputs and outputs, and one for nobody. */
  int rowsPerFrequency;

  /** Sets of half windows in use. */
  int sets;

  /** By set. */
  int[] setSegment = new int[16];

  int[] setPhase = new int[16];
  int[] setBase = new int[16];
  int[] setEnd = new int[16];

  /**
   * Cuts a region, or as much of it as some of its output blocks need.
   *
   * @param logits where segments start
   * @param regionOrigin its first row and column
   * @param regionEnd after its last row
   * @param size L
   * @param fromOutput first output block
   * @param toOutput after the last output block
   * @param withDiagonal whether a block's own pieces count for it
   */
  void cut(
      SegmentedToeplitz logits,
      int regionOrigin,
      int regionEnd,
      int size,
      int fromOutput,
      int toOutput,
      boolean withDiagonal) {
    origin = regionOrigin;
    end = regionEnd;
    blockSize = size;
    firstOutput = fromOutput;
    blocks = toOutput;
    diagonal = withDiagonal;
    count = 0;
    sets = 0;
    slots = 0;
    if (firstPiece.length < blocks + 1) {
      firstPiece = new int[blocks + 1];
      outputRow = new int[blocks + 1];
    }
    int inputs = diagonal ? blocks : blocks - 1;
    int segment = logits.segmentOf(regionOrigin);
    int firstStart = logits.terms() == 0 ? regionEnd : logits.start(0);
    for (int b = 0; b < inputs; b++) {
      firstPiece[b] = count;
      int blockStart = regionOrigin + b * size;
      int blockEnd = Math.min(regionEnd, blockStart + size);
      int column = blockStart;
      while (column < blockEnd) {
        int segmentEnd = segment < 0 ? firstStart : logits.end(segment);
        if (segmentEnd <= column) {
          segment++;
          continue;
        }
        int to = Math.min(blockEnd, segmentEnd);
        if (segment >= 0) {
          addPiece(b, segment, column, to);
        }
        column = to;
      }
    }
    Arrays.fill(firstPiece, inputs, blocks + 1, count);
    numberSlots();
    placeOutputs(0);
  }

  /** Gives every output block a row, and one more to nobody, from some row on. */
  void placeOutputs(int firstRow) {
    int row = firstRow;
    for (int b = firstOutput; b < blocks; b++) {
      row = Math.max(row, firstRow == 0 ? firstPiece[b] : firstRow);
      outputRow[b] = row++;
    }
    row = Math.max(row, count);
    outputRow[blocks] = row;
    rowsPerFrequency = row + 1;
  }

  /** Numbers the halves of each set: from its last piece's least distance to its first's most. */
  private void numberSlots() {
    int piece = 0;
    for (int s = 0; s < sets; s++) {
      int first = block[piece];
      while (piece < count && set[piece] == s) {
        piece++;
      }
      int last = block[piece - 1];
      int least = Math.max(diagonal ? 0 : 1, firstOutput - last) - 1;
      setBase[s] = slots - least;
      slots += blocks - first - least;
      setEnd[s] = slots;
    }
  }

  private void addPiece(int b, int segment, int fromColumn, int toColumn) {
    if (count == block.length) {
      int capacity = 2 * count;
      block = Arrays.copyOf(block, capacity);
      from = Arrays.copyOf(from, capacity);
      to = Arrays.copyOf(to, capacity);
      set = Arrays.copyOf(set, capacity);
      exponent = Arrays.copyOf(exponent, capacity);
    }
    exponent[count] = 0;
    block[count] = b;
    from[count] = fromColumn;
    to[count] = toColumn;
    int phase = fromColumn - (origin + b * blockSize);
    boolean sharesLast =
        phase == 0 && sets > 0 && setSegment[sets - 1] == segment && setPhase[sets - 1] == 0;
    if (!sharesLast) {
      addSet(segment, phase);
    }
    set[count] = sets - 1;
    count++;
  }

  private void addSet(int segment, int phase) {
    if (sets == setSegment.length) {
      int capacity = 2 * sets;
      setSegment = Arrays.copyOf(setSegment, capacity);
      setPhase = Arrays.copyOf(setPhase, capacity);
      setBase = Arrays.copyOf(setBase, capacity);
      setEnd = Arrays.copyOf(setEnd, capacity);
    }
    setSegment[sets] = segment;
    setPhase[sets] = phase;
    sets++;
  }

  /**
   * Returns the slot of the later half of a window; the earlier one is the slot before.
   *
   * @param piece piece
   * @param outputBlock block of output rows that the piece counts for
   * @return slot
   */
  int laterHalf(int piece, int outputBlock) {
    return setBase[set[piece]] + outputBlock - block[piece];
  }

  /**
   * Returns the end of the pieces that count for a block.
   *
   * @param outputBlock a block, or one after the last, which takes all
   * @return piece after the last
   */
  int pieceEnd(int outputBlock) {
    return firstPiece[Math.min(blocks, diagonal ? outputBlock + 1 : outputBlock)];
  }

  /** Returns the first output block that a piece counts for. */
  int firstOutputOf(int piece) {
    return Math.max(firstOutput, diagonal ? block[piece] : block[piece] + 1);
  }

  /**
   * Returns which row of a frequency takes a block's product.
   *
   * @param outputBlock a block, or one after the last for the row nobody reads
   * @return row
   */
  int productRow(int outputBlock) {
    return outputRow[Math.min(outputBlock, blocks)];
  }

  /** Returns the first row of a block. */
  int blockStart(int b) {
    return origin + b * blockSize;
  }

  /** Returns the end of the rows of a block. */
  int blockEnd(int b) {
    return Math.min(end, blockStart(b) + blockSize);
  }
}
