package io.github.convbasis.scalar;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.BackendProvider;
import java.util.Optional;

/** Offers {@link ScalarBackend}. Stateless and thread-safe. */
public final class ScalarBackendProvider implements BackendProvider {
  /** Makes the provider; called by the service loader. */
  public ScalarBackendProvider() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public Optional<String> whyUnusable() {
    return Optional.empty();
  }

  @Override
  public Backend create() {
    return new ScalarBackend();
  }
}
