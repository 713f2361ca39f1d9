package io.github.convbasis.attention;

import io.github.convbasis.backend.Backend;
import io.github.convbasis.backend.Workspace;
import io.github.convbasis.decompose.KernelStore;
import java.util.ArrayDeque;
import java.util.Objects;

/**
 * Scratch of attention calls, grown on demand and kept from call to call: for each head that is
 * worked on at the same time the backend's own and room for terms·n doubles of kernels.
 *
 * <p>Mutable: one call at a time.
 */
public final class AttentionWorkspace {
  private final Backend backend;
  private final ArrayDeque<HeadScratch> free = new ArrayDeque<>();

  private AttentionWorkspace(Backend backend) {
    this.backend = backend;
  }

  /**
   * Makes an empty workspace.
   *
   * @param backend the backend of the attention it is for
   * @return the workspace
   */
  public static AttentionWorkspace of(Backend backend) {
    return new AttentionWorkspace(Objects.requireNonNull(backend, "backend"));
  }

  /**
   * Refuses another backend.
   *
   * @param other the backend of the attention that is to use this
   * @throws IllegalArgumentException if this is of another backend
   */
  public void requireBackend(Backend other) {
    if (!other.name().equals(backend.name())) {
      throw new IllegalArgumentException(
          String.format(
              "workspace must be of backend %s, was of %s", other.name(), backend.name()));
    }
  }

  /**
   * Lends scratch for one head; from any thread.
   *
   * @return scratch, with any contents
   */
  public HeadScratch take() {
    synchronized (free) {
      if (!free.isEmpty()) {
        return free.pop();
      }
    }
    return new HeadScratch(backend);
  }

  /**
   * Takes scratch back; from any thread.
   *
   * @param scratch what was lent
   */
  public void give(HeadScratch scratch) {
    synchronized (free) {
      free.push(scratch);
    }
  }

  /** What one head needs at a time. Mutable: one thread at a time. */
  public static final class HeadScratch {
    /** The backend's own. */
    public final Workspace workspace;

    final KernelStore kernels = new KernelStore();
    private boolean[] untrusted = new boolean[0];

    private HeadScratch(Backend backend) {
      workspace = backend.newWorkspace();
    }

    /**
     * Lends flags for rows.
     *
     * @param rows rows
     * @return at least as many flags, with any contents
     */
    public boolean[] untrusted(int rows) {
      if (untrusted.length < rows) {
        untrusted = new boolean[rows];
      }
      return untrusted;
    }
  }
}
