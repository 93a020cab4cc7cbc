package io.posthorn.cli.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The folder that a receiver fills: turns names from the network into places below it, and makes
 * folders on the way. No symbolic link is followed below the folder.
 */
final class TargetFolder {
  /** Of folders of which the sender says no more than the name; the umask takes from it. */
  private static final int ON_THE_WAY = 0777;

  private final Path root;

  /** The folder, which exists. */
  TargetFolder(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  /** Where a name lies, its folders made if need be. */
  Path place(String name) throws Refused {
    String refusal = RelativeName.refusal(name);
    if (refusal != null) {
      throw new Refused(Refused.CANNOT_CREATE, refusal);
    }
    Path at = root;
    int from = 0;
    for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', from)) {
      at = Utf8Name.in(at, name.substring(from, slash));
      makeFolder(at, ON_THE_WAY);
      from = slash + 1;
    }
    return Utf8Name.in(at, name.substring(from));
  }

  /**
   * Makes a folder unless it is there: from the start no more open than it is to be, but open for
   * its owner, who fills it.
   *
   * @return whether it was made
   */
  boolean makeFolder(Path folder, int mode) throws Refused {
    try {
      BasicFileAttributes there = attributes(folder);
      if (there == null) {
        Files.createDirectory(
            folder, FileModes.fromTheStart(folder, mode | FileModes.OWNER_FOLDER));
        return true;
      }
      if (!there.isDirectory()) {
        throw new Refused(
            Refused.CANNOT_CREATE,
            there.isSymbolicLink()
                ? "a symbolic link stands in the way in the receiver's folder"
                : "a file stands where a folder is wanted");
      }
      return false;
    } catch (FileAlreadyExistsException justMade) {
      return makeFolder(folder, mode);
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
  }

  /** What stands at a place, the link itself if it is one; null if nothing does. */
  static @Nullable BasicFileAttributes attributes(Path place) throws IOException {
    try {
      return Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException nothing) {
      return null;
    }
  }

  /** Bytes that can still be stored at a place, which may be on another disk than the root. */
  static long freeBytes(Path place) {
    try {
      return Files.getFileStore(place.getParent()).getUsableSpace();
    } catch (IOException unknown) {
      return Long.MAX_VALUE;
    }
  }

  /** Has the entries of a folder survive a power cut, where the system can do that. */
  static void sync(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException notHere) {
      return; // some systems do not open folders; the file itself is on the disk
    }
  }
}
