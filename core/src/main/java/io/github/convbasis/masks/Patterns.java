package io.github.convbasis.masks;

/** Lines of a mask, rows or columns, by class. Immutable. */
final class Patterns {
  private final int[] classes;
  private final boolean[][] patterns;

  Patterns(int[] classes, boolean[][] patterns) {
    this.classes = classes.clone();
    this.patterns = new boolean[patterns.length][];
    for (int c = 0; c < patterns.length; c++) {
      if (patterns[c].length != classes.length) {
        throw new IllegalArgumentException(
            String.format(
                "patterns[%d] must have %d entries like classes, was %d",
                c, classes.length, patterns[c].length));
      }
      this.patterns[c] = patterns[c].clone();
    }
    for (int line = 0; line < classes.length; line++) {
      if (classes[line] < 0 || classes[line] >= patterns.length) {
        throw new IllegalArgumentException(
            String.format(
                "classes[%d] must be between 0 and %d, was %d",
                line, patterns.length - 1, classes[line]));
      }
    }
  }

  int count() {
    return patterns.length;
  }

  int classOf(int line) {
    return classes[line];
  }

  boolean entry(int patternClass, int at) {
    return patterns[patternClass][at];
  }

  boolean holds(int line, int at) {
    return patterns[classes[line]][at];
  }
}
