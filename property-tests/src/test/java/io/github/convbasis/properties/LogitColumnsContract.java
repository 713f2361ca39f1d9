package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What columns of logits of any backend must satisfy, whole ones and parts. */
abstract class LogitColumnsContract implements BackendContract {

  /**
   * Some columns of some rows of a sequence, or of a chunk at its end, by their recipe.
   *
   * @param columns share of the columns
   * @param first share of the rows before the chunk
   * @param from share of the chunk's rows before the range
   * @param to share of the others in the range
   */
  record Part(
      AttentionSample sample, double columns, double first, double from, double to, long seed) {
    AttentionInputs inputs() {
      AttentionInputs whole = sample.inputs();
      int start = firstPosition();
      return start == 0 ? whole : Chunks.of(whole, start, sample.n());
    }

    private int firstPosition() {
      return (int) (first * sample.n());
    }

    int fromRow() {
      return firstPosition() + (int) (from * (sample.n() - firstPosition()));
    }

    int toRow() {
      return fromRow() + (int) Math.ceil(to * (sample.n() - fromRow()));
    }

    int head() {
      return (int) Math.floorMod(seed, (long) sample.shape().queries);
    }

    int[] keys() {
      int count = (int) Math.ceil(columns * sample.n());
      return Draw.subset(new SplittableRandom(seed), count, sample.n());
    }

    /** Columns of the right length, with a guard zone, that hold NaN. */
    double[][] blank() {
      int[] keys = keys();
      double[][] targets = new double[keys.length][];
      for (int r = 0; r < keys.length; r++) {
        targets[r] = new double[sample.n() - keys[r] + 3];
        Arrays.fill(targets[r], Double.NaN);
      }
      return targets;
    }

    /** Calls {@code body} for every entry that is asked for. */
    void forEach(Entry body) {
      int[] keys = keys();
      for (int r = 0; r < keys.length; r++) {
        for (int row = Math.max(keys[r], fromRow()); row < toRow(); row++) {
          body.at(r, keys[r], row);
        }
      }
    }
  }

  /** What is done at an entry. */
  interface Entry {
    void at(int index, int key, int row);
  }

  @Provide
  Arbitrary<Part> parts() {
    Arbitrary<Double> shares =
        Arbitraries.oneOf(
            Arbitraries.of(0.0, 1.0), Arbitraries.doubles().between(0, 1).withoutEdgeCases());
    return Combinators.combine(
            new AttentionSample.Any().get(),
            shares,
            Arbitraries.oneOf(
                Arbitraries.just(0.0), Arbitraries.doubles().between(0, 0.99).withoutEdgeCases()),
            shares.map(share -> 0.99 * share),
            shares,
            Sizes.seeds())
        .as(Part::new);
  }

  private double columns(Part part, AttentionInputs inputs, int from, int to, double[][] targets) {
    return backend()
        .logitColumns(
            inputs, part.head(), part.keys(), from, to, targets, backend().newWorkspace());
  }

  private double columns(Part part, AttentionInputs inputs, double[][] targets) {
    return columns(part, inputs, part.fromRow(), part.toRow(), targets);
  }

  @Property
  void entriesAreLogitsByDefinition(@ForAll("parts") Part part) {
    AttentionInputs inputs = part.inputs();
    int first = inputs.firstPosition();
    double[][] targets = part.blank();
    columns(part, inputs, targets);
    double[][] queries = rows(inputs.queries(), part.head());
    double[][] keys = rows(inputs.keys(), inputs.keyHead(part.head()));
    part.forEach(
        (r, key, row) -> {
          double logit = inputs.scale() * Reference.dot(queries[row - first], keys[key]);
          double unit = unit(part, inputs.scale(), queries[row - first], keys[key]);
          Tolerances.LOGIT.require(targets[r][row - key] - logit, unit, "entry");
        });
  }

  /** A column by itself may be summed in another order. */
  @Property
  void singleColumnsAreLogitsByDefinition(@ForAll("parts") Part part) {
    AttentionInputs inputs = part.inputs();
    int first = inputs.firstPosition();
    int count = part.toRow() - part.fromRow();
    double[][] queries = rows(inputs.queries(), part.head());
    double[][] keys = rows(inputs.keys(), inputs.keyHead(part.head()));
    for (int key = 0; key < keys.length; key += 7) {
      GuardedRange target = GuardedRange.of(new double[count], 0);
      backend().logitColumn(inputs, part.head(), key, part.fromRow(), part.toRow(), target.array());
      for (int i = 0; i < count; i++) {
        double[] query = queries[part.fromRow() + i - first];
        double logit = inputs.scale() * Reference.dot(query, keys[key]);
        double unit = unit(part, inputs.scale(), query, keys[key]);
        Tolerances.LOGIT.require(target.array()[i] - logit, unit, "entry");
        target.array()[i] = 0;
      }
      target.requireHolds(new double[count], "column");
    }
  }

  private static double[][] rows(HeadTensor tensor, int head) {
    double[][] rows = new double[tensor.rows()][tensor.width()];
    for (int i = 0; i < rows.length; i++) {
      tensor.copyRow(head, i, rows[i]);
    }
    return rows;
  }

  /** Doubles are not narrowed, so their rounding is that of double; the scale rounds once more. */
  private double unit(Part part, double scale, double[] query, double[] key) {
    double size = 0;
    for (int c = 0; c < query.length; c++) {
      size += Math.abs(scale * query[c] * key[c]);
    }
    double roundoff = part.sample().single() ? unitRoundoff() : Tolerances.DOUBLE;
    return Tolerances.sum(roundoff, query.length + 1, size);
  }

  /** EXACT: what is not asked for keeps what it held. */
  @Property
  void nothingElseIsWrittenAndTheGreatestIsReturned(@ForAll("parts") Part part) {
    double[][] targets = part.blank();
    double greatest = columns(part, part.inputs(), targets);
    double[] expected = new double[1];
    part.forEach(
        (r, key, row) -> {
          double logit = targets[r][row - key];
          expected[0] = Math.max(expected[0], Math.abs(logit));
          targets[r][row - key] = Double.NaN;
        });
    Tolerances.requireSameBits(greatest, expected[0], "greatest size");
    for (double[] target : targets) {
      for (double entry : target) {
        assertEquals(Double.NaN, entry, "entry that was not asked for");
      }
    }
  }

  /** EXACT: neither other rows, nor the chunk they come in, nor other columns matter. */
  @Property
  void entriesDoNotDependOnWhatElseIsAskedFor(@ForAll("parts") Part part) {
    double[][] targets = part.blank();
    columns(part, part.inputs(), targets);
    double[][] whole = part.blank();
    columns(part, part.sample().inputs(), 0, part.sample().n(), whole);
    part.forEach(
        (r, key, row) ->
            Tolerances.requireSameBits(
                targets[r][row - key], whole[r][row - key], "key " + key + ", row " + row));
    AttentionInputs inputs = part.inputs();
    int[] keys = part.keys();
    for (int r = 0; r < keys.length; r += 5) {
      double[][] alone = {part.blank()[r]};
      int[] one = {keys[r]};
      backend()
          .logitColumns(
              inputs,
              part.head(),
              one,
              part.fromRow(),
              part.toRow(),
              alone,
              backend().newWorkspace());
      Tolerances.requireSameBits(alone[0], targets[r], "column alone " + keys[r]);
    }
  }

  /** Greater than the arithmetic can multiply: the returned size says so, and nothing throws. */
  @Property
  void logitsThatOverflowShowInTheGreatest(@ForAll("parts") Part part) {
    AttentionSample sample = part.sample();
    double huge = sample.single() ? 1e30 : 1e200;
    SplittableRandom random = new SplittableRandom(~part.seed());
    AttentionInputs inputs =
        sample.inputs(
            sample.layout(),
            sample.single(),
            someScaled(sample.queries(), sample.d(), huge, random),
            someScaled(sample.keys(), sample.d(), huge, random),
            sample.values());
    double[][] targets = part.blank();
    double greatest = columns(part, inputs, part.fromRow(), part.toRow(), targets);
    boolean[] finite = {true};
    part.forEach((r, key, row) -> finite[0] &= Double.isFinite(targets[r][row - key]));
    assertEquals(finite[0], Double.isFinite(greatest), "whether the greatest size is finite");
  }

  private static double[] someScaled(
      double[] elements, int width, double factor, SplittableRandom random) {
    double[] result = elements.clone();
    for (int at = 0; at < result.length; at += width) {
      if (random.nextInt(16) == 0) {
        for (int c = at; c < at + width; c++) {
          result[c] *= factor;
        }
      }
    }
    return result;
  }
}
