package io.github.convbasis.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events that planning and running leave in a flight recording. */
class FlightRecorderTest {
  private static final double TOLERANCE = 0.1;

  @TempDir Path directory;

  /** Runs one head and returns its report; the events go to the list. */
  private HeadReport attend(AttentionInputs inputs, List<RecordedEvent> events) throws IOException {
    Path file = directory.resolve("events.jfr");
    HeadTensor output = HeadTensor.allocate(false, 1, inputs.rows(), inputs.values().width());
    Planner planner = Planner.of(Backends.scalar(), TOLERANCE).withMostOverhead(1000);
    HeadReport report;
    try (Recording recording = new Recording()) {
      for (String name : List.of("Plan", "Run", "ExactRows", "Recovery")) {
        recording.enable("convbasis." + name).withoutThreshold();
      }
      recording.start();
      report =
          PlannedAttention.of(planner).forward(inputs, output, Parallelism.sequential()).get(0);
      recording.stop();
      recording.dump(file);
    }
    events.addAll(RecordingFile.readAllEvents(file));
    return report;
  }

  private static List<RecordedEvent> named(String name, List<RecordedEvent> events) {
    return events.stream().filter(e -> e.getEventType().getName().equals(name)).toList();
  }

  private static RecordedEvent last(String name, List<RecordedEvent> events) {
    List<RecordedEvent> found = named(name, events);
    assertTrue(!found.isEmpty(), name + " is missing");
    RecordedEvent last = found.get(found.size() - 1);
    assertEquals(0, last.getInt("head"));
    return last;
  }

  private static void requireEvents(int n, HeadReport report, List<RecordedEvent> events) {
    RecordedEvent plan = last("convbasis.Plan", events);
    assertEquals(n, plan.getInt("rows"));
    assertEquals(TOLERANCE, plan.getDouble("tolerance"));
    assertEquals(report.plan().toString(), plan.getString("plan"));
    assertEquals(report.plan().predictedCost(), plan.getDouble("predictedCost"));
    assertEquals(report.plan().predictedError(), plan.getDouble("predictedError"));
    RecordedEvent run = last("convbasis.Run", events);
    assertEquals(n, run.getInt("rows"));
    assertEquals(report.exactShare(), run.getDouble("exactShare"));
    RecordedEvent exactRows = last("convbasis.ExactRows", events);
    assertEquals("certificate", exactRows.getString("reason"));
    assertEquals(report.certificate().sampledRows(), exactRows.getInt("rows"));
    List<RecordedEvent> all = named("convbasis.ExactRows", events);
    RecordedEvent untrusted = all.get(all.size() - 2);
    assertEquals("untrusted", untrusted.getString("reason"));
    assertEquals(report.exactRows(), untrusted.getInt("rows"));
  }

  @Test
  void tilesLeaveTheirPlanRunAndRows() throws IOException {
    int n = 1024;
    List<RecordedEvent> events = new ArrayList<>();
    HeadReport report = attend(PlanInputs.drifting(n, 3), events);
    assertNotNull(report.certificate(), report.toString());
    requireEvents(n, report, events);
  }

  @Test
  void convolutionsLeaveTheirRecovery() throws IOException {
    int n = 2048;
    List<RecordedEvent> events = new ArrayList<>();
    HeadReport report = attend(PlanInputs.segments(new int[n], 0, 3), events);
    assertNotNull(report.plan().kernels(), report.toString());
    requireEvents(n, report, events);
    RecordedEvent recovery = last("convbasis.Recovery", events);
    assertEquals(n, recovery.getInt("rows"));
    assertEquals(report.plan().kernels().segments(), recovery.getInt("segments"));
    assertEquals(report.plan().kernels().kernels(), recovery.getInt("kernels"));
    assertEquals(report.plan().kernels().fit().name(), recovery.getString("fit"));
    assertEquals(report.plan().predictedError(), recovery.getDouble("error"));
  }
}
