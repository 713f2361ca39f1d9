package io.github.convbasis.inference.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.json.JsonFields;
import io.github.convbasis.inference.npy.AtomicFile;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.KernelFit;
import io.github.convbasis.plan.KernelPlan;
import io.github.convbasis.plan.TileRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes an attention plan as a JSON file and reads it back, exactly.
 *
 * <p>The format has a version, {@value #VERSION}; the tiles are as {@link TileMapJson} has them. A
 * file appears whole or not at all. Faults of a file are a {@link FileFormatException} of one line
 * that names the file, the field and its value. Stateless and thread-safe.
 */
public final class PlanFile {
  /** Version of the format. */
  public static final int VERSION = 1;

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int LONGEST_FILE = 1 << 28;

  private PlanFile() {}

  /**
   * Writes a plan.
   *
   * @param file the file to make or to replace
   * @param plan what to write
   * @throws IOException if it cannot be written; what was there before is then as it was
   */
  public static void write(Path file, AttentionPlan plan) throws IOException {
    try (AtomicFile target = AtomicFile.open(file)) {
      target.stream().write(MAPPER.writeValueAsBytes(tree(plan)));
      target.stream().write('\n');
      target.commit();
    }
  }

  /**
   * Makes the JSON of a plan.
   *
   * @param plan the plan
   * @return a new object
   */
  public static ObjectNode tree(AttentionPlan plan) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", VERSION);
    root.put("reason", plan.reason());
    root.put("most_rank_one_share", plan.mostRankOneShare());
    root.put("tolerance", plan.tolerance());
    root.put("predicted_cost", plan.predictedCost());
    if (Double.isNaN(plan.predictedError())) {
      root.putNull("predicted_error");
    } else if (Double.isInfinite(plan.predictedError())) {
      root.put("predicted_error", "infinite");
    } else {
      root.put("predicted_error", plan.predictedError());
    }
    if (plan.rule() != null) {
      ObjectNode rule = root.putObject("rule");
      rule.put("exact_above", plan.rule().exactAbove());
      rule.put("negligible_below", plan.rule().negligibleBelow());
    }
    add(root, "exact_columns", plan.exactColumns());
    if (plan.kernels() != null) {
      ObjectNode kernels = root.putObject("kernels");
      kernels.put("fit", word(plan.kernels().fit()));
      add(kernels, "starts", plan.kernels().starts());
      add(kernels, "kernel_of", plan.kernels().kernelOf());
    }
    TileMapJson.write(plan.map(), root.putObject("map"));
    return root;
  }

  private static void add(ObjectNode node, String name, int[] numbers) {
    ArrayNode array = node.putArray(name);
    for (int number : numbers) {
      array.add(number);
    }
  }

  private static String word(KernelFit fit) {
    return fit.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Reads a plan.
   *
   * @param file a file that {@link #write} made
   * @return the same plan
   * @throws FileFormatException if it is of another version, or malformed
   * @throws IOException if it cannot be read
   */
  public static AttentionPlan read(Path file) throws IOException {
    return of(JsonFields.read(file, LONGEST_FILE));
  }

  static AttentionPlan of(JsonFields fields) throws FileFormatException {
    if (fields.positiveInt("version") != VERSION) {
      throw fields.fault("version", "must be " + VERSION);
    }
    TileMap map = TileMapJson.read(fields.object("map"));
    KernelPlan kernels = fields.has("kernels") ? kernels(fields.object("kernels")) : null;
    int[] exactColumns = wholeNumbers(fields, "exact_columns");
    TileRule rule = fields.has("rule") ? rule(fields.object("rule")) : null;
    try {
      return new AttentionPlan(
          map,
          rule,
          exactColumns,
          kernels,
          fields.number("most_rank_one_share"),
          fields.number("tolerance"),
          fields.number("predicted_cost"),
          predictedError(fields),
          fields.text("reason"));
    } catch (IllegalArgumentException e) {
      throw new FileFormatException(fields.file(), e.getMessage(), e);
    }
  }

  private static TileRule rule(JsonFields fields) throws FileFormatException {
    double exactAbove = fields.number("exact_above");
    double negligibleBelow = fields.number("negligible_below");
    // Here, where the value can be shown under the name it has in the file.
    if (!(exactAbove >= 0 && exactAbove <= 1)) {
      throw fields.fault("exact_above", "must be between 0 and 1");
    }
    if (!(negligibleBelow >= 0 && negligibleBelow <= exactAbove)) {
      throw fields.fault("negligible_below", "must be between 0 and exact_above = " + exactAbove);
    }
    return new TileRule(exactAbove, negligibleBelow);
  }

  private static double predictedError(JsonFields fields) throws FileFormatException {
    if (!fields.has("predicted_error")) {
      return Double.NaN;
    }
    boolean infinite = fields.value("predicted_error").asText().equals("infinite");
    return infinite ? Double.POSITIVE_INFINITY : fields.number("predicted_error");
  }

  private static KernelPlan kernels(JsonFields fields) throws FileFormatException {
    int[] starts = wholeNumbers(fields, "starts");
    int[] kernelOf = wholeNumbers(fields, "kernel_of");
    try {
      return new KernelPlan(starts, kernelOf, fit(fields));
    } catch (IllegalArgumentException e) {
      throw new FileFormatException(fields.file(), "field kernels: " + e.getMessage(), e);
    }
  }

  private static KernelFit fit(JsonFields fields) throws FileFormatException {
    String text = fields.text("fit");
    for (KernelFit fit : KernelFit.values()) {
      if (word(fit).equals(text)) {
        return fit;
      }
    }
    throw fields.fault("fit", "must be sampled-column, diagonal-means or offsets");
  }

  private static int[] wholeNumbers(JsonFields fields, String name) throws FileFormatException {
    JsonNode array = fields.value(name);
    if (!array.isArray()) {
      throw fields.fault(name, "must be a list of whole numbers");
    }
    int[] numbers = new int[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!array.get(i).isIntegralNumber() || !array.get(i).canConvertToInt()) {
        throw fields.fault(name, "must be a list of whole numbers");
      }
      numbers[i] = array.get(i).intValue();
    }
    return numbers;
  }
}
