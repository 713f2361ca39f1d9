package io.github.convbasis.simd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MethodSizesTest {
  /** HotSpot leaves longer methods to the interpreter. */
  private static final int HUGE_METHOD_LIMIT = 8_000;

  @Test
  void everyMethodIsShortEnoughToBeCompiled() throws IOException, URISyntaxException {
    Path classes =
        Path.of(SimdBackend.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Path> files;
    try (Stream<Path> all = Files.walk(classes)) {
      files = all.filter(file -> file.toString().endsWith(".class")).toList();
    }
    assertTrue(files.size() > 50, files.size() + " classes in " + classes);
    for (Path file : files) {
      for (MethodModel method : ClassFile.of().parse(file).methods()) {
        int length = method.code().map(code -> ((CodeAttribute) code).codeLength()).orElse(0);
        String name = classes.relativize(file) + ", " + method.methodName().stringValue();
        assertTrue(length < HUGE_METHOD_LIMIT, name + " has " + length + " bytecodes");
      }
    }
  }
}
