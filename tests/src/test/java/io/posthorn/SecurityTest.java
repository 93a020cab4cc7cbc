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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who may talk to whom, over real sockets. */
@Timeout(60)
class SecurityTest extends SecuredSockets {
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
