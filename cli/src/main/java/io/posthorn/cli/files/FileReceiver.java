package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Folder;
import io.posthorn.cli.files.CopyMessage.Hello;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one sender sends, stored below a folder (COPY.md). One thread takes the messages; a few more
 * bring finished files to the disk, so that many small ones do not wait for it one by one.
 */
public final class FileReceiver {
  /** Told to a sender that does not keep to the conversation. */
  public static final int CODE_PROTOCOL = 76;

  /** Told to a sender whose files do not fit. */
  public static final int CODE_NO_SPACE = 74;

  private static final long PROGRESS_NANOS = 200_000_000L;

  /** Folders with new names that are not on the disk for sure. */
  private static final int MOST_TOUCHED = 4_096;

  private final Connection connection;
  private final TargetFolder target;
  private final Settings settings;
  private final Journal journal;
  private final Finisher finisher;
  private final Conversation conversation;
  private final CopyBounds bounds = new CopyBounds();
  private final Set<Path> touched = new HashSet<>();
  private final UnfinishedFolders folders = new UnfinishedFolders();

  private String below = "";
  private @Nullable IncomingFile current;
  private @Nullable File passedOver;
  private long storedBytes;
  private long toldBytes = -1;
  private long toldNanos = System.nanoTime();

  /**
   * How files are stored.
   *
   * @param overwrite whether files that are there are replaced, and folders get other times and
   *     permissions
   */
  public record Settings(boolean overwrite) {}

  /** Where the receiver says what happens; called by many threads. */
  public interface Journal {
    /** A file is in its place; its name comes from the network. */
    void stored(String name, long bytes);

    /** A file is not; its name and perhaps the reason come from the network. */
    void refused(String name, String reason);
  }

  /** A receiver for one sender. */
  public FileReceiver(Connection connection, Path folder, Settings settings, Journal journal) {
    this.connection = connection;
    this.target = new TargetFolder(folder);
    this.settings = settings;
    this.journal = new FullNames(journal);
    this.finisher = new Finisher(connection, this.journal);
    this.conversation = new Conversation(connection);
  }

  /** Says where below the receiver's folder a file is, which the sender said but once. */
  private final class FullNames implements Journal {
    private final Journal told;

    FullNames(Journal told) {
      this.told = told;
    }

    @Override
    public void stored(String name, long bytes) {
      told.stored(below + name, bytes);
    }

    @Override
    public void refused(String name, String reason) {
      told.refused(below + name, reason);
    }
  }

  /**
   * Takes all that the sender sends.
   *
   * @return whether the sender came to its end
   * @throws IOException if the connection ends before, or the sender breaks the conversation, which
   *     is then closed with the reason
   */
  public boolean run() throws IOException {
    try {
      hello(next());
      for (CopyMessage message = next(); !(message instanceof CopyMessage.Done); message = next()) {
        take(message);
        tellProgress(false);
      }
      requireNoFile();
      finisher.awaitAll();
      syncTouched();
      folders.finish(journal);
      tellProgress(true);
      send(new CopyMessage.Done());
      return true;
    } catch (BreachException breach) {
      giveUpCurrent();
      connection.close(
          CODE_PROTOCOL, String.valueOf(breach.getMessage()), connection.socket().linger());
      throw breach;
    } finally {
      giveUpCurrent();
      finisher.close();
      folders.close();
      conversation.close();
    }
  }

  /** The names in its folder are brought to the disk at the end, or before there are too many. */
  private void touch(Path place) throws IOException {
    Path folder = place.getParent();
    if (touched.size() >= MOST_TOUCHED && !touched.contains(folder)) {
      finisher.awaitAll();
      syncTouched();
    }
    touched.add(folder);
  }

  private void syncTouched() throws IOException {
    for (Path folder : touched) {
      TargetFolder.sync(folder);
    }
    touched.clear();
  }

  private void giveUpCurrent() {
    IncomingFile file = current;
    current = null;
    if (file != null) {
      file.giveUp();
    }
  }

  private CopyMessage next() throws IOException {
    Message message = connection.receive();
    CopyMessage read = CopyMessage.decode(message.bytes());
    if (read == null) {
      throw new BreachException("a message that is none of copy's");
    }
    return read;
  }

  private void send(CopyMessage message) throws IOException {
    connection.send(CopyMessage.encode(message));
  }

  private void hello(CopyMessage first) throws IOException {
    Hello hello = CopyBounds.hello(first);
    below = hello.folder().isEmpty() ? "" : hello.folder() + "/";
    send(new CopyMessage.Welcome());
  }

  private void take(CopyMessage message) throws IOException {
    if (message instanceof CopyMessage.Piece piece) {
      piece(piece);
    } else if (message instanceof CopyMessage.Hole hole) {
      hole(hole);
    } else if (message instanceof CopyMessage.End end) {
      end(end);
    } else if (message instanceof File file) {
      file(file);
    } else if (message instanceof Folder folder) {
      folder(folder);
    } else if (message instanceof CopyMessage.Start start) {
      start(start);
    } else if (message instanceof CopyMessage.GiveUp) {
      giveUp();
    } else {
      throw new BreachException("a message that is the receiver's to send");
    }
  }

  private void requireNoFile() throws BreachException {
    if (current != null || passedOver != null) {
      throw new BreachException("the next begins before the file before has ended");
    }
  }

  private void folder(Folder folder) throws IOException {
    requireNoFile();
    bounds.entry();
    try {
      Path place = target.place(below + folder.path());
      boolean made = target.makeFolder(place, folder.mode());
      folders.add(place, folder, made, settings.overwrite(), journal);
      finisher.done(new Result(folder.id(), CopyMessage.STORED, ""));
    } catch (Refused refused) {
      refuse(folder.id(), folder.path(), refused);
    }
  }

  private void file(File file) throws IOException {
    requireNoFile();
    bounds.entry();
    try {
      CopyBounds.requireSize(file);
      Path place = target.place(below + file.path());
      finisher.await(place);
      conversation.begins(place);
      if (isThere(file, place)) {
        passOver(file, CopyMessage.THERE);
        finisher.done(new Result(file.id(), CopyMessage.THERE, ""));
        storedBytes += Math.max(0, file.size());
        return;
      }
      IncomingFile incoming = IncomingFile.open(file, place, settings.overwrite());
      current = incoming;
      long kept = file.waits() ? incoming.resume() : 0;
      requireSpace(file, kept, place);
      if (file.waits()) {
        byte[] hash = kept > 0 ? incoming.keptHash() : new byte[0];
        send(new Answer(file.id(), CopyMessage.STORED, kept, hash));
      } else {
        incoming.start(0);
      }
      touch(place);
    } catch (Refused refused) {
      giveUpCurrent();
      passOver(file, refused.code());
      refuse(file.id(), file.path(), refused);
    }
  }

  /** Content may still come, unless the sender waits for the answer and gets this one. */
  private void passOver(File file, int code) throws IOException {
    if (file.waits()) {
      send(new Answer(file.id(), code, 0, new byte[0]));
    } else {
      passedOver = file;
    }
  }

  private static void requireSpace(File file, long kept, Path place) throws Refused {
    long needed = file.dataBytes() - kept;
    long free = TargetFolder.freeBytes(place);
    if (needed > free) {
      throw new Refused(
          Refused.IO, "the receiver's disk has " + free + " bytes free, and it needs " + needed);
    }
  }

  /** Whether the file is in its place already; refuses it if another one is. */
  private boolean isThere(File file, Path place) throws Refused {
    try {
      BasicFileAttributes there = TargetFolder.attributes(place);
      if (there == null) {
        return false;
      }
      if (there.isDirectory()) {
        throw new Refused(Refused.CANNOT_CREATE, "there is a folder of this name");
      }
      if (there.isRegularFile() && there.size() == file.size() && isSame(file, place, there)) {
        return true;
      }
    } catch (IOException failed) {
      throw Refused.ofWriting(failed);
    }
    if (!settings.overwrite()) {
      throw new Refused(
          Refused.CANNOT_CREATE,
          "there is another file of this name; receive --overwrite replaces");
    }
    return false;
  }

  private static boolean isSame(File file, Path place, BasicFileAttributes there)
      throws IOException {
    if (file.hash().length > 0) {
      return Arrays.equals(file.hash(), SourceFile.hash(place));
    }
    return StoredTime.isOf(there.lastModifiedTime().toInstant(), file.seconds(), file.nanos());
  }

  private IncomingFile requireFile() throws BreachException {
    IncomingFile file = current;
    if (file == null) {
      throw new BreachException("content without a file");
    }
    return file;
  }

  private IncomingFile requireStarted() throws BreachException {
    IncomingFile file = requireFile();
    if (!file.isStarted()) {
      throw new BreachException("content without its start");
    }
    return file;
  }

  private void start(CopyMessage.Start start) throws IOException {
    if (passedOver != null) {
      return;
    }
    IncomingFile file = requireFile();
    if (file.isStarted()) {
      throw new BreachException("a start of what has started");
    }
    if (start.offset() != 0 && start.offset() != file.position()) {
      throw new BreachException("content from where nothing was kept");
    }
    try {
      file.start(start.offset());
      storedBytes += start.offset();
    } catch (Refused refused) {
      fail(file, refused);
    }
  }

  private void piece(CopyMessage.Piece piece) throws IOException {
    int length = piece.bytes().length - piece.from();
    if (passedOver == null) {
      IncomingFile file = requireStarted();
      CopyBounds.requireFits(file.file(), file.position(), length);
      try {
        file.write(piece.bytes(), piece.from());
        storedBytes += length;
      } catch (Refused refused) {
        fail(file, refused);
      }
    }
  }

  private void hole(CopyMessage.Hole hole) throws IOException {
    if (passedOver == null) {
      IncomingFile file = requireStarted();
      CopyBounds.requireHoleFits(file.file(), file.position(), hole.length());
      try {
        file.skip(hole.length());
        storedBytes += hole.length();
      } catch (Refused refused) {
        fail(file, refused);
      }
    }
  }

  private void end(CopyMessage.End end) throws IOException {
    if (passedOver != null) {
      passedOver = null;
      return;
    }
    IncomingFile file = requireStarted();
    current = null;
    try {
      if (file.matches(end)) {
        finisher.finish(file);
      } else {
        file.discard();
        throw new Refused(Refused.BAD_DATA, "what arrived is not what was sent: its hash differs");
      }
    } catch (Refused refused) {
      file.giveUp();
      refuse(file.file().id(), file.file().path(), refused);
    }
  }

  private void giveUp() throws IOException {
    if (passedOver != null) {
      passedOver = null;
      return;
    }
    IncomingFile file = requireFile();
    current = null;
    file.giveUp();
    refuse(
        file.file().id(), file.file().path(), new Refused(Refused.BAD_DATA, "the sender gave up"));
  }

  /** The file cannot be stored: what still comes of it is passed over. */
  private void fail(IncomingFile file, Refused refused) throws IOException {
    current = null;
    file.giveUp();
    passedOver = file.file();
    refuse(file.file().id(), file.file().path(), refused);
  }

  private void refuse(int id, String name, Refused refused) throws IOException {
    journal.refused(name, refused.reason());
    finisher.done(new Result(id, refused.code(), refused.reason()));
  }

  private void tellProgress(boolean atOnce) throws IOException {
    long now = System.nanoTime();
    if (storedBytes != toldBytes && (atOnce || now - toldNanos >= PROGRESS_NANOS)) {
      toldBytes = storedBytes;
      conversation.stored(storedBytes);
      toldNanos = now;
      send(new CopyMessage.Progress(storedBytes));
    }
  }
}
