package io.github.convbasis.inference.cli;

import io.github.convbasis.inference.json.FileFormatException;
import io.github.convbasis.inference.npy.NpyFormatException;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Starts the command line.
 *
 * <p>Exit code 0 for success, 2 for wrong usage or bad input, 1 for anything else; what is
 * interrupted ends as the JVM has it, 128 and the number of the signal. Errors are one or two lines
 * on the error stream; the environment variable {@code CONVBASIS_STACKTRACE} adds where an error
 * came from.
 */
@Command(
    name = "convbasis",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Conv-Basis attention: causal attention from a few structured convolutions, with its error"
          + " measured, beside exact attention.",
      "",
      "Arrays are NumPy .npy files (C order, little-endian float32 or float64), n × d or"
          + " heads × n × d.",
      ""
    },
    footer = {
      "",
      "Start with:",
      "  convbasis generate             text from a language model, and how fast it came",
      "  convbasis perplexity           what conv-basis does to a language model, and at what cost",
      "  convbasis demo                 real attention heads, analysed and attended",
      "  convbasis capture --help       heads of a model of yours, on a text of yours",
      "  convbasis analyze --help       is my head conv-like, and with how many terms?",
      "  convbasis doctor               what this machine offers and what to change"
    },
    subcommands = {
      AttendCommand.class,
      AnalyzeCommand.class,
      DecomposeCommand.class,
      RebuildCommand.class,
      CaptureCommand.class,
      GenerateCommand.class,
      PerplexityCommand.class,
      BenchCommand.class,
      PlotCommand.class,
      DoctorCommand.class,
      DemoCommand.class
    })
public final class Main implements Runnable {
  private static final int FAILURE = 1;
  private static final int BAD_INPUT = 2;

  /** Held, since a logger that nobody holds forgets its level. */
  private static final Logger LIBRARY_LOG = Logger.getLogger("io.github.convbasis");

  private static final Logger TOKENIZER_LOG = Logger.getLogger("ai.djl");

  @Spec private CommandSpec spec;

  private Main() {}

  /**
   * Runs one command and ends the JVM with its exit code.
   *
   * @param arguments the words of the command line
   */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    AtomicBoolean finished = new AtomicBoolean();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> sayHowToGoOn(finished)));
    int exitCode = FAILURE;
    try {
      exitCode =
          run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
    } finally {
      // What fails because it is being stopped has not finished.
      finished.set(exitCode == 0 || !isBeingStopped());
    }
    System.exit(exitCode);
  }

  private static void sayHowToGoOn(AtomicBoolean finished) {
    if (!finished.get()) {
      System.err.println(
          "convbasis: interrupted; no output was left half-written. Run the same command again.");
    }
  }

  private static boolean isBeingStopped() {
    try {
      Runtime.getRuntime().removeShutdownHook(new Thread());
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /**
   * Runs one command.
   *
   * @param out where results go
   * @param err where errors go
   * @param arguments the words of the command line
   * @return the exit code
   */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    // Every report names its backend; the library's own line would stand among errors.
    LIBRARY_LOG.setLevel(Level.WARNING);
    TOKENIZER_LOG.setLevel(Level.WARNING);
    CommandLine commandLine = new CommandLine(new Main());
    commandLine.setOut(out);
    commandLine.setErr(err);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.registerConverter(Path.class, Main::path);
    commandLine.setParameterExceptionHandler((e, words) -> onWrongUsage(e));
    commandLine.setExecutionExceptionHandler((e, command, parsed) -> onFailure(e, command));
    try {
      int exitCode = commandLine.execute(arguments);
      if (out.checkError()) {
        err.println("convbasis: the report could not be written to the output stream");
        return FAILURE;
      }
      return exitCode;
    } catch (OutOfMemoryError e) {
      err.println(
          "convbasis: out of memory ("
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MiB of heap); set CONVBASIS_JAVA_OPTS=-Xmx… higher and run again");
      return FAILURE;
    }
  }

  private static Path path(String word) {
    try {
      return Path.of(word);
    } catch (InvalidPathException e) {
      throw new CommandLine.TypeConversionException(
          "'" + word + "' cannot be a file name in this locale; try LC_ALL=C.UTF-8");
    }
  }

  private static int onWrongUsage(CommandLine.ParameterException e) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    // One line: the JVM puts its own about the incubator module before it.
    command
        .getErr()
        .println(name + ": " + oneLine(e.getMessage()) + " (see '" + name + " --help')");
    return BAD_INPUT;
  }

  private static int onFailure(Exception e, CommandLine command) {
    if (isBeingStopped()) {
      // Files that were taken away are no news to whoever interrupted; a hook says the rest.
      return FAILURE;
    }
    String name = command.getCommandSpec().qualifiedName();
    boolean badInput =
        e instanceof InputException
            || e instanceof NpyFormatException
            || e instanceof FileFormatException
            || e instanceof IllegalArgumentException
            || e instanceof ArithmeticException;
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    command.getErr().println(name + ": " + oneLine(message));
    if (System.getenv("CONVBASIS_STACKTRACE") != null) {
      e.printStackTrace(command.getErr());
    }
    return badInput ? BAD_INPUT : FAILURE;
  }

  private static String oneLine(String message) {
    return message.replaceAll("\\s*\\R\\s*", " ");
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "a command is missing: " + spec.subcommands().keySet());
  }
}
