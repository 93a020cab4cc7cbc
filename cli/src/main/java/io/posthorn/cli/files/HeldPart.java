package io.posthorn.cli.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The part of a file under the name that {@link PartName} gives it, held by one conversation from
 * its opening until the file has its own name or is given up. Whoever else wants it is refused.
 *
 * <p>Within the process a table of names says who holds what; a lock of the system keeps other
 * processes away. The lock alone would not do: the system drops it when the process closes any
 * other descriptor of the file. And it is a lock of the file, not of its name: after it was got,
 * the file may have another name already and be no part any more.
 *
 * <p>There are file systems without any locks. There the table alone holds it, and nothing keeps
 * two processes from one part: files that cannot be received at all would be worse.
 */
final class HeldPart {
  /** So often the part goes away between two looks at it before it counts as somebody else's. */
  private static final int MOST_TRIES = 10;

  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel channel;
  private final Locker locker;
  private @Nullable FileLock lock;
  private boolean closed;

  private HeldPart(Path path, FileChannel channel, Locker locker, @Nullable FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.locker = locker;
    this.lock = lock;
  }

  /** How the system locks a file; other than the system's in tests. */
  interface Locker {
    /** As {@link FileChannel#tryLock()}. */
    @Nullable FileLock tryLock(FileChannel channel) throws IOException;
  }

  /**
   * Opens a part, new or kept from an earlier try.
   *
   * @param place where the file will stand
   */
  static HeldPart open(Path path, Path place) throws IOException, Refused {
    return open(path, place, FileChannel::tryLock);
  }

  static HeldPart open(Path path, Path place, Locker locker) throws IOException, Refused {
    if (!HELD.add(path)) {
      throw busy();
    }
    HeldPart part = null;
    try {
      for (int tries = 0; part == null && tries < MOST_TRIES; tries++) {
        part = tryOpen(path, place, locker);
      }
    } finally {
      if (part == null) {
        HELD.remove(path);
      }
    }
    if (part == null) {
      throw busy();
    }
    return part;
  }

  private static Refused busy() {
    return new Refused(Refused.TRY_AGAIN, "it is being received from somebody already");
  }

  /** Null if the part went away meanwhile, or took its place. */
  private static @Nullable HeldPart tryOpen(Path path, Path place, Locker locker)
      throws IOException, Refused {
    BasicFileAttributes before = TargetFolder.attributes(path);
    if (before != null && isPublished(before, place)) {
      // Who gave the file its name was killed before it took the other away.
      Files.deleteIfExists(path);
      before = null;
    }
    if (before != null) {
      requireOwn(path, before);
    }
    FileChannel channel;
    try {
      channel = before == null ? create(path) : openKept(path);
    } catch (FileAlreadyExistsException | NoSuchFileException changed) {
      return null;
    }
    HeldPart part = null;
    try {
      BasicFileAttributes opened = before == null ? TargetFolder.attributes(path) : before;
      FileLock lock = lock(channel, locker);
      BasicFileAttributes now = TargetFolder.attributes(path);
      if (opened != null
          && now != null
          && Objects.equals(opened.fileKey(), now.fileKey())
          && !isPublished(now, place)) {
        if (Ownership.hasOtherNames(path)) {
          Files.deleteIfExists(path); // the file stays as it is under those
        } else {
          if (before != null && makeOwn(path)) {
            if (lock != null) {
              lock.release();
            }
            lock = lock(channel, locker); // the JDK opens and closes a file to set its permissions
          }
          part = new HeldPart(path, channel, locker, lock);
        }
      }
    } catch (OverlappingFileLockException otherName) {
      throw busy();
    } finally {
      if (part == null) {
        channel.close();
      }
    }
    return part;
  }

  /** The lock of the system, or null where there are none. */
  private static @Nullable FileLock lock(FileChannel channel, Locker locker) throws Refused {
    FileLock lock;
    try {
      lock = locker.tryLock(channel);
    } catch (IOException noLocks) {
      return null; // if it is something else, that shows when the part is written
    }
    if (lock == null) {
      throw busy();
    }
    return lock;
  }

  /** What somebody else laid there is not filled: its content would be theirs. */
  private static void requireOwn(Path path, BasicFileAttributes kept) throws IOException, Refused {
    if (kept.isSymbolicLink()) {
      throw new Refused(Refused.CANNOT_CREATE, "a symbolic link stands in the way");
    }
    if (!kept.isRegularFile()) {
      throw new Refused(Refused.CANNOT_CREATE, "what is no file stands in the way");
    }
    if (!Ownership.isOurs(path)) {
      throw new Refused(
          Refused.CANNOT_CREATE, "another user's file stands under the name of its part");
    }
  }

  private static FileChannel create(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
        FileModes.fromTheStart(path, FileModes.OWNER_FILE));
  }

  /** Where another process holds it, its permissions may be those that its file is to have. */
  private static FileChannel openKept(Path path) throws IOException {
    try {
      return openAsItIs(path);
    } catch (AccessDeniedException readOnly) {
      if (Ownership.hasOtherNames(path) || !makeOwn(path)) {
        throw readOnly;
      }
      return openAsItIs(path);
    }
  }

  private static FileChannel openAsItIs(Path path) throws IOException {
    return FileChannel.open(
        path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * An earlier try may have left it readable for others, or, just before its end, read-only.
   * Answers whether it was so and is not any more.
   */
  private static boolean makeOwn(Path path) {
    PosixFileAttributeView view =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    Set<PosixFilePermission> own = FileModes.permissions(FileModes.OWNER_FILE);
    try {
      if (view == null || view.readAttributes().permissions().equals(own)) {
        return false;
      }
      view.setPermissions(own);
      return true;
    } catch (IOException notOurs) {
      return false; // whether it can be used all the same shows when it is opened
    }
  }

  /** Whether a part is what stands in its file's place already: to write it would change that. */
  private static boolean isPublished(BasicFileAttributes part, Path place) throws IOException {
    BasicFileAttributes there = TargetFolder.attributes(place);
    return there != null && part.fileKey() != null && part.fileKey().equals(there.fileKey());
  }

  Path path() {
    return path;
  }

  FileChannel channel() {
    return channel;
  }

  /**
   * Takes the system's lock again, after something may have dropped it.
   *
   * @throws Refused if another process was faster
   */
  void lockAgain() throws IOException, Refused {
    FileLock before = lock;
    if (before != null) {
      before.release();
    }
    try {
      lock = lock(channel, locker);
    } catch (Refused faster) {
      close(); // it is theirs, and not to be taken away by who gives this one up
      throw faster;
    }
  }

  /** Takes the part away and lets go of it. */
  void remove() {
    if (closed) {
      return; // it is somebody else's by now, or has its own name
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException stays) {
      close(); // the next try begins with it and finds by its hash what it is worth
    }
    close();
  }

  /** Lets go of the part. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      channel.close();
    } catch (IOException lost) {
      return; // what was written is hashed again before it is used
    } finally {
      HELD.remove(path);
    }
  }
}
