package io.github.convbasis.simd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Judges whether this virtual machine turns vectors into vector instructions: without the
 * optimising compiler they are about 500 times slower than scalar code, without fused multiply-add
 * hardware not much faster.
 *
 * <p>Mentions no vector type. Stateless and thread-safe.
 */
final class VirtualMachine {
  private static final String TIER_LIMIT = "-XX:TieredStopAtLevel=";
  private static final int OPTIMISING_TIER = 4;

  private VirtualMachine() {}

  /**
   * Says why the optimising compiler is absent.
   *
   * @param info the system property {@code java.vm.info}
   * @param options options of the virtual machine as far as they can be seen
   * @return the reason and the remedy, or empty
   */
  static Optional<String> whyNotOptimising(String info, List<String> options) {
    if (info.contains("interpreted")) {
      return Optional.of("java only interprets; start it without -Xint");
    }
    // HotSpot says "emulated-client" for level 1 only, so levels 0, 2 and 3 are read from options.
    for (String option : options) {
      if (option.startsWith(TIER_LIMIT) && tier(option) < OPTIMISING_TIER) {
        return withoutOptimiser("without " + option);
      }
      if (option.equals("-XX:-UseFMA")) {
        return Optional.of(
            "fused multiply-add is switched off, and emulated it is far slower; start java"
                + " without -XX:-UseFMA");
      }
      if (option.equals("-XX:-UseCompiler")) {
        return withoutOptimiser("without " + option);
      }
    }
    if (info.contains("emulated-client")) {
      return withoutOptimiser(
          "with " + TIER_LIMIT + OPTIMISING_TIER + " or without -XX:CompilationMode=quick-only");
    }
    return Optional.empty();
  }

  private static Optional<String> withoutOptimiser(String remedy) {
    return Optional.of("the optimising compiler C2 is switched off; start java " + remedy);
  }

  private static int tier(String option) {
    try {
      return Integer.parseInt(option.substring(TIER_LIMIT.length()));
    } catch (NumberFormatException e) {
      return OPTIMISING_TIER;
    }
  }

  /**
   * Says why the vectors of the machine are too narrow. Fused multiply-add comes with AVX2 on x86
   * and is always there on ARM; emulated, it would be far slower than the scalar backend.
   *
   * @param bits preferred width of a vector
   * @param architecture the system property {@code os.arch}
   * @return the reason and the remedy, or empty
   */
  static Optional<String> whyTooNarrow(int bits, String architecture) {
    boolean x86 = architecture.equals("amd64") || architecture.equals("x86_64");
    int least = x86 ? 256 : 128;
    if (bits >= least) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            "vectors are %d bits wide and must be %d on %s; use a machine with %s, or start java"
                + " without -XX:UseAVX and -XX:MaxVectorSize",
            bits, least, architecture, x86 ? "AVX2" : "128-bit vectors"));
  }

  /**
   * Returns the options of the command line and of the variables that java reads; empty where the
   * system does not tell.
   *
   * @return options in the order in which they take effect
   */
  static List<String> options() {
    List<String> options = new ArrayList<>();
    for (String variable : new String[] {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"}) {
      String value = System.getenv(variable);
      if (value != null) {
        options.addAll(Arrays.asList(value.trim().split("\\s+")));
      }
    }
    ProcessHandle.current()
        .info()
        .arguments()
        .ifPresent(arguments -> options.addAll(Arrays.asList(arguments)));
    return options;
  }
}
