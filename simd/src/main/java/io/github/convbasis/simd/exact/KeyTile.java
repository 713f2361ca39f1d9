package io.github.convbasis.simd.exact;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;

/**
 * Presents some keys and values as rows of floats: where they lie if they are dense floats, else as
 * copies. Mutable: one thread at a time.
 */
final class KeyTile {
  final float[] packedKeys;
  final float[] packedValues;

  /** Distance of key rows: wide enough that {@link ValueTile} can average them. */
  final int keyStride;

  /** Distance of value rows. */
  final int valueStride;

  /** Holds the keys, and behind them enough for whole blocks of {@link LogitTile#KEYS}. */
  float[] keys;

  int keyAt;
  float[] values;
  int valueAt;

  /** Rows presented. */
  int count;

  /**
   * Allocates.
   *
   * @param capacity most rows, a multiple of {@link LogitTile#KEYS}
   * @param depth elements of a key
   * @param width elements of a value row, 0 to do without values
   */
  KeyTile(int capacity, int depth, int width) {
    keyStride = Math.max(ValueTile.COLUMNS, depth);
    valueStride = width == 0 ? 0 : Math.max(ValueTile.COLUMNS, width);
    packedKeys = new float[capacity * keyStride];
    packedValues = new float[capacity * valueStride];
  }

  /** Presents neighbouring rows. */
  void load(AttentionInputs inputs, int keyHead, int begin, int rows) {
    count = rows;
    HeadTensor source = inputs.keys();
    if (isDense(source, keyStride) && begin + LogitTile.roundUp(rows) <= source.rows()) {
      keys = source.floats();
      keyAt = source.index(keyHead, begin);
    } else {
      keys = packedKeys;
      keyAt = 0;
      Packing.rows(source, keyHead, begin, rows, LogitTile.roundUp(rows), keyStride, packedKeys);
    }
    if (valueStride == 0) {
      return;
    }
    source = inputs.values();
    if (isDense(source, valueStride)) {
      values = source.floats();
      valueAt = source.index(keyHead, begin);
    } else {
      values = packedValues;
      valueAt = 0;
      Packing.rows(source, keyHead, begin, rows, rows, valueStride, packedValues);
    }
  }

  /** Starts a collection of scattered rows. */
  void clear() {
    count = 0;
    keys = packedKeys;
    keyAt = 0;
    values = packedValues;
    valueAt = 0;
  }

  /** Adds a row to a collection. */
  void add(AttentionInputs inputs, int keyHead, int row) {
    Packing.row(inputs.keys(), keyHead, row, keyStride, packedKeys, count * keyStride);
    addValue(inputs, keyHead, row);
  }

  /** Adds a row whose key is not needed. */
  void addValue(AttentionInputs inputs, int keyHead, int row) {
    Packing.row(inputs.values(), keyHead, row, valueStride, packedValues, count * valueStride);
    count++;
  }

  private static boolean isDense(HeadTensor tensor, int stride) {
    return tensor.isSinglePrecision()
        && tensor.rowStride() == tensor.width()
        && tensor.width() == stride;
  }
}
