package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Example;

/** A receiver that takes nothing for a while says nothing of the network's rate. */
class FullReceiverTest {
  private static final int MESSAGE_BYTES = 10_000;

  private static Pair pair(CongestionControl control, long socketReceiveBytes) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.congestionControl = control;
    options.socketReceiveBytes = socketReceiveBytes;
    SocketOptions done = options.done();
    return new Pair(3, done).link(LinkConditions.parse("delay 20ms rate 100mbit"));
  }

  private static ConnectionInfo row(Pair pair) {
    return pair.a.endpoint().connections(pair.network.nowNanos()).get(0);
  }

  private static void send(Pair pair, int messages) {
    for (int i = 0; i < messages; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, MESSAGE_BYTES);
    }
  }

  /** A pair in full flow, the receiver of which stops to read for a minute. */
  private static Pair stopped(CongestionControl control, long socketReceiveBytes) {
    Pair pair = pair(control, socketReceiveBytes);
    send(pair, 2_000);
    pair.network.run(Duration.ofSeconds(1));
    pair.b.pauseReading();
    send(pair, 3_000);
    pair.network.run(Duration.ofSeconds(10));
    long before = row(pair).packetsSent();
    pair.network.run(Duration.ofSeconds(50));
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Closed.class), "slow, not dead");
    long probes = row(pair).packetsSent() - before;
    assertTrue(probes < 50 * 30, control + " sends " + probes + " packets into a full receiver");
    return pair;
  }

  /** How many messages arrive in the first seconds after the receiver reads on. */
  private static int afterwards(Pair pair) {
    int before = pair.history.received().size();
    pair.b.resumeReading();
    pair.network.run(Duration.ofSeconds(2));
    return pair.history.received().size() - before;
  }

  /** Credit holds the sender back: nothing is lost, and the window stays what it was. */
  @Example
  void aClosedWindowIsNoCongestion() {
    for (CongestionControl control : CongestionControl.values()) {
      Pair pair = stopped(control, 256L << 20);
      assertTrue(row(pair).congestionWindowBytes() > 400_000, control + ": " + row(pair));
      int arrived = afterwards(pair);
      assertTrue(arrived > 1_500, control + ": " + arrived);
    }
  }

  /** The socket's memory is full: what is refused is not acknowledged, but the peer is there. */
  @Example
  void aPeerWithoutMemoryIsThereAndIsLeftInPeace() {
    for (CongestionControl control : CongestionControl.values()) {
      Pair pair = stopped(control, 1L << 20);
      int arrived = afterwards(pair);
      assertTrue(arrived > 1_500, control + ": " + arrived);
      assertSame(ConnectionInfo.Ecn.CAPABLE, row(pair).ecn(), "refused, but not for their marks");
    }
  }

  /**
   * What fills the memory is another's, so this receiver waits for the rest of nothing and is
   * silent; it must be asked for a mere answer before the timeout, however short that is.
   */
  @Example
  void aShortIdleTimeoutDoesNotTakeAFullReceiverForDead() {
    staysAlive(1, 20);
    staysAlive(3, 20);
    staysAlive(9, 20);
  }

  /** On a long path few probes fit into it. */
  @Example
  void aShortIdleTimeoutOnALongPathDoesNotTakeAFullReceiverForDead() {
    staysAlive(1, 60);
    staysAlive(1, 110);
    staysAlive(3, 400);
  }

  private static void staysAlive(int seconds, int delayMillis) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.socketReceiveBytes = 1L << 20;
    options.idleTimeout = Duration.ofSeconds(seconds);
    options.keepAlive = options.idleTimeout.dividedBy(3);
    SocketOptions done = options.done();
    Pair pair =
        new Pair(3, done).link(LinkConditions.parse("delay " + delayMillis + "ms rate 100mbit"));
    Party third = third(pair, done);
    pair.b.pauseReading();
    for (int i = 0; i < 50_000; i++) {
      pair.a.send(pair.b, i % 64, Delivery.RELIABLE_ORDERED, 500);
    }
    pair.network.run(Duration.ofSeconds(5));
    for (int i = 0; i < 3_000; i++) {
      third.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 500);
    }
    pair.network.run(Duration.ofMinutes(1));
    assertEquals(List.of(), pair.history.told(2, EndpointEvent.Closed.class), seconds + " s");
    int before = pair.history.received().size();
    pair.b.resumeReading();
    pair.network.runUntil(pair::isSettled, Duration.ofMinutes(1));
    assertEquals(53_000, pair.history.received().size() - before, seconds + " s");
  }

  private static Party third(Pair pair, SocketOptions options) {
    InetSocketAddress place = Pair.address(3, 4003);
    Party third = new Party(pair.network, pair.history, 2, place, options, 99);
    third.meet(pair.b);
    pair.b.meet(third);
    pair.network.link(place, Pair.B, LinkConditions.parse("delay 20ms"));
    pair.network.link(Pair.B, place, LinkConditions.parse("delay 20ms"));
    third.connect(pair.b);
    return third;
  }
}
