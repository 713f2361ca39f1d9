package io.github.convbasis.plan;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The tiles and transforms of one head. */
@Name("convbasis.Run")
@Label("Tiles and transforms")
@Category("Conv-Basis")
@StackTrace(false)
final class RunEvent extends Event {
  @Label("Head")
  int head;

  @Label("Rows")
  int rows;

  @Label("Exact share")
  double exactShare;

  void record(int queryHead, int n, double share) {
    if (shouldCommit()) {
      head = queryHead;
      rows = n;
      exactShare = share;
      commit();
    }
  }
}
