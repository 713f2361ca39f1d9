package io.github.convbasis.inference.npy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * New files of one directory that appear all together or not at all.
 *
 * <p>They are written, as {@link AtomicFile}s, to a temporary directory inside it, {@code
 * .batch.<random>.tmp}; {@link #commit()} moves them out, and {@link #close()} without a commit
 * deletes what was written, and the directory itself if it was made for them. No file is ever
 * replaced. The temporary directory is deleted too when the JVM is told to stop, which waits for a
 * commit that has begun; only a process that is killed outright leaves something behind.
 *
 * <p>Faults are an {@link IOException} with a message of one line that starts with the name of a
 * file. For use by one thread.
 */
public final class AtomicBatch implements AutoCloseable {
  private final Path directory;
  private final Path staging;
  private final List<String> names = new ArrayList<>();
  private final Thread hook = new Thread(this::stop, "delete-temporary-directory");
  private boolean made;
  private boolean finished;
  private boolean stopped;

  private AtomicBatch(Path directory) {
    this.directory = directory;
    String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
    staging = directory.resolve(".batch." + random + ".tmp");
  }

  /**
   * Makes the temporary directory, and the directory itself where it is missing.
   *
   * @param directory where the files will be; its parent must exist
   * @return the batch, to be closed by the caller
   * @throws IOException if it is something else than a directory, or may not be written to
   */
  public static AtomicBatch open(Path directory) throws IOException {
    AtomicBatch batch = new AtomicBatch(directory);
    try {
      // First, so that there is no moment at which something was made and nobody deletes it.
      Runtime.getRuntime().addShutdownHook(batch.hook);
    } catch (IllegalStateException e) {
      batch.stopped = true;
    }
    try {
      batch.makeDirectories();
      return batch;
    } catch (IOException e) {
      batch.close();
      throw e;
    }
  }

  private synchronized void makeDirectories() throws IOException {
    requireRunning();
    try {
      if (!Files.exists(directory)) {
        Files.createDirectory(directory);
        made = true;
      } else if (!Files.isDirectory(directory)) {
        throw FileErrors.of(directory, "is not a directory");
      }
      Files.createDirectory(staging);
    } catch (NoSuchFileException e) {
      throw FileErrors.of(directory, "its directory does not exist");
    } catch (IOException e) {
      throw FileErrors.naming(directory, e);
    }
  }

  private void requireRunning() throws IOException {
    if (stopped) {
      throw FileErrors.of(directory, "is not written, because the program is being stopped");
    }
  }

  /**
   * Adds a file.
   *
   * @param name its plain name
   * @return where to write it until the commit
   * @throws IOException if the directory has a file of this name
   */
  public Path add(String name) throws IOException {
    Path target = directory.resolve(name);
    if (Files.exists(target)) {
      throw FileErrors.of(target, "exists already; choose another directory");
    }
    names.add(name);
    return staging.resolve(name);
  }

  /**
   * Moves all files into place. A fault takes back those that were moved.
   *
   * @throws IllegalStateException if the batch is committed or closed already
   * @throws IOException if one of them cannot be moved or was not written
   */
  public synchronized void commit() throws IOException {
    if (finished) {
      throw new IllegalStateException(FileErrors.name(directory) + ": is committed or closed");
    }
    requireRunning();
    int moved = 0;
    try {
      for (String name : names) {
        Path target = directory.resolve(name);
        if (Files.exists(target)) {
          throw FileErrors.of(target, "exists already; choose another directory");
        }
        Files.move(staging.resolve(name), target, StandardCopyOption.ATOMIC_MOVE);
        moved++;
      }
      Files.delete(staging);
    } catch (IOException e) {
      for (String name : names.subList(0, moved)) {
        Files.deleteIfExists(directory.resolve(name));
      }
      throw FileErrors.naming(directory, e);
    }
    finish();
  }

  /**
   * Deletes what was written, unless it was committed. Closing again does nothing.
   *
   * @throws IOException if something cannot be deleted
   */
  @Override
  public synchronized void close() throws IOException {
    if (finished) {
      return;
    }
    finish();
    try {
      discard();
    } catch (IOException e) {
      throw FileErrors.naming(staging, e);
    }
  }

  private void finish() {
    finished = true;
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is being stopped, and the hook finds nothing left to do.
      return;
    }
  }

  private void discard() throws IOException {
    if (Files.exists(staging)) {
      List<Path> written;
      try (Stream<Path> files = Files.list(staging)) {
        written = files.toList();
      }
      for (Path file : written) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(staging);
    }
    if (made) {
      Files.deleteIfExists(directory);
    }
  }

  private void stop() {
    // Before the lists are made below: whoever writes is not held up, and could add a file to them.
    AtomicFile.stop();
    synchronized (this) {
      stopped = true;
      if (finished) {
        return;
      }
      try {
        discard();
      } catch (IOException e) {
        // Nobody is left to tell.
        return;
      }
    }
  }
}
