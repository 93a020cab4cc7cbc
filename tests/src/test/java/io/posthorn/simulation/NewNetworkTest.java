package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.checker.Checkers;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a sender still believes of its path when its peer's address changes (RFC 9000 §9.4). */
class NewNetworkTest {
  private static final InetSocketAddress STRANGER = Pair.address(66, 6_666);
  private static final int MESSAGES = 120;

  /**
   * The peer reads from b, so that b knows the path to a; then a moves, and the way gets longer.
   */
  private static Pair moved(Rebinding... kinds) {
    Pair pair = new Pair(7, Pair.clear()).link(LinkConditions.parse("delay 5ms rate 50mbit"));
    exchange(pair);
    assertEquals(10, row(pair).minRtt().toMillis());
    pair.link(LinkConditions.parse("delay 40ms rate 50mbit"));
    InetSocketAddress before = pair.network.externalAddress(Pair.A);
    for (Rebinding kind : kinds) {
      pair.network.rebind(Pair.A, kind);
    }
    assertTrue(!before.equals(pair.network.externalAddress(Pair.A)));
    exchange(pair);
    assertEquals(pair.network.externalAddress(Pair.A), row(pair).remote());
    Checkers.checkSoFar(pair.history);
    return pair;
  }

  private static void exchange(Pair pair) {
    for (int i = 0; i < MESSAGES; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200);
      pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 5_000);
    }
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofSeconds(60)), () -> "stuck: " + pair.b);
  }

  private static ConnectionInfo row(Pair pair) {
    return pair.b.endpoint().connections(pair.network.nowNanos()).get(0);
  }

  @Test
  void otherNetworkIsMeasuredAnew() {
    assertTrue(row(moved(Rebinding.ADDRESS)).minRtt().toMillis() >= 80);
  }

  @Test
  void otherPortOfATranslatorKeepsWhatIsKnown() {
    assertEquals(10, row(moved(Rebinding.PORT)).minRtt().toMillis());
  }

  @Test
  void neighbourOfATranslatorsAddressKeepsWhatIsKnown() {
    Pair pair = moved(Rebinding.ADDRESS);
    pair.link(LinkConditions.parse("delay 90ms rate 50mbit"));
    pair.network.rebind(Pair.A, Rebinding.ADDRESS); // within the same /24
    exchange(pair);
    assertTrue(row(pair).minRtt().toMillis() < 180, () -> row(pair).toString());
  }

  /** How many datagrams to where a has moved to were too large for the way there. */
  private static long tooLargeAfterAMove() {
    Pair pair = new Pair(7, Pair.clear());
    pair.a.useInterface(1_472);
    pair.b.useInterface(1_472);
    pair.link(LinkConditions.parse("delay 20ms rate 50mbit mtu 1500"));
    exchange(pair);
    assertEquals(1_472, row(pair).datagramBytes());
    pair.link(LinkConditions.parse("delay 20ms rate 50mbit mtu 1400"));
    InetSocketAddress now = pair.network.rebind(Pair.A, Rebinding.ADDRESS);
    long[] tooLarge = new long[1];
    pair.network.trace(
        (nowNanos, from, to, number, lengthBytes, crc32c, fate) ->
            tooLarge[0] += to.equals(now) && lengthBytes > 1_372 ? 1 : 0);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200); // b hears of it
    pair.network.run(Duration.ofSeconds(1));
    exchange(pair);
    Checkers.checkSoFar(pair.history);
    return tooLarge[0];
  }

  @Test
  void theSizeOfDatagramsIsSearchedAnewInAnotherNetwork() {
    long dropped = tooLargeAfterAMove();
    assertTrue(dropped <= 6, dropped + ": more than what asks for the size");
  }

  /** The way goes dark as the first large datagram leaves, and thin traffic goes on. */
  @Test
  void anOutageDuringTheSearchRulesNoSizeOut() {
    Pair pair = new Pair(7, Pair.clear());
    pair.a.useInterface(1_472);
    pair.b.useInterface(1_472);
    pair.link(LinkConditions.parse("delay 20ms rate 50mbit mtu 1500"));
    boolean[] cut = new boolean[1];
    pair.network.intercept(
        (from, to, number, datagram) -> {
          cut[0] |= datagram.remaining() > 1_200;
          return cut[0] ? Interception.DROP : Interception.DELIVER;
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 20_000);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 20_000);
    for (int i = 0; i < 300; i++) {
      pair.network.run(Duration.ofMillis(10));
      pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 64);
    }
    assertTrue(cut[0], "a larger size was tried");
    pair.network.intercept((from, to, number, datagram) -> Interception.DELIVER);
    pair.network.run(Duration.ofSeconds(10));
    assertEquals(1_472, row(pair).datagramBytes());
  }

  /** The old address is asked too, and that is lost: it says nothing of the way to the new one. */
  @Test
  void whatWentToTheOldAddressIsNoLossOfTheNewPath() {
    Pair pair = new Pair(7, Pair.clear()).link(LinkConditions.parse("delay 20ms rate 50mbit"));
    exchange(pair);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(0, row(pair).packetsLost());
    long before = pair.network.unreachable();
    pair.network.rebind(Pair.A, Rebinding.PORT);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200);
    pair.network.run(Duration.ofSeconds(1));
    exchange(pair);
    assertTrue(pair.network.unreachable() > before, "the old address was asked");
    assertEquals(0, row(pair).packetsLost());
  }

  /** Has exchanged much in clear. */
  private static Pair exchanged(CongestionControl control) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.congestionControl = control;
    Pair pair = new Pair(7, options.done()).link(LinkConditions.parse("delay 20ms rate 50mbit"));
    exchange(pair);
    pair.network.run(Duration.ofSeconds(1));
    return pair;
  }

  /**
   * The next packet of A comes from the stranger's address first.
   *
   * @param others what becomes of it, and of all after it, at A's own
   */
  private static void copyFromTheStranger(Pair pair, Interception others) {
    boolean[] copied = new boolean[1];
    pair.network.intercept(
        (from, to, number, datagram) -> {
          if (from.equals(Pair.A) && !copied[0]) {
            copied[0] = true;
            byte[] copy = new byte[datagram.remaining()];
            datagram.get(datagram.position(), copy);
            pair.b.onDatagram(ByteBuffer.wrap(copy), STRANGER, pair.network.nowNanos());
            pair.network.wake(Pair.B);
          }
          return to.equals(Pair.A) ? Interception.DELIVER : others;
        });
  }

  /** Somebody copies a packet, from an address of his own, and holds up what comes after it. */
  @Test
  void whatWentToAnAddressThatWasNeverProvedIsNoLossOfThePath() {
    Pair pair = exchanged(CongestionControl.NEW_RENO);
    long window = row(pair).congestionWindowBytes();
    assertTrue(window > 50_000, window + " bytes");
    copyFromTheStranger(pair, Interception.DROP);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 900);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 5_000);
    pair.network.run(Duration.ofMillis(100));
    assertEquals(STRANGER, row(pair).remote());
    assertTrue(
        pair.network.runUntil(() -> row(pair).remote().equals(Pair.A), Duration.ofSeconds(4)));
    long lost = row(pair).packetsLost();
    pair.network.intercept(null);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 200);
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(1)), pair.b::toString);
    pair.network.run(Duration.ofSeconds(1));
    assertTrue(row(pair).packetsLost() > lost);
    assertTrue(row(pair).congestionWindowBytes() >= window, () -> row(pair).toString());
  }

  /** The copy of a packet comes first from an address of somebody else, and then the next one. */
  @Test
  void whatWentAstrayUntilThePeerSpokeAgainIsNoLossOfThePath() {
    Pair pair = exchanged(CongestionControl.CUBIC);
    long window = row(pair).congestionWindowBytes();
    long lost = row(pair).packetsLost();
    copyFromTheStranger(pair, Interception.DELIVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 900);
    for (int i = 0; i < 10; i++) {
      pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 200);
      pair.network.run(Duration.ofMillis(1));
    }
    assertEquals(STRANGER, row(pair).remote());
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 900);
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(5)), pair.b::toString);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(Pair.A, row(pair).remote());
    assertTrue(row(pair).packetsLost() > lost, "some went astray");
    assertTrue(row(pair).congestionWindowBytes() >= window, () -> row(pair).toString());
  }
}
