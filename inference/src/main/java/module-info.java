/**
 * Command line of Conv-Basis attention: models, plans, files, tables, progress. Exports attention
 * for other engines.
 */
@SuppressWarnings("requires-automatic") // DJL has no module descriptors
module io.github.convbasis.inference {
  requires transitive io.github.convbasis.core;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires java.desktop;
  requires java.logging;
  requires com.fasterxml.jackson.databind;
  requires ai.djl.tokenizers;
  requires ai.djl.api;
  // Without descriptors DJL cannot ask for these itself.
  requires org.slf4j;
  requires com.google.gson;

  exports io.github.convbasis.inference.embed;

  opens io.github.convbasis.inference.cli to
      info.picocli;
}
