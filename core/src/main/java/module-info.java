/**
 * Conv-Basis attention: public API and scalar reference. Depends on the JDK only: {@code
 * java.base}, and {@code jdk.jfr} for events.
 *
 * <p>Read the packages in this order: matrix, fft, conv, decompose, backend, attention, plan,
 * training, variants; masks stands by itself.
 */
module io.github.convbasis.core {
  requires jdk.jfr;

  exports io.github.convbasis.matrix;
  exports io.github.convbasis.fft;
  exports io.github.convbasis.conv;
  exports io.github.convbasis.decompose;
  exports io.github.convbasis.backend;
  exports io.github.convbasis.attention;
  exports io.github.convbasis.plan;
  exports io.github.convbasis.training;
  exports io.github.convbasis.masks;
  exports io.github.convbasis.variants;

  uses io.github.convbasis.backend.BackendProvider;

  provides io.github.convbasis.backend.BackendProvider with
      io.github.convbasis.scalar.ScalarBackendProvider;
}
