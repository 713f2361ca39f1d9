package io.github.convbasis.inference.npy;

import java.nio.ByteOrder;

/** The element types that are read from files, with the type each one becomes in memory. */
enum StoredType {
  F4("f4", 4, ElementType.FLOAT32),
  F8("f8", 8, ElementType.FLOAT64),
  I4("i4", 4, ElementType.INT64),
  I8("i8", 8, ElementType.INT64);

  private static final String REMEDY = "write little-endian float32 or float64 ('<f4', '<f8')";

  private final String code;
  private final int bytes;
  private final ElementType elementType;

  StoredType(String code, int bytes, ElementType elementType) {
    this.code = code;
    this.bytes = bytes;
    this.elementType = elementType;
  }

  /** Bytes for one element in the file. */
  int bytes() {
    return bytes;
  }

  /** The type that elements have once read. */
  ElementType elementType() {
    return elementType;
  }

  /** The type as a header spells it. */
  String descriptor() {
    return "<" + code;
  }

  /** The type that a header's {@code descr} names. */
  static StoredType of(String file, String descr) throws NpyFormatException {
    // '=' means the order of the machine that reads, so it is little-endian only on such a machine.
    boolean little =
        descr.startsWith("<")
            || descr.startsWith("=") && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    if (little) {
      for (StoredType type : values()) {
        if (type.code.equals(descr.substring(1))) {
          return type;
        }
      }
    }
    throw unsupported(file, "element type '" + FileErrors.shortened(descr) + "'" + remark(descr));
  }

  /** Refuses an element type that is a list of fields. */
  static NpyFormatException structured(String file, String descr) {
    return unsupported(file, "structured element type " + FileErrors.shortened(descr));
  }

  private static NpyFormatException unsupported(String file, String what) {
    return new NpyFormatException(file, what + " is not supported; " + REMEDY);
  }

  private static String remark(String descr) {
    String bare =
        descr.isEmpty() ? "" : descr.substring("<>=|".indexOf(descr.charAt(0)) < 0 ? 0 : 1);
    if (bare.startsWith("O")) {
      return " (Python objects, stored as a pickle)";
    }
    if (bare.startsWith("V")) {
      return " (structured or raw bytes)";
    }
    return "";
  }
}
