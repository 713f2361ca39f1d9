package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A few rows have the bits of the same rows in tiles, whatever the shape and the layout. */
class FewRowsAttentionTest {
  private static final int L = Lanes.COUNT;
  private static final int TILE = AttentionScratch.TILE_KEYS;
  private static final int MOST = FewRowsAttention.MOST_ROWS;

  /** Computes rows of one way or the other. */
  private interface Way {
    void attend(AttentionInputs inputs, int count, HeadTensor output, AttentionScratch scratch);
  }

  /** Query heads from {@code firstHead} on of rows from {@code firstRow} on, head by head. */
  private static AttentionScratch scratch(
      AttentionInputs inputs, int firstHead, int heads, int firstRow, int count) {
    AttentionScratch scratch = ExactAttentionKernelTest.dirty(inputs);
    for (int r = 0; r < count; r++) {
      scratch.heads[r] = firstHead + r % heads;
      scratch.rows[r] = firstRow + r / heads;
    }
    return scratch;
  }

  private static void same(AttentionInputs inputs, Layout layout, boolean single, int count) {
    int size = inputs.groupSize();
    int rows = (count + size - 1) / size;
    int firstHead = inputs.queries().heads() - size;
    int firstRow = inputs.rows() - rows;
    HeadTensor[] outputs = new HeadTensor[2];
    double[][][] logSums = new double[2][inputs.queries().heads()][inputs.rows()];
    Way[] ways = {ExactAttentionKernel::attendInTiles, FewRowsAttention::attend};
    for (int way = 0; way < 2; way++) {
      outputs[way] =
          Samples.empty(
              layout, single, inputs.queries().heads(), inputs.rows(), inputs.values().width());
      AttentionScratch scratch = scratch(inputs, firstHead, size, firstRow, count);
      ways[way].attend(inputs, count, outputs[way], scratch);
      Unpacking.logSums(scratch, count, logSums[way]);
    }
    String message = inputs + ", " + layout + ", " + count + " rows";
    // Whole arrays, so that elements that must not be written are compared too.
    if (single) {
      assertArrayEquals(bits(outputs[0].floats()), bits(outputs[1].floats()), message);
    } else {
      assertArrayEquals(bits(outputs[0].doubles()), bits(outputs[1].doubles()), message);
    }
    for (int head = 0; head < logSums[0].length; head++) {
      assertArrayEquals(bits(logSums[0][head]), bits(logSums[1][head]), message);
    }
  }

  private static int[] bits(float[] elements) {
    int[] bits = new int[elements.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(elements[i]));
    return bits;
  }

  private static long[] bits(double[] elements) {
    return Arrays.stream(elements).mapToLong(Double::doubleToRawLongBits).toArray();
  }

  private static AttentionInputs decoding(
      long seed, Layout layout, boolean single, int size, int keys, int depth, int width) {
    int rows = Math.min(keys, MOST);
    return Samples.inputs(
        seed, layout, single, 2 * size, 2, rows, keys, depth, width, AttentionMask.CAUSAL_CHUNK);
  }

  @Test
  void anyNumberOfKeys() {
    int[] counts = {
      1,
      2,
      3,
      L - 1,
      L,
      L + 1,
      2 * L - 1,
      2 * L,
      2 * L + 1,
      5 * L + 1,
      TILE - 1,
      TILE,
      TILE + 1,
      TILE + L - 1,
      TILE + L,
      2 * TILE - 1,
      2 * TILE,
      2 * TILE + 1,
      4 * TILE + 5,
      1000
    };
    for (int keys : counts) {
      for (int count = 1; count <= Math.min(keys, MOST); count++) {
        same(
            decoding(keys, Layout.DENSE, true, 1, Math.max(1, keys), 8, 21),
            Layout.DENSE,
            true,
            count);
      }
    }
  }

  @Test
  void anyDepth() {
    for (int depth = 1; depth <= 130; depth += depth < 20 ? 1 : 11) {
      for (int count = 1; count <= MOST; count++) {
        same(decoding(depth, Layout.DENSE, true, 1, 67, depth, 6), Layout.DENSE, true, count);
      }
    }
  }

  @Test
  void anyWidth() {
    for (int width = 1; width <= 300; width += width < 40 ? 1 : 11) {
      same(decoding(width, Layout.DENSE, true, 1, 101, 5, width), Layout.DENSE, true, 1);
    }
  }

  @Test
  void anyLayoutStorageAndGrouping() {
    for (Layout layout : Layout.values()) {
      for (boolean single : new boolean[] {true, false}) {
        for (int size = 1; size <= MOST; size++) {
          for (int keys : new int[] {MOST, L + 1, TILE + 3, 3 * TILE + 1}) {
            for (int depth : new int[] {1, 2, 7, 2 * L}) {
              AttentionInputs inputs =
                  decoding(size, layout, single, size, keys, depth, depth + L / 2);
              for (int count = 1; count <= MOST; count++) {
                same(inputs, layout, single, count);
                same(inputs, layout, !single, count);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void rowsThatOverlapInTheirArray() {
    SplittableRandom random = new SplittableRandom(3);
    float[] data = Samples.tensor(random, Layout.DENSE, true, 1, 1, 400, 2).floats();
    for (int stride : new int[] {0, 1, 3}) {
      HeadTensor shared = HeadTensor.of(data, 0, 1, 0, 100, stride, 9);
      HeadTensor queries = HeadTensor.of(data, 1, 9, 9);
      AttentionInputs inputs =
          new AttentionInputs(queries, shared, shared, 0.3, AttentionMask.NONE);
      same(inputs, Layout.DENSE, true, 1);
    }
  }

  @Test
  void anyMagnitude() {
    double[][] factors = {
      {1, 1, 1e30}, {1, 1, 1e-42}, {1e30, 1e-30, 1}, {1e-42, 1, 1}, {1, 1e-42, 1}, {0, 0, 0},
      {40, 40, 1}, {1e3, -1e3, 1}, {1e15, 1e15, 1}, {1e18, -1e18, 1e30}, {0, 1, 1}, {-1, 1, 0}
    };
    for (double[] f : factors) {
      AttentionInputs base = decoding(5, Layout.DENSE, true, 1, 3 * TILE + 7, 6, 2 * L + 1);
      AttentionInputs inputs =
          new AttentionInputs(
              scaled(base.queries(), f[0]),
              scaled(base.keys(), f[1]),
              scaled(base.values(), f[2]),
              base.scale(),
              base.mask());
      for (int count = 1; count <= MOST; count++) {
        same(inputs, Layout.DENSE, true, count);
        same(inputs, Layout.DENSE, false, count);
      }
    }
  }

  private static HeadTensor scaled(HeadTensor tensor, double factor) {
    float[] elements = tensor.floats().clone();
    for (int i = 0; i < elements.length; i++) {
      elements[i] *= (float) factor;
    }
    return HeadTensor.of(elements, tensor.heads(), tensor.rows(), tensor.width());
  }

  /** One key decides, wherever it is: maxima rise and sums are moved along at every tile. */
  @Test
  void growingLogits() {
    int keys = 10 * TILE;
    float[] rising = new float[keys];
    float[] falling = new float[keys];
    for (int j = 0; j < keys; j++) {
      rising[j] = j * 0.37f;
      falling[j] = -rising[j];
    }
    HeadTensor values = Samples.causal(1, keys, 1, L + 1, 1).values();
    for (float[] logits : new float[][] {rising, falling}) {
      AttentionInputs inputs =
          new AttentionInputs(
              HeadTensor.of(new float[] {1}, 1, 1, 1),
              HeadTensor.of(logits, 1, keys, 1),
              values,
              1,
              AttentionMask.NONE);
      same(inputs, Layout.DENSE, true, 1);
    }
  }

  private static void sameRefusal(AttentionInputs inputs, int count) {
    Way[] ways = {ExactAttentionKernel::attendInTiles, FewRowsAttention::attend};
    for (boolean single : new boolean[] {true, false}) {
      String[] messages = new String[2];
      for (int way = 0; way < 2; way++) {
        HeadTensor output =
            HeadTensor.allocate(
                single, inputs.queries().heads(), inputs.rows(), inputs.values().width());
        AttentionScratch scratch = scratch(inputs, 0, inputs.groupSize(), 0, count);
        Way attend = ways[way];
        messages[way] =
            assertThrows(
                    ArithmeticException.class, () -> attend.attend(inputs, count, output, scratch))
                .getMessage();
      }
      assertEquals(messages[0], messages[1]);
    }
  }

  @Test
  void overflowIsRefusedInTheSameWords() {
    for (int depth : new int[] {1, 2, 5}) {
      for (int bad : new int[] {0, L, TILE + 2, 2 * TILE}) {
        for (float size : new float[] {1e20f, -1e20f}) {
          AttentionInputs base =
              Samples.inputs(
                  depth,
                  Layout.DENSE,
                  true,
                  MOST,
                  1,
                  1,
                  2 * TILE + 1,
                  depth,
                  L + 3,
                  AttentionMask.NONE);
          float[] queries = base.queries().floats();
          float[] keys = base.keys().floats();
          float[] values = base.values().floats();
          queries[(MOST - 1) * depth] = 1e20f;
          keys[bad * depth] = size;
          sameRefusal(base, MOST);
          keys[bad * depth] = 0;
          Arrays.fill(values, 3.3e38f);
          Arrays.fill(queries, 0);
          sameRefusal(base, MOST);
        }
      }
    }
    double[] doubles = new double[70];
    doubles[1] = 1e300;
    HeadTensor zeros = HeadTensor.of(new double[70], 1, 70, 1);
    HeadTensor huge = HeadTensor.of(doubles, 1, 70, 1);
    HeadTensor query = HeadTensor.of(new double[] {1}, 1, 1, 1);
    sameRefusal(new AttentionInputs(query, huge, zeros, 1, AttentionMask.NONE), 1);
    sameRefusal(new AttentionInputs(query, zeros, huge, 1, AttentionMask.NONE), 1);
  }

  /** Of keys that a row does not see nothing is felt, be they as large as they may. */
  @Test
  void hiddenKeysDoNotShow() {
    if (MOST < 2) {
      return;
    }
    for (int keys : new int[] {2, L + 2, TILE + 1, TILE + 2}) {
      AttentionInputs inputs = decoding(7, Layout.DENSE, true, 1, keys, 4, L + 2);
      float[] row = inputs.keys().floats();
      Arrays.fill(row, 2 * keys * 4 - 4, 2 * keys * 4, 1e30f);
      same(inputs, Layout.DENSE, true, 2);
    }
  }
}
