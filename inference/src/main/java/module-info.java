/** Command line of Conv-Basis attention: files, tables, progress. */
module io.github.convbasis.inference {
  requires io.github.convbasis.core;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires com.fasterxml.jackson.databind;

  opens io.github.convbasis.inference to
      info.picocli;
}
