package io.github.convbasis.inference.npy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The program that {@link AtomicFileTest} stops while it writes. */
final class AtomicFileVictim {
  private AtomicFileVictim() {}

  /** Writes half of a file, says so, and waits to be stopped. */
  public static void main(String[] arguments) throws Exception {
    try (AtomicFile file = AtomicFile.open(Path.of(arguments[0]))) {
      file.stream().write("half".getBytes(StandardCharsets.UTF_8));
      file.stream().flush();
      System.out.println("written");
      TimeUnit.SECONDS.sleep(60);
      file.commit();
    }
  }
}
