package io.github.convbasis.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Chooses a backend among those present on the class path or module path.
 *
 * <p>A backend asked for by name is never replaced by another. Automatic choice takes the best
 * usable one and logs one line at level INFO that says which, or why not a better one.
 *
 * <p>Stateless and thread-safe.
 */
public final class Backends {
  /** The word for automatic choice. */
  public static final String AUTO = "auto";

  private static final System.Logger LOGGER = System.getLogger(Backends.class.getName());

  private Backends() {}

  /**
   * Returns the scalar reference backend.
   *
   * @return double precision, always usable
   */
  public static Backend scalar() {
    return select("scalar");
  }

  /**
   * Returns the best usable backend and logs which it is.
   *
   * @return never null, the scalar one at least
   */
  public static Backend auto() {
    List<String> reasons = new ArrayList<>();
    for (BackendProvider provider : providers()) {
      Optional<String> reason = provider.whyUnusable();
      if (reason.isEmpty()) {
        Backend backend = provider.create();
        String why = reasons.isEmpty() ? "" : "; not " + String.join("; not ", reasons);
        LOGGER.log(
            System.Logger.Level.INFO,
            "backend " + backend.name() + ": " + backend.description() + why);
        return backend;
      }
      reasons.add(provider.name() + ": " + reason.get());
    }
    throw new BackendUnavailableException(
        "no backend is usable: " + (reasons.isEmpty() ? "none found" : reasons));
  }

  /**
   * Returns the backend with a name.
   *
   * @param name {@value #AUTO}, {@code scalar}, {@code simd} or another that is present
   * @return that backend and no other
   * @throws IllegalArgumentException if no backend has the name
   * @throws BackendUnavailableException if it cannot be used here
   */
  public static Backend select(String name) {
    if (name.equals(AUTO)) {
      return auto();
    }
    List<String> names = new ArrayList<>();
    for (BackendProvider provider : providers()) {
      if (provider.name().equals(name)) {
        Optional<String> reason = provider.whyUnusable();
        if (reason.isPresent()) {
          throw new BackendUnavailableException(
              "backend " + name + " cannot be used: " + reason.get());
        }
        return provider.create();
      }
      names.add(provider.name());
    }
    throw new IllegalArgumentException(
        "backend must be " + AUTO + " or one of those present, " + names + ", was " + name);
  }

  /**
   * Lists the backends present, the best first.
   *
   * @return their providers, usable or not
   */
  public static List<BackendProvider> providers() {
    // The loader of this class sees whatever the library was deployed with, also in a container.
    List<BackendProvider> providers = new ArrayList<>();
    for (BackendProvider provider :
        ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader())) {
      providers.add(provider);
    }
    providers.sort(Comparator.comparingInt(BackendProvider::rank).reversed());
    return providers;
  }
}
