package io.github.convbasis.conv;

import io.github.convbasis.matrix.LowerTriangularMatrix;
import io.github.convbasis.matrix.SegmentedToeplitz;

/**
 * A k-conv basis: {@code H = Σ_r conv(b_r, m_r)} with {@code n ≥ m_1 > … > m_k ≥ 1}.
 *
 * <p>conv(b, m) is zero but for its bottom-right m × m block, which is the lower-triangular
 * Toeplitz matrix of {@code b[0 … m-1]}; it acts on columns {@code n-m … n-1}. {@code m_r} is the
 * support, {@code b_r} the coefficients of term r. No term means the zero matrix.
 *
 * <p>Memory Σ m_r doubles. Immutable and thread-safe.
 */
public final class ConvBasis {
  private final int size;
  private final int[] supports;
  private final double[][] coefficients;

  private ConvBasis(int size, int[] supports, double[][] coefficients) {
    this.size = size;
    this.supports = supports;
    this.coefficients = coefficients;
  }

  /**
   * Checks and copies a basis.
   *
   * @param size number of rows and columns, n
   * @param supports m_1 &gt; m_2 &gt; … in 1 … n
   * @param coefficients for each term its first {@code m_r} coefficients, finite
   * @return the basis
   * @throws IllegalArgumentException naming what does not hold
   */
  public static ConvBasis of(int size, int[] supports, double[][] coefficients) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1, was " + size);
    }
    if (coefficients.length != supports.length) {
      throw new IllegalArgumentException(
          "coefficients must be "
              + supports.length
              + " rows like supports, was "
              + coefficients.length);
    }
    double[][] copies = new double[supports.length][];
    for (int r = 0; r < supports.length; r++) {
      int most = r == 0 ? size : supports[r - 1] - 1;
      if (supports[r] < 1 || supports[r] > most) {
        throw new IllegalArgumentException(
            String.format(
                "supports must decrease strictly within 1 … %d; supports[%d] must be between 1 and"
                    + " %d, was %d",
                size, r, most, supports[r]));
      }
      if (coefficients[r].length != supports[r]) {
        throw new IllegalArgumentException(
            String.format(
                "coefficients[%d] must have %d entries like its support, was %d",
                r, supports[r], coefficients[r].length));
      }
      for (int t = 0; t < supports[r]; t++) {
        if (!Double.isFinite(coefficients[r][t])) {
          throw new IllegalArgumentException(
              String.format(
                  "coefficients must be finite, was %s in term %d at %d",
                  coefficients[r][t], r, t));
        }
      }
      copies[r] = coefficients[r].clone();
    }
    return new ConvBasis(size, supports.clone(), copies);
  }

  /**
   * Returns the basis of a segmented matrix: {@code b_r = u_r - u_{r-1}}.
   *
   * <p>Each difference is taken from the running sum as it will be rebuilt, so rounding does not
   * accumulate over the terms: a rebuilt entry of u_r is off by about one rounding of the greater
   * of |u_r| and |u_{r-1}|. Beside a neighbour that is 2⁵³ times as large, an entry is lost.
   *
   * @param matrix segments with kernels u_r
   * @return a basis of as many terms
   * @throws IllegalArgumentException if a difference overflows
   */
  public static ConvBasis of(SegmentedToeplitz matrix) {
    int n = matrix.size();
    int terms = matrix.terms();
    int[] supports = new int[terms];
    double[][] coefficients = new double[terms][];
    double[] sum = new double[n];
    for (int r = 0; r < terms; r++) {
      supports[r] = n - matrix.start(r);
      double[] b = new double[supports[r]];
      for (int t = 0; t < b.length; t++) {
        b[t] = matrix.kernel(r, t) - sum[t];
        sum[t] += b[t];
      }
      coefficients[r] = b;
    }
    return of(n, supports, coefficients);
  }

  /**
   * Returns the number of rows and columns, n.
   *
   * @return at least 1
   */
  public int size() {
    return size;
  }

  /**
   * Returns the number of terms, the paper's k.
   *
   * @return at least 0
   */
  public int terms() {
    return supports.length;
  }

  /**
   * Returns the support m_r of a term.
   *
   * @param term term, from 0
   * @return between 1 and n
   */
  public int support(int term) {
    return supports[term];
  }

  /**
   * Copies the coefficients b_r of a term.
   *
   * @param term term, from 0
   * @return {@code support(term)} entries by lag
   */
  public double[] coefficients(int term) {
    return coefficients[term].clone();
  }

  /**
   * Returns the segment view: kernel r is the running sum {@code u_r = Σ_{l≤r} b_l}.
   *
   * @return the same matrix by contiguous column blocks
   */
  public SegmentedToeplitz toSegments() {
    int[] starts = new int[supports.length];
    double[][] kernels = new double[supports.length][];
    double[] sum = new double[supports.length == 0 ? 0 : supports[0]];
    for (int r = 0; r < supports.length; r++) {
      starts[r] = size - supports[r];
      double[] kernel = new double[supports[r]];
      for (int t = 0; t < kernel.length; t++) {
        sum[t] += coefficients[r][t];
        kernel[t] = sum[t];
      }
      kernels[r] = kernel;
    }
    return SegmentedToeplitz.of(size, starts, kernels);
  }

  /**
   * Rebuilds the dense matrix, O(n²) entries.
   *
   * @return Σ_r conv(b_r, m_r)
   * @throws IllegalArgumentException if n is too large for dense storage
   */
  public LowerTriangularMatrix toMatrix() {
    return LowerTriangularMatrix.copyOf(toSegments());
  }

  /**
   * Returns the basis of {@code M∘exp(H)}, M the lower-triangular mask: the exponential lemma in
   * the paper's difference form, {@code b̃_1 = exp(b_1)}, {@code b̃_r = exp(u_r) - exp(u_{r-1})}.
   *
   * <p>Subtracting exponentials costs digits; attention therefore uses exp(u_r) per segment. This
   * form is kept for checking.
   *
   * @return a basis with the same supports
   * @throws IllegalArgumentException if the first support is less than n: the columns before it are
   *     zero, their exponential is one, and the lemma is false
   * @throws ArithmeticException if an exponential overflows
   */
  public ConvBasis exponential() {
    if (supports.length == 0 || supports[0] != size) {
      throw new IllegalArgumentException(
          "the first support must be n = "
              + size
              + " for the exponential lemma, was "
              + (supports.length == 0 ? "missing" : supports[0]));
    }
    SegmentedToeplitz segments = toSegments();
    double[][] differences = new double[supports.length][];
    for (int r = 0; r < supports.length; r++) {
      double[] b = new double[supports[r]];
      for (int t = 0; t < b.length; t++) {
        double value = Math.exp(segments.kernel(r, t));
        if (Double.isInfinite(value)) {
          throw new ArithmeticException(
              "exp(" + segments.kernel(r, t) + ") overflows in term " + r + " at lag " + t);
        }
        b[t] = r == 0 ? value : value - Math.exp(segments.kernel(r - 1, t));
      }
      differences[r] = b;
    }
    return of(size, supports, differences);
  }
}
