package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What a file said is kept for as long as it surely says the same. */
class KeptFileTest extends IdentityFolder {
  private int pipes;

  /** At each handshake the file is looked at, and not read. */
  @Test
  void aFileThatStaysAsItIsIsReadOnce() throws IOException {
    hosts.add("10.0.0.7:9000", ONE);
    AtomicLong nanos = new AtomicLong();
    KnownHosts asked = new KnownHosts(file, nanos::get);
    Path of = folder.resolve("home/authorized_keys");
    AuthorizedKeys keys = new AuthorizedKeys(of, nanos::get);
    keys.add(ONE, "");
    int before = keys.reads();
    for (int i = 0; i < 100; i++) {
      nanos.addAndGet(KeptFile.SETTLED_NANOS);
      assertInstanceOf(KnownHosts.Verdict.Known.class, asked.judge(peer, ONE.bytes()));
      assertNull(keys.refusal(ONE.bytes()));
    }
    assertEquals(2, asked.reads(), "when it was seen first, and once it had settled");
    assertTrue(keys.reads() - before <= 2, keys.reads() - before + " times");
  }

  /** Times of files are coarse: what looks unchanged shortly after a change may be another. */
  @Test
  void aFileThatChangedJustNowIsReadAtEachQuestion() throws IOException {
    AtomicLong nanos = new AtomicLong();
    KnownHosts asked = new KnownHosts(file, nanos::get);
    assertInstanceOf(KnownHosts.Verdict.Unknown.class, asked.judge(peer, ONE.bytes()));
    hosts.add("10.0.0.7:9000", ONE);
    for (int i = 1; i <= 10; i++) {
      int before = asked.reads();
      assertInstanceOf(KnownHosts.Verdict.Known.class, asked.judge(peer, ONE.bytes()));
      assertEquals(before + 1, asked.reads());
      nanos.addAndGet((KeptFile.SETTLED_NANOS - 1) / 10);
    }
  }

  @Test
  void whateverChangesASettledFileCountsAtOnce() throws IOException {
    String old = "10.0.0.7:9000 " + ONE.fingerprint() + "\n";
    String other = "10.0.0.7:9000 " + TWO.fingerprint() + "\n"; // as many bytes
    write(file, old);
    AtomicLong nanos = new AtomicLong();
    KnownHosts asked = new KnownHosts(file, nanos::get);
    settle(asked, nanos, ONE);
    FileTime time = Files.getLastModifiedTime(file);

    write(file, other); // in place, and with its old time
    Files.setLastModifiedTime(file, time);
    settle(asked, nanos, TWO);

    Path beside = folder.resolve("home/beside");
    write(beside, old);
    Files.setLastModifiedTime(beside, time);
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    settle(asked, nanos, ONE);

    asked.revoke(ONE.fingerprint());
    assertInstanceOf(KnownHosts.Verdict.Refused.class, asked.judge(peer, ONE.bytes()));
    write(file, old);
    settle(asked, nanos, ONE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertInstanceOf(KnownHosts.Verdict.Refused.class, asked.judge(peer, ONE.bytes()));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    settle(asked, nanos, ONE);
    Files.delete(file);
    assertInstanceOf(KnownHosts.Verdict.Unknown.class, asked.judge(peer, ONE.bytes()));
  }

  /** As a shell makes of {@code <(pass show hosts)}: it is empty for whoever reads it again. */
  @Test
  void whatAStreamSaidIsKeptForGood() throws Exception {
    KnownHosts asked = new KnownHosts(pipe("10.0.0.7:9000 " + ONE.line() + "\n"));
    AuthorizedKeys keys = new AuthorizedKeys(pipe(ONE.line() + "\n"));
    keys.check();
    for (int i = 0; i < 3; i++) {
      assertInstanceOf(KnownHosts.Verdict.Known.class, asked.judge(peer, ONE.bytes()));
      assertInstanceOf(KnownHosts.Verdict.Refused.class, asked.judge(peer, TWO.bytes()));
      assertNull(keys.refusal(ONE.bytes()));
      assertNotNull(keys.refusal(TWO.bytes()));
    }
    assertEquals(1, asked.reads());
    KnownHosts nonsense = new KnownHosts(pipe("nonsense\n"));
    assertThrows(IdentityFileException.class, nonsense::entries);
    assertThrows(IdentityFileException.class, nonsense::entries);
  }

  @Test
  void nothingIsAddedToAStream() throws Exception {
    Path pipe = pipe("");
    KnownHosts asked = new KnownHosts(pipe);
    assertEquals(0, asked.entries().size());
    for (Executable change :
        List.<Executable>of(
            () -> asked.add("10.0.0.7:9000", ONE),
            () -> asked.revoke(ONE.fingerprint()),
            () -> asked.remove("10.0.0.7:9000"))) {
      String why = assertThrows(IdentityFileException.class, change).getMessage();
      assertTrue(why.contains("cannot change " + pipe), why);
    }
  }

  /** A pipe that says something to whoever reads it first, and nothing to the next. */
  private Path pipe(String text) throws Exception {
    Path pipe = folder.resolve("pipe" + pipes++);
    assertEquals(0, new ProcessBuilder("mkfifo", "-m", "600", pipe.toString()).start().waitFor());
    Thread writer = new Thread(() -> say(pipe, text));
    writer.setDaemon(true); // it waits for the reader
    writer.start();
    return pipe;
  }

  private static void say(Path pipe, String text) {
    try {
      Files.writeString(pipe, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asks until what the file says is kept. */
  private void settle(KnownHosts asked, AtomicLong nanos, PeerKey known) {
    for (int i = 0; i < 3; i++) {
      assertInstanceOf(KnownHosts.Verdict.Known.class, asked.judge(peer, known.bytes()));
      nanos.addAndGet(KeptFile.SETTLED_NANOS);
    }
  }
}
