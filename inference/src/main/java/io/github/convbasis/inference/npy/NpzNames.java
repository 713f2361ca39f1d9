package io.github.convbasis.inference.npy;

/** Which names the arrays of an archive may have. */
final class NpzNames {
  /** What the name of every member ends in. */
  static final String SUFFIX = ".npy";

  /** Longer names would let the directory of an archive grow out of proportion. */
  static final int LONGEST = 255;

  private NpzNames() {}

  /** Says what is wrong with the name of an array, or null if nothing is. */
  static String fault(String name) {
    if (name.isEmpty()) {
      return "is empty";
    }
    if (name.length() > LONGEST) {
      return "is " + name.length() + " characters long, expected at most " + LONGEST;
    }
    if (name.indexOf('/') >= 0 || name.indexOf('\\') >= 0) {
      return "has a path separator in it";
    }
    if (!FileErrors.printable(name).equals(name)) {
      return "has a control character in it";
    }
    return null;
  }
}
