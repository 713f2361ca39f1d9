package io.github.convbasis.inference.cli;

import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.inference.model.DecodingState;
import io.github.convbasis.inference.model.LlamaModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One test of a benchmark and what it gave. Mutable: one call at a time. */
final class BenchTest {
  private final String name;
  private final LlamaModel model;
  private final AttentionChoice choice;
  private final AttentionRun run;
  private final int[] tokens;
  private final int chunk;
  private final boolean whole;
  private final DecodingState state;
  private final List<Double> seconds = new ArrayList<>();
  private final List<Double> attentionSeconds = new ArrayList<>();

  private BenchTest(
      String name,
      LlamaModel model,
      AttentionChoice choice,
      AttentionRun run,
      int[] tokens,
      int chunk,
      boolean whole) {
    this.name = name;
    this.model = model;
    this.choice = choice;
    this.run = run;
    this.tokens = tokens;
    this.chunk = chunk;
    this.whole = whole;
    state = model.newState();
  }

  /** Reads the first tokens of a text as a prompt. */
  static BenchTest prompt(
      LlamaModel model,
      AttentionChoice choice,
      AttentionRun run,
      int[] text,
      int length,
      int chunk) {
    return new BenchTest(
        "pp" + length, model, choice, run, Arrays.copyOf(text, length), chunk, true);
  }

  /** Reads the first tokens of a text one by one, as generating does. */
  static BenchTest generation(
      LlamaModel model, AttentionChoice choice, AttentionRun run, int[] text, int length) {
    return new BenchTest("tg" + length, model, choice, run, Arrays.copyOf(text, length), 1, false);
  }

  /** Runs at least once, and until some seconds have passed. */
  void warmUp(double leastSeconds, Parallelism parallelism) {
    long start = System.nanoTime();
    do {
      pass(parallelism);
    } while ((System.nanoTime() - start) / 1e9 < leastSeconds);
  }

  /** Runs once more and keeps the time. */
  void measure(Parallelism parallelism) {
    long start = System.nanoTime();
    pass(parallelism);
    seconds.add((System.nanoTime() - start - run.samplingNanos()) / 1e9);
    attentionSeconds.add(run.nanos() / 1e9);
  }

  private void pass(Parallelism parallelism) {
    state.rewind(0);
    run.begin();
    if (whole) {
      model.extend(state, tokens, chunk, run, parallelism);
      return;
    }
    for (int token : tokens) {
      model.extend(state, new int[] {token}, 1, run, parallelism);
    }
  }

  String name() {
    return name;
  }

  AttentionChoice choice() {
    return choice;
  }

  int tokens() {
    return tokens.length;
  }

  /** Returns tokens per second of each repetition. */
  double[] speeds() {
    return seconds.stream().mapToDouble(s -> tokens.length / s).toArray();
  }

  double meanSpeed() {
    return Arrays.stream(speeds()).average().orElseThrow();
  }

  /** Returns the standard deviation of the speeds, 0 of a single one. */
  double speedDeviation() {
    double[] speeds = speeds();
    double mean = meanSpeed();
    double squares = Arrays.stream(speeds).map(s -> (s - mean) * (s - mean)).sum();
    return speeds.length == 1 ? 0 : Math.sqrt(squares / (speeds.length - 1));
  }

  /** Returns which part of the time went to attention. */
  double attentionShare() {
    return attentionSeconds.stream().mapToDouble(s -> s).sum()
        / seconds.stream().mapToDouble(s -> s).sum();
  }

  /** Returns how many heads the last repetition did not compute exactly. */
  long approximatedHeads() {
    return HeadReports.of(run).approximated();
  }
}
