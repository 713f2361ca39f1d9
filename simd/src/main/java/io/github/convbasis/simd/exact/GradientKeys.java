package io.github.convbasis.simd.exact;

import io.github.convbasis.backend.GradientEntries;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;

/**
 * Packs the chosen keys and values of one head for {@link ExactGradients}, as padded rows, keys
 * also in panels, and their gradients.
 *
 * <p>About {@code 12·d + 8·width} bytes for each key. Tasks may pack and unpack different tiles at
 * a time; sizes are set by one thread.
 */
final class GradientKeys {
  /** Keys chosen. */
  int count;

  /** Distances of padded rows. */
  int depthStride;

  int widthStride;
  float[] keys = new float[0];

  /** The keys once more in panels of whole tiles, {@link Packing#panelAt}. */
  float[] keyPanels = new float[0];

  float[] values = new float[0];
  float[] keyGradients = new float[0];
  float[] valueGradients = new float[0];
  private int[] rows;

  /** Makes room for the keys of a call. */
  void size(AttentionInputs inputs, GradientEntries entries) {
    rows = entries.keys();
    count = rows == null ? inputs.keys().rows() : rows.length;
    depthStride = GradientRows.paddedWidth(inputs.keys().width());
    widthStride = GradientRows.paddedWidth(inputs.values().width());
    int tile = GradientScratch.TILE_KEYS;
    int padded = Math.multiplyExact((count + tile - 1) / tile, tile);
    keys = GradientRows.room(keys, padded, depthStride);
    keyPanels = GradientRows.room(keyPanels, padded, depthStride);
    values = GradientRows.room(values, padded, widthStride);
    keyGradients = GradientRows.room(keyGradients, padded, depthStride);
    valueGradients = GradientRows.room(valueGradients, padded, widthStride);
  }

  private int row(int index) {
    return rows == null ? index : rows[index];
  }

  /** Packs whole tiles of keys {@code first … end-1} and clears their gradients. */
  void pack(AttentionInputs inputs, int keyHead, int first, int end) {
    Arrays.fill(keyGradients, first * depthStride, end * depthStride, 0);
    Arrays.fill(valueGradients, first * widthStride, end * widthStride, 0);
    int last = Math.min(end, count);
    for (int k = first; k < last; k++) {
      Packing.row(inputs.keys(), keyHead, row(k), depthStride, keys, k * depthStride);
      Packing.row(inputs.values(), keyHead, row(k), widthStride, values, k * widthStride);
    }
    Arrays.fill(keys, last * depthStride, end * depthStride, 0);
    Arrays.fill(values, last * widthStride, end * widthStride, 0);
    for (int k = first; k < end; k++) {
      Packing.panels(keys, k * depthStride, depthStride, GradientScratch.TILE_KEYS, keyPanels, k);
    }
  }

  /** Adds the gradients of packed keys {@code first … end-1} to theirs in two tensors. */
  void unpack(HeadTensor keyTarget, HeadTensor valueTarget, int keyHead, int first, int end) {
    for (int k = first; k < Math.min(end, count); k++) {
      GradientRows.add("keys", keyGradients, k * depthStride, keyTarget, keyHead, row(k));
      GradientRows.add("values", valueGradients, k * widthStride, valueTarget, keyHead, row(k));
    }
  }
}
