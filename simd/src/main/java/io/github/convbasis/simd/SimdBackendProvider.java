package io.github.convbasis.simd;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.BackendProvider;
import java.util.Optional;

/**
 * Offers {@link SimdBackend} where vectors are compiled to vector instructions, and says what to
 * change where they are not.
 *
 * <p>Mentions no vector type, so it loads without the incubator module. Stateless and thread-safe.
 */
public final class SimdBackendProvider implements BackendProvider {
  private static final String MODULE = "jdk.incubator.vector";

  /** Makes the provider; called by the service loader. */
  public SimdBackendProvider() {}

  @Override
  public String name() {
    return "simd";
  }

  @Override
  public int rank() {
    return 10;
  }

  @Override
  public Optional<String> whyUnusable() {
    if (!vectorsArePresent()) {
      return Optional.of(
          "module " + MODULE + " is not loaded; start java with --add-modules " + MODULE);
    }
    Optional<String> compiler =
        VirtualMachine.whyNotOptimising(
            System.getProperty("java.vm.info", ""), VirtualMachine.options());
    if (compiler.isPresent()) {
      return compiler;
    }
    try {
      VectorWidth.requested();
    } catch (IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    }
    return VirtualMachine.whyTooNarrow(
        Lanes.preferredBits(), System.getProperty("os.arch", "unknown"));
  }

  @Override
  public Backend create() {
    return new SimdBackend();
  }

  private static boolean vectorsArePresent() {
    try {
      Class.forName(MODULE + ".FloatVector", false, SimdBackendProvider.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
