/** Hand-vectorised backend of Conv-Basis attention. Exports nothing. */
module io.github.convbasis.simd {
  requires io.github.convbasis.core;
  requires jdk.incubator.vector;

  provides io.github.convbasis.backend.BackendProvider with
      io.github.convbasis.simd.SimdBackendProvider;
}
