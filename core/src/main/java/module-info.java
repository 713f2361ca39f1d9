/**
 * Conv-Basis attention: public API and scalar reference. Depends on {@code java.base} only.
 *
 * <p>Read the packages in this order: matrix, fft, conv, decompose, backend, attention.
 */
module io.github.convbasis.core {
  exports io.github.convbasis.matrix;
  exports io.github.convbasis.fft;
  exports io.github.convbasis.conv;
  exports io.github.convbasis.decompose;
  exports io.github.convbasis.backend;
  exports io.github.convbasis.attention;

  uses io.github.convbasis.backend.BackendProvider;

  provides io.github.convbasis.backend.BackendProvider with
      io.github.convbasis.scalar.ScalarBackendProvider;
}
