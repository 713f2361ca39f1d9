package io.github.convbasis.inference.cli;

import io.github.convbasis.conv.ConvBasis;
import io.github.convbasis.inference.npy.ElementType;
import io.github.convbasis.inference.npy.NpyArray;
import io.github.convbasis.inference.npy.NpzReader;
import io.github.convbasis.inference.npy.NpzWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A basis as an .npz: {@code size} (a whole number), {@code supports} (terms whole numbers) and
 * {@code coefficients} (terms × n, zero beyond each support).
 */
final class BasisFile {
  private BasisFile() {}

  static void write(Path file, ConvBasis basis) throws IOException {
    int n = basis.size();
    int terms = basis.terms();
    long elements = (long) terms * n;
    if (elements > Integer.MAX_VALUE - 8) {
      throw new InputException(
          String.format(
              "%s: %d terms × %d coefficients do not fit one array; give a greater --tolerance",
              file, terms, n));
    }
    long[] supports = new long[terms];
    double[] coefficients = new double[(int) elements];
    for (int r = 0; r < terms; r++) {
      supports[r] = basis.support(r);
      double[] term = basis.coefficients(r);
      System.arraycopy(term, 0, coefficients, r * n, term.length);
    }
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("size", NpyArray.ofLongs(new long[] {n}));
    arrays.put("supports", NpyArray.ofLongs(supports, terms));
    arrays.put("coefficients", NpyArray.ofDoubles(coefficients, terms, n));
    NpzWriter.write(file, arrays);
  }

  static ConvBasis read(Path file) {
    Map<String, NpyArray> arrays;
    try {
      arrays = NpzReader.read(file);
    } catch (IOException e) {
      throw new InputException(e.getMessage(), e);
    }
    long[] size = wholeNumbers(file, arrays, "size");
    long[] supports = wholeNumbers(file, arrays, "supports");
    NpyArray coefficients = array(file, arrays, "coefficients");
    require(size.length == 1, file, "size must be one number, has " + size.length);
    require(
        size[0] >= 1 && size[0] <= Integer.MAX_VALUE,
        file,
        "size must be between 1 and " + Integer.MAX_VALUE + ", is " + size[0]);
    int n = (int) size[0];
    int[] shape = coefficients.shape();
    require(
        shape.length == 2 && shape[0] == supports.length && shape[1] == n,
        file,
        String.format(
            "coefficients must be %d × %d like supports and size, are %s",
            supports.length, n, Arrays.toString(shape)));
    require(
        coefficients.elementType() != ElementType.INT64,
        file,
        "coefficients must be float32 or float64, are whole numbers");
    return basis(file, n, supports, coefficients.toDoubles());
  }

  private static ConvBasis basis(Path file, int n, long[] supports, double[] coefficients) {
    int[] checked = new int[supports.length];
    double[][] terms = new double[supports.length][];
    for (int r = 0; r < supports.length; r++) {
      require(
          supports[r] >= 1 && supports[r] <= n,
          file,
          String.format("supports[%d] must be between 1 and %d, is %d", r, n, supports[r]));
      checked[r] = (int) supports[r];
      int from = r * n;
      terms[r] = Arrays.copyOfRange(coefficients, from, from + checked[r]);
      for (int t = checked[r]; t < n; t++) {
        require(
            coefficients[from + t] == 0,
            file,
            String.format(
                "coefficients must be zero beyond their support, term %d is %s at %d",
                r, coefficients[from + t], t));
      }
    }
    try {
      return ConvBasis.of(n, checked, terms);
    } catch (IllegalArgumentException e) {
      throw new InputException(file + ": " + e.getMessage(), e);
    }
  }

  private static long[] wholeNumbers(Path file, Map<String, NpyArray> arrays, String name) {
    NpyArray array = array(file, arrays, name);
    require(
        array.elementType() == ElementType.INT64 && array.shape().length <= 1,
        file,
        name + " must be a list of whole numbers, is " + array);
    return array.longs();
  }

  private static NpyArray array(Path file, Map<String, NpyArray> arrays, String name) {
    require(
        arrays.containsKey(name),
        file,
        "must hold size, supports and coefficients, holds " + arrays.keySet());
    return arrays.get(name);
  }

  private static void require(boolean holds, Path file, String reason) {
    if (!holds) {
      throw new InputException(file + ": " + reason);
    }
  }
}
