/**
 * The command line: one class per command, options shared through mixins, files in, tables or JSON
 * out.
 *
 * <p>Main type: {@link io.github.convbasis.inference.cli.Main}.
 */
package io.github.convbasis.inference.cli;
