package io.github.convbasis.inference.model;

import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;

/**
 * How a model changes the frequencies {@code base^(-2m/d)} of its rotary embedding to read further
 * than it was trained at first.
 *
 * @param kind which rule
 * @param factor by how much low frequencies are divided, at least 1; 1 for {@link Kind#NONE}
 * @param lowFrequencyFactor {@link Kind#LLAMA3}: wavelengths above the original length over this
 *     are divided
 * @param highFrequencyFactor {@link Kind#LLAMA3}: wavelengths below the original length over this
 *     stay
 * @param originalLength {@link Kind#LLAMA3}: context length of the first training
 */
public record RopeScaling(
    Kind kind,
    double factor,
    double lowFrequencyFactor,
    double highFrequencyFactor,
    int originalLength) {
  /** No scaling. */
  public static final RopeScaling NONE = new RopeScaling(Kind.NONE, 1, 1, 1, 1);

  /** The rules that are known. */
  public enum Kind {
    /** Frequencies stay. */
    NONE,
    /** Every frequency is divided by the factor. */
    LINEAR,
    /** Low frequencies are divided, high ones stay, and those between are interpolated. */
    LLAMA3
  }

  /**
   * Reads the object {@code rope_scaling}, or {@code rope_parameters} of newer files.
   *
   * @param fields of that object
   * @return the rule
   * @throws FileFormatException naming the field and its value, if the rule is another one
   */
  static RopeScaling read(JsonFields fields) throws FileFormatException {
    String typeField = fields.has("rope_type") || !fields.has("type") ? "rope_type" : "type";
    requireFullRotation(fields);
    switch (fields.text(typeField)) {
      case "default":
        return NONE;
      case "linear":
        return new RopeScaling(Kind.LINEAR, factor(fields), 1, 1, 1);
      case "llama3":
        double low = fields.positiveNumber("low_freq_factor");
        double high = fields.positiveNumber("high_freq_factor");
        if (!(high > low)) {
          throw fields.fault("high_freq_factor", "must exceed low_freq_factor " + low);
        }
        int length = fields.positiveInt("original_max_position_embeddings");
        return new RopeScaling(Kind.LLAMA3, factor(fields), low, high, length);
      default:
        throw fields.fault(typeField, "must be default, linear or llama3");
    }
  }

  /**
   * Refuses models that rotate a part of each row only.
   *
   * @throws FileFormatException naming the field and its value
   */
  static void requireFullRotation(JsonFields fields) throws FileFormatException {
    if (fields.has("partial_rotary_factor") && fields.number("partial_rotary_factor") != 1) {
      throw fields.fault("partial_rotary_factor", "must be 1");
    }
  }

  private static double factor(JsonFields fields) throws FileFormatException {
    double factor = fields.positiveNumber("factor");
    if (factor < 1) {
      throw fields.fault("factor", "must be at least 1");
    }
    return factor;
  }

  /**
   * Computes the angle by which each pair turns from one position to the next.
   *
   * @param base of the rotary embedding
   * @param width d, even
   * @return d/2 angles, in double
   */
  double[] frequencies(double base, int width) {
    double[] frequencies = new double[width / 2];
    for (int m = 0; m < frequencies.length; m++) {
      double plain = Math.pow(base, -2.0 * m / width);
      frequencies[m] =
          switch (kind) {
            case NONE -> plain;
            case LINEAR -> plain / factor;
            case LLAMA3 -> interpolated(plain);
          };
    }
    return frequencies;
  }

  private double interpolated(double frequency) {
    // How often the pair turns round within the original length.
    double turns = originalLength * frequency / (2 * Math.PI);
    double kept = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    double share = Math.max(0, Math.min(1, kept));
    return share * frequency + (1 - share) * frequency / factor;
  }
}
