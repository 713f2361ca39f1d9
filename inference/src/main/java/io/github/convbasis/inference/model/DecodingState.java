package io.github.convbasis.inference.model;

import io.github.convbasis.matrix.HeadTensor;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What a model remembers of a text: rotated keys and values of every layer at the positions that
 * were read, the key-value cache. {@link LlamaModel#extend} reads further.
 *
 * <p>Memory {@code 8·layers·keyHeads·d} bytes for each position there is room for; room doubles up
 * to the model's context. Mutable: one call at a time.
 */
public final class DecodingState {
  private static final int LEAST_ROOM = 64;
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  /** Scratch that outlasts a call, since a single token would spend its time on making it. */
  final ConcurrentLinkedQueue<RowBlock> blocks = new ConcurrentLinkedQueue<>();

  private final LlamaConfig config;

  /** For each layer key heads × room × d. */
  private final float[][] keys;

  private final float[][] values;
  private int room;
  private int positions;
  private HeadTensor queries;
  private HeadTensor output;

  DecodingState(LlamaConfig config) {
    this.config = config;
    keys = new float[config.layers()][0];
    values = new float[config.layers()][0];
  }

  /**
   * Returns how many tokens were read.
   *
   * @return positions from the start of the text
   */
  public int positions() {
    return positions;
  }

  /**
   * Returns how many tokens can still be read.
   *
   * @return positions up to the end of the model's context
   */
  public int left() {
    return config.contextLength() - positions;
  }

  /**
   * Forgets the last tokens, to go on differently from there.
   *
   * @param count how many positions to keep
   * @throws IllegalArgumentException if there are not as many
   */
  public void rewind(int count) {
    if (count < 0 || count > positions) {
      throw new IllegalArgumentException(
          String.format("count must be from 0 to the %d positions read, was %d", positions, count));
    }
    positions = count;
  }

  void requireOf(LlamaConfig other) {
    if (other != config) {
      throw new IllegalArgumentException("state must be of this model, was of another one");
    }
  }

  /** Makes room for further positions in all layers. */
  void reserve(int rows) {
    int needed = positions + rows;
    if (needed > room) {
      int grown = (int) Math.min(config.contextLength(), Math.max(2L * room, LEAST_ROOM));
      int newRoom = Math.max(needed, grown);
      requireArray(newRoom);
      for (int layer = 0; layer < keys.length; layer++) {
        keys[layer] = moved(keys[layer], newRoom);
        values[layer] = moved(values[layer], newRoom);
      }
      room = newRoom;
    }
    if (queries == null || queries.rows() != rows) {
      queries = HeadTensor.allocate(true, config.heads(), rows, config.headWidth());
      output = HeadTensor.allocate(true, config.heads(), rows, config.headWidth());
    }
  }

  private void requireArray(int newRoom) {
    long elements = (long) config.keyWidth() * newRoom;
    if (elements > LONGEST_ARRAY) {
      throw new IllegalArgumentException(
          String.format(
              "positions must need at most %d elements of keys in a layer, %d positions need %d",
              LONGEST_ARRAY, newRoom, elements));
    }
  }

  private float[] moved(float[] cache, int newRoom) {
    int width = config.headWidth();
    float[] target = new float[config.keyWidth() * newRoom];
    for (int head = 0; head < config.keyHeads(); head++) {
      System.arraycopy(
          cache, head * room * width, target, head * newRoom * width, positions * width);
    }
    return target;
  }

  /** Returns what attention of a layer reads and writes for the next rows, once reserved. */
  LayerHeads heads(int layer) {
    int rows = positions + queries.rows();
    return new LayerHeads(queries, view(keys[layer], rows), view(values[layer], rows), output);
  }

  private HeadTensor view(float[] cache, int rows) {
    int width = config.headWidth();
    // Earlier rows were checked when they were read; to do so again costs more than attention.
    return HeadTensor.of(cache, 0, config.keyHeads(), room * width, rows, width, width)
        .withFiniteRows(positions);
  }

  /** Counts the reserved rows as read. */
  void advance() {
    positions += queries.rows();
  }
}
