/** Conv-Basis attention: public API and scalar reference. Depends on {@code java.base} only. */
module io.github.convbasis.core {
  exports io.github.convbasis.matrix;
}
