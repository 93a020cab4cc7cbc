package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.MessageSocket;
import io.posthorn.Security;
import io.posthorn.identity.Identity;
import io.posthorn.identity.PeerKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code posthorn keys}, and the identity flags of the commands that connect, in this process. */
@Timeout(60)
class KeysCommandTest {
  private static final String LINE = "posthorn-x25519 [A-Za-z0-9+/]{43}=\n";
  private static final String PRINT = "SHA256:[A-Za-z0-9+/]{43}\n";

  /** Bytes of a path that Linux takes: PATH_MAX without the zero at its end. */
  private static final int LONGEST_PATH = 4095;

  @TempDir private Path folder;
  private Path home;
  private Map<String, String> environment;
  private String output = "";
  private String errors = "";

  @BeforeEach
  void setHome() {
    home = folder.resolve("home");
    environment = Map.of("POSTHORN_HOME", home.toString());
  }

  private int run(String... arguments) {
    return runWith("", arguments);
  }

  private int runWith(String input, String... arguments) {
    InProcess here = new InProcess(environment, input);
    int status = here.run(arguments);
    output = here.output();
    errors = here.errors();
    return status;
  }

  private static MessageSocket listener(Security security, int port) throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .security(security)
        .open();
  }

  private static String at(MessageSocket socket) {
    return "127.0.0.1:" + socket.localAddress().getPort();
  }

  @Test
  void importOfNothingIsRefusedAndSaysWhereNothingCame() {
    assertEquals(65, runWith("", "keys", "import"));
    assertTrue(errors.contains("no key in standard input"), errors);
    assertEquals(65, runWith("\nnonsense\n", "keys", "import"));
    assertTrue(errors.contains("standard input line 2: "), errors);
  }

  @Test
  void aSecretOfOneCharacterIsTooShort() {
    environment = Map.of("POSTHORN_HOME", home.toString(), "POSTHORN_SECRET", "x");
    assertEquals(78, run("send", "127.0.0.1:9", "hi"));
    assertTrue(errors.contains("a secret of 1 character: "), errors);
  }

  /** What is not known is not there, and no empty word. */
  @Test
  void aKeyThatMayConnectHasNoHost() {
    assertEquals(0, run("keys", "show"));
    assertEquals(0, runWith(output, "keys", "import", "--json"), errors);
    assertTrue(errors.startsWith("{\"note\":{\"what\":\"1 key added to "), errors);
    assertEquals(0, run("keys", "list", "--json"));
    assertTrue(output.contains("\"kind\":\"authorized\""), output);
    assertFalse(output.contains("\"host\""), output);
  }

  @Test
  void theFolderIsNamedByVariables() {
    assertEquals(
        Path.of("/a"), PosthornHome.of(Map.of("POSTHORN_HOME", "/a", "HOME", "/b")).folder());
    assertEquals(
        Path.of("/c/posthorn"),
        PosthornHome.of(Map.of("XDG_CONFIG_HOME", "/c", "HOME", "/b")).folder());
    assertEquals(
        Path.of("/b/.config/posthorn"),
        PosthornHome.of(Map.of("XDG_CONFIG_HOME", "", "HOME", "/b")).folder());
    assertEquals(
        Path.of("/u/.config/posthorn/config"),
        PosthornHome.of(Map.of("HOME", "", "USERPROFILE", "/u")).config());
    assertEquals(null, PosthornHome.of(Map.of()));
  }

  @Test
  void aFileInAnotherCharacterSetIsReadAndOneThatCannotBeIsNamed() throws IOException {
    PeerKey ann = Identity.generate().publicKey();
    Path latin =
        Files.write(folder.resolve("latin"), (ann.line() + " J\u00fcrgen\n").getBytes(ISO_8859_1));
    assertEquals(0, run("keys", "fingerprint", latin.toString()), () -> errors);
    assertTrue(output.contains(ann.fingerprint().toString()), output);
    assertEquals(0, run("keys", "import", latin.toString()), () -> errors);
    Path noKey = Files.write(folder.resolve("no-key"), "J\u00fcrgen\n".getBytes(ISO_8859_1));
    assertEquals(65, run("keys", "import", noKey.toString()));
    assertTrue(errors.contains(noKey + " line 1"), errors);
    assertEquals(66, run("keys", "import", folder.toString()));
    assertTrue(errors.contains(folder + " is a folder"), errors);
  }

  @Test
  void theOwnKeyIsMadeOnceAndShown() throws IOException {
    assertEquals(0, run("keys", "make"), () -> errors);
    assertTrue(output.matches(PRINT), output);
    String made = output;
    assertEquals(73, run("keys", "make"));
    assertTrue(errors.contains(home.resolve("identity").toString()), errors);
    assertEquals(0, run("keys", "fingerprint"));
    assertEquals(made, output);
    assertEquals(0, run("keys", "show"));
    assertTrue(output.matches(LINE), output);
    Path line = Files.writeString(folder.resolve("line"), output);
    assertEquals(0, run("keys", "fingerprint", line.toString()));
    assertEquals(made, output);
    Path noKey = Files.writeString(folder.resolve("no-key"), "posthorn-x25519 short\n");
    assertEquals(65, run("keys", "fingerprint", noKey.toString()));
    assertFalse(errors.contains("nothing was added"), errors);
    assertEquals(65, run("keys", "import", noKey.toString()));
    assertTrue(errors.contains("nothing was added"), errors);
    assertEquals(0, run("keys", "show", "--json"));
    assertTrue(output.contains("\"fingerprint\":\"" + made.strip() + "\""), output);
    mode(home.resolve("identity"), "rw-r--r--");
    assertEquals(78, run("keys", "show"));
    assertTrue(errors.contains("mode 0644"), errors);
    assertEquals(64, run("keys"));
    environment = Map.of();
    assertEquals(78, run("keys", "show"));
  }

  @Test
  void peersAreImportedListedTrustedAndRevoked() throws IOException {
    Identity ann = Identity.generate();
    Identity bob = Identity.generate();
    String line = ann.publicKey().line() + " ann \u001b[2J\n";
    assertEquals(0, runWith(line, "keys", "import"), () -> errors);
    assertEquals(0, runWith(line, "keys", "import"));
    assertTrue(errors.contains("stands there already"), errors);
    assertEquals(65, runWith("ssh-ed25519 AAAA\n", "keys", "import"));
    assertTrue(errors.contains("line 1"), errors);
    assertEquals(65, runWith("", "keys", "import"));
    assertEquals(0, run("keys", "trust", "--json", "127.0.0.1:9000", bob.fingerprint().toString()));
    assertTrue(output.startsWith("{\"kind\":\"known\",\"fingerprint\":\"SHA256:"), output);
    assertEquals(1, output.lines().count(), output);
    assertEquals(0, run("keys", "trust", "127.0.0.1:9000", bob.fingerprint().toString()));
    assertEquals(bob.fingerprint() + "\n", output);
    assertEquals(0, run("keys", "trust", "127.0.0.1:9000", ann.publicKey().line()));
    assertEquals(0, run("keys", "trust", "127.0.0.1", "9000", ann.publicKey().line()));
    assertEquals(64, run("keys", "trust", "127.0.0.1:9000", "nonsense"));
    assertEquals(0, run("keys", "list"));
    assertEquals(
        "known       "
            + ann.fingerprint()
            + "  127.0.0.1:9000\n"
            + "authorized  "
            + ann.fingerprint()
            + "  ann  [2J\n",
        output.replace("\\x1b", " "));
    assertEquals(0, run("keys", "revoke", "127.0.0.1:9000"));
    assertEquals(1, run("keys", "revoke", "127.0.0.1:9000"));
    assertEquals(0, run("keys", "revoke", ann.fingerprint().toString()));
    assertEquals(0, run("keys", "list", "--json"));
    assertTrue(output.startsWith("{\"kind\":\"revoked\""), output);
    assertEquals(1, output.lines().count(), output);
  }

  @Test
  void sendNeedsNoConfigurationAndSaysFirstUseAloudOnce() throws IOException {
    try (MessageSocket listener = listener(Security.identity(Identity.generate()), 0)) {
      assertEquals(0, run("send", at(listener), "hi"), () -> errors);
      assertTrue(errors.contains("first contact with " + at(listener)), errors);
      assertTrue(errors.contains(home.resolve("known_hosts").toString()), errors);
      assertTrue(errors.contains("SHA256:"), errors);
      assertEquals(0, run("send", at(listener), "hi"), () -> errors);
      assertFalse(errors.contains("first contact"), errors);
      assertEquals("rw-------", modeOf("identity"));
      assertEquals("rw-------", modeOf("known_hosts"));
      environment = Map.of();
      assertEquals(0, run("send", at(listener), "hi"), () -> errors);
      assertTrue(errors.contains("whoever answers is taken for the peer"), errors);
      assertEquals(78, run("send", "--strict", at(listener), "hi"));
      Path file = Files.writeString(folder.resolve("file"), "");
      environment = Map.of("POSTHORN_HOME", file.resolve("home").toString());
      assertEquals(0, run("send", at(listener), "hi"), () -> errors);
      assertTrue(errors.contains("no identity is kept"), errors);
      assertFalse(errors.contains("Exception"), errors);
      assertTrue(errors.contains("first contact with " + at(listener)), errors);
      assertTrue(errors.contains("is not remembered"), errors);
      assertEquals(77, run("send", "--strict", at(listener), "hi"));
    }
  }

  /** FAULTS 59: who can keep no key of his own still checks those of others. */
  @Test
  void fault59_knownHostsCountWhereNoIdentityCanBeKept() throws IOException {
    Path hosts = folder.resolve("hosts");
    try (MessageSocket listener = listener(Security.identity(Identity.generate()), 0)) {
      String at = at(listener);
      List<Map<String, String>> homes =
          List.of(
              Map.of(),
              Map.of("POSTHORN_HOME", Files.writeString(folder.resolve("file"), "") + "/home"));
      for (Map<String, String> noHome : homes) {
        environment = noHome;
        Files.deleteIfExists(hosts);
        String[] send = {"send", "--known-hosts", hosts.toString(), at, "hi"};
        assertEquals(0, run(send), () -> errors);
        assertTrue(errors.contains("is remembered in " + hosts), errors);
        assertEquals(0, run(send), () -> errors);
        assertFalse(errors.contains("first contact"), errors);
        Files.writeString(hosts, at + " " + Identity.generate().fingerprint() + "\n");
        for (int i = 0; i < 2; i++) {
          assertNotNull(listener.receive(Duration.ZERO));
        }
        for (String how : List.of("--accept-new", "--strict")) {
          assertEquals(77, run("send", how, "--known-hosts", hosts.toString(), at, "hi"));
          assertTrue(errors.contains(hosts + " line 1"), errors);
        }
      }
      assertNull(listener.receive(Duration.ZERO));
    }
  }

  /** FAULTS 59: as above, where the home itself says whom it knows, and takes no new file. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void fault59_knownHostsOfAHomeThatCannotBeWrittenCount() throws IOException {
    // Modes stop no root: here the name of any file that is new would be longer than may be.
    Path deep = folder;
    while (deep.toString().length() < LONGEST_PATH - "/known_hosts".length() - 1) {
      int left = LONGEST_PATH - "/known_hosts".length() - deep.toString().length() - 1;
      deep = deep.resolve("d".repeat(left <= 200 ? left : left < 400 ? left / 2 : 200));
    }
    Files.createDirectories(deep);
    mode(deep, "rwx------");
    Path hosts = deep.resolve("known_hosts");
    environment = Map.of("POSTHORN_HOME", deep.toString());
    try (MessageSocket listener = listener(Security.identity(Identity.generate()), 0)) {
      String at = at(listener);
      assertEquals(0, run("send", at, "hi"), () -> errors);
      assertTrue(errors.contains("no identity is kept"), errors);
      assertTrue(errors.contains("is not remembered"), errors);
      assertNotNull(listener.receive(Duration.ZERO));
      Files.writeString(hosts, at + " " + Identity.generate().fingerprint() + "\n");
      mode(hosts, "rw-r--r--");
      assertEquals(77, run("send", at, "hi"), () -> errors);
      assertTrue(errors.contains(hosts + " line 1"), errors);
      assertNull(listener.receive(Duration.ZERO));
    }
  }

  @Test
  void hostThatIsGoneCanBeTrustedByItsKeyAndForgotten() {
    String key = "SHA256:" + "A".repeat(43);
    assertEquals(68, run("keys", "trust", "gone.invalid:9000"));
    assertEquals(0, run("keys", "trust", "gone.invalid:9000", key), () -> errors);
    assertEquals(0, run("keys", "revoke", "gone.invalid", "9000"), () -> errors);
    assertEquals(1, run("keys", "revoke", "gone.invalid:9000"));
    assertEquals(68, run("keys", "revoke", "user@gone.invalid:9000"), () -> errors);
  }

  @Test
  void aRevokedKeyIsNeitherTrustedNorImported() throws IOException {
    PeerKey good = Identity.generate().publicKey();
    try (MessageSocket listener = listener(Security.identity(Identity.generate()), 0)) {
      assertEquals(0, run("keys", "trust", at(listener)), () -> errors);
      String print = output.strip();
      assertEquals(0, run("keys", "revoke", print), () -> errors);
      assertEquals(0, run("keys", "revoke", at(listener)), () -> errors);
      String before = Files.readString(home.resolve("known_hosts"));
      String why = print + " is revoked by " + home.resolve("known_hosts") + " line 1";
      assertEquals(77, run("keys", "trust", at(listener)), () -> errors);
      assertTrue(errors.contains(why), errors);
      assertEquals(77, run("keys", "trust", at(listener), print), () -> errors);
      assertTrue(errors.contains(why), errors);
      assertEquals(before, Files.readString(home.resolve("known_hosts")));
    }
    PeerKey bad = Identity.generate().publicKey();
    assertEquals(0, run("keys", "revoke", bad.line()), () -> errors);
    String lines = good.line() + "\n" + bad.line() + "\n";
    assertEquals(77, runWith(lines, "keys", "import"), () -> errors);
    assertTrue(errors.contains(bad.fingerprint() + " is revoked by "), errors);
    assertTrue(errors.contains(" line 2"), errors);
    assertFalse(Files.exists(home.resolve("authorized_keys")));
  }

  /** What is revoked stays out, however much the command would let in otherwise. */
  @Test
  void aRevokedPeerIsRefusedEvenByInsecure() throws IOException {
    try (MessageSocket listener = listener(Security.identity(Identity.generate()), 0)) {
      assertEquals(0, run("keys", "trust", at(listener)), () -> errors);
      assertEquals(0, run("keys", "revoke", output.strip()), () -> errors);
      Path other = folder.resolve("other_hosts");
      for (String[] how :
          List.of(
              new String[] {"--insecure"},
              new String[] {"--known-hosts", other.toString()},
              new String[] {"--accept-new"})) {
        List<String> command = new ArrayList<>(List.of(how));
        command.add(0, "send");
        command.addAll(List.of(at(listener), "hi"));
        assertEquals(77, run(command.toArray(new String[0])), () -> errors);
        assertTrue(errors.contains("is revoked by " + home.resolve("known_hosts")), errors);
      }
      assertNull(listener.receive(Duration.ZERO));
    }
  }

  /** Whatever the umask of whoever runs the tests leaves. */
  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private String modeOf(String file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(file)));
  }

  /** FAULTS 59: a changed key ends in 77, with nothing to click through. */
  @Test
  void fault59_aChangedKeyIsRefusedByFileAndLine() throws IOException {
    int port;
    try (MessageSocket listener = listener(Security.identity(Identity.generate()), 0)) {
      port = listener.localAddress().getPort();
      assertEquals(0, run("send", at(listener), "hi"), () -> errors);
    }
    try (MessageSocket impostor = listener(Security.identity(Identity.generate()), port)) {
      String at = at(impostor);
      for (String[] command :
          List.of(
              new String[] {"send", at, "hi"},
              new String[] {"send", "--accept-new", at, "hi"},
              new String[] {"send", "--strict", at, "hi"},
              new String[] {"ping", "-c", "1", at})) {
        assertEquals(77, run(command), () -> errors);
        assertTrue(errors.contains(home.resolve("known_hosts") + " line 1"), errors);
        assertTrue(errors.contains("remove line 1"), errors);
      }
      assertNull(impostor.receive(Duration.ZERO));
      assertEquals(0, run("send", "--insecure", at, "hi"), () -> errors);
      assertTrue(errors.contains("whoever answers"), errors);
      assertEquals(0, run("keys", "trust", at), () -> errors);
      assertEquals(0, run("send", "--strict", at, "hi"), () -> errors);
      assertEquals(0, run("keys", "revoke", at), () -> errors);
      assertEquals(77, run("send", "--strict", at, "hi"));
      assertTrue(errors.contains("does not stand in"), errors);
      assertEquals(0, run("send", at, "hi"), () -> errors);
    }
  }

  @Test
  void fault34_filesThatCannotBeReliedOnEndTheCommand() throws IOException {
    try (MessageSocket listener = listener(Security.ephemeral(), 0)) {
      Files.createDirectories(home);
      mode(home, "rwx------");
      Files.writeString(home.resolve("known_hosts"), "nonsense\n");
      mode(home.resolve("known_hosts"), "rw-r--r--");
      assertEquals(78, run("send", at(listener), "hi"));
      assertTrue(errors.contains(home.resolve("known_hosts") + " line 1"), errors);
      Files.delete(home.resolve("known_hosts"));
      Files.writeString(home.resolve("identity"), "nonsense\n");
      mode(home.resolve("identity"), "rw-------");
      for (String[] command :
          List.of(
              new String[] {"send", at(listener), "hi"},
              new String[] {"ping", "-c", "1", at(listener)},
              new String[] {"listen", "127.0.0.1:0"})) {
        assertEquals(78, run(command), () -> errors);
        assertTrue(errors.contains(home.resolve("identity") + " is damaged"), errors);
      }
      assertEquals("nonsense\n", Files.readString(home.resolve("identity")));
      assertEquals(78, run("listen", "--authorized", "--identity", "/nowhere", "127.0.0.1:0"));
    }
  }

  @Test
  void aSecretComesFromAFileOrTheEnvironment() throws IOException {
    String secret = "six random words are long enough";
    try (MessageSocket listener = listener(Security.preSharedKey(secret.toCharArray()), 0)) {
      Path file = Files.writeString(folder.resolve("secret"), secret + "\n");
      mode(file, "rw-r--r--");
      assertEquals(78, run("send", "--secret-file", file.toString(), at(listener), "hi"));
      assertTrue(errors.contains("mode 0644"), errors);
      mode(file, "rw-------");
      assertEquals(0, run("send", "--secret-file", file.toString(), at(listener), "hi"));
      environment = Map.of("POSTHORN_HOME", home.toString(), "POSTHORN_SECRET", secret);
      assertEquals(0, run("send", at(listener), "hi"), () -> errors);
      environment = Map.of("POSTHORN_SECRET", "sechs Wörter genügen".replace('ö', '\ufffd'));
      assertEquals(78, run("send", at(listener), "hi"));
      assertTrue(errors.contains("LC_ALL=C.UTF-8"), errors);
      environment = Map.of("POSTHORN_SECRET", "short");
      assertEquals(78, run("send", at(listener), "hi"));
      environment = Map.of();
      assertEquals(76, run("send", at(listener), "hi"), () -> errors);
      assertEquals(64, run("send", "--secret", at(listener), "hi"));
      assertTrue(errors.contains("--secret-file"), errors);
    }
  }

  @Test
  void flagsThatMakeNoSenseTogetherAreRefused() {
    assertEquals(64, run("send", "--strict", "--insecure", "127.0.0.1:9", "hi"));
    assertEquals(64, run("send", "--plain", "--strict", "127.0.0.1:9", "hi"));
    assertEquals(64, run("listen", "--strict", "127.0.0.1:0"));
    assertEquals(64, run("listen", "--plain", "--authorized", "127.0.0.1:0"));
    assertEquals(78, run("listen", "--authorized", "127.0.0.1:0"));
    assertTrue(errors.contains("authorized_keys"), errors);
  }
}
