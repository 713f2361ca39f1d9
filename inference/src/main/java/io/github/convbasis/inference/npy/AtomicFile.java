package io.github.convbasis.inference.npy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that appears whole or not at all.
 *
 * <p>What is written goes to a temporary file beside the target, {@code .<name>.<random>.tmp};
 * {@link #commit()} moves it into place, and {@link #close()} without a commit deletes it and
 * leaves the target as it was. Temporary files that are open when the JVM is told to stop (Ctrl-C,
 * SIGTERM, {@link System#exit}) are deleted too; a process that is killed outright leaves its own
 * behind. An existing target must be a regular file that may be written: a directory, device or
 * pipe is refused. A symbolic link stays, and the file it points to is replaced. A new file gets
 * the permissions that the umask leaves, a replaced one keeps its permission bits, though not its
 * owner or further hard links.
 *
 * <p>Faults are an {@link IOException} with a message of one line that starts with the name of the
 * file. Writing costs what the data costs, and the commit waits until the data is on the device.
 * Instances are for use by one thread; different files may be written by different threads.
 */
public final class AtomicFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int LONGEST_PREFIX = 60;
  private static final int MOST_LINKS = 40;
  private static final int MOST_ATTEMPTS = 16;

  /** Files whose temporary file may exist; also the lock of the two flags below. */
  private static final Set<AtomicFile> OPEN = new HashSet<>();

  private static boolean hookAdded;
  private static boolean stopping;

  private final Path requested;
  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final OutputStream stream;
  private boolean finished;

  private AtomicFile(Path requested, Path target, Path temporary, FileChannel channel) {
    this.requested = requested;
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
    this.stream = new BufferedOutputStream(new Sink(requested, channel), BUFFER_BYTES);
  }

  /**
   * Checks the target and makes the temporary file.
   *
   * @param target the file to make or to replace
   * @return the open file, to be closed by the caller
   * @throws IOException if the target may not be replaced, or its directory is missing or may not
   *     be written to
   */
  public static AtomicFile open(Path target) throws IOException {
    try {
      Path followed = followLinks(target);
      requireReplaceable(target, followed);
      Path directory = followed.toAbsolutePath().getParent();
      if (!Files.isDirectory(directory)) {
        String kind = Files.exists(directory) ? " is not a directory" : " does not exist";
        throw FileErrors.of(target, "directory " + shown(followed.getParent()) + kind);
      }
      return create(target, followed);
    } catch (IOException e) {
      throw FileErrors.naming(target, e);
    }
  }

  private static String shown(Path directory) {
    return directory == null ? "." : directory.toString();
  }

  private static Path followLinks(Path target) throws IOException {
    Path followed = target;
    for (int links = 0; Files.isSymbolicLink(followed); links++) {
      if (links == MOST_LINKS) {
        throw FileErrors.of(target, "too many levels of symbolic links");
      }
      followed = followed.resolveSibling(Files.readSymbolicLink(followed));
    }
    return followed;
  }

  private static void requireReplaceable(Path requested, Path target) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    String fault =
        RegularFile.fault(
            Files.readAttributes(target, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    if (fault != null) {
      throw FileErrors.of(requested, fault);
    }
    // A move would replace it all the same, but whoever protected the file did not mean that.
    if (!Files.isWritable(target)) {
      throw new AccessDeniedException(requested.toString());
    }
  }

  private static AtomicFile create(Path requested, Path target) throws IOException {
    Set<PosixFilePermission> permissions = permissions(target);
    // Held so that the shutdown hook sees either no file or a registered one.
    synchronized (OPEN) {
      addHook(requested);
      for (int attempt = 0; ; attempt++) {
        Path temporary = temporaryFor(target);
        try {
          FileChannel channel = FileChannel.open(temporary, options(), attributes(permissions));
          AtomicFile file = new AtomicFile(requested, target, temporary, channel);
          OPEN.add(file);
          file.keepPermissions(permissions);
          return file;
        } catch (FileAlreadyExistsException e) {
          if (attempt == MOST_ATTEMPTS) {
            throw e;
          }
        } catch (AccessDeniedException e) {
          throw FileErrors.of(
              requested, "directory " + shown(target.getParent()) + " may not be written to");
        }
      }
    }
  }

  private static Set<StandardOpenOption> options() {
    return Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private static FileAttribute<?>[] attributes(Set<PosixFilePermission> permissions) {
    if (permissions == null) {
      return new FileAttribute<?>[0];
    }
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)};
  }

  /** The permissions of the target, or null where there is no target or no such permissions. */
  private static Set<PosixFilePermission> permissions(Path target) throws IOException {
    boolean posix = target.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix && Files.exists(target) ? Files.getPosixFilePermissions(target) : null;
  }

  private void keepPermissions(Set<PosixFilePermission> permissions) throws IOException {
    if (permissions == null) {
      return;
    }
    try {
      // The umask may have taken bits away when the file was made.
      Files.setPosixFilePermissions(temporary, permissions);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private static Path temporaryFor(Path target) {
    String name = target.getFileName().toString();
    // A long name with the random part would exceed what file systems take.
    if (name.length() > LONGEST_PREFIX) {
      boolean split = Character.isHighSurrogate(name.charAt(LONGEST_PREFIX - 1));
      name = name.substring(0, split ? LONGEST_PREFIX - 1 : LONGEST_PREFIX);
    }
    long random = ThreadLocalRandom.current().nextLong();
    return target.resolveSibling("." + name + "." + Long.toHexString(random) + ".tmp");
  }

  private static void addHook(Path requested) throws IOException {
    if (!hookAdded && !stopping) {
      try {
        Runtime.getRuntime()
            .addShutdownHook(new Thread(AtomicFile::stop, "delete-temporary-files"));
        hookAdded = true;
      } catch (IllegalStateException e) {
        stopping = true;
      }
    }
    requireRunning(requested);
  }

  private static void requireRunning(Path requested) throws IOException {
    if (stopping) {
      throw FileErrors.of(requested, "is not written, because the program is being stopped");
    }
  }

  /** Deletes all open files, and lets no further one be opened or committed. */
  static void stop() {
    synchronized (OPEN) {
      stopping = true;
      for (AtomicFile file : OPEN) {
        try {
          file.discard();
        } catch (IOException e) {
          // Nobody is left to tell, and the other files are still to be deleted.
          continue;
        }
      }
    }
  }

  /**
   * The stream to write to. It is buffered; closing it flushes it and nothing else, so it may be
   * wrapped in writers that are closed before the commit.
   *
   * @return the same stream for every call
   */
  public OutputStream stream() {
    return stream;
  }

  /**
   * Forces what was written to the device and moves it into place, atomically.
   *
   * @throws IllegalStateException if the file is committed or closed already
   * @throws IOException if that fails; the target is then as it was
   */
  public void commit() throws IOException {
    if (finished) {
      throw new IllegalStateException(FileErrors.name(requested) + ": is committed or closed");
    }
    try {
      stream.flush();
      channel.force(true);
      channel.close();
      // Held so that nothing appears once the shutdown hook has looked.
      synchronized (OPEN) {
        requireRunning(requested);
        requireReplaceable(requested, target);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        finish();
      }
    } catch (IOException e) {
      throw FileErrors.naming(requested, e);
    }
  }

  /**
   * Deletes the temporary file, unless it was committed. Closing again does nothing.
   *
   * @throws IOException if it cannot be deleted
   */
  @Override
  public void close() throws IOException {
    if (finished) {
      return;
    }
    finish();
    try {
      discard();
    } catch (IOException e) {
      throw FileErrors.naming(temporary, e);
    }
  }

  private void finish() {
    finished = true;
    synchronized (OPEN) {
      OPEN.remove(this);
    }
  }

  private void discard() throws IOException {
    try {
      // First, because some systems do not delete a file that is open.
      channel.close();
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Writes to the channel, names the file in every fault, and leaves closing to its owner. */
  private static final class Sink extends OutputStream {
    private final Path requested;
    private final FileChannel channel;

    Sink(Path requested, FileChannel channel) {
      this.requested = requested;
      this.channel = channel;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer source = ByteBuffer.wrap(bytes, offset, length);
      try {
        while (source.hasRemaining()) {
          channel.write(source);
        }
      } catch (IOException e) {
        throw FileErrors.naming(requested, e);
      }
    }
  }
}
