/**
 * Command line of Conv-Basis attention: models, plans, files, tables, progress. Exports nothing.
 */
module io.github.convbasis.inference {
  requires io.github.convbasis.core;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires java.desktop;
  requires java.logging;
  requires com.fasterxml.jackson.databind;

  opens io.github.convbasis.inference.cli to
      info.picocli;
}
