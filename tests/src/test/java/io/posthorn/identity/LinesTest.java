package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.identity.KnownHosts.Entry;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Lines are added to a file and taken out of it while others do the same, here and elsewhere. */
class LinesTest extends IdentityFolder {
  @Test
  void aKeyThatIsReplacedLeavesNoMomentWithoutOne() throws IOException {
    assertEquals(0, hosts.replace("10.0.0.7:9000", ONE.fingerprint()), "no file yet");
    hosts.add("10.0.0.8:9000", ONE);
    hosts.add("10.0.0.7:9000", ONE);
    List<KnownHosts.Verdict> during = new ArrayList<>();
    Lines.replace(
        file,
        line -> {
          during.add(hosts.judge(peer, TWO.bytes()));
          return line.startsWith("10.0.0.7:");
        },
        "10.0.0.7:9000 " + TWO.fingerprint());
    for (KnownHosts.Verdict each : during) {
      assertInstanceOf(KnownHosts.Verdict.Refused.class, each);
    }
    assertKnown(TWO);
    assertTrue(refusal(ONE).contains("has changed"));
    assertEquals(1, hosts.replace("10.0.0.7:9000", ONE.fingerprint()));
    assertKnown(ONE);
    assertEquals(2, hosts.entries().size());
  }

  /** As where root changes what a service reads that runs as somebody else. */
  @Test
  void aFileStaysOpenToWhomItWas() throws IOException {
    for (String mode : List.of("rw-r--r--", "rw-r-----", "rw-------")) {
      write(file, "10.0.0.7:9000 " + ONE.line() + "\n10.0.0.8:9000 " + ONE.line() + "\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertEquals(1, hosts.remove("10.0.0.8:9000"));
      assertEquals(1, hosts.replace("10.0.0.7:9000", TWO.fingerprint()));
      assertEquals(mode, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
  }

  /** Only root gives a file to any group; whoever else runs this sees nothing new. */
  @Test
  void aFileStaysItsGroups() throws IOException {
    hosts.add("10.0.0.8:9000", ONE);
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    try {
      view.setGroup(
          file.getFileSystem()
              .getUserPrincipalLookupService()
              .lookupPrincipalByGroupName("daemon"));
    } catch (IOException refused) {
      Assumptions.abort(refused.toString());
    }
    GroupPrincipal group = view.readAttributes().group();
    assertEquals(1, hosts.remove("10.0.0.8:9000"));
    assertEquals(group, view.readAttributes().group());
  }

  /** As in a home whose files are kept elsewhere. */
  @Test
  void aLinkToAFileStaysOne() throws IOException {
    hosts.add("10.0.0.7:9000", ONE);
    hosts.add("10.0.0.8:9000", ONE);
    Path other = folder.resolve("linked/unrelated");
    write(other, "");
    Path link = Files.createSymbolicLink(other.resolveSibling("known_hosts"), file);
    KnownHosts linked = new KnownHosts(link);
    assertEquals(1, linked.remove("10.0.0.8:9000"));
    assertEquals(1, linked.replace("10.0.0.7:9000", TWO.fingerprint()));
    assertTrue(Files.isSymbolicLink(link));
    assertKnown(TWO);
    assertEquals(1, hosts.entries().size());
    assertTrue(Files.exists(file.resolveSibling(".known_hosts.lock")), "and not beside the link");
  }

  /** As a thread's may be that sends, and thereby meets a peer for the first time. */
  @Test
  void anInterruptedThreadWritesAllTheSame() throws IOException {
    try {
      Thread.currentThread().interrupt();
      hosts.add("10.0.0.7:9000", ONE);
      hosts.add("10.0.0.8:9000", ONE);
      assertKnown(ONE);
      assertEquals(1, hosts.replace("10.0.0.7:9000", TWO.fingerprint()));
      assertKnown(TWO);
      assertEquals(1, hosts.remove("10.0.0.8:9000"));
      assertTrue(Thread.currentThread().isInterrupted());
    } finally {
      Thread.interrupted();
    }
    assertEquals(1, hosts.entries().size());
  }

  /** A key that one process revokes is not forgotten since another takes a line out. */
  @Test
  void whatIsAddedWhileLinesAreTakenOutStays() throws IOException {
    hosts.add("10.0.0.7:9000", ONE);
    hosts.add("10.0.0.8:9000", ONE);
    KnownHosts elsewhere = new KnownHosts(file);
    List<String> added = new ArrayList<>();
    int removed =
        Lines.remove(
            file,
            line -> {
              if (added.isEmpty()) {
                added.add("@revoked");
                revoke(elsewhere, TWO);
              }
              return line.startsWith("10.0.0.8:");
            });
    assertEquals(1, removed);
    assertTrue(refusal(TWO).contains("is revoked"), refusal(TWO));
    assertKnown(ONE);
    assertEquals(2, hosts.entries().size());
  }

  private static void revoke(KnownHosts hosts, PeerKey key) {
    try {
      hosts.revoke(key.fingerprint());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As above, wherever the two meet: as often as they can. */
  @Test
  void whatTwoAtOnceAddAndTakeOutIsAsIfOneAfterTheOther() throws Exception {
    hosts.add("10.0.0.7:9000", ONE);
    KnownHosts elsewhere = new KnownHosts(file);
    AtomicBoolean done = new AtomicBoolean();
    FutureTask<Void> taking =
        new FutureTask<>(
            () -> {
              while (!done.get()) {
                hosts.replace("10.0.0.7:9000", ONE.fingerprint());
              }
              return null;
            });
    Thread taker = new Thread(taking, "takes out");
    taker.start();
    List<PeerKey> revoked = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        byte[] bytes = new byte[PeerKey.KEY_BYTES];
        bytes[0] = (byte) i;
        revoked.add(PeerKey.of(bytes));
        elsewhere.revoke(revoked.get(i).fingerprint());
      }
    } finally {
      done.set(true);
      taker.join();
    }
    taking.get();
    for (PeerKey key : revoked) {
      assertTrue(refusal(key).contains("is revoked"), refusal(key));
    }
    assertKnown(ONE);
  }

  /** A key that one takes out does not come back since another takes out another. */
  @Test
  void whatTwoTakeOutAtOnceIsOutForBoth() throws Exception {
    hosts.add("10.0.0.7:9000", ONE);
    hosts.add("10.0.0.8:9000", ONE);
    hosts.add("10.0.0.9:9000", ONE);
    KnownHosts elsewhere = new KnownHosts(file);
    FutureTask<Integer> taking = new FutureTask<>(() -> elsewhere.remove("10.0.0.7:9000"));
    Thread taker = new Thread(taking, "takes out");
    int removed =
        Lines.remove(
            file,
            line -> {
              if (taker.getState() == Thread.State.NEW) {
                taker.start();
                while (taker.getState() != Thread.State.BLOCKED && !taking.isDone()) {
                  Thread.onSpinWait(); // until it waits for this one, or is done
                }
              }
              return line.startsWith("10.0.0.8:");
            });
    assertEquals(1, removed);
    assertEquals(1, taking.get());
    assertEquals(List.of("10.0.0.9:9000"), hosts.entries().stream().map(Entry::host).toList());
  }

  /** As above, where the other is another process, which waits at the lock of a file beside. */
  @Test
  void whoeverTakesLinesOutKeepsOtherProcessesFromIt() throws Exception {
    hosts.add("10.0.0.7:9000", ONE);
    hosts.add("10.0.0.8:9000", ONE);
    String classes = File.pathSeparator + codeOf(Lines.class) + File.pathSeparator;
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                codeOf(SlowTaker.class) + classes,
                SlowTaker.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Path lock = file.resolveSibling(".known_hosts.lock");
    try (BufferedReader says = other.inputReader()) {
      assertEquals("taking", says.readLine());
      try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
        assertNull(channel.tryLock(), "the other has it");
        other.getOutputStream().close();
        assertEquals(0, other.waitFor());
        assertNotNull(channel.tryLock());
      }
    } finally {
      other.destroy();
    }
    assertEquals(List.of("10.0.0.8:9000"), hosts.entries().stream().map(Entry::host).toList());
    assertEquals(0, Files.size(lock));
  }

  private static String codeOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  /** Takes a line out of a file, says when it is about to, and does so when it is told to. */
  static final class SlowTaker {
    private SlowTaker() {}

    /** Takes the name of the file. */
    public static void main(String[] arguments) throws IOException {
      AtomicBoolean said = new AtomicBoolean();
      Lines.remove(
          Path.of(arguments[0]),
          line -> {
            if (!said.getAndSet(true)) {
              System.out.println("taking");
              waitForTheEndOfInput();
            }
            return line.startsWith("10.0.0.7:");
          });
    }

    private static void waitForTheEndOfInput() {
      try {
        System.in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
