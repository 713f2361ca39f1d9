package io.github.convbasis.plan;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Rows of one head that were computed exactly, one by one. */
@Name("convbasis.ExactRows")
@Label("Exact rows")
@Category("Conv-Basis")
@StackTrace(false)
final class ExactRowsEvent extends Event {
  @Label("Head")
  int head;

  @Label("Rows")
  int rows;

  @Label("Reason")
  String reason;

  void record(int queryHead, int count, String why) {
    if (shouldCommit()) {
      head = queryHead;
      rows = count;
      reason = why;
      commit();
    }
  }
}
