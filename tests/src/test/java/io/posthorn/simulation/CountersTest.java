package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.wire.DropReason;
import java.time.Duration;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Statistics that are true to the packet, against what the network saw itself. */
class CountersTest {
  /** Of a's datagrams in flight with data: longer than any that only acknowledges. */
  private static final int DATA_BYTES = 200;

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links(10, Duration.ZERO);
  }

  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void datagramsAndMessagesAreCountedAsTheyWere(
      @ForAll long seed, @ForAll("links") LinkConditions link) {
    Pair pair = new Pair(seed, Pair.patient(true, false)).link(link);
    for (int i = 0; i < 60; i++) {
      pair.a.send(pair.b, i % 3, Delivery.RELIABLE_ORDERED, 1 + i * 40);
      pair.b.send(pair.a, 0, Delivery.RELIABLE_UNORDERED, 200);
    }
    pair.network.run(Duration.ofSeconds(30));
    EndpointCounters a = pair.a.endpoint().counters();
    EndpointCounters b = pair.b.endpoint().counters();
    LinkCounters forth = pair.network.counters(Pair.A, Pair.B);
    LinkCounters back = pair.network.counters(Pair.B, Pair.A);
    assertEquals(forth.offered(), a.datagramsSent);
    assertEquals(back.offered(), b.datagramsSent);
    assertEquals(forth.delivered(), b.datagramsReceived);
    assertEquals(back.delivered(), a.datagramsReceived);
    assertEquals(forth.deliveredBytes(), b.bytesReceived);
    assertEquals(pair.history.received().size(), a.messagesReceived + b.messagesReceived);
    assertEquals(pair.history.sent().size(), a.messagesSent + b.messagesSent);
    long accepted = 0;
    for (ConnectionInfo row : pair.b.endpoint().connections(pair.network.nowNanos())) {
      accepted += row.packetsReceived();
    }
    assertTrue(accepted <= b.datagramsReceived);
  }

  /** What was dropped is declared lost, what was only late is spurious, and nothing else is. */
  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void declaredLossIsToldApartFromSpurious(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 8) int dropEach,
      @ForAll @IntRange(min = 0, max = 8) int delayEach) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms rate 20mbit"));
    long[] data = new long[1];
    long[] dropped = new long[1];
    pair.network.intercept(
        (from, to, number, datagram) -> {
          if (!from.equals(Pair.A) || number < 20 || datagram.limit() < DATA_BYTES) {
            return Interception.DELIVER;
          }
          data[0]++;
          if (dropEach > 0 && data[0] % (10L * dropEach) == 0) {
            dropped[0]++;
            return Interception.DROP;
          }
          return delayEach > 0 && data[0] % (17L * delayEach) == 0
              ? Interception.delay(Duration.ofMillis(60))
              : Interception.DELIVER;
        });
    for (int i = 0; i < 300; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 3_000);
    }
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(60)));
    pair.network.run(Duration.ofSeconds(2));
    ConnectionInfo row = pair.a.endpoint().connections(pair.network.nowNanos()).get(0);
    long lost = row.packetsLost() - row.packetsSpuriouslyLost();
    assertTrue(data[0] > 700);
    // A probe's fate may stay open.
    assertTrue(Math.abs(dropped[0] - lost) <= 2, dropped[0] + " dropped, " + row);
    if (dropEach == 0 && delayEach == 0) {
      assertEquals(0, row.packetsLost());
    }
    EndpointCounters counters = pair.a.endpoint().counters();
    assertEquals(row.packetsLost(), counters.packetsLost);
    assertEquals(row.packetsSpuriouslyLost(), counters.packetsSpuriouslyLost);
    assertEquals(row.bytesRetransmitted(), counters.bytesRetransmitted);
    assertEquals(row.packetsMarked(), counters.packetsMarked);
  }

  /** What an end that flushes refuses was received, and not accepted. */
  @Example
  void refusedPacketsDoNotCountAsAccepted() {
    Pair pair = new Pair(4, Pair.options()).link(LinkConditions.parse("delay 20ms rate 4mbit"));
    for (int i = 0; i < 100; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 5_000);
    }
    pair.network.run(Duration.ofMillis(300));
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100_000);
    pair.b.closeConnections(Duration.ofSeconds(3));
    pair.network.run(Duration.ofMillis(100));
    EndpointCounters counters = pair.b.endpoint().counters();
    long refused = counters.drops(DropReason.CLOSING);
    assertTrue(refused > 10, refused + " refused");
    ConnectionInfo row = pair.b.endpoint().connections(pair.network.nowNanos()).get(0);
    assertEquals(counters.datagramsReceived - 1 - refused, row.packetsReceived(), "all but M1");
  }

  /** A streamed message counts once, however many its parts; one that was given up not at all. */
  @Example
  void aStreamIsOneMessage() {
    Pair pair = new Pair(4, Pair.clear()).link(LinkConditions.parse("delay 20ms loss 5%"));
    long connection = pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    for (int i = 0; i < 30; i++) {
      send(pair, connection, 1, 5_000, true);
      send(pair, connection, 2, 5_000, true);
    }
    send(pair, connection, 1, 0, false);
    pair.a.endpoint().abortMessage(connection, 2, pair.network.nowNanos());
    pair.network.run(Duration.ofSeconds(5));
    assertEquals(1, pair.history.received().size());
    assertEquals(1, pair.b.endpoint().counters().messagesReceived);
    assertEquals(1, pair.a.endpoint().counters().messagesSent);
    pair.a.closeConnections(Duration.ofSeconds(1));
    pair.network.run(Duration.ofSeconds(5));
    EndpointEvent.Closed closed = pair.history.told(0, EndpointEvent.Closed.class).get(0);
    assertEquals(1, closed.acknowledged());
    assertEquals(0, closed.unacknowledged());
  }

  @Example
  void aStreamWithoutAnEndIsAMessageThatWasNotAcknowledged() {
    Pair pair = new Pair(4, Pair.clear()).link(LinkConditions.parse("delay 20ms"));
    long connection = pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    for (int i = 0; i < 30; i++) {
      send(pair, connection, 1, 5_000, true);
    }
    pair.network.run(Duration.ofSeconds(5));
    pair.a.closeConnections(Duration.ofSeconds(1));
    pair.network.run(Duration.ofSeconds(5));
    EndpointEvent.Closed closed = pair.history.told(0, EndpointEvent.Closed.class).get(0);
    assertEquals(0, closed.acknowledged());
    assertEquals(1, closed.unacknowledged());
    assertEquals(0, pair.a.endpoint().counters().messagesSent);
  }

  private static void send(Pair pair, long connection, int channel, int bytes, boolean more) {
    OutgoingMessage message =
        OutgoingMessage.part(connection, pair.b.address, channel, new byte[bytes], more);
    long now = pair.network.nowNanos();
    assertEquals(SendOutcome.ACCEPTED, pair.a.endpoint().send(message, now));
    pair.network.wake(pair.a.address);
  }

  /**
   * What a probe carries again counts as sent again, though nobody knows yet whether it is lost.
   */
  @Example
  void theBytesOfProbesAreSentAgain() {
    Pair pair = new Pair(5, Pair.clear()).link(LinkConditions.parse("delay 20ms"));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    pair.link(LinkConditions.parse("delay 20ms"), LinkConditions.parse("delay 20ms loss 100%"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 1_000);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_UNORDERED, 1_000);
    pair.network.run(Duration.ofSeconds(1));
    pair.link(LinkConditions.parse("delay 20ms"));
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(10)));
    ConnectionInfo row = pair.a.endpoint().connections(pair.network.nowNanos()).get(0);
    assertEquals(0, row.packetsLost() - row.packetsSpuriouslyLost());
    assertTrue(row.bytesRetransmitted() >= 1_000, row.toString());
  }

  @Example
  void anEndedConnectionStaysInTheSums() {
    Pair pair = new Pair(3, Pair.options()).link(LinkConditions.parse("delay 20ms loss 10%"));
    for (int i = 0; i < 200; i++) {
      int at = i;
      pair.network.at(
          Duration.ofMillis(2L * at), () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 60));
    }
    pair.network.run(Duration.ofSeconds(3));
    EndpointCounters counters = pair.a.endpoint().counters();
    long lost = counters.packetsLost;
    long repeated = counters.bytesRepeated;
    assertTrue(lost > 0 && repeated > 0, lost + " lost, " + repeated + " bytes repeated");
    assertTrue(pair.close(Duration.ofSeconds(3), Duration.ofSeconds(60)));
    pair.network.run(Duration.ofSeconds(10));
    assertTrue(pair.a.endpoint().connections(pair.network.nowNanos()).isEmpty());
    assertTrue(pair.a.endpoint().counters().packetsLost >= lost);
    assertTrue(pair.a.endpoint().counters().bytesRepeated >= repeated);
  }
}
