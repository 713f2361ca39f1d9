package io.github.convbasis.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Choice of backend where only the scalar one is present. */
class BackendsTest {
  @Test
  void scalarIsAlwaysThere() {
    assertEquals("scalar", Backends.scalar().name());
    assertEquals("scalar", Backends.auto().name());
    assertEquals("scalar", Backends.select("auto").name());
  }

  @Test
  void aNamedBackendIsNeverReplaced() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Backends.select("simd")).getMessage();
    assertTrue(message.contains("was simd"), message);
    assertTrue(message.contains("[scalar]"), message);
  }
}
