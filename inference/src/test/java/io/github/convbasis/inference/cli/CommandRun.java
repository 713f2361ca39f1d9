package io.github.convbasis.inference.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * One run of the command line inside the test's JVM.
 *
 * @param exitCode what the shell would see
 * @param out what went to the output stream
 * @param err what went to the error stream
 */
record CommandRun(int exitCode, String out, String err) {
  static CommandRun of(Object... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] arguments = new String[words.length];
    for (int w = 0; w < words.length; w++) {
      arguments[w] = words[w].toString();
    }
    int exitCode = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    return new CommandRun(exitCode, out.toString(), err.toString());
  }

  CommandRun succeeded() {
    assertEquals(0, exitCode, err);
    assertEquals("", err);
    return this;
  }

  /** Asserts bad input or usage: exit code 2, nothing on the output, one line of reason. */
  void refusedBecause(String reason) {
    assertEquals(2, exitCode, out + err);
    assertEquals("", out);
    assertTrue(err.contains(reason), err + " should contain " + reason);
    assertEquals(1, err.lines().count(), err);
  }

  JsonNode json() throws JsonProcessingException {
    return new ObjectMapper().readTree(out);
  }
}
