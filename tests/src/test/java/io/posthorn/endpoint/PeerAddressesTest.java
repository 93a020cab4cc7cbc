package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.Fingerprint;
import io.posthorn.wire.CloseReason;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

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
    String[] keys = new String[2];
    for (int i = 0; i < keys.length; i++) {
      HandPeer sameKey = new HandPeer(endpoint, OPTIONS, 1, 1 + i);
      keys[i] = Fingerprint.of(sameKey.identity.publicKey()).toString();
    }
    for (boolean moves : new boolean[] {false, true}) {
      peers.clear();
      endpoint = HandPeer.endpoint(HandPeer.options(Security.pinned(keys), 100, 64 << 20), 1);
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

  private static Object valueOf(Object of, String name) throws ReflectiveOperationException {
    Field field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }
}
