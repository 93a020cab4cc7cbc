package io.posthorn.cli.files;

import io.posthorn.cli.files.CopyMessage.Folder;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The folders of one conversation that get their times and permissions at its end, for filling them
 * changes both. One that was made holds a mark until then: after a cut the next conversation finds
 * by it that the folder is still to be finished.
 */
final class UnfinishedFolders implements Closeable {
  /** More folders are not finished: they cost memory until then. Some 100,000 with usual names. */
  private static final long MOST_BYTES = 32 << 20;

  /** What one costs beside its names. */
  private static final long EACH_BYTES = 256;

  /** The part of a file that there cannot be. */
  private static final String MARK = PartName.of(".");

  /** Those that a conversation of this process will finish: another one leaves them to it. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final List<Unfinished> folders = new ArrayList<>();

  private final long mostBytes;
  private long bytes;
  private boolean full;

  UnfinishedFolders() {
    this(MOST_BYTES);
  }

  /** One that takes so much memory, about. */
  UnfinishedFolders(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  private record Unfinished(Path place, Folder folder, boolean held) {}

  /**
   * A folder that is finished at the end if it was made here, in this conversation or one that was
   * cut, or if others are finished too.
   *
   * @param made whether it was not there before
   * @param others whether it is finished though it was made elsewhere
   * @param journal hears of the first that is not finished
   */
  void add(Path place, Folder folder, boolean made, boolean others, FileReceiver.Journal journal) {
    long more = EACH_BYTES + place.toString().length() + folder.path().length();
    if (bytes + more > mostBytes) {
      if (!full && (made || others)) {
        full = true;
        journal.refused(
            folder.path(),
            "its times and permissions, and those of folders after it, stay as they are: there are"
                + " too many; send them in several copies");
      }
      return;
    }
    if (made) {
      mark(place);
    } else if (!others && !isMarked(place)) {
      return;
    }
    boolean held = HELD.add(place);
    if (held || made || others) {
      folders.add(new Unfinished(place, folder, held));
      bytes += more;
    }
  }

  private static void mark(Path folder) {
    Path mark = folder.resolve(MARK);
    try {
      Files.createFile(mark, FileModes.fromTheStart(mark, FileModes.OWNER_FILE));
    } catch (IOException withoutIt) {
      return; // only after a cut would it be missed
    }
  }

  /** Whether it holds a mark of this user: whoever may write in it could lay one there. */
  private static boolean isMarked(Path folder) {
    Path mark = folder.resolve(MARK);
    try {
      return Files.isRegularFile(mark, LinkOption.NOFOLLOW_LINKS) && Ownership.isOurs(mark);
    } catch (IOException unknown) {
      return false;
    }
  }

  /** Finishes all, innermost first. */
  void finish(FileReceiver.Journal journal) {
    for (int i = folders.size() - 1; i >= 0; i--) {
      Unfinished one = folders.get(i);
      Folder folder = one.folder;
      try {
        if (Files.isDirectory(one.place, LinkOption.NOFOLLOW_LINKS)) {
          if (one.held) {
            Files.deleteIfExists(one.place.resolve(MARK));
          }
          IncomingFile.setAttributes(one.place, folder.mode(), folder.seconds(), folder.nanos());
        }
      } catch (IOException failed) {
        journal.refused(folder.path(), "its times or permissions cannot be set");
      }
    }
  }

  /** Leaves those that are not finished to others. */
  @Override
  public void close() {
    for (Unfinished one : folders) {
      if (one.held) {
        HELD.remove(one.place);
      }
    }
    folders.clear();
  }
}
