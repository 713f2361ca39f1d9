package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.conv.ConvBasisOperator;
import io.github.convbasis.conv.ConvBasisOperator.Form;
import io.github.convbasis.matrix.SegmentedToeplitz;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@code M∘exp(Σ conv(b_r, m_r)) = Σ conv(b̃_r, m_r)} when m_1 = n, and only then. */
class ExponentialLemmaProperties {

  /** Logits by recipe; the first segment starts at column {@code lead}. */
  record Logits(int n, int terms, int lead, double scale, long seed) {
    ConvBasis basis() {
      SplittableRandom random = new SplittableRandom(seed);
      int free = n - lead - 1;
      int[] later = Draw.subset(random, Math.min(terms - 1, free), free);
      int[] starts = new int[later.length + 1];
      double[][] kernels = new double[starts.length][];
      for (int r = 0; r < starts.length; r++) {
        starts[r] = r == 0 ? lead : lead + 1 + later[r - 1];
        kernels[r] = Draw.gaussian(random, n - starts[r], scale);
      }
      return ConvBasis.of(SegmentedToeplitz.of(n, starts, kernels));
    }
  }

  @Provide
  Arbitrary<Logits> full() {
    return Combinators.combine(
            Sizes.upTo(65),
            Arbitraries.integers().between(1, 9),
            Arbitraries.just(0),
            Arbitraries.of(0.1, 1.0, 5.0, 50.0),
            Sizes.seeds())
        .as(Logits::new);
  }

  @Provide
  Arbitrary<Logits> withLeadingZeros() {
    return Sizes.upTo(65)
        .flatMap(
            n ->
                Combinators.combine(
                        Arbitraries.integers().between(1, 9),
                        Arbitraries.integers().between(1, n),
                        Arbitraries.of(0.1, 1.0, 5.0, 50.0),
                        Sizes.seeds())
                    .as((terms, lead, scale, seed) -> new Logits(n + 1, terms, lead, scale, seed)));
  }

  @Property
  void differenceFormHasTheExponentialsAsEntries(@ForAll("full") Logits sample) {
    ConvBasis basis = sample.basis();
    double[][] expected = Reference.maskedExp(Reference.dense(basis.toSegments()));
    ConvBasis exponential = basis.exponential();
    SegmentedToeplitz segments = exponential.toSegments();
    for (int r = 0; r < basis.terms(); r++) {
      int start = segments.start(r);
      for (int lag = 0; lag < basis.support(r); lag++) {
        double absoluteSum = expected[start + lag][start];
        for (int before = 0; before <= r; before++) {
          absoluteSum += Math.abs(exponential.coefficients(before)[lag]);
        }
        Tolerances.EXPONENTIAL_ENTRY.require(
            segments.kernel(r, lag) - expected[start + lag][start],
            Tolerances.sum(Tolerances.DOUBLE, r + 1, absoluteSum),
            "term " + r + ", lag " + lag);
      }
    }
  }

  @Property
  void bothFormsMultiplyLikeTheDenseExponential(@ForAll("full") Logits sample) {
    ConvBasis basis = sample.basis();
    SegmentedToeplitz logits = basis.toSegments();
    double[] x = Draw.gaussian(new SplittableRandom(~sample.seed()), sample.n(), 1);
    double[] expected = Reference.product(Reference.maskedExp(Reference.dense(logits)), x);

    SegmentedToeplitz positive = exponentialsOf(logits);
    double[] bySegments = ConvBasisOperator.of(positive).apply(x);
    double unit = ConvBasisOperatorProperties.unit(ConvBasis.of(positive), Form.SEGMENT, x, false);
    Tolerances.EXPONENTIAL_PRODUCT.requireClose(bySegments, expected, unit);

    ConvBasis lemma = basis.exponential();
    double[] byDifferences = ConvBasisOperator.of(lemma, Form.DIFFERENCE).apply(x);
    unit += ConvBasisOperatorProperties.unit(lemma, Form.DIFFERENCE, x, false);
    Tolerances.EXPONENTIAL_PRODUCT.requireClose(byDifferences, expected, unit);
  }

  private static SegmentedToeplitz exponentialsOf(SegmentedToeplitz logits) {
    int[] starts = new int[logits.terms()];
    double[][] kernels = new double[logits.terms()][];
    for (int r = 0; r < starts.length; r++) {
      starts[r] = logits.start(r);
      kernels[r] = Arrays.stream(logits.kernel(r)).map(Math::exp).toArray();
    }
    return SegmentedToeplitz.of(logits.size(), starts, kernels);
  }

  @Property
  void differenceFormIsRefusedWhenTheFirstSupportIsLessThanN(
      @ForAll("withLeadingZeros") Logits sample) {
    ConvBasis basis = sample.basis();
    String message = assertThrows(IllegalArgumentException.class, basis::exponential).getMessage();
    assertTrue(message.contains("n = " + sample.n()), message);
    assertTrue(message.contains("was " + (sample.n() - sample.lead())), message);
  }

  /** The formula gives 0 in the columns before the first start, where exp(0) is 1. */
  @Property
  void lemmaIsFalseWhenTheFirstSupportIsLessThanN(@ForAll("withLeadingZeros") Logits sample) {
    ConvBasis basis = sample.basis();
    double[][] truth = Reference.maskedExp(Reference.dense(basis.toSegments()));
    SegmentedToeplitz formula = exponentialsOf(basis.toSegments());
    double[][] claimed = Reference.dense(formula);
    for (int j = 0; j < sample.lead(); j++) {
      for (int i = j; i < sample.n(); i++) {
        Tolerances.requireSameBits(truth[i][j] - claimed[i][j], 1.0, "entry " + i + ", " + j);
      }
    }
  }
}
