package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.npy.AtomicBatch;
import io.github.convbasis.inference.npy.FileErrors;
import io.github.convbasis.inference.plan.PlanFile;
import io.github.convbasis.inference.plan.TilePicture;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.plan.AttentionPlan;
import io.github.convbasis.plan.HeadReport;
import io.github.convbasis.plan.PlannedAttention;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Attends at a tolerance, and reads and writes the plans of it. Files in the way are found before
 * the work; those of one directory appear all or not at all. Mutable: one thread.
 */
final class PlannedAttend implements AutoCloseable {
  private static final Pattern PLAN_NAME = Pattern.compile("head(0|[1-9][0-9]*)\\.json");

  private final AttentionInputs inputs;
  private final PlannedAttention attention;
  private final HeadFiles plans;
  private final HeadFiles pictures;

  private PlannedAttend(
      AttentionInputs inputs, PlannedAttention attention, HeadFiles plans, HeadFiles pictures) {
    this.inputs = inputs;
    this.attention = attention;
    this.plans = plans;
    this.pictures = pictures;
  }

  /**
   * Reads earlier plans and announces the files to write.
   *
   * @throws InputException naming the option and the file, if there is not one plan for each query
   *     head, one is malformed, or a file to write exists
   */
  static PlannedAttend open(PlanOptions options, AttentionInputs inputs, Backend backend, long seed)
      throws IOException {
    int heads = inputs.queries().heads();
    PlannedAttention attention = PlannedAttention.of(options.planner(backend)).withSeed(seed);
    if (options.planIn() != null) {
      attention = attention.withPlans(read(options.planIn(), heads));
    }
    HeadFiles plans = HeadFiles.open("--plan-out", options.planOut(), heads, ".json");
    try {
      HeadFiles pictures = HeadFiles.open("--plot", options.plot(), heads, ".png");
      return new PlannedAttend(inputs, attention, plans, pictures);
    } catch (IOException | InputException e) {
      plans.close();
      throw e;
    }
  }

  private static List<AttentionPlan> read(Path directory, int heads) {
    try {
      long found = count(directory);
      if (found != heads) {
        throw new InputException(
            String.format(
                "--plan-in %s: must hold a plan head0.json … for each of the %d query heads,"
                    + " holds %d",
                FileErrors.name(directory), heads, found));
      }
      List<AttentionPlan> plans = new ArrayList<>();
      for (int head = 0; head < heads; head++) {
        plans.add(PlanFile.read(directory.resolve(HeadFiles.name(head, ".json"))));
      }
      return plans;
    } catch (IOException e) {
      throw new InputException("--plan-in " + e.getMessage(), e);
    }
  }

  private static long count(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(f -> PLAN_NAME.matcher(f.getFileName().toString()).matches()).count();
    } catch (NotDirectoryException e) {
      throw FileErrors.of(directory, "is not a directory");
    } catch (IOException e) {
      throw FileErrors.naming(directory, e);
    }
  }

  /** Attends all heads. */
  List<HeadReport> attend(HeadTensor result, Parallelism parallelism) {
    try (Progress progress = Progress.of("attend", inputs.queries().heads())) {
      return attention.forward(inputs, result, parallelism.reporting(progress::step));
    }
  }

  /** Writes plans and pictures to where they wait for the commit. */
  void write(List<HeadReport> reports) throws IOException {
    for (HeadReport report : reports) {
      AttentionPlan plan = report.plan();
      if (plans.isAsked()) {
        PlanFile.write(plans.file(report.head()), plan);
      }
      if (pictures.isAsked()) {
        TilePicture.write(pictures.file(report.head()), plan.map(), plan.exactColumns());
      }
    }
  }

  /** Lets plans and pictures appear. */
  void commit() throws IOException {
    plans.commit();
    pictures.commit();
  }

  /** Deletes what was written, unless it was committed. */
  @Override
  public void close() throws IOException {
    try {
      pictures.close();
    } finally {
      plans.close();
    }
  }

  /** One new file for each head in a directory, or none at all if there is no directory. */
  private static final class HeadFiles implements AutoCloseable {
    private final AtomicBatch batch;
    private final List<Path> files = new ArrayList<>();

    private HeadFiles(AtomicBatch batch) {
      this.batch = batch;
    }

    static HeadFiles open(String option, Path directory, int heads, String ending)
        throws IOException {
      if (directory == null) {
        return new HeadFiles(null);
      }
      AtomicBatch batch = null;
      try {
        batch = AtomicBatch.open(directory);
        HeadFiles opened = new HeadFiles(batch);
        for (int head = 0; head < heads; head++) {
          opened.files.add(batch.add(name(head, ending)));
        }
        return opened;
      } catch (IOException e) {
        if (batch != null) {
          batch.close();
        }
        throw new InputException(option + " " + e.getMessage(), e);
      }
    }

    static String name(int head, String ending) {
      return "head" + head + ending;
    }

    boolean isAsked() {
      return batch != null;
    }

    Path file(int head) {
      return files.get(head);
    }

    void commit() throws IOException {
      if (batch != null) {
        batch.commit();
      }
    }

    @Override
    public void close() throws IOException {
      if (batch != null) {
        batch.close();
      }
    }
  }
}
