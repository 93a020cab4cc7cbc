package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.ConnectionInfo;
import io.posthorn.ConnectionInfo.LimitedBy;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Example;

/** Each answer to "why is it not faster?", by a flow for which it is the true one. */
class LimitedByTest {
  private static SocketOptions options(CongestionControl control, int sendBufferBytes) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.congestionControl = control;
    options.sendBufferBytes = sendBufferBytes;
    return options.done();
  }

  private static SocketOptions limitedTo(long bytesPerSecond) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.maxSendBytesPerSecond = bytesPerSecond;
    return options.done();
  }

  private static ConnectionInfo row(Pair pair) {
    List<ConnectionInfo> rows = pair.a.endpoint().connections(pair.network.nowNanos());
    assertEquals(1, rows.size());
    return rows.get(0);
  }

  private static void bulk(Pair pair, int messages) {
    for (int i = 0; i < messages; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 10_000);
    }
  }

  /** What is answered most often over a second. */
  private static LimitedBy mostly(Pair pair) {
    Map<LimitedBy, Integer> counts = new EnumMap<>(LimitedBy.class);
    for (int i = 0; i < 997; i++) {
      pair.network.run(Duration.ofNanos(1_003_000));
      counts.merge(row(pair).limitedBy(), 1, Integer::sum);
    }
    LimitedBy most = LimitedBy.APPLICATION;
    for (Map.Entry<LimitedBy, Integer> each : counts.entrySet()) {
      if (each.getValue() > counts.getOrDefault(most, 0)) {
        most = each.getKey();
      }
    }
    return most;
  }

  @Example
  void aFlowWithLittleToSayIsLimitedByItsApplication() {
    Pair pair = new Pair(1, Pair.options()).link(LinkConditions.parse("delay 10ms rate 10mbit"));
    for (int i = 0; i < 30; i++) {
      pair.network.at(
          Duration.ofMillis(100L * i),
          () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100));
    }
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(LimitedBy.APPLICATION, mostly(pair));
    pair.network.run(Duration.ofSeconds(5));
    assertEquals(Duration.ZERO, row(pair).timeToDrain());
  }

  @Example
  void aLossyPathLimitsByTheCongestionWindow() {
    Pair pair = new Pair(2, options(CongestionControl.NEW_RENO, 4 << 20));
    pair.link(LinkConditions.parse("delay 50ms rate 100mbit loss 2%"));
    bulk(pair, 1000);
    pair.network.run(Duration.ofSeconds(3));
    assertEquals(LimitedBy.CONGESTION_WINDOW, mostly(pair));
  }

  @Example
  void aCleanPathWithALargeWindowLimitsByPacing() {
    Pair pair = new Pair(3, Pair.options()).link(LinkConditions.parse("delay 20ms rate 10mbit"));
    bulk(pair, 1000);
    pair.network.run(Duration.ofSeconds(3));
    assertEquals(LimitedBy.PACING, mostly(pair));
  }

  @Example
  void aReaderThatStoppedLimitsByItsWindow() {
    Pair pair = new Pair(4, Pair.options()).link(LinkConditions.parse("delay 10ms"));
    pair.b.pauseReading();
    bulk(pair, 1000);
    pair.network.run(Duration.ofSeconds(3));
    assertEquals(LimitedBy.PEER_WINDOW, mostly(pair));
    assertNull(row(pair).timeToDrain(), "nobody can know");
  }

  /** The path holds far more than the buffer: all of it is under way, and the sender waits. */
  @Example
  void aSmallSendBufferOnALongFastPathIsTheLimit() {
    Pair pair = new Pair(5, options(CongestionControl.ADAPTIVE, 64 << 10));
    pair.link(LinkConditions.parse("delay 200ms rate 100mbit"));
    bulk(pair, 1500);
    pair.network.run(Duration.ofSeconds(5));
    assertEquals(LimitedBy.SEND_BUFFER, mostly(pair));
  }

  @Example
  void theApplicationsCeilingHoldsAndSaysSo() {
    Pair pair = new Pair(6, limitedTo(200_000));
    pair.link(LinkConditions.parse("delay 20ms rate 100mbit"));
    bulk(pair, 200);
    pair.network.run(Duration.ofSeconds(2));
    long before = pair.a.endpoint().counters().bytesSent;
    assertEquals(LimitedBy.RATE_LIMIT, mostly(pair));
    pair.network.run(Duration.ofSeconds(3));
    long sent = pair.a.endpoint().counters().bytesSent - before;
    assertTrue(sent <= 4 * 200_000 + 2_400, sent + " bytes in 4 seconds");
    assertTrue(sent >= 4 * 200_000 * 0.97, sent + " bytes in 4 seconds");
  }

  /** RFC 9002 §7.8: what is not used says nothing of the path, and must not grow. */
  @Example
  void aWindowThatTheCeilingLeavesUnusedDoesNotGrow() {
    for (CongestionControl control :
        new CongestionControl[] {CongestionControl.CUBIC, CongestionControl.NEW_RENO}) {
      DraftOptions options = DraftOptions.of(Mode.RELIABLE);
      options.congestionControl = control;
      options.maxSendBytesPerSecond = 200_000;
      Pair pair = new Pair(8, options.done());
      pair.link(LinkConditions.parse("delay 20ms rate 100mbit"));
      bulk(pair, 1500);
      pair.network.run(Duration.ofSeconds(60));
      assertEquals(LimitedBy.RATE_LIMIT, row(pair).limitedBy());
      long window = row(pair).congestionWindowBytes();
      assertTrue(window < 40_000, control + ": " + window + " bytes, of which 8,000 are used");
    }
  }

  @Example
  void theTimeToDrainComesTrue() {
    Pair pair = new Pair(7, limitedTo(500_000));
    pair.link(LinkConditions.parse("delay 50ms"));
    bulk(pair, 300);
    pair.network.run(Duration.ofSeconds(1));
    Duration expected = row(pair).timeToDrain();
    assertNotNull(expected);
    long start = pair.network.nowNanos();
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(60)));
    double ratio = expected.toNanos() / (double) (pair.network.nowNanos() - start);
    assertTrue(ratio > 0.8 && ratio < 1.2, expected + " was " + ratio + " of the truth");
  }
}
