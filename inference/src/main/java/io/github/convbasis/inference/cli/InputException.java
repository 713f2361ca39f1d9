package io.github.convbasis.inference.cli;

/** What the caller gave cannot be used; the message is one line that says what and why. */
final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InputException(String message) {
    super(message);
  }

  InputException(String message, Throwable cause) {
    super(message, cause);
  }
}
