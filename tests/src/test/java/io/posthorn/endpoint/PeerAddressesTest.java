package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.KnownHosts;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * FAULTS 13 and 18: who goes by which address, where translators give them to one after another.
 */
class PeerAddressesTest {
  private static final SocketOptions OPTIONS =
      HandPeer.options(Security.ephemeral(), 100, 64 << 20);
  private static final InetSocketAddress FIRST = HandPeer.address(1);
  private static final InetSocketAddress SECOND = HandPeer.address(2);
  private static final InetSocketAddress THIRD = HandPeer.address(3);

  private ReliableEndpoint endpoint = HandPeer.endpoint(OPTIONS, 1);
  private final List<HandPeer> peers = new ArrayList<>();

  private HandPeer peerAt(int host) {
    HandPeer peer = new HandPeer(endpoint, OPTIONS, host, 1 + peers.size());
    peers.add(peer);
    peer.connect();
    return peer;
  }

  private void move(HandPeer peer, InetSocketAddress to) {
    peer.address = to;
    long before = peer.heardOf("onPathChallenge");
    peer.send(out -> out.ping());
    assertTrue(peer.heardOf("onPathChallenge") > before, "it is asked to prove that");
    peer.send(out -> out.pathResponse(peer.challenge));
  }

  private List<EndpointEvent> closed() {
    List<EndpointEvent> found = new ArrayList<>();
    for (HandPeer peer : peers) {
      peer.events.stream().filter(EndpointEvent.Closed.class::isInstance).forEach(found::add);
    }
    return found;
  }

  @Test
  void fault13WhoeverIsGivenThePortThatAnotherHasLeftIsSomebodyElse() {
    HandPeer one = peerAt(1);
    move(one, SECOND);
    assertEquals(one.handle(), endpoint.connectionTo(FIRST), "it keeps its name");
    HandPeer other = peerAt(1);
    assertEquals(List.of(), closed());
    assertEquals(other.handle(), endpoint.connectionTo(FIRST), "who is met there now");
    assertEquals(one.handle(), endpoint.connectionTo(SECOND), "goes by where it is");
    assertTrue(
        other.events.contains(new EndpointEvent.Renamed(one.handle(), FIRST, SECOND)), "is told");
    one.send(out -> out.close(0, 0, new byte[0], 0));
    assertEquals(Endpoint.NO_CONNECTION, endpoint.connectionTo(SECOND));
    assertEquals(other.handle(), endpoint.connectionTo(FIRST));
  }

  @Test
  void fault13NamesMoveOnAlongAChain() {
    HandPeer one = peerAt(1);
    HandPeer two = peerAt(2);
    move(two, THIRD);
    move(one, SECOND);
    assertEquals(two.handle(), endpoint.connectionTo(SECOND), "nobody is met there");
    HandPeer other = peerAt(1);
    assertEquals(other.handle(), endpoint.connectionTo(FIRST));
    assertEquals(one.handle(), endpoint.connectionTo(SECOND));
    assertEquals(two.handle(), endpoint.connectionTo(THIRD));
    assertEquals(List.of(), closed());
  }

  /** Each has the address that the other was met at, and a third comes to one of them. */
  @Test
  void fault13NamesThatGoRoundInACircleComeToAnEnd() {
    HandPeer one = peerAt(1);
    HandPeer two = peerAt(2);
    move(one, SECOND);
    move(two, FIRST);
    move(two, THIRD);
    HandPeer other = peerAt(1);
    assertEquals(other.handle(), endpoint.connectionTo(FIRST));
    assertEquals(one.handle(), endpoint.connectionTo(SECOND));
    assertEquals(two.handle(), endpoint.connectionTo(THIRD));
    assertEquals(List.of(), closed());
  }

  /** One that has not spoken since its translator forgot it is named again when it does. */
  @Test
  void fault13AnAddressThatTwoAreBelievedAtIsTheLatersAndTheOthersNameFollowsIt() {
    HandPeer one = peerAt(1);
    HandPeer two = peerAt(2);
    move(one, SECOND);
    peerAt(1);
    assertEquals(one.handle(), endpoint.connectionTo(SECOND));
    move(two, THIRD);
    assertEquals(two.handle(), endpoint.connectionTo(THIRD));
    assertEquals(one.handle(), endpoint.connectionTo(SECOND));
    assertEquals(List.of(), closed());
  }

  /** Whom this side knows by a key does not lose what is sent to it to whoever has another. */
  @Test
  void fault18WhoHasAnotherKeyWaitsForTheNameOfOneThatIsBelievedToBeThere() {
    for (boolean moves : new boolean[] {false, true}) {
      peers.clear();
      allowKeys(2);
      HandPeer one = peerAt(1);
      HandPeer other = peerAt(1);
      assertEquals(one.handle(), endpoint.connectionTo(FIRST));
      assertEquals(List.of(), closed());
      if (moves) {
        move(one, SECOND);
      } else {
        one.send(out -> out.close(0, 0, new byte[0], 0));
        assertTrue(
            one.events.contains(new EndpointEvent.Renamed(other.handle(), FIRST, FIRST)),
            "is told");
      }
      assertEquals(other.handle(), endpoint.connectionTo(FIRST));
      assertEquals(moves ? one.handle() : Endpoint.NO_CONNECTION, endpoint.connectionTo(SECOND));
    }
  }

  /** Nothing says that the first has left: to its peer it is a process that began anew. */
  @Test
  void aPeerThatOpensAnewFromWhereItIsHasRestarted() {
    HandPeer one = peerAt(1);
    move(one, SECOND);
    HandPeer again = peerAt(2);
    assertEquals(1, closed().size());
    EndpointEvent.Closed end = (EndpointEvent.Closed) closed().get(0);
    assertEquals(one.handle(), end.connection());
    assertEquals(CloseReason.PEER_RESTARTED, end.reason());
    assertEquals(again.handle(), endpoint.connectionTo(SECOND));
    assertEquals(Endpoint.NO_CONNECTION, endpoint.connectionTo(FIRST));
  }

  /**
   * The path went back to an address not proved yet when the connection ended: all is forgotten.
   */
  @Test
  void nothingIsKeptOfAConnectionThatEndedOnItsWayToAnotherAddress() throws Exception {
    HandPeer one = peerAt(1);
    move(one, SECOND);
    one.address = THIRD;
    one.send(out -> out.close(0, 0, new byte[0], 0));
    one.advance(60_000_000_000L);
    assertEquals(0, endpoint.connections(one.nowNanos).size());
    PeerAddresses addresses = (PeerAddresses) valueOf(endpoint, "addresses");
    for (String map : List.of("byName", "moved", "waiting")) {
      assertEquals(Map.of(), valueOf(addresses, map), map);
    }
  }

  private SendOutcome send(InetSocketAddress name) {
    return send(Endpoint.NO_CONNECTION, name);
  }

  private SendOutcome send(long connection, InetSocketAddress name) {
    return endpoint.send(
        new OutgoingMessage(
            connection,
            name,
            0,
            Delivery.RELIABLE_ORDERED,
            -1,
            new byte[10],
            false,
            Endpoint.NEVER,
            false,
            null),
        0);
  }

  /** Sends it something, and has it end before it has acknowledged that. */
  private void lose(HandPeer peer, InetSocketAddress name) {
    assertEquals(SendOutcome.ACCEPTED, send(name));
    fail(peer);
  }

  private static void fail(HandPeer peer) {
    peer.send(out -> out.close(CloseReason.INTERNAL.code(), 0, new byte[0], 0));
  }

  /** Nobody who sends to the address that it has left is told: that is another peer's. */
  @Test
  void whatIsLostAfterItWasRenamedIsToldUnderTheNewName() {
    HandPeer one = peerAt(1);
    assertEquals(SendOutcome.ACCEPTED, send(FIRST));
    move(one, SECOND);
    peerAt(1);
    fail(one);
    assertEquals(SendOutcome.ACCEPTED, send(FIRST));
    assertEquals(SendOutcome.MESSAGES_LOST, send(SECOND));
    assertEquals(SendOutcome.ACCEPTED, send(SECOND), "told once");
  }

  /** A peer's loss that nobody has been told of yet goes with its name. */
  @Test
  void whatWasLostBeforeItWasRenamedIsToldUnderTheNewName() {
    lose(peerAt(1), FIRST);
    HandPeer again = peerAt(1);
    move(again, SECOND);
    peerAt(1);
    assertEquals(SendOutcome.ACCEPTED, send(FIRST));
    assertEquals(SendOutcome.MESSAGES_LOST, send(SECOND));
    assertEquals(SendOutcome.ACCEPTED, send(SECOND), "told once");
  }

  @Test
  void lossesMoveAlongAChainEachByOneName() {
    lose(peerAt(1), FIRST);
    HandPeer one = peerAt(1);
    HandPeer two = peerAt(2);
    move(two, THIRD);
    move(one, SECOND);
    peerAt(1);
    assertEquals(two.handle(), endpoint.connectionTo(THIRD));
    assertEquals(SendOutcome.ACCEPTED, send(FIRST));
    assertEquals(SendOutcome.ACCEPTED, send(THIRD));
    assertEquals(SendOutcome.MESSAGES_LOST, send(SECOND));
  }

  /** Peers are known by their keys: those of so many are allowed, at the first two addresses. */
  private void allowKeys(int count) {
    String[] keys = new String[2 * count];
    for (int i = 0; i < keys.length; i++) {
      HandPeer sameKey = new HandPeer(endpoint, OPTIONS, 1 + i % 2, 1 + i / 2);
      keys[i] = Fingerprint.of(sameKey.identity.publicKey()).toString();
    }
    endpoint = HandPeer.endpoint(HandPeer.options(Security.pinned(keys), 100, 64 << 20), 1);
  }

  private void end(HandPeer peer) {
    peer.send(out -> out.close(0, 0, new byte[0], 0));
  }

  /** Of several, the last that was met is there, and when it has left the one before. */
  @Test
  void allThatWaitForANameGetItInTheEnd() {
    allowKeys(4);
    HandPeer one = peerAt(1);
    HandPeer two = peerAt(1);
    HandPeer three = peerAt(1);
    HandPeer four = peerAt(1);
    assertEquals(one.handle(), endpoint.connectionTo(FIRST));
    end(three);
    end(one);
    assertEquals(four.handle(), endpoint.connectionTo(FIRST));
    move(four, SECOND);
    assertEquals(two.handle(), endpoint.connectionTo(FIRST));
    assertTrue(four.events.contains(new EndpointEvent.Renamed(four.handle(), FIRST, SECOND)));
    assertEquals(four.handle(), endpoint.connectionTo(SECOND));
  }

  @Test
  void aPeerThatWaitsForANameAndOpensAnewHasRestarted() {
    allowKeys(2);
    HandPeer one = peerAt(1);
    HandPeer two = peerAt(1);
    HandPeer again = new HandPeer(endpoint, OPTIONS, 1, 2);
    again.parameters.instanceId++;
    peers.add(again);
    again.connect();
    assertEquals(1, closed().size());
    EndpointEvent.Closed end = (EndpointEvent.Closed) closed().get(0);
    assertEquals(two.handle(), end.connection());
    assertEquals(CloseReason.PEER_RESTARTED, end.reason());
    end(one);
    assertEquals(again.handle(), endpoint.connectionTo(FIRST));
  }

  /** It takes no messages any more, so its name is of no use to it. */
  @Test
  void whoeverIsMetWhereAConnectionIsBeingClosedGetsItsName() {
    for (boolean waits : new boolean[] {false, true}) {
      peers.clear();
      allowKeys(2);
      HandPeer one = peerAt(1);
      HandPeer early = waits ? peerAt(1) : one;
      assertEquals(one.handle(), endpoint.connectionTo(FIRST));
      assertEquals(SendOutcome.ACCEPTED, send(FIRST));
      endpoint.close(one.handle(), 0, "", 60_000_000_000L, 0);
      one.collect();
      HandPeer other = waits ? early : peerAt(1);
      assertEquals(other.handle(), endpoint.connectionTo(FIRST));
      assertEquals(
          waits, one.events.contains(new EndpointEvent.Renamed(other.handle(), FIRST, FIRST)));
      assertEquals(List.of(), closed(), "it is still being flushed");
      assertEquals(2, endpoint.connections(0).size());
    }
  }

  /** It lost its name to another, and shows where it is when it is closing, or has been closed. */
  @Test
  void aConnectionThatEndsTakesNoNameOnItsWay() {
    for (boolean byPeer : new boolean[] {false, true}) {
      peers.clear();
      endpoint = HandPeer.endpoint(OPTIONS, 1);
      HandPeer one = peerAt(1);
      HandPeer two = peerAt(2);
      move(one, SECOND);
      peerAt(1);
      assertEquals(one.handle(), endpoint.connectionTo(SECOND));
      HandPeer live = peerAt(3);
      two.address = THIRD;
      two.send(out -> out.ping());
      if (byPeer) {
        end(two);
      } else {
        assertEquals(SendOutcome.ACCEPTED, send(two.handle(), SECOND));
        endpoint.close(two.handle(), 0, "", 5_000_000_000L, 0);
        two.collect();
      }
      two.send(out -> out.pathResponse(two.challenge));
      assertTrue(
          two.events.contains(new EndpointEvent.PathChanged(two.handle(), SECOND, THIRD)),
          "it moves");
      assertEquals(live.handle(), endpoint.connectionTo(THIRD));
      assertEquals(one.handle(), endpoint.connectionTo(SECOND));
      two.address = HandPeer.address(99); // what comes to the other there is not for its eyes
      two.advance(15_000_000_000L);
      assertEquals(live.handle(), endpoint.connectionTo(THIRD));
    }
  }

  /** Opens a connection from the endpoint to another one at this address. */
  private long ask(InetSocketAddress name) {
    InetSocketAddress own = HandPeer.address(99);
    ReliableEndpoint other = HandPeer.endpoint(OPTIONS, 7);
    long handle = endpoint.connect(name, 0);
    TransmitBatch batch = new TransmitBatch();
    boolean moved = true;
    while (moved) {
      moved = false;
      while (endpoint.pollTransmit(batch, 0)) {
        deliver(other, batch, own);
        moved = true;
      }
      while (other.pollTransmit(batch, 0)) {
        deliver(endpoint, batch, name);
        moved = true;
      }
    }
    assertEquals(1, other.connections(0).size());
    return handle;
  }

  private static void deliver(ReliableEndpoint to, TransmitBatch batch, InetSocketAddress from) {
    for (int i = 0; i < batch.segments(); i++) {
      to.onDatagram(batch.segment(i), from, EcnMark.NOT_ECT, 0);
    }
  }

  /** Another had moved there before, and left since without a word. */
  @Test
  void aPeerThatWasAskedForIsWhereItAnswered() throws Exception {
    HandPeer one = peerAt(1);
    move(one, SECOND);
    long asked = ask(SECOND);
    assertEquals(asked, endpoint.connectionTo(SECOND));
    PeerAddresses addresses = (PeerAddresses) valueOf(endpoint, "addresses");
    ConnectionSlot there = addresses.byPath(SECOND);
    assertEquals(asked, there == null ? 0 : there.connection.handle(), "so resets are its own");
    peerAt(1);
    assertEquals(asked, endpoint.connectionTo(SECOND), "the other has been renamed for nothing");
    move(one, THIRD);
    assertEquals(one.handle(), endpoint.connectionTo(THIRD));
    assertEquals(asked, endpoint.connectionTo(SECOND));
  }

  private HandPeer peerOnLink(int link) {
    HandPeer peer = new HandPeer(endpoint, OPTIONS, 1, 1 + peers.size());
    peer.address = HandPeer.onLink(link);
    peers.add(peer);
    peer.connect();
    return peer;
  }

  @Test
  void oneAddressOnTwoLinksIsTwoPeers() {
    HandPeer one = peerOnLink(1);
    assertEquals(Endpoint.NO_CONNECTION, endpoint.connectionTo(HandPeer.onLink(2)));
    HandPeer two = peerOnLink(2);
    assertEquals(List.of(), closed());
    assertEquals(one.handle(), endpoint.connectionTo(HandPeer.onLink(1)));
    assertEquals(two.handle(), endpoint.connectionTo(HandPeer.onLink(2)));
    move(two, SECOND);
    assertEquals(two.handle(), endpoint.connectionTo(HandPeer.onLink(2)), "it keeps its name");
    assertEquals(one.handle(), endpoint.connectionTo(HandPeer.onLink(1)));
  }

  @Test
  void whatIsLostOnOneLinkIsNotToldOnAnother() {
    lose(peerOnLink(1), HandPeer.onLink(1));
    peerOnLink(2);
    assertEquals(SendOutcome.ACCEPTED, send(HandPeer.onLink(2)));
    assertEquals(SendOutcome.MESSAGES_LOST, send(HandPeer.onLink(1)));
  }

  /** Two servers of one host, of which the first goes by the second's address in the end. */
  @Test
  void whoeverHasTheKeyOfAPortGetsNothingForAnotherPortOfTheHost(@TempDir Path folder)
      throws IOException {
    InetSocketAddress otherPort = new InetSocketAddress(FIRST.getAddress(), FIRST.getPort() + 1);
    Path file = folder.resolve("known_hosts");
    SocketOptions options =
        HandPeer.options(Security.ephemeral().withKnownHosts(file), 100, 64 << 20);
    endpoint = HandPeer.endpoint(options, 1);
    KnownHosts hosts = new KnownHosts(file);
    for (int seed = 1; seed <= 3; seed++) {
      byte[] key = new HandPeer(endpoint, OPTIONS, 1, seed).identity.publicKey();
      hosts.add(KnownHosts.nameOf(seed < 3 ? FIRST : otherPort), Fingerprint.of(key));
    }
    HandPeer one = peerAt(1);
    assertEquals(SendOutcome.ACCEPTED, send(FIRST));
    move(one, otherPort);
    peerAt(1);
    assertEquals(one.handle(), endpoint.connectionTo(otherPort));
    long before = one.heardOf("onChannelData");
    assertEquals(SendOutcome.ACCEPTED, send(otherPort));
    one.collect();
    assertEquals(before, one.heardOf("onChannelData"));
    assertEquals(CloseReason.IDENTITY, one.toldToClose());
  }

  private static Object valueOf(Object of, String name) throws ReflectiveOperationException {
    Field field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }
}
