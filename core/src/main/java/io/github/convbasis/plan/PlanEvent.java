package io.github.convbasis.plan;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The choice of one head's plan. */
@Name("convbasis.Plan")
@Label("Plan")
@Category("Conv-Basis")
@StackTrace(false)
final class PlanEvent extends Event {
  @Label("Head")
  int head;

  @Label("Rows")
  int rows;

  @Label("Tolerance")
  double tolerance;

  @Label("Plan")
  String plan;

  @Label("Predicted cost")
  double predictedCost;

  @Label("Predicted error")
  double predictedError;

  void record(int queryHead, double asked, AttentionPlan chosen) {
    if (shouldCommit()) {
      head = queryHead;
      rows = chosen.rows();
      tolerance = asked;
      plan = chosen.toString();
      predictedCost = chosen.predictedCost();
      predictedError = chosen.predictedError();
      commit();
    }
  }
}
