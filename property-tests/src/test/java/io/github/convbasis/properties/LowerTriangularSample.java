package io.github.convbasis.properties;

import io.github.convbasis.matrix.LowerTriangularMatrix;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Combinators;

/** A lower-triangular n × n matrix by its recipe. */
record LowerTriangularSample(int n, int terms, long seed, double scale, MatrixKind kind) {

  /** All entries, zeros above the diagonal. */
  double[][] dense() {
    return kind.fill(n, terms, scale, new SplittableRandom(seed));
  }

  LowerTriangularMatrix matrix() {
    return LowerTriangularMatrix.of(dense());
  }

  /** More numbers from the same seed, independent of the matrix. */
  SplittableRandom more() {
    return new SplittableRandom(~seed);
  }

  static Arbitrary<LowerTriangularSample> upTo(int most) {
    return of(Sizes.upTo(most), Arbitraries.of(MatrixKind.class));
  }

  private static Arbitrary<LowerTriangularSample> of(
      Arbitrary<Integer> sizes, Arbitrary<MatrixKind> kinds) {
    return Combinators.combine(
            sizes,
            Arbitraries.integers().between(1, 9),
            Sizes.seeds(),
            Arbitraries.of(1.0, 1e-3, 10.0, 1e6),
            kinds)
        .as(LowerTriangularSample::new);
  }

  /** Sizes for properties of O(n³) or with a search over all subsets of columns. */
  static final class Small implements ArbitrarySupplier<LowerTriangularSample> {
    @Override
    public Arbitrary<LowerTriangularSample> get() {
      return upTo(9);
    }
  }

  /** Sizes for properties of O(n²) with a transform per column. */
  static final class Medium implements ArbitrarySupplier<LowerTriangularSample> {
    @Override
    public Arbitrary<LowerTriangularSample> get() {
      return upTo(65);
    }
  }

  /** Sizes of several blocks, with few terms. */
  static final class FewTerms implements ArbitrarySupplier<LowerTriangularSample> {
    @Override
    public Arbitrary<LowerTriangularSample> get() {
      return of(
          Arbitraries.integers().between(130, 600).withoutEdgeCases(),
          Arbitraries.of(
              MatrixKind.CONV_BASIS,
              MatrixKind.TOEPLITZ,
              MatrixKind.EQUAL_NEIGHBOURS,
              MatrixKind.ADJACENT_STARTS,
              MatrixKind.RETURNING));
    }
  }

  /** Sizes for properties of O(n²). */
  static final class Large implements ArbitrarySupplier<LowerTriangularSample> {
    @Override
    public Arbitrary<LowerTriangularSample> get() {
      return upTo(130);
    }
  }
}
