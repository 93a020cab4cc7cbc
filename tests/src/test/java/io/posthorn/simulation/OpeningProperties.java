package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.LivenessChecker;
import io.posthorn.simulation.checker.OrderChecker;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** How connections begin, however hard the network or the peer makes it. */
class OpeningProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(20, Fault.LOST)
          .atLeast(20, Fault.REORDERED)
          .atLeast(20, Fault.DUPLICATED)
          .atLeast(10, Fault.CORRUPTED);

  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** Everything but much loss: what arrives late, twice, damaged or out of turn. */
  @Provide
  Arbitrary<LinkConditions> confusing() {
    return NetworkArbitraries.links(5, Duration.ZERO)
        .filter(link -> !link.loss().bursts() && link.rateBitsPerSecond() == 0);
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  /** FAULTS 1: each of them, for the timeout is long enough for many attempts. */
  @Property(tries = 50)
  void handshakesCompleteUnderThirtyPercentLoss(@ForAll long seed, @ForAll boolean clear) {
    Pair pair =
        new Pair(seed, Pair.patient(!clear, false))
            .link(LinkConditions.parse("delay 20ms loss 30%"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    assertTrue(
        pair.network.runUntil(pair::isSettled, DEFAULT_TIMEOUT.multipliedBy(2)),
        () -> "not opened: " + pair.a);
    LivenessChecker.check(pair.history, 0, DEFAULT_TIMEOUT.multipliedBy(2).toNanos());
    Checkers.checkSoFar(pair.history);
  }

  /** What is repeated, damaged, early or late confuses neither side: one connection, soon. */
  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void confusionOpensOneConnection(
      @ForAll long seed,
      @ForAll("confusing") LinkConditions forth,
      @ForAll("confusing") LinkConditions back,
      @ForAll boolean clear) {
    Pair pair = new Pair(seed, Pair.patient(!clear, false)).link(forth, back);
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(20));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 10);
    pair.network.run(Duration.ofSeconds(15));
    assertEquals(1, pair.history.told(0, EndpointEvent.Connected.class).size(), "at the opener");
    assertEquals(1, pair.history.told(1, EndpointEvent.Connected.class).size(), "at the other");
    assertEquals(1, pair.b.endpoint().connections(pair.network.nowNanos()).size());
    LivenessChecker.check(pair.history, 0, Duration.ofSeconds(15).toNanos());
    Checkers.checkSoFar(pair.history);
    HARDNESS.add(pair.network.counters());
  }

  /**
   * The M3 in front of the first data packets is lost on its way, and nothing else (a bit flip of
   * its first byte does much the same): what arrives is a packet to a connection that is half-open,
   * not one of a connection that this end had and lost. A reset for it would end the connection if
   * it came late.
   */
  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void anEarlyPacketIsNotThatOfALostConnection(
      @ForAll long seed,
      @ForAll("confusing") LinkConditions link,
      @ForAll @IntRange(min = 1, max = 3) int early,
      @ForAll @IntRange(max = 2_000) int lateMillis,
      @ForAll boolean clear) {
    Pair pair = new Pair(seed, Pair.patient(!clear, false)).link(link);
    WithoutThird hook = new WithoutThird(early, Duration.ofMillis(lateMillis));
    pair.network.intercept(hook);
    for (int i = 0; i < 40; i++) {
      pair.network.at(
          Duration.ofMillis(i * 250L), () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 20));
    }
    pair.network.run(Duration.ofSeconds(45));
    assertEquals(early, hook.cut, "packets that came alone");
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Closed.class));
    assertEquals(1, pair.history.told(0, EndpointEvent.Connected.class).size(), "at the opener");
    assertEquals(1, pair.history.told(1, EndpointEvent.Connected.class).size(), "at the other");
    assertEquals(40, pair.history.received().size());
    assertEquals(0, hook.answers, "resets before the handshake was complete");
    Checkers.checkSoFar(pair.history);
    HARDNESS.add(pair.network.counters());
  }

  /**
   * Takes M3 from the first datagrams that carry it; what is answered before one passes is late.
   * (Where the link damages the connection id, a hint may well be the answer.)
   */
  private static final class WithoutThird implements Interceptor {
    private final int early;
    private final Duration late;
    private int cut;
    private int answers;
    private boolean passed;

    WithoutThird(int early, Duration late) {
      this.early = early;
      this.late = late;
    }

    @Override
    public Interception intercept(
        InetSocketAddress from, InetSocketAddress to, long number, ByteBuffer datagram) {
      int kind = PacketHeader.kind(datagram.get(0));
      if (from.equals(Pair.B)) {
        boolean answer = !passed && kind == PacketHeader.DATA;
        answers += answer ? 1 : 0;
        return answer ? Interception.delay(late) : Interception.DELIVER;
      }
      if (kind == PacketHeader.THIRD_MESSAGE && cut < early) {
        byte[] bytes = new byte[datagram.remaining()];
        datagram.get(bytes);
        ThirdMessagePacket third = new ThirdMessagePacket();
        assertEquals(DropReason.NONE, third.check(bytes, 0, bytes.length));
        assertTrue(third.dataLength() > 0, "M3 comes before data");
        datagram.clear().put(bytes, third.dataFrom(), third.dataLength()).flip();
        cut++;
      } else {
        passed |= kind == PacketHeader.THIRD_MESSAGE;
      }
      return Interception.DELIVER;
    }
  }

  /**
   * FAULTS 8: nothing passes from some moment on, be it before M1, after 1 ms, or one of the 80 ms
   * to the answer to M3: there is one connection, and it comes with the network.
   */
  @Property(tries = 60)
  void anOutageInTheHandshakeIsWaitedOut(
      @ForAll long seed,
      @ForAll @IntRange(max = 81) int fromMillis,
      @ForAll @IntRange(min = 1, max = 8_500) int outageMillis) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    pair.network.at(
        Duration.ofMillis(fromMillis), () -> pair.network.cut(Pair.A, Pair.B).cut(Pair.B, Pair.A));
    pair.network.at(
        Duration.ofMillis(fromMillis + outageMillis),
        () -> pair.network.mend(Pair.A, Pair.B).mend(Pair.B, Pair.A));
    pair.network.run(Duration.ofMillis(1));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofMillis(outageMillis + 1_280)),
        () -> "not opened: " + pair.a);
    pair.network.run(Duration.ofSeconds(2)); // what was sent meanwhile opens no other
    LivenessChecker.check(pair.history, 0, Duration.ofSeconds(12).toNanos());
    Checkers.checkSoFar(pair.history);
    for (Party party : List.of(pair.a, pair.b)) {
      assertEquals(1, pair.history.told(party.end, EndpointEvent.Connected.class).size());
      assertEquals(List.of(), pair.history.told(party.end, EndpointEvent.Closed.class));
      assertEquals(1, party.endpoint().connections(pair.network.nowNanos()).size());
    }
  }

  /** Nobody there: the sender is told who did not answer, after the handshake's time. */
  @Property(tries = 20)
  void nobodyThereIsReportedInTime(@ForAll long seed, @ForAll boolean clear) {
    Pair pair = new Pair(seed, clear ? Pair.clear() : Pair.options());
    pair.network.detach(Pair.B);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    assertTrue(pair.network.runUntil(pair::isSettled, DEFAULT_TIMEOUT.plusMillis(1)));
    EndpointEvent.Closed closed = pair.history.told(0, EndpointEvent.Closed.class).get(0);
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, closed.reason());
    assertEquals(Pair.B, closed.peer());
    assertEquals(1, closed.unacknowledged());
    assertFalse(pair.history.settled(pair.history.sent().get(0)).get(0).mayHaveArrived());
  }

  /** FAULTS 14: both open at once, and every message arrives, in order, both ways. */
  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void bothMayOpenAtOnce(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 60) int laterMillis,
      @ForAll("confusing") LinkConditions link,
      @ForAll boolean clear) {
    Pair pair = new Pair(seed, Pair.patient(!clear, false)).link(link);
    for (int i = 0; i < 5; i++) {
      long at = i * 10_000_000L;
      pair.network.at(at, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 20));
      pair.network.at(
          at + laterMillis * 1_000_000L,
          () -> pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 20));
    }
    pair.network.run(Duration.ofSeconds(25));
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    assertEquals(10, pair.history.received().size());
    Checkers.checkSoFar(pair.history);
    OrderChecker.checkAcrossConnections(pair.history);
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Closed.class));
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.Closed.class));
  }

  /** To the own address: two roles, two keys. */
  @Property(tries = 30)
  void sendingToOneselfWorks(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 20) int messages, @ForAll boolean clear) {
    History history = new History();
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed).link(LinkConditions.parse("delay 1ms loss 10%"));
    Party self =
        new Party(network, history, 0, Pair.A, clear ? Pair.clear() : Pair.options(), seed);
    self.meet(self);
    for (int i = 0; i < messages; i++) {
      self.send(self, 0, Delivery.RELIABLE_ORDERED, 10 + i * 100);
    }
    network.run(Duration.ofSeconds(20));
    assertEquals(messages, history.received().size());
    assertEquals(0, history.unsettled());
    Checkers.checkSoFar(history);
  }

  /** Sends every datagram back to where it came from. */
  private static final class Echo implements SimulatedHost {
    private record Reply(byte[] bytes, InetSocketAddress to) {}

    private final ArrayDeque<Reply> replies = new ArrayDeque<>();

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      byte[] bytes = new byte[datagram.remaining()];
      datagram.get(bytes);
      replies.add(new Reply(bytes, from));
    }

    @Override
    public void onTimeout(long nowNanos) {}

    @Override
    public long nextTimeoutNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      for (Reply reply = replies.poll(); reply != null; reply = replies.poll()) {
        out.accept(ByteBuffer.wrap(reply.bytes), reply.to);
      }
    }
  }

  /** A UDP echo service (RFC 862) is no peer: its echoes are dropped, counted, and end nothing. */
  @Property(tries = 20)
  void anEchoIsNotAPeer(@ForAll long seed, @ForAll boolean clear) {
    Pair pair = new Pair(seed, clear ? Pair.clear() : Pair.options());
    pair.network.replace(Pair.B, new Echo()).link(LinkConditions.parse("delay 5ms"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    assertTrue(pair.network.runUntil(pair::isSettled, DEFAULT_TIMEOUT.plusMillis(1)));
    assertEquals(0, pair.history.received().size());
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Connected.class));
    assertEquals(
        CloseReason.HANDSHAKE_TIMEOUT,
        pair.history.told(0, EndpointEvent.Closed.class).get(0).reason());
    assertTrue(pair.a.endpoint().counters().drops(DropReason.REFLECTED) > 5);
  }

  /** Two hundred clients of one endpoint, each answered, over a bad network. */
  @Property(tries = 3)
  void manyPeersAreToldApart(@ForAll long seed) {
    History history = new History();
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed)
            .link(LinkConditions.parse("delay 20ms 5ms loss 10% duplicate 5% reorder 5% 30ms"));
    Party server = new Party(network, history, 0, Pair.A, Pair.patient(true, false), seed);
    server.answerOnly();
    List<Party> clients = new ArrayList<>();
    for (int i = 1; i <= 200; i++) {
      // Sixteen behind each address, as behind a translator: ports tell them apart.
      InetSocketAddress address = Pair.address(10 + i / 16, 5_000 + i);
      Party client =
          new Party(network, history, i, address, Pair.patient(true, false), seed + 1_000L * i);
      client.meet(server);
      server.meet(client);
      clients.add(client);
    }
    for (Party client : clients) {
      for (int i = 0; i < 3; i++) {
        client.send(server, 0, Delivery.RELIABLE_ORDERED, 200);
        server.send(client, 0, Delivery.RELIABLE_ORDERED, 300);
      }
    }
    network.run(Duration.ofSeconds(20));
    assertEquals(1_200, history.received().size());
    assertEquals(0, history.unsettled());
    assertEquals(200, server.endpoint().connections(network.nowNanos()).size());
    Checkers.checkSoFar(history);
    OrderChecker.checkAcrossConnections(history);
  }

  /** When something happens to the far end. */
  private record Restart(int crashMillis, boolean speaksFirst) {}

  @Provide
  Arbitrary<Restart> restarts() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 2_000), Arbitraries.of(false, true))
        .as(Restart::new);
  }

  /**
   * FAULTS 19: the peer dies and comes back at its address. The sender learns it, at once if the
   * new process speaks, else by its idle timeout; nothing is handed over twice, and what is sent
   * afterwards arrives.
   */
  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void aRestartedPeerIsANewPeer(
      @ForAll long seed, @ForAll("restarts") Restart restart, @ForAll boolean clear) {
    Pair pair =
        new Pair(seed, Pair.patient(!clear, false))
            .link(LinkConditions.parse("delay 20ms 5ms loss 5% duplicate 5%"));
    for (int i = 0; i < 20; i++) {
      pair.network.at(
          i * 100_000_000L, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 50));
    }
    pair.network.at(Duration.ofMillis(restart.crashMillis), pair.b::crash);
    if (restart.speaksFirst) {
      pair.network.at(
          Duration.ofMillis(restart.crashMillis + 2_000L),
          () -> pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 70));
    }
    pair.network.run(Duration.ofSeconds(60));
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 60);
    pair.network.run(Duration.ofSeconds(15));
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    History.Received last = pair.history.received().get(pair.history.received().size() - 1);
    assertEquals(60, last.message().body().length);
    assertEquals(1, last.process());
    Checkers.checkSoFar(pair.history);
    for (EndpointEvent.Closed closed : pair.history.told(0, EndpointEvent.Closed.class)) {
      assertTrue(
          closed.reason() == CloseReason.IDLE_TIMEOUT
              || closed.reason() == CloseReason.HANDSHAKE_TIMEOUT
              || closed.reason() == CloseReason.PEER_RESTARTED,
          closed.toString());
    }
  }
}
