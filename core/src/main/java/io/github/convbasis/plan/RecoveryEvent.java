package io.github.convbasis.plan;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The search for convolutions in one head. */
@Name("convbasis.Recovery")
@Label("Recovery")
@Category("Conv-Basis")
@StackTrace(false)
final class RecoveryEvent extends Event {
  @Label("Head")
  int head;

  @Label("Rows")
  int rows;

  @Label("Segments")
  int segments;

  @Label("Kernels")
  int kernels;

  @Label("Fit")
  String fit;

  @Label("Estimated error")
  double error;

  void record(int queryHead, int n, KernelPlan plan, double estimate) {
    if (shouldCommit()) {
      head = queryHead;
      rows = n;
      segments = plan.segments();
      kernels = plan.kernels();
      fit = plan.fit().name();
      error = estimate;
      commit();
    }
  }
}
