package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Identity;
import io.posthorn.identity.IdentityFileException;
import io.posthorn.identity.KnownHosts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may talk to whom, over real sockets. */
@Timeout(60)
class SecurityTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final List<MessageSocket> opened = new ArrayList<>();
  @TempDir private Path folder;

  @AfterEach
  void closeAll() {
    for (MessageSocket socket : opened) {
      socket.close(Duration.ZERO);
    }
  }

  private MessageSocket open(Security security) throws IOException {
    return open(security, 0);
  }

  private MessageSocket open(Security security, int port) throws IOException {
    MessageSocket socket =
        MessageSocket.builder()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .security(security)
            .handshakeTimeout(LIMIT)
            .open();
    opened.add(socket);
    return socket;
  }

  private static void exchange(MessageSocket client, MessageSocket server) throws IOException {
    Connection connection = client.connect(server.localAddress());
    connection.send("hello".getBytes(UTF_8));
    Message message = server.receive(LIMIT);
    assertNotNull(message);
    assertArrayEquals("hello".getBytes(UTF_8), message.bytes());
  }

  private static String refused(MessageSocket client, MessageSocket server) {
    return assertThrows(
            PeerIdentityChangedException.class, () -> client.connect(server.localAddress()))
        .getMessage();
  }

  @Test
  void bothSidesLearnTheOthersFingerprint() throws IOException {
    Identity ann = Identity.generate();
    Identity bob = Identity.generate();
    MessageSocket server = open(Security.identity(bob));
    MessageSocket client = open(Security.identity(ann));
    Connection connection = client.connect(server.localAddress());
    assertEquals(bob.fingerprint().toString(), connection.peerFingerprint());
    assertEquals(bob.fingerprint().toString(), client.connections().get(0).peerFingerprint());
    Connection accepted = server.accept(LIMIT);
    assertNotNull(accepted);
    assertEquals(ann.fingerprint().toString(), accepted.peerFingerprint());
    MessageSocket clearServer = open(Security.none());
    Connection clear = open(Security.none()).connect(clearServer.localAddress());
    assertNull(clear.peerFingerprint());
  }

  @Test
  void onlyThePinnedPeerIsTalkedTo() throws IOException {
    Identity bob = Identity.generate();
    MessageSocket server = open(Security.identity(bob));
    exchange(open(Security.pinned(bob.fingerprint().toString())), server);
    String other = Identity.generate().fingerprint().toString();
    String why = refused(open(Security.pinned(other)), server);
    assertTrue(why.contains(bob.fingerprint().toString()) && why.contains(other), why);
    exchange(open(Security.pinned(other, bob.fingerprint().toString())), server);
    assertThrows(IllegalArgumentException.class, () -> Security.pinned());
    assertThrows(IllegalArgumentException.class, () -> Security.pinned("bob"));
  }

  @Test
  void firstUseIsToldAndRememberedAndAChangedKeyRefusedByFileAndLine() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    List<String> told = new CopyOnWriteArrayList<>();
    Security security =
        Security.ephemeral()
            .withTrustOnFirstUse(hosts, (peer, key) -> told.add(peer.getPort() + " " + key));
    Identity bob = Identity.generate();
    MessageSocket server = open(Security.identity(bob));
    int port = server.localAddress().getPort();
    exchange(open(security), server);
    exchange(open(security), server);
    assertEquals(List.of(port + " " + bob.fingerprint()), told);
    server.close();
    MessageSocket impostor = open(Security.ephemeral(), port);
    String why = refused(open(security), impostor);
    assertTrue(why.contains(hosts + " line 1") && why.contains("remove line 1"), why);
    assertEquals(0, impostor.statistics().connectionsOpened(), "it learnt not even who asked");
    assertTrue(
        refused(open(Security.ephemeral().withKnownHosts(hosts)), impostor).contains(" line 1"));
    Files.delete(hosts);
    String unknown = refused(open(Security.ephemeral().withKnownHosts(hosts)), impostor);
    assertTrue(unknown.contains("does not stand in " + hosts), unknown);
    exchange(open(security), impostor);
    assertEquals(2, told.size());
  }

  @Test
  void whoIsToldOfAFirstUseMayThrowAndThePeerBeNamedAnyhow() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    Thread here = Thread.currentThread();
    Thread.UncaughtExceptionHandler before = here.getUncaughtExceptionHandler();
    Thread.UncaughtExceptionHandler usual = Thread.getDefaultUncaughtExceptionHandler();
    List<Throwable> thrown = new CopyOnWriteArrayList<>();
    IllegalStateException fault = new IllegalStateException("a fault of the application");
    Security security =
        Security.ephemeral()
            .withTrustOnFirstUse(
                hosts,
                (peer, key) -> {
                  throw fault;
                });
    MessageSocket server = open(Security.ephemeral());
    MessageSocket client = open(security);
    InetAddress speaker =
        InetAddress.getByAddress(
            "Kitchen speaker (2)", InetAddress.getLoopbackAddress().getAddress());
    here.setUncaughtExceptionHandler((thread, e) -> thrown.add(e));
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> thrown.add(e));
    try {
      client.connect(new InetSocketAddress(speaker, server.localAddress().getPort()));
    } finally {
      here.setUncaughtExceptionHandler(before);
      Thread.setDefaultUncaughtExceptionHandler(usual);
    }
    assertEquals(List.of(fault), thrown);
    exchange(client, server);
    assertTrue(Files.readString(hosts).startsWith("127.0.0.1:"), Files.readString(hosts));
  }

  /** FAULTS 59: of two that answer for one peer at its first contact, one is remembered. */
  @Test
  void fault59_twoFirstContactsAtOnceAreNotBothTheFirst() {
    Path hosts = folder.resolve("known_hosts");
    Security security = Security.trustOnFirstUse(hosts);
    InetSocketAddress peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9000);
    byte[] one = Identity.generate().publicKey().bytes();
    byte[] two = Identity.generate().publicKey().bytes();
    assertNull(security.refusal(peer, one, true), "nobody is known yet");
    assertNull(security.refusal(peer, two, true), "nor when the other answers");
    assertNull(security.remember(peer, one));
    assertNull(security.remember(peer, one), "the same again");
    String why = security.remember(peer, two);
    assertNotNull(why, "the key is not the one remembered");
    assertTrue(why.contains(hosts + " line 1"), why);
  }

  @Test
  void whoCannotBeRememberedIsNotTalkedTo() throws IOException {
    Path notAFolder = Files.writeString(folder.resolve("file"), "");
    MessageSocket server = open(Security.ephemeral());
    MessageSocket client = open(Security.trustOnFirstUse(folder.resolve("hosts")));
    Files.createDirectory(folder.resolve("hosts")); // after the socket looked
    String why = refused(client, server);
    assertTrue(why.contains(folder.resolve("hosts").toString()), why);
    why = refused(open(Security.trustOnFirstUse(notAFolder.resolve("hosts"))), server);
    assertTrue(why.contains("cannot be remembered in " + notAFolder.resolve("hosts")), why);
  }

  @Test
  void onlyAuthorizedPeersMayConnect() throws IOException {
    Identity ann = Identity.generate();
    Path file = folder.resolve("authorized_keys");
    assertThrows(IdentityFileException.class, () -> open(Security.authorizedKeys(file)));
    new AuthorizedKeys(file).add(ann.publicKey(), "ann");
    MessageSocket server = open(Security.authorizedKeys(file));
    exchange(open(Security.identity(ann)), server);
    assertNotLetIn(open(Security.ephemeral()), server);
  }

  private static void assertNotLetIn(MessageSocket stranger, MessageSocket server)
      throws IOException {
    Connection connection;
    try {
      // The server's word comes after its first packet may have opened: then the connection ends.
      connection = stranger.connect(server.localAddress());
      connection.send("let me in".getBytes(UTF_8));
      assertEquals(CloseCause.IDENTITY, connection.closed().join().cause());
    } catch (PeerIdentityChangedException told) {
      assertTrue(told.getMessage().contains("does not know this side"), told.getMessage());
    }
    assertNull(server.receive(Duration.ofMillis(50)), "nothing of a stranger is handed over");
    assertEquals(1, server.statistics().drops().get("IDENTITY_REFUSED"));
  }

  @Test
  void aRevokedKeyIsRefusedInEitherRoleWhateverSpeaksForIt() throws IOException {
    Identity ann = Identity.generate();
    Identity bob = Identity.generate();
    Path keys = folder.resolve("authorized_keys");
    new AuthorizedKeys(keys).add(ann.publicKey(), "ann");
    new AuthorizedKeys(keys).add(bob.publicKey(), "bob");
    Path hosts = folder.resolve("known_hosts");
    Security revoking = Security.ephemeral().withRevokedKeys(hosts); // before there is a file
    List<MessageSocket> servers =
        List.of(
            open(revoking),
            open(revoking.withAuthorizedKeys(keys)),
            open(Security.pinned(ann.fingerprint().toString()).withRevokedKeys(hosts)));
    exchange(open(Security.identity(ann)), servers.get(0));
    new KnownHosts(hosts).revoke(ann.fingerprint());
    for (MessageSocket server : servers) {
      assertNotLetIn(open(Security.identity(ann)), server);
    }
    exchange(open(Security.identity(bob)), servers.get(1));
    MessageSocket last = open(revoking);
    String why = refused(open(revoking), open(Security.identity(ann)));
    assertTrue(why.contains("is revoked by " + hosts + " line 1"), why);
    assertTrue(revoking.toString().contains("revoked keys " + hosts), revoking.toString());
    Files.writeString(hosts, "nonsense\n");
    assertNotLetIn(open(Security.identity(bob)), last);
    assertThrows(IdentityFileException.class, () -> open(revoking));
  }

  @Test
  void whereNothingCanBeKeptThePeersThatAreKnownAreCheckedAllTheSame() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    List<String> told = new CopyOnWriteArrayList<>();
    Security security =
        Security.ephemeral().withKnownHosts(hosts, (peer, key) -> told.add(String.valueOf(key)));
    Identity bob = Identity.generate();
    MessageSocket server = open(Security.identity(bob));
    exchange(open(security), server);
    exchange(open(security), server);
    assertEquals(List.of(bob.fingerprint().toString(), bob.fingerprint().toString()), told);
    assertFalse(Files.exists(hosts));
    KnownHosts file = new KnownHosts(hosts);
    file.add(KnownHosts.nameOf(server.localAddress()), bob.publicKey());
    exchange(open(security), server);
    assertEquals(2, told.size());
    file.remove(KnownHosts.nameOf(server.localAddress()));
    file.add(KnownHosts.nameOf(server.localAddress()), Identity.generate().publicKey());
    assertTrue(refused(open(security), server).contains(hosts + " line 1"));
  }

  /** FAULTS 59: threads or processes that meet a peer at the same time, each with another key. */
  @Test
  void fault59_ofFirstUsesAtOnceOneCounts() throws Exception {
    for (int round = 0; round < 10; round++) {
      Path hosts = folder.resolve("hosts" + round);
      InetSocketAddress peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9000);
      CyclicBarrier all = new CyclicBarrier(4);
      List<FutureTask<Boolean>> meetings = new ArrayList<>();
      for (int i = 0; i < all.getParties(); i++) {
        byte[] key = Identity.generate().publicKey().bytes();
        Security security = Security.trustOnFirstUse(hosts);
        FutureTask<Boolean> meeting =
            new FutureTask<>(
                () -> {
                  all.await();
                  return security.remember(peer, key) == null;
                });
        meetings.add(meeting);
        new Thread(meeting).start();
      }
      int trusted = 0;
      for (FutureTask<Boolean> meeting : meetings) {
        trusted += meeting.get() ? 1 : 0;
      }
      assertEquals(1, trusted);
      assertEquals(1, new KnownHosts(hosts).entries().size());
    }
  }

  /** FAULTS 59: whoever spoils what a name resolves to does not get it another key so. */
  @Test
  void fault59_aNameThatLeadsToNoHostIsHeldToItsKey() throws IOException {
    int port = open(Security.ephemeral()).localAddress().getPort();
    Path hosts = folder.resolve("known_hosts");
    new KnownHosts(hosts).add("server.example:" + port, Identity.generate().publicKey());
    MessageSocket client = open(Security.trustOnFirstUse(hosts));
    InetSocketAddress server =
        new InetSocketAddress(InetAddress.getByAddress("server.example", new byte[4]), port);
    assertThrows(PeerIdentityChangedException.class, () -> client.connect(server));
    client.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[4]), port));
  }

  /** FAULTS 59: also where small messages take the fast way to a peer that was answered before. */
  @Test
  void fault59_whoConnectsFirstFromAServersAddressGetsNoMessageForIt() throws IOException {
    MessageSocket impostor = open(Security.ephemeral());
    int port = impostor.localAddress().getPort();
    InetSocketAddress server =
        new InetSocketAddress(
            InetAddress.getByAddress(
                "server.example", InetAddress.getLoopbackAddress().getAddress()),
            port);
    Path hosts = folder.resolve("known_hosts");
    new KnownHosts(hosts).add("server.example:" + port, Identity.generate().publicKey());
    MessageSocket victim = open(Security.trustOnFirstUse(hosts));
    impostor.connect(victim.localAddress()).send("hello".getBytes(UTF_8));
    Message first = victim.receive(LIMIT);
    assertNotNull(first);
    for (int i = 0; i < 3; i++) { // by its address it is somebody who is met for the first time
      victim.send(first.from(), "answer".getBytes(UTF_8));
      Message answer = impostor.receive(LIMIT);
      assertNotNull(answer);
      assertEquals("answer", answer.text());
    }
    victim.send(server, "for the server".getBytes(UTF_8));
    assertThrows(PeerIdentityChangedException.class, () -> victim.connect(server));
    assertNull(impostor.receive(Duration.ofMillis(50)));
    Connection impostors = first.connection();
    assertNotNull(impostors);
    assertEquals(CloseCause.IDENTITY, impostors.closed().join().cause());
  }

  private static String mismatch(MessageSocket client, MessageSocket server) {
    return assertThrows(
            SecurityMismatchException.class, () -> client.connect(server.localAddress()))
        .getMessage();
  }

  @Test
  void bothNeedTheSameSecret() throws IOException {
    byte[] key = new byte[32];
    key[7] = 7;
    MessageSocket server = open(Security.preSharedKey(key));
    exchange(open(Security.preSharedKey(key)), server);
    key[7] = 8;
    MessageSocket other =
        MessageSocket.builder()
            .security(Security.preSharedKey(key))
            .handshakeTimeout(Duration.ofMillis(400))
            .open();
    opened.add(other);
    String silent =
        assertThrows(ConnectionTimeoutException.class, () -> other.connect(server.localAddress()))
            .getMessage();
    assertTrue(silent.contains("listens there with the same secret and that UDP"), silent);
    String without = mismatch(open(Security.ephemeral()), server);
    assertTrue(without.contains("this side, which has no secret (pre-shared key), "), without);
    String with = mismatch(open(Security.preSharedKey(key)), open(Security.none()));
    assertTrue(with.contains("this side, which has a secret (pre-shared key), "), with);
    assertThrows(IllegalArgumentException.class, () -> Security.preSharedKey(new byte[31]));
    assertThrows(
        IllegalArgumentException.class, () -> Security.preSharedKey("short".toCharArray()));
  }

  @Test
  void anErasedSecretOpensNoSocketAndClosesNone() throws IOException {
    Security security = Security.preSharedKey(new byte[32]);
    Security copy = security.withIdentity(Identity.generate());
    MessageSocket server = open(security);
    MessageSocket client = open(copy);
    security.destroy();
    exchange(client, server);
    assertThrows(IllegalStateException.class, copy::preSharedKey);
    String why = assertThrows(IllegalStateException.class, () -> open(copy)).getMessage();
    assertTrue(why.contains("destroy()"), why);
    Security.ephemeral().destroy();
    exchange(open(Security.ephemeral()), open(Security.ephemeral()));
  }

  /** Of zeros a key pair could be made as well, whose private key everybody knows. */
  @Test
  void anErasedIdentityOpensNoSocketAndClosesNone() throws IOException {
    Identity identity = Identity.generate();
    Security security = Security.identity(identity);
    Security copy = security.withPreSharedKey(new byte[32]);
    MessageSocket server = open(security);
    identity.destroy();
    exchange(open(Security.pinned(identity.fingerprint().toString())), server);
    for (Security each : List.of(security, copy)) {
      String why = assertThrows(IllegalStateException.class, () -> open(each)).getMessage();
      assertTrue(why.contains("destroy()"), why);
      EndpointSetup simulated =
          new EndpointSetup(
              MessageSocket.builder().security(each).options(), new Random(1), isSelf -> false);
      assertThrows(IllegalStateException.class, () -> new ReliableEndpoint(simulated));
    }
  }

  /** FAULTS 55: neither side can be talked into less than it asked for. */
  @Test
  void fault55_noneIsRefusedByAPeerThatDidNotAskForIt() throws IOException {
    MessageSocket sealed = open(Security.ephemeral());
    MessageSocket clear = open(Security.none());
    String why = mismatch(clear, sealed);
    assertTrue(why.contains("this side, which does not encrypt, "), why);
    mismatch(sealed, clear);
    assertEquals(0, sealed.statistics().messagesReceived());
  }

  @Test
  void theSameWordsGiveTheSameKeyAndOthersAnother() throws IOException {
    byte[] key =
        Security.preSharedKey("six random words are long enough".toCharArray()).preSharedKey();
    assertArrayEquals(
        key,
        Security.preSharedKey("six random words are long enough".toCharArray()).preSharedKey());
    assertNotNull(key);
    byte[] other =
        Security.preSharedKey("six random words are long enouGh".toCharArray()).preSharedKey();
    assertFalse(java.util.Arrays.equals(key, other));
  }

  @Test
  void noWordOfItTellsASecret() throws IOException {
    Identity identity = Identity.generate();
    byte[] key = new byte[32];
    new java.util.Random(1).nextBytes(key);
    Security security =
        Security.identity(identity)
            .withPreSharedKey(key)
            .withPinned(identity.fingerprint().toString())
            .withKnownHosts(folder.resolve("hosts"));
    MessageSocket socket = open(security);
    String words = security + " " + socket.options();
    assertTrue(words.contains(identity.fingerprint().toString()), words);
    for (byte[] secret : List.of(key, identity.privateKey())) {
      String base64 = Base64.getEncoder().encodeToString(secret);
      String hex = java.util.HexFormat.of().formatHex(secret);
      assertFalse(words.contains(base64.substring(0, 8)) || words.contains(hex.substring(0, 8)));
      assertFalse(words.contains(java.util.Arrays.toString(secret)));
    }
    key[0] ^= 1; // the caller may clear its own
    assertFalse(java.util.Arrays.equals(key, security.preSharedKey()));
    assertThrows(IllegalStateException.class, () -> Security.none().withPreSharedKey(key));
  }
}
