package io.github.convbasis.simd.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.AttentionMask;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.simd.Allocations;
import io.github.convbasis.simd.Lanes;
import io.github.convbasis.simd.Samples;
import io.github.convbasis.simd.Samples.Layout;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HotPathTest {
  private static final int FREQUENT_INLINE_SIZE = 325;
  private static final Class<?>[] KERNELS = {
    LogitRow.class,
    LogitTile.class,
    SoftmaxTile.class,
    Transposition.class,
    ValueRow.class,
    ValueTile.class
  };

  @Test
  void allocatesNothingOnceCompiled() {
    Allocations.assumeVectorsInHardware();
    int depth = Lanes.COUNT + 3;
    int width = 2 * Lanes.COUNT + 1;
    AttentionInputs inputs =
        Samples.inputs(12, Layout.DENSE, true, 3, 1, 34, 34, depth, width, AttentionMask.CAUSAL);
    HeadTensor output = HeadTensor.allocate(true, 3, 34, width);
    AttentionScratch scratch = AttentionScratch.of(inputs);
    allocatesNothing(() -> ExactAttentionKernel.attendGroup(inputs, 0, 0, 34, output, scratch));
    for (int size : new int[] {1, FewRowsAttention.MOST_ROWS}) {
      AttentionInputs decoding =
          Samples.inputs(
              13, Layout.DENSE, true, size, 1, 1, 500, depth, width, AttentionMask.CAUSAL_CHUNK);
      HeadTensor row = HeadTensor.allocate(true, size, 1, width);
      allocatesNothing(() -> ExactAttentionKernel.attendGroup(decoding, 0, 0, 1, row, scratch));
    }
    float[] numerators = new float[30 * width];
    double[] shifts = new double[30];
    double[] sums = new double[30];
    allocatesNothing(
        () -> ExactAttentionKernel.partial(inputs, 2, 4, 34, 3, numerators, shifts, sums, scratch));
    int[] keys = {0, 1, 2, 20};
    double[][] targets = new double[keys.length][34];
    LogitScratch logitScratch = new LogitScratch(depth, keys.length);
    allocatesNothing(
        () -> LogitColumnsKernel.compute(inputs, 1, keys, 2, 34, targets, logitScratch));
  }

  private static void allocatesNothing(Runnable call) {
    Allocations.requireAtMost(0, "once compiled", call);
  }

  @Test
  void kernelsAreTooLongToBeInlined() throws IOException {
    Set<String> loops =
        Set.of(
            "LogitRow.one",
            "LogitRow.four",
            "LogitTile.compute",
            "SoftmaxTile.raise",
            "SoftmaxTile.weigh",
            "Transposition.first",
            "Transposition.lastOfFour",
            "Transposition.lastOfTwo",
            "ValueRow.accumulate",
            "ValueTile.accumulate");
    int seen = 0;
    for (Class<?> kernel : KERNELS) {
      try (InputStream in = kernel.getResourceAsStream(kernel.getSimpleName() + ".class")) {
        ClassModel model = ClassFile.of().parse(in.readAllBytes());
        for (MethodModel method : model.methods()) {
          CodeModel code = method.code().orElseThrow();
          int length = ((CodeAttribute) code).codeLength();
          String name = kernel.getSimpleName() + "." + method.methodName().stringValue();
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
