package io.github.convbasis.inference.cli;

import picocli.CommandLine;

/** Tells the version from the manifest of the jar. */
final class Version implements CommandLine.IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Main.class.getPackage().getImplementationVersion();
    return new String[] {
      "convbasis " + (version == null ? "(development)" : version),
      "Java " + Runtime.version() + " (" + System.getProperty("java.vm.vendor") + ")"
    };
  }
}
