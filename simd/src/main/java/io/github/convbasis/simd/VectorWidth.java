package io.github.convbasis.simd;

/**
 * Reads the system property that overrides the width of vectors. Mentions no vector type, so that
 * it loads without the incubator module. Stateless and thread-safe.
 */
final class VectorWidth {
  /** The property: 64, 128, 256 or 512; absent means what the machine prefers. */
  static final String PROPERTY = "convbasis.simd.bits";

  private VectorWidth() {}

  /**
   * Returns the width asked for.
   *
   * @return bits, or 0 if the machine shall choose
   * @throws IllegalArgumentException if the property is none of the four widths
   */
  static int requested() {
    return parse(System.getProperty(PROPERTY));
  }

  static int parse(String value) {
    if (value == null) {
      return 0;
    }
    switch (value) {
      case "64":
      case "128":
      case "256":
      case "512":
        return Integer.parseInt(value);
      default:
        throw new IllegalArgumentException(
            PROPERTY + " must be 64, 128, 256 or 512, was \"" + value + "\"");
    }
  }
}
