package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.handshake.StaticKey;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The own key and its file. FAULTS 34 is told by the names. */
class IdentityTest {
  private static final PeerKey ONE = Identity.generate().publicKey();

  @TempDir private Path folder;

  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static String modeOf(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void isTheSameKeyAsTheHandshakes() {
    Identity identity = Identity.generate();
    StaticKey key = StaticKey.of(identity.privateKey());
    assertArrayEquals(key.publicKey(), identity.publicKey().bytes());
    assertEquals(key.fingerprint(), identity.fingerprint());
  }

  @Test
  void isMadeOnFirstUseForItsOwnerAlone() throws IOException {
    Path file = folder.resolve("new/home/identity");
    Identity made = Identity.loadOrCreate(file);
    assertEquals("rw-------", modeOf(file));
    assertEquals("rwx------", modeOf(file.getParent()));
    assertEquals(made.fingerprint(), Identity.loadOrCreate(file).fingerprint());
    assertEquals(made.fingerprint(), Identity.load(file).fingerprint());
    try (var files = Files.list(file.getParent())) {
      assertEquals(List.of(file), files.toList(), "nothing is left beside it");
    }
  }

  @Test
  void fault34_aKeyThatOthersMayReadIsRefusedByPathAndMode() throws IOException {
    Path file = folder.resolve("identity");
    Identity.generate().save(file);
    byte[] before = Files.readAllBytes(file);
    for (String mode : List.of("rw-r--r--", "rw-rw----", "rw--w----", "rw------x", "rwxrwxrwx")) {
      mode(file, mode);
      IdentityFileException refused =
          assertThrows(IdentityFileException.class, () -> Identity.loadOrCreate(file));
      assertEquals(file, refused.file());
      String text = String.valueOf(refused.getMessage());
      assertTrue(text.contains(file.toString()) && text.contains("chmod 0600"), text);
    }
    assertTrue(
        assertThrows(IdentityFileException.class, () -> Identity.load(file))
            .getMessage()
            .contains("0777"));
    mode(file, "rw-------");
    assertArrayEquals(before, Files.readAllBytes(file), "and is left as it was");
    Identity.load(file);
    mode(file, "r--------");
    Identity.load(file);
  }

  /** Who may write a folder puts another file in the place of the one in it. */
  @Test
  void fault34_aKeyInAFolderThatOthersMayWriteIsRefusedByPathAndMode() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    Path file = home.resolve("identity");
    mode(home, "rwx------");
    Identity.generate().save(file);
    for (String mode : List.of("rwxrwxr-x", "rwxr-xrwx", "rwx-w----")) {
      mode(home, mode);
      for (Executable use :
          List.<Executable>of(
              () -> Identity.load(file),
              () -> Identity.loadOrCreate(file),
              () -> Identity.generate().save(home.resolve("another")),
              () -> new KnownHosts(home.resolve("hosts")).add("10.0.0.7:9000", ONE),
              () -> SecretFile.read(file))) {
        String why = assertThrows(IdentityFileException.class, use).getMessage();
        assertTrue(why.contains("the folder of " + home), why);
        assertTrue(why.contains(" has mode 07") && why.contains("chmod go-w " + home), why);
      }
    }
    try (var files = Files.list(home)) {
      assertEquals(List.of(file), files.toList(), "and nothing was made");
    }
    mode(home, "rwxr-xr-x");
    Identity.load(file);
    Files.setAttribute(home, "unix:mode", 01777); // as /tmp has it
    Identity.load(file);
  }

  /** As {@code --secret-file /dev/stdin}, and what a shell makes of {@code <(pass show it)}. */
  @Test
  void aPipeIsReadOnceAndWhereverItLies(@TempDir Path home) throws Exception {
    Path folder = Files.createDirectory(home.resolve("open"));
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", "-m", "600", pipe.toString()).start().waitFor());
    mode(folder, "rwxrwxrwx");
    Path link = Files.createSymbolicLink(home.resolve("fd"), pipe);
    for (Path named : List.of(pipe, link)) {
      FutureTask<Path> writing = new FutureTask<>(() -> Files.writeString(pipe, "six words\n"));
      Thread writer = new Thread(writing); // waits for the reader
      writer.setDaemon(true);
      writer.start();
      assertArrayEquals("six words".toCharArray(), SecretFile.read(named));
      writing.get();
    }
    mode(pipe, "rw-r--r--");
    String why =
        assertThrows(IdentityFileException.class, () -> SecretFile.read(pipe)).getMessage();
    assertTrue(why.contains("has mode 0644"), why);
  }

  /** A link leads to another folder, which counts as well. */
  @Test
  void fault34_aLinkToAKeyIsCheckedAtBothEnds() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    mode(home, "rwx------");
    mode(elsewhere, "rwx------");
    Path file = elsewhere.resolve("identity");
    Identity.generate().save(file);
    Path link = Files.createSymbolicLink(home.resolve("identity"), file);
    Identity.load(link);
    for (Path open : List.of(home, elsewhere)) {
      mode(open, "rwxrwxrwx");
      String why =
          assertThrows(IdentityFileException.class, () -> Identity.load(link)).getMessage();
      assertTrue(why.contains("chmod go-w " + open), why);
      mode(open, "rwx------");
    }
  }

  /** Files are root's here, or this user's; what is somebody else's is told by its state. */
  @Test
  void fault34_aKeyOfSomebodyElseIsRefusedByPathAndOwner() throws IOException {
    Path file = folder.resolve("identity");
    Identity.generate().save(file);
    FileState own = FileState.of(file);
    OwnerChecks.check(file, own, OwnerChecks.NOBODY_ELSE, "me", "me");
    FileState others = new FileState(own.key(), 1, own.modified(), own.changed(), own.mode(), 4711);
    String owner = Files.getOwner(file).getName();
    OwnerChecks.check(file, others, OwnerChecks.NOBODY_ELSE, owner, "?");
    OwnerChecks.check(file, others, OwnerChecks.NOBODY_ELSE, "?", owner);
    OwnerChecks.check(file, others, OwnerChecks.NOBODY_ELSE, "?", "?");
    String why =
        assertThrows(
                IdentityFileException.class,
                () -> OwnerChecks.check(file, others, OwnerChecks.NOBODY_ELSE, "me", "?"))
            .getMessage();
    assertTrue(why.contains(file + " belongs to " + owner) && why.contains("chown"), why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "# nothing but words\n",
        "posthorn-x25519-private\n",
        "posthorn-x25519-private AAAA\n",
        "posthorn-x25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "posthorn-x25519-private AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
        "posthorn-x25519-private AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        "posthorn-x25519-private AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n",
        "\u0000\u0001\u0002",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n"
      })
  void fault34_aDamagedKeyIsRefusedAndNeverReplaced(String content) throws IOException {
    Path file = folder.resolve("identity");
    Files.writeString(file, content);
    mode(file, "rw-------");
    IdentityFileException refused =
        assertThrows(IdentityFileException.class, () -> Identity.loadOrCreate(file));
    assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
    assertEquals(content, Files.readString(file));
  }

  @Test
  void fault34_whatIsNoTextOrNoFileIsRefused() throws IOException {
    Path binary = folder.resolve("binary");
    Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    mode(binary, "rw-------");
    assertThrows(IdentityFileException.class, () -> Identity.loadOrCreate(binary));
    Path directory = Files.createDirectory(folder.resolve("directory"));
    mode(directory, "rwx------");
    assertThrows(IdentityFileException.class, () -> Identity.loadOrCreate(directory));
    assertThrows(IdentityFileException.class, () -> Identity.load(folder.resolve("missing")));
  }

  @Test
  void anotherIsNeverWrittenOverOne() throws IOException {
    Path file = folder.resolve("identity");
    Identity.generate().save(file);
    String before = Files.readString(file);
    assertThrows(FileAlreadyExistsException.class, () -> Identity.generate().save(file));
    assertEquals(before, Files.readString(file));
  }

  @Test
  void manyThatMakeItAtOnceGetTheSame() throws Exception {
    Path file = folder.resolve("identity");
    List<Callable<Fingerprint>> makers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      makers.add(() -> Identity.loadOrCreate(file).fingerprint());
    }
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      Set<Fingerprint> made = new HashSet<>();
      for (Future<Fingerprint> each : threads.invokeAll(makers)) {
        made.add(each.get());
      }
      assertEquals(1, made.size());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void noWordOfItTellsThePrivateKey() throws IOException {
    Identity identity = Identity.generate();
    String secret = Base64.getEncoder().encodeToString(identity.privateKey());
    Path file = folder.resolve("identity");
    identity.save(file);
    Files.writeString(file, Files.readString(file) + "posthorn-x25519-private " + secret + "\n");
    IdentityFileException refused =
        assertThrows(IdentityFileException.class, () -> Identity.load(file));
    assertFalse((identity + refused.getMessage()).contains(secret.substring(0, 8)));
    identity.destroy();
    assertArrayEquals(new byte[32], identity.privateKey());
  }

  @Test
  void anErasedOneIsNotWritten() {
    Path file = folder.resolve("identity");
    Identity identity = Identity.generate();
    identity.destroy();
    String why = assertThrows(IllegalStateException.class, () -> identity.save(file)).getMessage();
    assertTrue(why.contains("destroy()"), why);
    assertFalse(Files.exists(file));
  }

  @Test
  void publicKeysAndFingerprintsAreReadAsTheyAreWritten() {
    PeerKey key = Identity.generate().publicKey();
    assertEquals(key, PeerKey.parse(key.line()));
    assertEquals(key, PeerKey.parse("  " + key.line() + "   ann at home "));
    assertEquals(key.fingerprint(), Fingerprint.parse(key.fingerprint().toString()));
    assertTrue(key.fingerprint().isOf(key.bytes()));
    assertNotEquals(key, Identity.generate().publicKey());
    for (String bad :
        List.of(
            "", "x", "posthorn-x25519", "posthorn-x25519 AAAA", "ssh-ed25519 AAAA", "SHA256:")) {
      assertThrows(IllegalArgumentException.class, () -> PeerKey.parse(bad));
      assertThrows(IllegalArgumentException.class, () -> Fingerprint.parse(bad));
    }
    String why =
        assertThrows(IllegalArgumentException.class, () -> PeerKey.parse("ssh-ed25519 AAAA ann"))
            .getMessage();
    assertTrue(why.contains("posthorn keys show"), why);
    assertThrows(IllegalArgumentException.class, () -> PeerKey.of(new byte[31]));
    assertThrows(IllegalArgumentException.class, () -> Identity.of(new byte[33]));
  }
}
