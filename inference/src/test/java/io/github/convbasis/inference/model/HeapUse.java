package io.github.convbasis.inference.model;

import java.lang.reflect.Method;

/** How much heap a thread takes. */
final class HeapUse {
  /** No small file may cost more heap than this, whatever it declares. */
  static final long MOST_ALLOCATED = 4L << 20;

  private HeapUse() {}

  /**
   * Bytes this thread has ever taken; by reflection, as the module does not read java.management.
   */
  static long allocated() throws ReflectiveOperationException {
    Object threads =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    Method allocated =
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getCurrentThreadAllocatedBytes");
    return (Long) allocated.invoke(threads);
  }
}
