package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What sources do not show: rules on the compiled methods of this module. */
class BytecodeTest {
  /** HotSpot leaves longer methods to the interpreter. */
  private static final int HUGE_METHOD_LIMIT = 8_000;

  /** Of floats they depend on the order, which {@code reduceLanes} leaves open. */
  private static final Set<String> ORDERED = Set.of("ADD", "MUL");

  @Test
  void everyMethodIsShortEnoughToBeCompiled() throws IOException, URISyntaxException {
    forEachMethod(
        (name, code) -> {
          int length = ((CodeAttribute) code).codeLength();
          assertTrue(length < HUGE_METHOD_LIMIT, () -> name + " has " + length + " bytecodes");
        });
  }

  /** Otherwise a result changes its bits when its loop is compiled. */
  @Test
  void noSumOfLanesLeavesItsOrderOpen() throws IOException, URISyntaxException {
    forEachMethod(
        (name, code) -> {
          String field = "";
          for (CodeElement element : code) {
            if (element instanceof FieldInstruction access) {
              field = access.name().stringValue();
            } else if (element instanceof InvokeInstruction call
                && call.name().equalsString("reduceLanes")) {
              assertFalse(ORDERED.contains(field), name + " reduces lanes by " + field);
            }
          }
        });
  }

  private static void forEachMethod(BiConsumer<String, CodeModel> check)
      throws IOException, URISyntaxException {
    Path classes =
        Path.of(SimdBackend.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Path> files;
    try (Stream<Path> all = Files.walk(classes)) {
      files = all.filter(file -> file.toString().endsWith(".class")).toList();
    }
    assertTrue(files.size() > 50, files.size() + " classes in " + classes);
    for (Path file : files) {
      for (MethodModel method : ClassFile.of().parse(file).methods()) {
        String name = classes.relativize(file) + ", " + method.methodName().stringValue();
        method.code().ifPresent(code -> check.accept(name, code));
      }
    }
  }
}
