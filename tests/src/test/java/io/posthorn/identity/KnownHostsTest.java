package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.identity.KnownHosts.Entry;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of known hosts and of authorized keys. */
class KnownHostsTest {
  private static final PeerKey ONE = Identity.generate().publicKey();
  private static final PeerKey TWO = Identity.generate().publicKey();

  @TempDir private Path folder;
  private Path file;
  private KnownHosts hosts;
  private InetSocketAddress peer;

  @BeforeEach
  void makeThem() throws IOException {
    file = folder.resolve("home/known_hosts");
    hosts = new KnownHosts(file);
    peer = new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, 7}), 9000);
  }

  private String refusal(PeerKey key) {
    return assertInstanceOf(KnownHosts.Verdict.Refused.class, hosts.judge(peer, key.bytes())).why();
  }

  private void assertKnown(PeerKey key) {
    assertInstanceOf(KnownHosts.Verdict.Known.class, hosts.judge(peer, key.bytes()));
  }

  private void assertUnknown(PeerKey key) {
    assertInstanceOf(KnownHosts.Verdict.Unknown.class, hosts.judge(peer, key.bytes()));
  }

  private static void write(Path to, String text) throws IOException {
    Files.createDirectories(to.getParent());
    Files.setPosixFilePermissions(to.getParent(), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(to, text);
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rw-r--r--"));
  }

  @Test
  void aPeerIsKnownByTheNameThatWasAskedFor() throws IOException {
    byte[] ip = {10, 0, 0, 7};
    assertEquals("10.0.0.7:9000", KnownHosts.nameOf(peer));
    assertEquals(
        "post.example:9000",
        KnownHosts.nameOf(
            new InetSocketAddress(InetAddress.getByAddress("Post.Example", ip), 9000)));
    InetAddress six = InetAddress.getByAddress(new byte[16]);
    assertEquals("[0:0:0:0:0:0:0:0]:1", KnownHosts.nameOf(new InetSocketAddress(six, 1)));
  }

  @Test
  void firstUseIsRememberedAndAChangeIsRefusedByFileAndLine() throws IOException {
    assertUnknown(ONE);
    hosts.add("10.0.0.8:9000", TWO);
    hosts.add("10.0.0.7:9000", ONE);
    assertKnown(ONE);
    String why = refusal(TWO);
    for (String told :
        List.of(
            file + " line 2",
            "10.0.0.7:9000",
            ONE.fingerprint().toString(),
            TWO.fingerprint().toString(),
            "remove line 2")) {
      assertTrue(why.contains(told), why);
    }
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void severalLinesAreAlternativesAndCommentsStay() throws IOException {
    write(file, "# kept\n\n10.0.0.7:9000 " + ONE.line() + " the old box");
    hosts.add("10.0.0.7:9000", TWO.fingerprint());
    assertKnown(ONE);
    assertKnown(TWO);
    assertEquals(List.of("the old box", ""), comments());
    assertEquals(2, hosts.remove("10.0.0.7:9000"));
    assertUnknown(ONE);
    assertEquals("# kept\n\n", Files.readString(file));
    assertEquals(0, hosts.remove("10.0.0.7:9000"));
  }

  private List<String> comments() throws IOException {
    return hosts.entries().stream().map(Entry::comment).toList();
  }

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

  /** Asks until what the file says is kept. */
  private void settle(KnownHosts asked, AtomicLong nanos, PeerKey known) {
    for (int i = 0; i < 3; i++) {
      assertInstanceOf(KnownHosts.Verdict.Known.class, asked.judge(peer, known.bytes()));
      nanos.addAndGet(KeptFile.SETTLED_NANOS);
    }
  }

  @Test
  void aRevokedKeyIsRefusedEverywhere() throws IOException {
    hosts.add("10.0.0.7:9000", ONE);
    hosts.revoke(ONE.fingerprint());
    assertTrue(refusal(ONE).contains("revoked by " + file + " line 2"));
    assertTrue(hosts.entries().get(1).isRevoked());
    assertTrue(refusal(TWO).contains("has changed"));
  }

  @Test
  void fault34_aFileThatOthersMayWriteOrThatMakesNoSenseIsRefusedByPathAndModeOrLine()
      throws IOException {
    write(file, "10.0.0.7:9000 " + ONE.line() + "\n");
    assertKnown(ONE);
    for (String mode : List.of("rw-rw-r--", "rw-r--rw-")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertTrue(refusal(ONE).contains(file + " has mode 06"), refusal(ONE));
      assertThrows(IdentityFileException.class, () -> hosts.add("10.0.0.7:9000", TWO));
    }
    for (String bad :
        List.of("10.0.0.7:9000", "10.0.0.7:9000 x", "@revoked", "a:1 posthorn-x25519 AAAA", "\0")) {
      write(file, "# fine\n" + bad + "\n");
      assertTrue(refusal(ONE).contains(file + " line 2"), refusal(ONE));
      assertThrows(IdentityFileException.class, hosts::entries);
      assertThrows(IdentityFileException.class, () -> hosts.remove("10.0.0.7:9000"));
      assertEquals("# fine\n" + bad + "\n", Files.readString(file), "left as it was");
    }
    for (String name : List.of("", "a b:1", "#a:1", "@revoked", "a\nb:1", "a", "a:0", "::1:9")) {
      assertThrows(IllegalArgumentException.class, () -> hosts.add(name, ONE));
    }
  }

  /** A line that matches nobody would leave its peer unknown: anybody would be taken for it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.7",
        "10.0.0.7:",
        ":9000",
        "10.0.0.7:0",
        "10.0.0.7:65536",
        "10.0.0.7:90000000000",
        "10.0.0.7:+9000",
        "10.0.0.7,10.0.0.8:9000",
        "10.0.0.*:9000",
        "!10.0.0.7:9000",
        "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=",
        "@Revoked",
        "@revoked:1",
        "@cert-authority",
        "::1:9000",
        "[::1]",
        "[::1:9000",
        "[]:9000",
        "[1:2]:9000",
        "[::1]x:9000"
      })
  void fault34_aLineThatSeemsToSpeakOfAPeerAndDoesNotIsRefused(String name) throws IOException {
    write(file, "# fine\n" + name + " " + ONE.line() + "\n");
    assertTrue(refusal(TWO).contains(file + " line 2"), refusal(TWO));
    assertThrows(IdentityFileException.class, hosts::entries);
    assertThrows(IllegalArgumentException.class, () -> hosts.add(name, ONE));
  }

  @ParameterizedTest
  @CsvSource({
    "[10.0.0.7]:9000, 10.0.0.7",
    "10.0.0.7:09000, 10.0.0.7",
    "[::FFFF:10.0.0.7]:9000, 10.0.0.7",
    "[::1]:9000, ::1",
    "[2001:DB8::0:7]:9000, 2001:db8:0::7",
    "[0:0:0:0:0:0:0:1]:9000, ::1",
    "[fe80::7%2]:9000, fe80::7%2"
  })
  void aPeerIsFoundHoweverItsAddressIsWritten(String written, String address) throws IOException {
    peer = new InetSocketAddress(InetAddress.getByName(address), 9000);
    write(file, written + " " + ONE.line() + "\n");
    assertKnown(ONE);
    assertTrue(refusal(TWO).contains(file + " line 1"), refusal(TWO));
    assertEquals(1, hosts.remove(written));
    assertUnknown(TWO);
    hosts.add(KnownHosts.nameOf(peer), TWO);
    assertKnown(TWO);
  }

  @Test
  void authorizedKeysAreAddedOnceFoundAndTakenOut() throws IOException {
    Path of = folder.resolve("authorized_keys");
    AuthorizedKeys keys = new AuthorizedKeys(of);
    assertThrows(IdentityFileException.class, keys::check);
    assertNotNull(keys.refusal(ONE.bytes()));
    assertTrue(keys.add(ONE, "ann\nat home"));
    assertFalse(keys.add(ONE, "again"));
    keys.check();
    assertNull(keys.refusal(ONE.bytes()));
    assertTrue(keys.refusal(TWO.bytes()).contains(TWO.fingerprint().toString()));
    assertEquals("ann at home", keys.entries().get(0).comment());
    write(of, Files.readString(of) + "# kept\n" + TWO.fingerprint() + " by telephone\n");
    assertNull(keys.refusal(TWO.bytes()));
    assertEquals(1, keys.remove(ONE.fingerprint()));
    assertNotNull(keys.refusal(ONE.bytes()));
    assertNull(keys.refusal(TWO.bytes()));
    assertTrue(Files.readString(of).startsWith("# kept\n"));
    write(of, "ssh-ed25519 AAAA\n");
    assertTrue(keys.refusal(TWO.bytes()).contains(of + " line 1"));
    assertThrows(IdentityFileException.class, keys::check);
    assertThrows(IdentityFileException.class, () -> keys.add(ONE, ""));
  }

  @Test
  void aSecretIsTheFirstLineOfAFileForItsOwnerAlone() throws IOException {
    Path secret = folder.resolve("secret");
    assertThrows(IdentityFileException.class, () -> SecretFile.read(secret));
    write(secret, "correct horse battery\nsecond line\n");
    assertThrows(IdentityFileException.class, () -> SecretFile.read(secret));
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    assertEquals("correct horse battery", new String(SecretFile.read(secret)));
    Files.writeString(secret, "\n");
    assertThrows(IdentityFileException.class, () -> SecretFile.read(secret));
  }
}
