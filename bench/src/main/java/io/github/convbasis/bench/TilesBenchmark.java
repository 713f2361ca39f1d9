package io.github.convbasis.bench;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.matrix.AttentionInputs;
import io.github.convbasis.matrix.HeadTensor;
import io.github.convbasis.matrix.TileGrid;
import io.github.convbasis.matrix.TileKind;
import io.github.convbasis.matrix.TileMap;
import io.github.convbasis.matrix.TiledLogits;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Attention of one float32 head from tiles of which a random share is exact, the others of rank
 * one, beside exact attention: one thread or two.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(
    value = 2,
    jvmArgsAppend = {"-XX:+UseG1GC", "--add-modules=jdk.incubator.vector"})
public class TilesBenchmark {
  private static final double GUARD_TOLERANCE = 1e-4;

  /** Sequence length; up to 2,048 rows have 32 columns and tiles of 32 × 32, else twice that. */
  @Param({"2048", "16384"})
  public int n;

  /** Share of exact tiles below the diagonal. */
  @Param({"0.1", "0.4", "1.0"})
  public double exact;

  /** Tasks at once, each on a thread of its own. */
  @Param("1")
  public int tasks;

  private AttentionInputs inputs;
  private HeadTensor output;
  private boolean[] untrusted;
  private TiledLogits logits;
  private Tasks threads;
  private Backend backend;
  private Workspace workspace;

  /** Makes the inputs. */
  @Setup(Level.Trial)
  public void prepare() {
    int d = n <= 2048 ? 32 : 64;
    inputs = Inputs.gaussian(n, d);
    output = HeadTensor.allocate(true, 1, n, d);
    untrusted = new boolean[n];
    TileGrid grid = new TileGrid(n, d, d);
    SplittableRandom random = new SplittableRandom(1);
    logits =
        TiledLogits.of(
            TileMap.of(
                grid,
                (row, column) ->
                    column >= grid.blocksBelowDiagonal(row) || random.nextDouble() < exact
                        ? TileKind.EXACT
                        : TileKind.RANK_ONE));
    threads = new Tasks(tasks);
    backend = Backends.select("simd");
    workspace = backend.newWorkspace();
  }

  /** Ends the threads. */
  @TearDown(Level.Trial)
  public void release() {
    threads.close();
  }

  /**
   * Attends from tiles.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor tiles() {
    backend.attendTiles(
        inputs, 0, logits, GUARD_TOLERANCE, output, untrusted, workspace, threads.parallelism());
    return output;
  }

  /**
   * Attends exactly.
   *
   * @return the output, so that nothing is optimised away
   */
  @Benchmark
  public HeadTensor exactly() {
    int rows = 128;
    threads
        .parallelism()
        .forEach(
            (n + rows - 1) / rows,
            item ->
                backend.attendGroup(
                    inputs, 0, item * rows, Math.min(n, (item + 1) * rows), output, workspace));
    return output;
  }
}
