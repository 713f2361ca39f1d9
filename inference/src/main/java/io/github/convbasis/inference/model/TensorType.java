package io.github.convbasis.inference.model;

/** The element types that a safetensors header may declare, and what they take in the file. */
enum TensorType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  BOOL(1),
  F8_E4M3(1),
  F8_E5M2(1);

  private final int bytes;

  TensorType(int bytes) {
    this.bytes = bytes;
  }

  int bytes() {
    return bytes;
  }

  /** Whether elements can be read as float32 without loss. */
  boolean isReadable() {
    return this == F32 || this == F16 || this == BF16;
  }

  /** Returns the type of this name, or null. */
  static TensorType of(String name) {
    for (TensorType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }
}
