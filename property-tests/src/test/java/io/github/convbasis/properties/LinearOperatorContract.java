package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.backend.LinearOperator;
import io.github.convbasis.backend.Parallelism;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What products of rows with dense weights must satisfy, and the gate between them. */
abstract class LinearOperatorContract implements BackendContract {
  /** Elements behind those that are asked for. */
  private static final int GUARD = 3;

  /** A product by its recipe. */
  record Sample(int outputs, int inputs, int rows, long seed) {
    float[] weights() {
      return Sample.random(outputs * inputs, seed);
    }

    float[][] x() {
      float[][] x = new float[rows][];
      for (int row = 0; row < rows; row++) {
        x[row] = random(inputs, ~seed + row);
      }
      return x;
    }

    float[][] blank() {
      float[][] y = new float[rows][outputs + GUARD];
      for (float[] row : y) {
        Arrays.fill(row, Float.NaN);
      }
      return y;
    }

    static float[] random(int count, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] elements = new float[count];
      for (int i = 0; i < count; i++) {
        elements[i] = (float) random.nextGaussian();
      }
      return elements;
    }
  }

  /** Around multiples of vectors, tiles and blocks, and anything else. */
  private static Arbitrary<Integer> sizes(int most, int... special) {
    return Arbitraries.oneOf(
        Arbitraries.of(Arrays.stream(special).boxed().toArray(Integer[]::new)),
        Arbitraries.integers().between(1, most));
  }

  @Provide
  Arbitrary<Sample> samples() {
    return Combinators.combine(
            sizes(300, 1, 31, 32, 33, 64, 128, 511, 512, 513, 576),
            sizes(300, 1, 2, 191, 192, 193, 385),
            sizes(40, 1, 5, 6, 7, 95, 96, 97, 200),
            Sizes.seeds())
        .as(Sample::new);
  }

  private LinearOperator operator(Sample sample) {
    return backend().linearOperator(sample.weights(), sample.outputs(), sample.inputs());
  }

  private static float[][] apply(LinearOperator operator, Sample sample, Parallelism parallelism) {
    float[][] y = sample.blank();
    operator.apply(sample.x(), y, sample.rows(), parallelism);
    return y;
  }

  @Property(tries = 200)
  void elementsAreInnerProducts(@ForAll("samples") Sample sample) {
    LinearOperator operator = operator(sample);
    assertEquals(sample.outputs(), operator.outputs());
    assertEquals(sample.inputs(), operator.inputs());
    float[] weights = sample.weights();
    float[][] x = sample.x();
    float[][] y = apply(operator, sample, Parallelism.sequential());
    for (int row = 0; row < sample.rows(); row++) {
      for (int o = 0; o < sample.outputs(); o++) {
        double sum = 0;
        double size = 0;
        for (int i = 0; i < sample.inputs(); i++) {
          double product = (double) weights[o * sample.inputs() + i] * x[row][i];
          sum += product;
          size += Math.abs(product);
        }
        // Results are floats, whatever the arithmetic.
        double unit = Tolerances.sum(unitRoundoff(), sample.inputs(), size);
        unit += Tolerances.ulps(Tolerances.FLOAT, Math.abs(sum));
        Tolerances.LINEAR_PRODUCT.require(y[row][o] - sum, unit, "element");
      }
    }
  }

  /** EXACT: what lies behind the outputs keeps what it held, and x and weights do too. */
  @Property(tries = 100)
  void nothingElseIsWritten(@ForAll("samples") Sample sample) {
    float[] weights = sample.weights();
    LinearOperator operator = backend().linearOperator(weights, sample.outputs(), sample.inputs());
    assertArrayEquals(sample.weights(), weights);
    float[][] x = sample.x();
    float[][] y = sample.blank();
    operator.apply(x, y, sample.rows(), Parallelism.sequential());
    assertArrayEquals(sample.x(), x);
    for (float[] row : y) {
      for (int o = 0; o < sample.outputs(); o++) {
        assertEquals(true, Float.isFinite(row[o]), "element that was asked for");
      }
      for (int o = sample.outputs(); o < row.length; o++) {
        assertEquals(Float.NaN, row[o], "element behind the outputs");
      }
    }
  }

  /** EXACT: one row after the other, and any number of tasks, give what all rows at once give. */
  @Property(tries = 100)
  void rowsDoNotDependOnEachOtherNorOnTasks(@ForAll("samples") Sample sample) {
    LinearOperator operator = operator(sample);
    float[][] together = apply(operator, sample, Parallelism.sequential());
    assertArrayEquals(
        together, apply(operator, sample, Parallelism.of(Threads.POOL, Threads.MOST_TASKS)));
    float[][] x = sample.x();
    for (int row = 0; row < sample.rows(); row++) {
      float[][] alone = {new float[sample.outputs()]};
      operator.apply(new float[][] {x[row]}, alone, 1, Parallelism.sequential());
      assertArrayEquals(Arrays.copyOf(together[row], sample.outputs()), alone[0], "row " + row);
    }
  }

  /** EXACT: weights are given back as they were. */
  @Property(tries = 100)
  void outputsAreCopied(@ForAll("samples") Sample sample) {
    LinearOperator operator = operator(sample);
    float[] weights = sample.weights();
    float[] target = new float[sample.inputs()];
    for (int o = 0; o < sample.outputs(); o++) {
      operator.copyOutput(o, target);
      int at = o * sample.inputs();
      assertArrayEquals(Arrays.copyOfRange(weights, at, at + sample.inputs()), target);
    }
  }

  /** A gate that is far below 0 closes, and one far above passes its own size. */
  @Property(tries = 200)
  void gatesMultiplyByTheirLogisticUnit(@ForAll("samples") Sample sample) {
    int count = sample.outputs();
    float[] gate = Sample.random(count + GUARD, sample.seed());
    for (int i = 0; i < count; i++) {
      gate[i] *= i % 3 == 0 ? 30 : 3;
    }
    float[] factors = Sample.random(count + GUARD, ~sample.seed());
    float[] product = factors.clone();
    backend().multiplyBySilu(gate, product, count);
    for (int i = 0; i < count; i++) {
      double expected = factors[i] * (gate[i] / (1 + Math.exp(-(double) gate[i])));
      // From gates of -88.73 down e^-g overflows, and what is left of the gate is given up.
      double lost = (1 + Math.abs(factors[i] * gate[i])) * Float.MIN_NORMAL;
      double unit = Tolerances.ulps(Tolerances.FLOAT, Math.abs(expected)) + lost;
      Tolerances.GATED_ELEMENT.require(product[i] - expected, unit, "gated element");
    }
    for (int i = count; i < product.length; i++) {
      assertEquals(factors[i], product[i], "element behind the last");
    }
  }
}
