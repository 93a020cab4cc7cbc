package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Security;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Identity;
import io.posthorn.identity.KnownHosts;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import org.jspecify.annotations.Nullable;

/**
 * A peer that is known by the name of its host, and a connection that came from its address before
 * anybody asked for it.
 */
class NamedPeerProperties {
  private static final InetSocketAddress SERVER = named("server.example");
  private static final InetSocketAddress OTHER = named("other.example");

  private Path folder = Path.of("");
  private Path hosts = Path.of("");

  private static InetSocketAddress named(String name) {
    try {
      byte[] address = Pair.B.getAddress().getAddress();
      return new InetSocketAddress(InetAddress.getByAddress(name, address), Pair.B.getPort());
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeTry
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("named-peers-");
    hosts = folder.resolve("known_hosts");
  }

  @AfterTry
  void deleteFolder() throws IOException {
    Files.deleteIfExists(hosts);
    Files.deleteIfExists(folder.resolve("authorized_keys"));
    Files.delete(folder);
  }

  private static Identity identity(SplittableRandom random) {
    byte[] key = new byte[32];
    random.nextBytes(key);
    return Identity.of(key);
  }

  /** How this side knows the server; it takes whoever else comes, or just these. */
  enum Policy {
    STRICT,
    FIRST_USE,
    PINNED_BESIDE_AUTHORIZED
  }

  private Security knowing(Policy policy, Identity server, Identity stranger) throws IOException {
    if (policy == Policy.PINNED_BESIDE_AUTHORIZED) {
      Path file = folder.resolve("authorized_keys");
      new AuthorizedKeys(file).add(stranger.publicKey(), "");
      return Security.pinned(server.fingerprint().toString()).withAuthorizedKeys(file);
    }
    new KnownHosts(hosts).add(KnownHosts.nameOf(SERVER), server.publicKey());
    return policy == Policy.STRICT
        ? Security.ephemeral().withKnownHosts(hosts)
        : Security.trustOnFirstUse(hosts);
  }

  /** This side, and another with its security, on a link. */
  private static Pair pair(long seed, Security security, Security other, String link) {
    return new Pair(seed, DraftOptions.reliable(security), DraftOptions.reliable(other))
        .link(LinkConditions.parse(link));
  }

  /** Somebody who is to take the server's place. */
  private static Party another(Pair pair, History history, Security security, long seed) {
    InetSocketAddress elsewhere = Pair.address(3, 3);
    Party party =
        new Party(pair.network, history, 1, elsewhere, DraftOptions.reliable(security), seed);
    party.meet(pair.a);
    pair.network.replace(elsewhere, new Hinting(null)); // or it would speak from there too
    return party;
  }

  /**
   * A host as another is, but that says of each data packet that it knows no such connection, as
   * one with a passing identity would.
   */
  private static final class Hinting implements SimulatedHost {
    private record Hint(byte[] bytes, InetSocketAddress to) {}

    private final @Nullable Party behind;
    private final ArrayDeque<Hint> hints = new ArrayDeque<>();

    Hinting(@Nullable Party behind) {
      this.behind = behind;
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      byte[] bytes = new byte[datagram.remaining()];
      datagram.get(datagram.position(), bytes);
      if (PacketHeader.kind(bytes[0]) == PacketHeader.DATA) {
        byte[] out = new byte[bytes.length];
        int length = ControlPacket.writeUnknownConnection(out, 0, bytes, 0, bytes.length);
        hints.add(new Hint(Arrays.copyOf(out, length), from));
      } else if (behind != null) {
        behind.onDatagram(datagram, from, nowNanos);
      }
    }

    @Override
    public void onTimeout(long nowNanos) {
      if (behind != null) {
        behind.onTimeout(nowNanos);
      }
    }

    @Override
    public long nextTimeoutNanos() {
      return behind == null ? Endpoint.NEVER : behind.nextTimeoutNanos();
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      for (Hint hint = hints.poll(); hint != null; hint = hints.poll()) {
        out.accept(ByteBuffer.wrap(hint.bytes), hint.to);
      }
      if (behind != null) {
        behind.pollTransmit(out, nowNanos);
      }
    }
  }

  private static List<EndpointEvent.Closed> refusals(Pair pair) {
    return pair.history.told(0, EndpointEvent.Closed.class).stream()
        .filter(end -> end.reason() == CloseReason.IDENTITY && !end.byPeer())
        .toList();
  }

  private static long receivedAt(Pair pair, int end) {
    return pair.history.received().stream().filter(each -> each.end() == end).count();
  }

  /** FAULTS 59: whoever connects first from the server's address is not the server for that. */
  @Property(tries = 40, edgeCases = EdgeCasesMode.NONE)
  void fault59_anImpostorThatConnectsFirstGetsNothingThatIsMeantForTheServer(
      @ForAll long seed,
      @ForAll Policy policy,
      @ForAll boolean connects,
      @ForAll @IntRange(min = 0, max = 100) int laterMillis)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Identity right = identity(random);
    Identity wrong = identity(random);
    Pair pair =
        pair(seed, knowing(policy, right, wrong), Security.identity(wrong), "delay 10ms 5ms");
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofMillis(laterMillis));
    pair.a.call(pair.b, SERVER);
    if (connects) {
      pair.a.connect(SERVER);
    } else {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    }
    pair.network.run(Duration.ofSeconds(20));
    assertEquals(0, receivedAt(pair, 1), "nothing for the server reached the impostor");
    assertTrue(!refusals(pair).isEmpty());
    assertTrue(refusals(pair).get(0).text().contains("SHA256:"));

    Party server = another(pair, pair.history, Security.identity(right), seed + 7);
    pair.network.replace(Pair.B, server);
    pair.a.call(pair.b, SERVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200);
    assertTrue(
        pair.network.runUntil(() -> receivedAt(pair, 1) == 1, Duration.ofSeconds(20)),
        () -> "the server is not reached: " + pair.history);
  }

  /** The right peer may have connected first: that connection is used, and first use said once. */
  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void theServerThatConnectedFirstIsTalkedToOnItsConnection(
      @ForAll long seed, @ForAll boolean known, @ForAll boolean connects) throws IOException {
    Identity right = identity(new SplittableRandom(seed));
    if (known) {
      new KnownHosts(hosts).add(KnownHosts.nameOf(SERVER), right.publicKey());
    }
    List<String> told = new ArrayList<>();
    Security security =
        Security.ephemeral()
            .withTrustOnFirstUse(hosts, (peer, key) -> told.add(peer.getHostString() + " " + key));
    Pair pair = pair(seed, security, Security.identity(right), "delay 10ms 5ms");
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(List.of(), told, "nobody asked for it yet");
    List<String> expected = new ArrayList<>();
    for (InetSocketAddress name : List.of(SERVER, SERVER, OTHER, SERVER)) {
      if (connects) {
        pair.a.connect(name);
      }
      pair.a.call(pair.b, name);
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
      String words = name.getHostString() + " " + right.fingerprint();
      boolean inFile = known && name.getHostString().equals(SERVER.getHostString());
      if (!inFile && !expected.contains(words)) {
        expected.add(words);
      }
      assertEquals(expected, told);
    }
    pair.network.run(Duration.ofSeconds(5));
    assertEquals(4, receivedAt(pair, 1));
    assertEquals(1, pair.a.endpoint().counters().connectionsOpened);
    assertEquals(2, new KnownHosts(hosts).entries().size());
    Checkers.checkSoFar(pair.history);
  }

  /** FAULTS 59: once the server was asked for, whoever comes from its address has to be it. */
  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void fault59_nobodySpeaksFromTheAddressOfAServerThatIsConnected(
      @ForAll long seed, @ForAll Policy policy, @ForAll boolean serverConnectedFirst)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Identity right = identity(random);
    Identity wrong = identity(random);
    Pair pair = pair(seed, knowing(policy, right, wrong), Security.identity(right), "delay 10ms");
    if (serverConnectedFirst) {
      pair.b.connect(pair.a);
      pair.network.run(Duration.ofSeconds(1));
    }
    pair.a.call(pair.b, SERVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(1, receivedAt(pair, 1));
    Party impostor = another(pair, pair.history, Security.identity(wrong), seed + 7);
    pair.network.replace(Pair.B, impostor);
    impostor.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(0, receivedAt(pair, 0), "nothing is taken in the server's name");
    assertEquals(1, pair.a.endpoint().counters().drops(DropReason.IDENTITY_REFUSED));
    pair.network.replace(Pair.B, pair.b);
    pair.a.call(pair.b, SERVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200);
    pair.network.run(Duration.ofSeconds(10));
    assertEquals(2, receivedAt(pair, 1), () -> "the connection ended: " + pair.history);
    assertEquals(1, pair.history.told(0, EndpointEvent.Connected.class).size());
  }

  /** A name that demands another key is refused, and disturbs nothing under the right one. */
  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void aSecondNameIsJudgedByItself(@ForAll long seed, @ForAll boolean strict, @ForAll boolean early)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Identity right = identity(random);
    if (!strict) {
      new KnownHosts(hosts).add(KnownHosts.nameOf(OTHER), identity(random).publicKey());
    }
    Security security = knowing(strict ? Policy.STRICT : Policy.FIRST_USE, right, right);
    Pair pair = pair(seed, security, Security.identity(right), "delay 10ms");
    pair.a.call(pair.b, SERVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    if (early) {
      pair.a.connect(OTHER); // before the answer, which then must do for both names
      pair.network.run(Duration.ofSeconds(1));
      assertEquals(0, receivedAt(pair, 1));
      assertEquals(1, refusals(pair).size());
      return;
    }
    pair.network.run(Duration.ofSeconds(1));
    pair.a.connect(OTHER);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(1, refusals(pair).size());
    assertTrue(refusals(pair).get(0).text().contains("other.example"));
    pair.a.call(pair.b, SERVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(5));
    assertEquals(2, receivedAt(pair, 1));
    assertEquals(1, pair.history.told(0, EndpointEvent.Connected.class).size(), "the same one");
    assertEquals(1, pair.a.endpoint().counters().connectionsOpened);
  }

  // Restarts (PROTOCOL.md §12.3): who may say that the peer has forgotten its connection.

  /** What this side demands of those who come, and who answers at the peer's address instead. */
  enum Answer {
    NOT_AUTHORIZED,
    ANOTHER_THAT_IS_AUTHORIZED,
    REVOKED,
    WITHOUT_THE_SECRET
  }

  private Security demanding(Answer answer, Identity peer, Identity other) throws IOException {
    Path file = folder.resolve("authorized_keys");
    switch (answer) {
      case REVOKED -> {
        new KnownHosts(hosts).revoke(other.fingerprint());
        return Security.ephemeral().withRevokedKeys(hosts);
      }
      case WITHOUT_THE_SECRET -> {
        return Security.preSharedKey(new byte[32]);
      }
      default -> {
        new AuthorizedKeys(file).add(peer.publicKey(), "");
        if (answer == Answer.ANOTHER_THAT_IS_AUTHORIZED) {
          new AuthorizedKeys(file).add(other.publicKey(), "");
        }
        return Security.authorizedKeys(file);
      }
    }
  }

  private static void answerOnItsConnection(Pair pair) {
    long connection = pair.history.told(0, EndpointEvent.Connected.class).get(0).connection();
    OutgoingMessage message = OutgoingMessage.ordered(connection, Pair.B, new byte[200]);
    assertEquals(SendOutcome.ACCEPTED, pair.a.endpoint().send(message, pair.network.nowNanos()));
  }

  /** FAULTS 37: whoever would not be let in at the peer's address ends nothing there either. */
  @Property(tries = 24, edgeCases = EdgeCasesMode.NONE)
  void fault37_noOtherKeySaysThatAPeerHasRestarted(
      @ForAll long seed, @ForAll Answer answer, @ForAll boolean asksForIt) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Identity right = identity(random);
    Identity wrong = identity(random);
    boolean secret = answer == Answer.WITHOUT_THE_SECRET;
    Security ofPeer = Security.identity(right);
    Security ofOther = Security.identity(wrong);
    byte[] guess = new byte[32];
    guess[0] = 1;
    Pair pair =
        pair(
            seed,
            demanding(answer, right, wrong),
            secret ? ofPeer.withPreSharedKey(new byte[32]) : ofPeer,
            "delay 10ms");
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    Party other =
        another(pair, new History(), secret ? ofOther.withPreSharedKey(guess) : ofOther, seed + 7);
    pair.network.replace(Pair.B, new Hinting(other));
    if (asksForIt) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200);
    } else {
      answerOnItsConnection(pair);
    }
    pair.network.run(Duration.ofSeconds(2));
    assertTrue(other.endpoint().counters().datagramsReceived > 0, "it was asked who it is");
    if (!secret) {
      pair.network.replace(Pair.B, other);
      other.connect(pair.a);
      pair.network.run(Duration.ofSeconds(1));
    }
    pair.network.replace(Pair.B, pair.b);
    assertTrue(
        pair.network.runUntil(() -> receivedAt(pair, 1) == 1, Duration.ofSeconds(10)),
        () -> "the connection ended: " + pair.history);
    for (EndpointEvent.Closed end : pair.history.told(0, EndpointEvent.Closed.class)) {
      assertEquals(CloseReason.IDENTITY, end.reason(), "of whoever was not let in");
    }
  }

  /** A peer with a lasting key is known again, and what it has forgotten ends at once. */
  @Property(tries = 10, edgeCases = EdgeCasesMode.NONE)
  void theSameKeyMayHaveRestarted(@ForAll long seed, @ForAll boolean secret) throws IOException {
    Identity right = identity(new SplittableRandom(seed));
    Security ofPeer = Security.identity(right);
    Answer demand = secret ? Answer.WITHOUT_THE_SECRET : Answer.NOT_AUTHORIZED;
    Pair pair =
        pair(
            seed,
            demanding(demand, right, right),
            secret ? ofPeer.withPreSharedKey(new byte[32]) : ofPeer,
            "delay 10ms");
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    pair.b.crash();
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(2));
    assertEquals(2, receivedAt(pair, 0));
    List<EndpointEvent.Closed> ends = pair.history.told(0, EndpointEvent.Closed.class);
    assertEquals(1, ends.size(), () -> "of the first: " + pair.history);
    assertEquals(CloseReason.PEER_RESTARTED, ends.get(0).reason());
  }
}
