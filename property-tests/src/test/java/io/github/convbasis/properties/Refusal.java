package io.github.convbasis.properties;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** What a refusal of bad input must say. */
final class Refusal {
  private Refusal() {}

  /** Requires an IllegalArgumentException whose message contains every part. */
  static void mustSay(Executable call, Object... parts) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    for (Object part : parts) {
      assertTrue(
          message.contains(String.valueOf(part)), () -> "\"" + part + "\" is not in: " + message);
    }
  }
}
