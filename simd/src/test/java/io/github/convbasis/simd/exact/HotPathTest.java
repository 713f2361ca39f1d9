package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.management.ManagementFactory;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class HotPathTest {
  private static final int WARM_UP = 20_000;
  private static final int FREQUENT_INLINE_SIZE = 325;
  private static final int HUGE_METHOD_LIMIT = 8_000;

  @Test
  void allocatesNothingOnceCompiled() {
    // Of other widths the machine, or the compiler, lacks instructions, and vectors are objects.
    int bits = Lanes.FLOATS.vectorBitSize();
    assumeTrue(bits >= 128 && bits <= FloatVector.SPECIES_PREFERRED.vectorBitSize());
    AttentionInputs inputs = Samples.causal(12, 100, 5, 7, 1);
    HeadTensor output = HeadTensor.allocate(true, 1, 100, 7);
    AttentionScratch scratch = AttentionScratch.of(inputs);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Compilation runs in the background, so it is waited for: some call allocates nothing.
    long least = Long.MAX_VALUE;
    for (int i = 0; i < WARM_UP && least > 0; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      ExactAttentionKernel.attend(inputs, 0, 0, 100, output, scratch);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, least);
  }

  @Test
  void kernelsAreTooLongToBeInlinedAndShortEnoughToBeCompiled() throws IOException {
    Set<String> loops = Set.of("compute", "raise", "weigh", "accumulate");
    int seen = 0;
    for (Class<?> kernel : new Class<?>[] {LogitTile.class, SoftmaxTile.class, ValueTile.class}) {
      try (InputStream in = kernel.getResourceAsStream(kernel.getSimpleName() + ".class")) {
        ClassModel model = ClassFile.of().parse(in.readAllBytes());
        for (MethodModel method : model.methods()) {
          CodeModel code = method.code().orElseThrow();
          int length = ((CodeAttribute) code).codeLength();
          String name = method.methodName().stringValue();
          assertTrue(length < HUGE_METHOD_LIMIT, name + " has " + length + " bytecodes");
          if (loops.contains(name)) {
            assertTrue(length > FREQUENT_INLINE_SIZE, name + " has " + length + " bytecodes");
            seen++;
          }
        }
      }
    }
    assertEquals(loops.size(), seen);
  }
}
