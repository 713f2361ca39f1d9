package io.github.convbasis.simd.spectral;

import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;

/**
 * Cuts the columns of a region into pieces: one for each block of L columns and segment that share
 * columns; and numbers the kernel windows which the pieces need.
 *
 * <p>Output block b needs, of a piece in block c, the kernel at lags around {@code (b-c)·L}: window
 * {@code l = b - c}. Pieces that fill their block share the windows of their segment. The others
 * have windows of their own, trimmed to the lags their columns meet: an untrimmed window of a
 * segment that starts inside its block would hold entries of rows after the output block, which
 * must not touch even its rounding.
 *
 * <p>Windows of one set lie side by side: window l is slot {@code base + l}. Only columns of blocks
 * before the last matter, and only the distances that output blocks ask for. Mutable, not
 * thread-safe; refilled without allocation unless a region has more pieces than any before.
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

  /** Pieces in blocks before the last. */
  int count;

  /** Window slots in use. */
  int windows;

  /** By piece. */
  int[] block = new int[16];

  int[] from = new int[16];
  int[] to = new int[16];
  int[] set = new int[16];

  /** By block: its first piece; one more entry than blocks. */
  int[] firstPiece = new int[16];

  /** Window sets in use. */
  int sets;

  /** By set. */
  int[] setSegment = new int[16];

  int[] setBase = new int[16];
  int[] setEnd = new int[16];
  int[] setFrontTrim = new int[16];
  int[] setBackTrim = new int[16];

  /**
   * Cuts a region, or as much of it as some of its output blocks need.
   *
   * @param logits where segments start
   * @param regionOrigin its first row and column
   * @param regionEnd after its last row
   * @param size L
   * @param fromOutput first output block
   * @param toOutput after the last output block
   */
  void cut(
      SegmentedToeplitz logits,
      int regionOrigin,
      int regionEnd,
      int size,
      int fromOutput,
      int toOutput) {
    origin = regionOrigin;
    end = regionEnd;
    blockSize = size;
    firstOutput = fromOutput;
    blocks = toOutput;
    count = 0;
    sets = 0;
    windows = 0;
    if (firstPiece.length < blocks + 1) {
      firstPiece = new int[blocks + 1];
    }
    int segment = logits.segmentOf(regionOrigin);
    for (int b = 0; b + 1 < blocks; b++) {
      firstPiece[b] = count;
      int blockStart = regionOrigin + b * size;
      int blockEnd = blockStart + size;
      for (int column = blockStart; column < blockEnd; column = to[count - 1]) {
        if (logits.end(segment) <= column) {
          segment++;
        }
        addPiece(b, segment, column, Math.min(blockEnd, logits.end(segment)));
      }
    }
    firstPiece[blocks - 1] = count;
    firstPiece[blocks] = count;
    numberWindows();
  }

  /** Numbers the windows of each set: distances from its last piece's least to its first's most. */
  private void numberWindows() {
    int piece = 0;
    for (int s = 0; s < sets; s++) {
      int first = block[piece];
      while (piece < count && set[piece] == s) {
        piece++;
      }
      int last = block[piece - 1];
      int least = Math.max(1, firstOutput - last);
      setBase[s] = windows - least;
      windows += blocks - first - least;
      setEnd[s] = windows;
    }
  }

  private void addPiece(int b, int segment, int fromColumn, int toColumn) {
    if (count == block.length) {
      int capacity = 2 * count;
      block = Arrays.copyOf(block, capacity);
      from = Arrays.copyOf(from, capacity);
      to = Arrays.copyOf(to, capacity);
      set = Arrays.copyOf(set, capacity);
    }
    block[count] = b;
    from[count] = fromColumn;
    to[count] = toColumn;
    int blockStart = origin + b * blockSize;
    int frontTrim = fromColumn - blockStart;
    int backTrim = blockStart + blockSize - toColumn;
    boolean full = frontTrim == 0 && backTrim == 0;
    boolean sharesLast =
        full
            && sets > 0
            && setSegment[sets - 1] == segment
            && setFrontTrim[sets - 1] == 0
            && setBackTrim[sets - 1] == 0;
    if (!sharesLast) {
      addSet(segment, frontTrim, backTrim);
    }
    set[count] = sets - 1;
    count++;
  }

  private void addSet(int segment, int frontTrim, int backTrim) {
    if (sets == setSegment.length) {
      int capacity = 2 * sets;
      setSegment = Arrays.copyOf(setSegment, capacity);
      setBase = Arrays.copyOf(setBase, capacity);
      setEnd = Arrays.copyOf(setEnd, capacity);
      setFrontTrim = Arrays.copyOf(setFrontTrim, capacity);
      setBackTrim = Arrays.copyOf(setBackTrim, capacity);
    }
    setSegment[sets] = segment;
    setFrontTrim[sets] = frontTrim;
    setBackTrim[sets] = backTrim;
    sets++;
  }

  /**
   * Returns the slot of a window.
   *
   * @param piece piece
   * @param outputBlock block of output rows, after the piece's
   * @return slot
   */
  int window(int piece, int outputBlock) {
    return setBase[set[piece]] + outputBlock - block[piece];
  }

  /**
   * Returns how many rows of {@code [re | im]} each frequency needs: one for each piece, where the
   * product of block b overwrites its first one, one for the last block and one for nobody.
   *
   * @return rows
   */
  int rowsPerFrequency() {
    return count + 2;
  }

  /**
   * Returns which of these rows holds the product of a block.
   *
   * @param outputBlock a block, or one after the last for the row nobody reads
   * @return row
   */
  int productRow(int outputBlock) {
    return outputBlock < blocks ? firstPiece[outputBlock] : count + 1;
  }
}
