package io.github.convbasis.inference.npy;

import java.util.Arrays;

/**
 * A strict parser of the Python dictionary that a {@code .npy} header is: the keys {@code descr},
 * {@code fortran_order} and {@code shape}, once each and in any order.
 */
final class HeaderParser {
  /** NumPy arrays have no more dimensions than this. */
  static final int MOST_DIMENSIONS = 64;

  private final String file;
  private final String text;
  private int at;

  private StoredType type;
  private Boolean fortranOrder;
  private int[] shape;

  private HeaderParser(String file, String text) {
    this.file = file;
    this.text = text;
  }

  /** Parses the text of a header. */
  static HeaderParser parse(String file, String text) throws NpyFormatException {
    HeaderParser parser = new HeaderParser(file, text);
    parser.dictionary();
    return parser;
  }

  StoredType type() {
    return type;
  }

  boolean fortranOrder() {
    return fortranOrder;
  }

  int[] shape() {
    return shape;
  }

  private void dictionary() throws NpyFormatException {
    expect('{');
    while (!accept('}')) {
      String key = string("a key");
      expect(':');
      value(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skipSpace();
    if (at < text.length()) {
      throw unexpected("the end of the header");
    }
    require("descr", type);
    require("fortran_order", fortranOrder);
    require("shape", shape);
  }

  private void value(String key) throws NpyFormatException {
    switch (key) {
      case "descr" -> {
        refuseDuplicate(key, type);
        type = elementType();
      }
      case "fortran_order" -> {
        refuseDuplicate(key, fortranOrder);
        fortranOrder = bool();
      }
      case "shape" -> {
        refuseDuplicate(key, shape);
        shape = tuple();
      }
      default ->
          throw fault(
              "unknown key '"
                  + FileErrors.shortened(key)
                  + "', expected descr, fortran_order and shape");
    }
  }

  private StoredType elementType() throws NpyFormatException {
    skipSpace();
    if (at < text.length() && (text.charAt(at) == '[' || text.charAt(at) == '(')) {
      int end = text.indexOf(']', at) + 1;
      throw StoredType.structured(file, end > 0 ? text.substring(at, end) : text.substring(at));
    }
    return StoredType.of(file, string("an element type"));
  }

  private String string(String what) throws NpyFormatException {
    skipSpace();
    char quote = at < text.length() ? text.charAt(at) : ' ';
    if (quote != '\'' && quote != '"') {
      throw unexpected(what + " in quotes");
    }
    int end = text.indexOf(quote, at + 1);
    if (end < 0) {
      throw fault("the string that starts at character " + at + " has no end");
    }
    String value = text.substring(at + 1, end);
    // An escape could hide a quote or another key, and NumPy writes none for the types read here.
    if (value.indexOf('\\') >= 0 || value.indexOf('\n') >= 0) {
      throw fault("escape or line break in the string '" + FileErrors.shortened(value) + "'");
    }
    at = end + 1;
    return value;
  }

  private Boolean bool() throws NpyFormatException {
    skipSpace();
    boolean value = text.startsWith("True", at);
    if (!value && !text.startsWith("False", at)) {
      throw unexpected("True or False");
    }
    at += value ? 4 : 5;
    return value;
  }

  private int[] tuple() throws NpyFormatException {
    expect('(');
    int[] dimensions = new int[MOST_DIMENSIONS];
    int count = 0;
    boolean comma = true;
    while (!accept(')')) {
      if (!comma) {
        throw unexpected("',' or ')'");
      }
      if (count == MOST_DIMENSIONS) {
        throw fault("more than " + MOST_DIMENSIONS + " dimensions");
      }
      dimensions[count++] = dimension();
      comma = accept(',');
    }
    if (count == 1 && !comma) {
      throw fault(
          "shape (" + dimensions[0] + ") is not a tuple, expected (" + dimensions[0] + ",)");
    }
    return Arrays.copyOf(dimensions, count);
  }

  private int dimension() throws NpyFormatException {
    skipSpace();
    int start = at;
    if (at < text.length() && text.charAt(at) == '-') {
      at++;
    }
    int digits = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    String number = text.substring(start, at);
    if (at == digits) {
      at = start;
      throw unexpected("a dimension");
    }
    if (start < digits) {
      throw fault("negative dimension " + FileErrors.shortened(number));
    }
    if (number.length() > 1 && number.charAt(0) == '0') {
      throw fault("leading zero in dimension " + FileErrors.shortened(number));
    }
    // Ten digits always fit a long, so parsing cannot fail.
    if (number.length() > 10 || Long.parseLong(number) > Integer.MAX_VALUE) {
      throw fault(
          "dimension "
              + FileErrors.shortened(number)
              + " is too large, expected at most "
              + Integer.MAX_VALUE);
    }
    return Integer.parseInt(number);
  }

  private boolean accept(char c) {
    skipSpace();
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(char c) throws NpyFormatException {
    if (!accept(c)) {
      throw unexpected("'" + c + "'");
    }
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n\f".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private void refuseDuplicate(String key, Object earlier) throws NpyFormatException {
    if (earlier != null) {
      throw fault("key '" + key + "' stands there twice");
    }
  }

  private void require(String key, Object value) throws NpyFormatException {
    if (value == null) {
      throw fault("key '" + key + "' is missing");
    }
  }

  private NpyFormatException unexpected(String wanted) {
    String found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
    return fault("expected " + wanted + " at character " + at + ", found " + found);
  }

  private NpyFormatException fault(String reason) {
    return new NpyFormatException(file, "malformed header: " + reason);
  }
}
