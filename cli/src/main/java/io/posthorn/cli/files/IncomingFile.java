package io.posthorn.cli.files;

import io.posthorn.cli.files.CopyMessage.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;

/**
 * One file on its way in: stands beside its place under another name until it is whole, verified
 * and on the disk, then gets its own in one step. For one thread at a time.
 */
final class IncomingFile {
  /** Less is not worth to be gone on with. */
  static final long LEAST_KEPT_BYTES = TreeHash.BLOCK_BYTES;

  private static final int READ_BYTES = 256 << 10;

  private final File file;
  private final Path place;
  private final HeldPart part;
  private final FileChannel channel;
  private final boolean overwrite;
  private TreeHash hash = new TreeHash();
  private long position;
  private boolean started;

  private IncomingFile(File file, Path place, HeldPart part, boolean overwrite) {
    this.file = file;
    this.place = place;
    this.part = part;
    this.channel = part.channel();
    this.overwrite = overwrite;
  }

  /** Opens the part of a file, new or kept from an earlier try. */
  static IncomingFile open(File file, Path place, boolean overwrite) throws Refused {
    String name = file.path().substring(file.path().lastIndexOf('/') + 1);
    Path path = place.resolveSibling(PartName.of(name));
    try {
      return new IncomingFile(file, place, HeldPart.open(path, place), overwrite);
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
  }

  File file() {
    return file;
  }

  Path place() {
    return place;
  }

  /** Where the next byte goes. */
  long position() {
    return position;
  }

  /**
   * Reads and hashes what is kept, in whole blocks and no more than the file is to have; writing
   * goes on behind it.
   *
   * @return bytes kept
   */
  long resume() throws Refused {
    try {
      long kept = channel.size();
      if (file.size() >= 0) {
        kept = Math.min(kept, file.size());
      }
      kept -= kept % TreeHash.BLOCK_BYTES;
      ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
      channel.position(0);
      while (position < kept) {
        buffer.clear().limit((int) Math.min(READ_BYTES, kept - position));
        int count = channel.read(buffer);
        if (count < 0) {
          throw new IOException("the part shrinks while it is read");
        }
        hash.update(buffer.array(), 0, count);
        position += count;
      }
      return kept;
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
  }

  /** The hash of what is kept. */
  byte[] keptHash() {
    return hash.hashSoFar();
  }

  /** Writing begins: behind what was kept, or anew. */
  void start(long offset) throws Refused {
    try {
      if (offset != position) {
        position = 0;
        hash = new TreeHash();
      }
      channel.truncate(position);
      channel.position(position);
      started = true;
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
  }

  /** Whether writing has begun: before it, what is kept may be longer than what is hashed of it. */
  boolean isStarted() {
    return started;
  }

  /** The next bytes. */
  void write(byte[] bytes, int from) throws Refused {
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, from, bytes.length - from);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
    hash.update(bytes, from, bytes.length - from);
    position += bytes.length - from;
  }

  /** Zeros, of which the disk keeps nothing where it can. */
  void skip(long length) throws Refused {
    try {
      position += length;
      channel.position(position);
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
    hash.zeros(length);
  }

  /** Whether the content is as the sender has it. */
  boolean matches(CopyMessage.End end) throws Refused {
    try {
      if (channel.size() < position) { // it ends in a hole
        channel.position(position - 1);
        channel.write(ByteBuffer.wrap(new byte[1]));
      }
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
    return position == end.size() && java.util.Arrays.equals(hash.hash(), end.hash());
  }

  /**
   * Gives it its times, permissions and, once it is on the disk, its name. The part is held until
   * then, or somebody else could open what has its name already; where this fails, until {@link
   * #giveUp}.
   */
  void finish() throws Refused {
    try {
      setAttributes(part.path(), file.mode(), file.seconds(), file.nanos());
      part.lockAgain(); // the JDK opens and closes a file to set its times
      channel.force(true);
      if (overwrite) {
        Files.move(part.path(), place, StandardCopyOption.ATOMIC_MOVE);
      } else {
        Rename.noReplace(part.path(), place);
      }
    } catch (FileAlreadyExistsException there) {
      throw new Refused(Refused.CANNOT_CREATE, "there is another file of this name by now");
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
    part.close();
  }

  /** Gives it up; a part that is worth it is kept for the next try. */
  void giveUp() {
    if (position >= LEAST_KEPT_BYTES && file.size() >= LEAST_KEPT_BYTES) {
      part.close();
    } else {
      part.remove();
    }
  }

  /** Removes the part: what it holds is wrong. */
  void discard() {
    part.remove();
  }

  /**
   * Sets the times and, where the system has them, the permissions: these last, for without that of
   * reading the JDK sets no times.
   */
  static void setAttributes(Path at, int mode, long seconds, int nanos) throws IOException {
    BasicFileAttributeView basic =
        Files.getFileAttributeView(at, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    basic.setTimes(StoredTime.of(seconds, nanos), null, null);
    PosixFileAttributeView posix =
        Files.getFileAttributeView(at, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (posix != null) {
      posix.setPermissions(FileModes.permissions(mode));
    }
  }
}
