package io.github.convbasis.variants;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Workspace;
import java.util.ArrayDeque;
import java.util.Objects;

/**
 * Scratch of calls of a variant, grown on demand and kept from call to call: for each block of a
 * head that is worked on at the same time the backend's own, terms·n doubles of kernels and some
 * 3·n·(value width) more.
 *
 * <p>Mutable: one call at a time.
 */
public final class VariantWorkspace {
  private final Backend backend;
  private final ArrayDeque<BlockScratch> free = new ArrayDeque<>();

  private VariantWorkspace(Backend backend) {
    this.backend = backend;
  }

  /**
   * Makes an empty workspace.
   *
   * @param backend the backend of the attention it is for
   * @return the workspace
   */
  public static VariantWorkspace of(Backend backend) {
    return new VariantWorkspace(Objects.requireNonNull(backend, "backend"));
  }

  /** Refuses another backend. */
  void requireBackend(Backend other) {
    if (!other.name().equals(backend.name())) {
      throw new IllegalArgumentException(
          String.format(
              "workspace must be of backend %s, was of %s", other.name(), backend.name()));
    }
  }

  /** Lends scratch for one block; from any thread. */
  BlockScratch take() {
    synchronized (free) {
      if (!free.isEmpty()) {
        return free.pop();
      }
    }
    return new BlockScratch(backend);
  }

  /** Takes scratch back; from any thread. */
  void give(BlockScratch scratch) {
    synchronized (free) {
      free.push(scratch);
    }
  }

  /** What one block needs at a time. Mutable: one thread at a time. */
  static final class BlockScratch {
    /** The backend's own. */
    final Workspace workspace;

    final KernelArrays kernels = new KernelArrays();
    final BlockSums sums = new BlockSums();
    private float[] floats = new float[0];
    private double[] inputs = new double[0];
    private double[] products = new double[0];
    private double[] noises = new double[0];

    private BlockScratch(Backend backend) {
      workspace = backend.newWorkspace();
    }

    float[] floats(int length) {
      if (floats.length < length) {
        floats = new float[length];
      }
      return floats;
    }

    double[] inputs(int length) {
      if (inputs.length < length) {
        inputs = new double[length];
      }
      return inputs;
    }

    double[] products(int length) {
      if (products.length < length) {
        products = new double[length];
      }
      return products;
    }

    double[] noises(int length) {
      if (noises.length < length) {
        noises = new double[length];
      }
      return noises;
    }
  }
}
