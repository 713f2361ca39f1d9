package io.github.convbasis.backend;

import java.util.Optional;

/**
 * Offers a backend to the {@link java.util.ServiceLoader}.
 *
 * <p>A provider must load, and answer {@link #whyUnusable()}, on any JVM, so it mentions no type
 * that may be missing; only {@link #create()} may touch such types. Implementations are stateless
 * and thread-safe.
 */
public interface BackendProvider {
  /**
   * Returns the word that chooses the backend.
   *
   * @return such as {@code simd}
   */
  String name();

  /**
   * Ranks backends for automatic choice.
   *
   * @return the usable backend with the greatest rank is taken
   */
  int rank();

  /**
   * Says why the backend cannot be used here and what to change.
   *
   * @return the reason and the remedy, or empty if it can be used
   */
  Optional<String> whyUnusable();

  /**
   * Makes the backend; call only when it is usable.
   *
   * @return the backend
   */
  Backend create();
}
