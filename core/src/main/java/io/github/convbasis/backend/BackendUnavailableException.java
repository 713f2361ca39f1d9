package io.github.convbasis.backend;

/** A backend was asked for by name and cannot be used; the message says why and what to change. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message the reason and the remedy
   */
  public BackendUnavailableException(String message) {
    super(message);
  }
}
