package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.TransportException;
import io.posthorn.cli.ReadAhead;
import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Folder;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Arrays;

/**
 * Sends files and folders to a receiver (COPY.md): reads them and cuts them into messages, on the
 * thread in {@link #send}, while {@link SenderDialogue} takes what the receiver says.
 */
public final class FileSender {
  /** Files of this size are worth a question before they are sent. */
  private static final long ASK_FROM_BYTES = IncomingFile.LEAST_KEPT_BYTES;

  private static final int FILE_MODE = 0644;

  private final Settings settings;
  private final CopyWatcher watcher;
  private final SenderDialogue dialogue;

  /**
   * How files are sent.
   *
   * @param folder where below the receiver's folder; empty for there itself
   * @param checksum whether files are compared by their content rather than by size and time
   * @param pace waits until so many bytes may leave
   */
  public record Settings(String folder, boolean checksum, Pace pace) {}

  /** Holds content back to a rate. */
  public interface Pace {
    /** Waits until so many bytes may leave. */
    void await(int bytes) throws InterruptedException;
  }

  /** A sender over a connection to a receiver. */
  public FileSender(Connection connection, Settings settings, CopyWatcher watcher) {
    this.settings = settings;
    this.watcher = watcher;
    this.dialogue = new SenderDialogue(connection, watcher);
  }

  /** What became of all, so far. */
  public CopyTotals totals() {
    return dialogue.totals();
  }

  /** The exit status of the first that failed; 0 if none did. */
  public int firstCode() {
    return dialogue.firstCode();
  }

  /**
   * Sends all of a tree and waits until it is stored.
   *
   * @throws IOException if the connection ends
   * @throws InterruptedException if the thread is interrupted
   */
  public void send(SourceTree tree) throws IOException, InterruptedException {
    SourceTree.Totals expected = tree.totals();
    dialogue.begin(expected.entries(), expected.bytes(), settings.folder());
    tree.walk(
        new SourceTree.Visitor() {
          @Override
          public void folder(String name, Path path, BasicFileAttributes attributes)
              throws IOException {
            sendFolder(name, path, attributes);
          }

          @Override
          public void file(String name, Path path, BasicFileAttributes attributes)
              throws IOException {
            sendFile(name, path, attributes);
          }

          @Override
          public void refused(String name, Refused why) {
            dialogue.notSent(name, why);
          }
        });
    dialogue.end();
  }

  /** Sends a stream under a name; nothing of it is kept if it does not come to its end. */
  public void send(InputStream in, String name) throws IOException, InterruptedException {
    dialogue.begin(1, 0, settings.folder());
    int id = dialogue.newId(name);
    watcher.begins(name);
    Instant now = Instant.now();
    dialogue.put(
        new File(
            id,
            name,
            FILE_MODE,
            now.getEpochSecond(),
            now.getNano(),
            CopyMessage.UNKNOWN_SIZE,
            0,
            false,
            new byte[0]));
    byte[] piece = new byte[CopyMessage.LARGEST_PIECE_BYTES];
    ReadAhead.Source<RuntimeException> pieces =
        () -> {
          int count = in.read(piece);
          return count < 0 ? null : Arrays.copyOf(piece, count);
        };
    try (ReadAhead<RuntimeException> input = new ReadAhead<>(pieces, dialogue::wake)) {
      dialogue.put(streamed(id, input));
    } catch (SenderDialogue.SettledException refused) {
      dialogue.put(new CopyMessage.GiveUp("refused"));
    }
    dialogue.end();
  }

  /** Sends the content of a stream; answers what ends it. */
  private CopyMessage.End streamed(int id, ReadAhead<RuntimeException> input)
      throws IOException, InterruptedException {
    TreeHash hash = new TreeHash();
    while (true) {
      dialogue.awaitUnsettled(id, input::isReady);
      byte[] bytes = input.next();
      if (bytes == null) {
        return new CopyMessage.End(hash.length(), hash.hash());
      }
      hash.update(bytes, 0, bytes.length);
      piece(bytes);
    }
  }

  private void sendFolder(String name, Path path, BasicFileAttributes attributes)
      throws IOException {
    Instant time = SourceTree.time(attributes);
    int id = dialogue.newId(name);
    dialogue.put(
        new Folder(id, name, SourceTree.mode(path, true), time.getEpochSecond(), time.getNano()));
  }

  private void sendFile(String name, Path path, BasicFileAttributes attributes) throws IOException {
    String refusal = RelativeName.refusal(name);
    if (refusal != null) {
      dialogue.notSent(name, new Refused(Refused.BAD_DATA, refusal));
      return;
    }
    watcher.begins(name);
    try (SourceFile source = SourceFile.open(path, attributes.size())) {
      byte[] hash = settings.checksum() ? hashed(() -> SourceFile.hash(path)) : new byte[0];
      boolean waits = settings.checksum() || attributes.size() >= ASK_FROM_BYTES;
      Instant time = SourceTree.time(attributes);
      int id = dialogue.newId(name);
      File file =
          new File(
              id,
              name,
              SourceTree.mode(path, false),
              time.getEpochSecond(),
              time.getNano(),
              attributes.size(),
              source.dataBytes(),
              waits,
              hash);
      if (!waits) {
        dialogue.put(file);
      }
      if (!waits || isWanted(file, source)) {
        sendContent(id, source, attributes);
      }
    } catch (TransportException | InterruptedIOException gone) {
      throw gone;
    } catch (SenderDialogue.SettledException refused) {
      return; // and counted, before it could not be read
    } catch (ReadException unreadable) {
      dialogue.notSent(name, Refused.ofReading(unreadable.failed));
    } catch (IOException failed) {
      dialogue.requireGoing();
      dialogue.notSent(name, Refused.ofReading(failed));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /** A file cannot be read any more, which its receiver knows by now. */
  private static final class ReadException extends Exception {
    private static final long serialVersionUID = 1L;

    private final IOException failed;

    ReadException(IOException failed) {
      super(failed);
      this.failed = failed;
    }
  }

  private interface Hashing {
    byte[] hash() throws IOException;
  }

  private byte[] hashed(Hashing hashing) throws IOException {
    watcher.hashes(true);
    try {
      return hashing.hash();
    } finally {
      watcher.hashes(false);
    }
  }

  /** Asks what the receiver has, and begins where that ends. */
  private boolean isWanted(File file, SourceFile source)
      throws IOException, InterruptedException, ReadException {
    Answer said = dialogue.ask(file);
    if (said.code() != CopyMessage.STORED) {
      return false;
    }
    try {
      long kept = said.kept();
      boolean same = kept > 0 && Arrays.equals(said.hash(), hashed(() -> source.hashUpTo(kept)));
      if (!same) {
        source.startAgain();
      }
      dialogue.put(new CopyMessage.Start(same ? kept : 0));
      return true;
    } catch (TransportException | InterruptedIOException gone) {
      throw gone;
    } catch (IOException failed) {
      throw giveUp(file.id(), failed);
    }
  }

  private ReadException giveUp(int id, IOException failed) throws IOException {
    boolean isOurs = dialogue.forget(id); // to count, whatever the receiver says of it
    dialogue.put(new CopyMessage.GiveUp(String.valueOf(failed.getMessage())));
    if (!isOurs) {
      throw new SenderDialogue.SettledException();
    }
    return new ReadException(failed);
  }

  private void sendContent(int id, SourceFile source, BasicFileAttributes before)
      throws IOException, ReadException {
    byte[] hash;
    try {
      hash =
          source.readRest(
              new SourceFile.Sink() {
                @Override
                public void data(byte[] bytes, int count) throws IOException {
                  dialogue.requireUnsettled(id);
                  piece(Arrays.copyOf(bytes, count));
                }

                @Override
                public void zeros(long count) throws IOException {
                  dialogue.requireUnsettled(id);
                  dialogue.put(new CopyMessage.Hole(count));
                }
              });
      if (!source.isUnchanged(before)) {
        throw new SourceFile.ChangedException();
      }
    } catch (SenderDialogue.SettledException refused) {
      dialogue.put(new CopyMessage.GiveUp("refused"));
      return;
    } catch (TransportException | InterruptedIOException gone) {
      throw gone;
    } catch (IOException failed) {
      dialogue.requireGoing();
      throw giveUp(id, failed);
    }
    dialogue.put(new CopyMessage.End(before.size(), hash));
  }

  private void piece(byte[] bytes) throws IOException {
    try {
      settings.pace().await(bytes.length);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    dialogue.put(new CopyMessage.Piece(bytes, 0));
    dialogue.sent(bytes.length);
  }
}
