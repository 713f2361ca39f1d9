package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SimdBackendProviderTest {
  private static Optional<String> whyNotOptimising(String info, String... options) {
    return VirtualMachine.whyNotOptimising(info, List.of(options));
  }

  @Test
  void isUsableHereAndChosenBeforeTheScalarBackend() {
    assertEquals(Optional.empty(), new SimdBackendProvider().whyUnusable());
    Backend backend = assertInstanceOf(SimdBackend.class, Backends.select("simd"));
    assertEquals(backend.name(), Backends.auto().name());
    String bits = System.getProperty(VectorWidth.PROPERTY);
    if (bits != null) {
      assertTrue(backend.description().startsWith(bits + "-bit"), backend.description());
    }
  }

  @Test
  void namesTheRemedyWithoutTheOptimisingCompiler() {
    assertEquals(Optional.empty(), whyNotOptimising("mixed mode, sharing", "-Xmx1g"));
    assertEquals(Optional.empty(), whyNotOptimising("mixed mode", "-XX:TieredStopAtLevel=4"));
    assertEquals(Optional.empty(), whyNotOptimising("mixed mode", "-XX:TieredStopAtLevel=x"));
    assertTrue(whyNotOptimising("interpreted mode").orElseThrow().contains("without -Xint"));
    assertTrue(
        whyNotOptimising("mixed mode", "-XX:TieredStopAtLevel=3")
            .orElseThrow()
            .contains("without -XX:TieredStopAtLevel=3"));
    assertTrue(
        whyNotOptimising("mixed mode", "-XX:-UseCompiler")
            .orElseThrow()
            .contains("without -XX:-UseCompiler"));
    assertTrue(
        whyNotOptimising("mixed mode", "-XX:-UseFMA")
            .orElseThrow()
            .contains("without -XX:-UseFMA"));
    assertTrue(
        whyNotOptimising("mixed mode, emulated-client")
            .orElseThrow()
            .contains("-XX:CompilationMode"));
  }

  @Test
  void namesTheRemedyForNarrowVectors() {
    assertEquals(Optional.empty(), VirtualMachine.whyTooNarrow(256, "amd64"));
    assertEquals(Optional.empty(), VirtualMachine.whyTooNarrow(128, "aarch64"));
    assertTrue(VirtualMachine.whyTooNarrow(128, "amd64").orElseThrow().contains("AVX2"));
    assertTrue(VirtualMachine.whyTooNarrow(64, "aarch64").orElseThrow().contains("128"));
  }

  @Test
  void refusesAWidthThatIsNone() {
    assertEquals(0, VectorWidth.parse(null));
    assertEquals(512, VectorWidth.parse("512"));
    for (String wrong : new String[] {"", "avx2", "1024", "0256", " 256"}) {
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> VectorWidth.parse(wrong));
      assertTrue(thrown.getMessage().contains("64, 128, 256 or 512, was"), thrown.getMessage());
    }
  }
}
