package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.congestion.Adaptive;
import io.posthorn.protocol.congestion.CongestionController;
import io.posthorn.protocol.congestion.Cubic;
import io.posthorn.protocol.congestion.NewReno;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Packets 0, 1, 2 … of 1,000 bytes, each with its number as note. */
class PacketRecoveryTest {
  private static final long MS = 1_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  private final NotedFrames frames = new NotedFrames();
  private final PacketRecovery recovery =
      new PacketRecovery(() -> new NewReno(1200), new FrameSource[] {frames});

  private void send(int count, long nowMillis) {
    for (int i = 0; i < count; i++) {
      recovery.sent().token((byte) 0, recovery.sent().next(), 0);
      recovery.onPacketSent(1000, true, false, false, nowMillis * MS);
    }
  }

  private @Nullable CloseReason ack(long from, long to, long nowMillis) {
    return recovery.onAck(0, new long[] {from}, new long[] {to}, 1, 0, 0, -1, nowMillis * MS);
  }

  @Test
  void anAcknowledgementSettlesWhatItNames() {
    send(3, 0);
    assertEquals(3000, recovery.sent().bytesInFlight());
    assertNull(ack(0, 1, 40));
    assertEquals(List.of(0L, 1L), frames.acknowledged);
    assertEquals(1000, recovery.sent().bytesInFlight());
    assertEquals(40 * MS, recovery.rtt().latestRttNanos());
    assertEquals(1, recovery.largestAcknowledged());
    assertNull(ack(0, 1, 50));
    assertEquals(List.of(0L, 1L), frames.acknowledged, "told once");
    assertEquals(40 * MS, recovery.rtt().latestRttNanos(), "no sample from a repeated ACK");
  }

  /** A search for the path's MTU stood still when its probe was the only packet under way. */
  @Test
  void aProbeThatIsKeptIsHeardOfThoughAllBeforeItIsSettled() {
    send(2, 0);
    recovery.sent().token((byte) 0, 77, 0);
    recovery.onPacketSent(1400, false, false, false, 0);
    recovery.sent().keep();
    assertEquals(2000, recovery.sent().bytesInFlight(), "it is not in flight");
    assertNull(ack(0, 1, 40));
    assertNull(ack(0, 2, 41));
    assertEquals(List.of(0L, 1L, 77L), frames.acknowledged);
    assertEquals(3, recovery.sent().base(), "and nothing is kept for ever");
  }

  /** A process that was stopped finds the answer in the socket's buffer when it goes on. */
  @Test
  void anAcknowledgementThatLayUnreadGivesNoSample() {
    send(1, 0);
    assertNull(ack(0, 0, 40));
    send(1, 100);
    assertNull(ack(1, 1, 3_600_000));
    assertEquals(List.of(0L, 1L), frames.acknowledged);
    assertEquals(40 * MS, recovery.rtt().latestRttNanos());
    assertEquals((40 + 80 + 25) * MS, recovery.probeTimeoutNanos());
    send(1, 3_600_000);
    assertNull(ack(2, 2, 3_600_050));
    assertEquals(50 * MS, recovery.rtt().latestRttNanos(), "what is sent afterwards does");
  }

  @Test
  void onlyTheLargestGivesASample() {
    send(1, 0);
    send(1, 30);
    assertNull(ack(1, 1, 50));
    assertEquals(20 * MS, recovery.rtt().latestRttNanos());
    assertNull(ack(0, 1, 90));
    assertEquals(20 * MS, recovery.rtt().latestRttNanos(), "0 is new but not the largest");
  }

  /** A tenth of the packets skips a delay of 20 ms: the others are neither lost nor few. */
  @Test
  void whereAFewOvertakeTheRestTheRoundTripIsThatOfTheRest() {
    for (int i = 0; i < 2_000; i++) {
      send(1, i);
      if (i >= 22) {
        long[] first = {i - i % 10, i - 22};
        long[] last = {i - i % 10, i - 20};
        if (i % 10 == 0) { // this one has overtaken twenty
          recovery.onAck(0, first, last, 2, 0, 0, -1, (i + 2) * MS);
        } else {
          ack(i - 22, i - 20, i);
        }
      }
    }
    long smoothed = recovery.rtt().smoothedRttNanos() / MS;
    assertTrue(smoothed >= 17 && smoothed <= 22, () -> smoothed + " ms");
    assertTrue(recovery.packetsLost() <= 100, () -> recovery.packetsLost() + " lost");
    assertEquals(recovery.packetsLost(), recovery.packetsSpuriouslyLost());
  }

  @Test
  void aDelayBeyondThePeersMaximumIsNotBelieved() {
    recovery.peerMaxAckDelay(5 * MS);
    send(1, 0);
    assertNull(ack(0, 0, 100));
    send(1, 100);
    assertNull(recovery.onAck(90 * MS, new long[] {1}, new long[] {1}, 1, 0, 0, -1, 300 * MS));
    assertEquals((7 * 100 * MS + 195 * MS) / 8, recovery.rtt().smoothedRttNanos());
  }

  @Test
  void anEndlessRunOfLossesNeverUsesUpTheNumbersThatAreKept() {
    for (int round = 0; round < 100; round++) {
      long first = recovery.sent().next();
      send(2_000, round);
      assertNull(ack(first + 1_999, first + 1_999, round));
      assertFalse(recovery.sent().isFull());
      assertTrue(recovery.sent().hasRoom(), "of " + first + " packets nearly all are lost");
    }
    assertTrue(recovery.packetsLost() > 190_000, recovery.packetsLost() + " lost");
  }

  /**
   * FAULTS 48: a peer leaves a hole, so that the numbers after it are kept, and then repeats itself
   * at line rate. What is settled already costs nothing again.
   */
  @Test
  void fault48_aFloodOfAcksOverAHoleLooksAtNoNumberTwice() {
    int kept = SentPackets.LIMIT / 4 - 2_000;
    send(kept, 0);
    assertNull(ack(1, kept - 1, 40));
    assertEquals(1, recovery.packetsLost(), "the hole");
    assertEquals(0, recovery.sent().base(), "and all after it is kept");
    long before = recovery.numbersLookedAt();
    for (int i = 0; i < 1_000; i++) {
      send(1, 40);
      long largest = recovery.sent().next() - 1;
      assertNull(ack(1 + i % 2, largest, 40));
      assertNull(ack(largest, largest, 40));
    }
    assertEquals(0, recovery.sent().base(), "all of it is kept to the end");
    assertTrue(
        recovery.numbersLookedAt() - before <= 8_000,
        recovery.numbersLookedAt() - before + " numbers and runs looked at for 2,000 ACKs");
  }

  /**
   * FAULTS 48: at most 50 µs a datagram, of 1,472 bytes with as many ACKs as it holds, each of
   * which repeats what arrived around a hole. No step takes 20 ns: RecoveryBench has the time. The
   * largest datagram may take as much for each byte, no more, as the opening of its packet does
   * too.
   */
  @Test
  void fault48_aDatagramFullOfAcksTakesFewSteps() {
    int kept = SentPackets.LIMIT / 4 - 2_000;
    for (int i = 0; i < kept; i++) {
      recovery.onPacketSent(1000, true, false, true, 0);
    }
    long[] first = {1};
    long[] last = {kept - 1};
    assertNull(recovery.onAck(0, first, last, 1, kept - 1, 0, 0, 40 * MS));
    assertEquals(0, recovery.sent().base(), "all after the hole is kept");
    long[] firstOfMany = new long[64];
    long[] lastOfMany = new long[64];
    for (int i = 0; i < 64; i++) {
      firstOfMany[i] = kept - 200L * (i + 1);
      lastOfMany[i] = firstOfMany[i] + 198;
    }
    List<Runnable> frames =
        List.of(
            () -> assertNull(recovery.onAck(0, first, last, 1, 0, 0, -1, 40 * MS)),
            () -> assertNull(recovery.onAck(0, first, last, 1, kept - 1, 0, 1, 40 * MS)),
            () -> assertNull(recovery.onAck(0, firstOfMany, lastOfMany, 64, 0, 0, -1, 40 * MS)),
            () -> assertNull(recovery.onAck(0, last, last, 1, 0, 0, -1, 40 * MS)));
    List<Integer> bytes = List.of(7, 11, 6 + 63 * 3, 6);
    for (int datagramBytes : new int[] {1_472, WireLimits.MAX_DATAGRAM_BYTES}) {
      for (int i = 0; i < frames.size(); i++) {
        long before = recovery.numbersLookedAt();
        for (int left = datagramBytes; left >= bytes.get(i); left -= bytes.get(i)) {
          frames.get(i).run();
        }
        long steps = recovery.numbersLookedAt() - before;
        assertTrue(
            steps * 1_472 <= 2_000L * datagramBytes,
            steps + " steps in " + datagramBytes + " for frames of " + bytes.get(i) + " bytes");
      }
    }
  }

  /** FAULTS 48: the same under a threshold that reordering raised, where the hole is not lost. */
  @Test
  void fault48_aHoleThatMayYetArriveIsAllThatIsLookedAtOfWhatCameAfterIt() {
    send(4_000, 0);
    assertNull(ack(3_999, 3_999, 40));
    assertNull(ack(0, 3_999, 41)); // it was reordered, by 4,000
    send(3_900, 42);
    assertNull(ack(4_001, 7_899, 43));
    assertEquals(4_000, recovery.sent().base(), "the hole is not lost yet");
    long before = recovery.numbersLookedAt();
    for (int i = 0; i < 1_000; i++) {
      assertNull(ack(4_001, 7_899, 44));
    }
    assertEquals(SentPackets.OUTSTANDING, recovery.sent().state(4_000));
    assertTrue(
        recovery.numbersLookedAt() - before <= 2_000,
        recovery.numbersLookedAt() - before + " numbers looked at for 1,000 ACKs");
    recovery.onTimeout(recovery.deadlineNanos(44 * MS));
    assertEquals(SentPackets.LOST, recovery.sent().state(4_000), "by time");
  }

  @Test
  void numbersAreLeftForProbesWhenTheOldestIsNeverSettled() {
    assertTrue(recovery.sent().hasRoom());
    send(SentPackets.LIMIT / 2, 0);
    assertFalse(recovery.sent().hasRoom(), "half of the numbers are in use");
    assertFalse(recovery.sent().isFull());
    recovery.onTimeout(10_000 * MS);
    assertTrue(recovery.probes().isDue());
  }

  @Test
  void acknowledgingWhatWasNeverSentIsABreach() {
    send(3, 0);
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ack(0, 3, 10));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ack((1L << 62) - 1, (1L << 62) - 1, 10));
    assertEquals(3000, recovery.sent().bytesInFlight());
    assertEquals(List.of(), frames.acknowledged);
  }

  @Test
  void acknowledgingASkippedNumberIsABreachAndTheWindowDoesNotGrow() {
    send(2, 0);
    recovery.sent().skip();
    send(2, 0);
    long window = recovery.controller().windowBytes();
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ack(0, 4, 10));
    assertEquals(window, recovery.controller().windowBytes());
    assertNull(recovery.onAck(0, new long[] {3, 0}, new long[] {4, 1}, 2, 0, 0, -1, 10 * MS));
  }

  @Test
  void aSkippedNumberIsRememberedAfterAllAroundItIsSettled() {
    send(2, 0);
    recovery.sent().skip();
    assertNull(ack(0, 1, 10));
    assertEquals(3, recovery.sent().base());
    send(1, 20);
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ack(0, 3, 30));
  }

  @Test
  void threeLaterPacketsMakeOneLost() {
    send(6, 0);
    assertNull(ack(3, 3, 10));
    assertEquals(List.of(0L), frames.lost);
    assertEquals(4000, recovery.sent().bytesInFlight());
    assertEquals(1, recovery.packetsLost());
    assertNull(ack(3, 4, 11));
    assertEquals(List.of(0L, 1L), frames.lost);
  }

  @Test
  void timeMakesTheOthersLost() {
    send(3, 0);
    assertNull(ack(2, 2, 80));
    assertEquals(List.of(), frames.lost);
    assertEquals(90 * MS, recovery.deadlineNanos(80 * MS), "sent at 0, 9/8 of 80");
    recovery.onTimeout(90 * MS - 1);
    assertEquals(List.of(), frames.lost);
    recovery.onTimeout(90 * MS);
    assertEquals(List.of(0L, 1L), frames.lost);
    assertEquals(0, recovery.sent().bytesInFlight());
    assertEquals(NEVER, recovery.deadlineNanos(90 * MS));
    assertFalse(recovery.probes().isDue());
  }

  @Test
  void silenceBringsProbesWithTheOldestData() {
    send(5, 0);
    long timeout = recovery.probeTimeoutNanos();
    assertEquals(timeout, recovery.deadlineNanos(0));
    recovery.onTimeout(timeout - 1);
    assertFalse(recovery.probes().isDue());
    recovery.onTimeout(timeout);
    assertTrue(recovery.probes().isDue());
    assertEquals(List.of(0L, 1L), frames.probed);
    assertEquals(List.of(), frames.lost, "late is not lost");
    assertEquals(NEVER, recovery.deadlineNanos(timeout), "until the probes have left");
    send(2, timeout / MS);
    assertFalse(recovery.probes().isDue());
    assertEquals(1, recovery.probes().sinceAcknowledgement());
    assertTrue(recovery.deadlineNanos(timeout) > timeout);
    assertNull(ack(0, 0, timeout / MS + 10));
    assertEquals(0, recovery.probes().sinceAcknowledgement());
  }

  /** A thousand connections lose a tail, and some a probe, each second; all are answered. */
  @Test
  void probesOfOtherConnectionsThatWereAnsweredLetNobodyWait() {
    ProbeRate shared = new ProbeRate();
    long nowMillis = 0;
    for (int i = 0; i < 10_000; i++) {
      nowMillis = i;
      PacketRecovery other = sharing(shared);
      loseTail(other, nowMillis);
      if (i % 2 == 0) {
        long due = other.deadlineNanos(nowMillis * MS);
        other.onTimeout(due); // waits for its place, or leaves at once
        assertNull(other.onAck(0, new long[] {0}, new long[] {0}, 1, 0, 0, -1, due));
      }
    }
    PacketRecovery quiet = sharing(shared);
    loseTail(quiet, nowMillis);
    long due = quiet.deadlineNanos(nowMillis * MS);
    quiet.onTimeout(due);
    assertTrue(quiet.deadlineNanos(due) - due < 1_000 * MS, "until the second probe");
  }

  private PacketRecovery sharing(ProbeRate shared) {
    return new PacketRecovery(() -> new NewReno(1200), new FrameSource[] {frames}, shared);
  }

  /** Sends a packet, and its first probe when that is due. */
  private void loseTail(PacketRecovery of, long nowMillis) {
    of.onPacketSent(1000, true, false, false, nowMillis * MS);
    long due = of.deadlineNanos(nowMillis * MS);
    of.onTimeout(due);
    assertTrue(of.probes().isDue(), "the first never waits");
    of.onPacketSent(1000, true, false, false, due);
    of.onPacketSent(1000, true, false, false, due);
  }

  @Test
  void nothingInFlightMeansNoDeadline() {
    assertEquals(NEVER, recovery.deadlineNanos(0));
    recovery.onPacketSent(40, false, true, false, 0);
    assertEquals(NEVER, recovery.deadlineNanos(0));
    assertEquals(0, recovery.sent().bytesInFlight());
    send(1, 1);
    assertNull(ack(1, 1, 20));
    assertEquals(NEVER, recovery.deadlineNanos(20 * MS));
  }

  @Test
  void aQuietPacketIsAcknowledgedWithoutASample() {
    recovery.sent().token((byte) 0, 7, 0);
    recovery.onPacketSent(40, false, true, false, 0);
    send(1, 1);
    assertNull(ack(0, 0, 50));
    assertEquals(List.of(7L), frames.acknowledged);
    assertFalse(recovery.rtt().hasSample());
  }

  @Test
  void aLossThatWasNoneIsCountedAndUndone() {
    send(10, 0);
    long window = recovery.controller().windowBytes();
    assertNull(ack(3, 3, 50));
    assertEquals(1, recovery.packetsLost());
    long reduced = recovery.controller().windowBytes();
    assertTrue(reduced < window);
    assertNull(ack(0, 0, 55));
    assertEquals(1, recovery.packetsSpuriouslyLost());
    assertTrue(recovery.controller().windowBytes() >= window);
    assertEquals(List.of(3L, 0L), frames.acknowledged);
  }

  @Test
  void anEarlierTrueLossDoesNotForbidToUndoALaterOne() {
    send(10, 0);
    assertNull(ack(3, 3, 50)); // 0 is lost for good
    assertNull(ack(1, 9, 60));
    send(10, 70);
    long window = recovery.controller().windowBytes();
    assertNull(ack(13, 13, 120)); // 10 is lost
    assertTrue(recovery.controller().windowBytes() < window);
    assertNull(ack(10, 13, 125)); // but was only late
    assertEquals(1, recovery.packetsSpuriouslyLost());
    assertTrue(recovery.controller().windowBytes() >= window);
  }

  /** RFC 9438 §4.9: an undone recovery is over, and what it would have forgiven counts. */
  @Test
  void trueLossesOfTheFlightWhoseCutWasUndoneCutTheWindow() {
    for (CongestionController controller : List.of(new NewReno(1200), new Cubic(1200))) {
      PacketRecovery one = new PacketRecovery(() -> controller, new FrameSource[0]);
      for (int i = 0; i < 50; i++) {
        one.onPacketSent(1200, true, false, false, 0);
      }
      long window = controller.windowBytes();
      assertNull(one.onAck(0, new long[] {3}, new long[] {3}, 1, 0, 0, -1, 50 * MS));
      assertTrue(controller.windowBytes() < window, "0 is lost");
      assertNull(one.onAck(0, new long[] {0}, new long[] {3}, 1, 0, 0, -1, 52 * MS));
      assertTrue(controller.windowBytes() >= window, "it was only late");
      long undone = controller.windowBytes();
      assertNull(one.onAck(0, new long[] {45}, new long[] {49}, 1, 0, 0, -1, 60 * MS));
      assertEquals(41, one.packetsLost() - one.packetsSpuriouslyLost());
      assertTrue(controller.windowBytes() < undone, controller.state() + ": forty more for good");
    }
  }

  /** What a period lost of an older flight was paid for then, and cannot come late any more. */
  @Test
  void lossesOfAnOlderFlightDoNotForbidToUndoAPeriod() {
    send(8, 0);
    assertNull(ack(4, 6, 40)); // 0 to 3 are lost for good: the first period
    send(10, 50);
    assertNull(ack(13, 15, 95)); // 8 to 12 are lost, and 7 of the older flight
    assertEquals(10, recovery.packetsLost());
    long reduced = recovery.controller().windowBytes();
    assertNull(ack(8, 12, 97));
    assertTrue(recovery.controller().windowBytes() > reduced, "all of its own came late");
  }

  @Test
  void onePartOfAPeriodComingLateUndoesNothing() {
    send(10, 0);
    assertNull(ack(4, 4, 50)); // 0 and 1 are lost
    assertEquals(2, recovery.packetsLost());
    long reduced = recovery.controller().windowBytes();
    assertNull(ack(1, 1, 55));
    assertEquals(reduced, recovery.controller().windowBytes());
  }

  @Test
  void lossesThatLastLongArePersistentCongestion() {
    send(1, 0);
    assertNull(ack(0, 0, 10));
    send(1, 20);
    for (int i = 0; i < 30; i++) {
      send(1, 30 + 20 * i);
    }
    assertEquals(10 * MS, recovery.rtt().minRttNanos());
    assertNull(ack(31, 31, 700));
    assertEquals(2 * 1200, recovery.controller().windowBytes());
    assertEquals(90 * MS, recovery.rtt().minRttNanos(), "of the path as it is now");
  }

  /** The window that a controller has when nothing got through for ten probe timeouts. */
  private static long windowAfterSilence(CongestionController controller) {
    PacketRecovery silent = new PacketRecovery(() -> controller, new FrameSource[0]);
    long sent = 0;
    for (int milli = 0; milli < 400; milli += 10) {
      for (int i = 0; i < 20 && silent.windowAllows(1200); i++) {
        silent.onPacketSent(1200, true, false, false, milli * MS);
        sent++;
      }
      assertNull(
          silent.onAck(0, new long[] {0}, new long[] {sent - 1}, 1, 0, 0, -1, (milli + 9) * MS));
    }
    assertTrue(controller.windowBytes() > 10 * 1200, "it has grown");
    for (int i = 0; i < 50; i++) {
      silent.onPacketSent(1200, true, false, false, (400 + 20 * i) * MS);
    }
    silent.onPacketSent(1200, true, false, false, 1_400 * MS);
    long last = sent + 50;
    assertNull(silent.onAck(0, new long[] {last}, new long[] {last}, 1, 0, 0, -1, 1_410 * MS));
    return controller.windowBytes();
  }

  @Test
  void everyControllerBeginsAnewAfterPersistentCongestion() {
    assertEquals(2 * 1200, windowAfterSilence(new NewReno(1200)));
    assertEquals(2 * 1200, windowAfterSilence(new Cubic(1200)));
    // Which goes on with half of what the path held: ten packets a round trip.
    long adaptive = windowAfterSilence(new Adaptive(1200));
    assertTrue(adaptive <= 10 * 1200, () -> adaptive + " bytes");
  }

  /** A flight of so many packets, none of which fills the window. */
  private static PacketRecovery thinFlight(
      Supplier<CongestionController> controllers, int packets) {
    PacketRecovery recovery = new PacketRecovery(controllers, new FrameSource[0]);
    recovery.onPacketSent(1200, true, true, false, 0);
    assertNull(recovery.onAck(0, new long[] {0}, new long[] {0}, 1, 0, 0, -1, 40 * MS));
    for (int i = 0; i < packets; i++) {
      recovery.onPacketSent(1200, true, true, false, 50 * MS);
    }
    return recovery;
  }

  /** The window after six round trips that were used in full. */
  private static long windowAfterSixRoundTrips(PacketRecovery recovery, long nowMillis) {
    for (int round = 1; round <= 6; round++) {
      long first = recovery.sent().next();
      while (recovery.windowAllows(1200)) {
        recovery.onPacketSent(1200, true, false, false, (nowMillis + 40L * round) * MS);
      }
      long[] last = {recovery.sent().next() - 1};
      long now = (nowMillis + 40L * (round + 1)) * MS;
      assertNull(recovery.onAck(0, new long[] {first}, last, 1, 0, 0, -1, now));
    }
    return recovery.controller().windowBytes();
  }

  @Test
  void aFlightThatTheApplicationLimitedNeedNotArriveForTheWindowToGrow() {
    for (CongestionController controller : List.of(new NewReno(1200), new Cubic(1200))) {
      PacketRecovery one = thinFlight(() -> controller, 1_000);
      one.onPacketSent(1200, true, false, false, 900 * MS); // two probes: all but the last is lost
      one.onPacketSent(1200, true, false, false, 1_000 * MS);
      assertNull(one.onAck(0, new long[] {1_002}, new long[] {1_002}, 1, 0, 0, -1, 1_040 * MS));
      assertEquals(1_001, one.packetsLost());
      assertEquals(2 * 1200, controller.windowBytes());
      long window = windowAfterSixRoundTrips(one, 1_040);
      assertTrue(window > 5 * 1200, controller.state() + ": " + window);
    }
  }

  @Test
  void aFlightOnTheOldWayDoesNotLimitWhatGoesTheNewOne() {
    PacketRecovery one = thinFlight(() -> new NewReno(1200), 1_000);
    one.onNewNetwork(1200);
    long initial = new NewReno(1200).windowBytes();
    assertEquals(initial << 6, windowAfterSixRoundTrips(one, 100), "slow start from the first on");
  }

  @Test
  void anotherNetworkIsLearnedAnew() {
    send(10, 0);
    assertNull(ack(0, 4, 10));
    long initial = new NewReno(1200).windowBytes();
    assertTrue(recovery.controller().windowBytes() > initial);
    recovery.onNewNetwork(1200);
    assertEquals(initial, recovery.controller().windowBytes());
    assertEquals(0, recovery.sent().bytesInFlight(), "what is on the old way does not count");
    assertFalse(recovery.rtt().hasSample());
    send(6, 100);
    // An acknowledgement that the old way owes: it settles, and tells nothing of the new one.
    assertNull(ack(5, 6, 150));
    assertFalse(recovery.rtt().hasSample());
    assertEquals(6_000, recovery.sent().bytesInFlight());
    // Losses of the old way are repaired, and cut nothing.
    assertNull(ack(10, 15, 300));
    assertEquals(List.of(7L, 8L, 9L), frames.lost);
    assertEquals(200 * MS, recovery.rtt().latestRttNanos());
    assertEquals(200 * MS, recovery.rtt().minRttNanos());
    assertEquals(initial + 6_000, recovery.controller().windowBytes());
    assertEquals(0, recovery.sent().bytesInFlight());
  }

  @Test
  void whatWentToAnAddressThatWasNeverProvedIsNoLossOfThePath() {
    send(10, 0);
    assertNull(ack(0, 9, 40));
    long window = recovery.controller().windowBytes();
    for (int i = 0; i < 10; i++) {
      send(1, 100 + 50 * i); // to where the path has moved
    }
    recovery.onPathReverted();
    assertEquals(0, recovery.sent().bytesInFlight());
    send(4, 1_000);
    assertNull(ack(20, 23, 1_050));
    assertEquals(10, recovery.packetsLost());
    assertEquals(window + 4_000, recovery.controller().windowBytes());
    assertEquals(50 * MS, recovery.rtt().latestRttNanos());
  }

  @Test
  void whatWentAstrayIsNoLossOfThePathAndWhatWentBeforeStaysInFlight() {
    send(10, 0);
    assertNull(ack(0, 9, 40));
    long window = recovery.controller().windowBytes();
    send(4, 100);
    recovery.onPathMoved(true);
    send(3, 101);
    recovery.onPathMoved(false); // and from there to yet another
    send(3, 102);
    recovery.onPathReturned();
    assertEquals(4_000, recovery.sent().bytesInFlight());
    send(4, 110);
    assertEquals(8_000, recovery.sent().bytesInFlight());
    assertNull(ack(20, 23, 150));
    assertEquals(10, recovery.packetsLost());
    assertEquals(0, recovery.sent().bytesInFlight());
    assertTrue(recovery.controller().windowBytes() < window, "those before were on the path");
    window = recovery.controller().windowBytes();
    recovery.onPathMoved(true);
    send(6, 200);
    recovery.onPathReturned();
    send(4, 210);
    assertNull(ack(30, 33, 250));
    assertEquals(16, recovery.packetsLost());
    assertTrue(recovery.controller().windowBytes() >= window);
    assertEquals(0, recovery.sent().bytesInFlight());
  }

  @Test
  void lossesAroundAnAcknowledgedPacketAreNotPersistentCongestion() {
    send(1, 0);
    assertNull(ack(0, 0, 100));
    for (int i = 0; i < 60; i++) {
      send(1, 110 + 20 * i);
    }
    long window = recovery.controller().windowBytes();
    long[] first = {60, 40, 20};
    assertNull(recovery.onAck(0, first, first.clone(), 3, 0, 0, -1, 1400 * MS));
    assertTrue(recovery.packetsLost() > 50);
    assertTrue(recovery.controller().windowBytes() >= window / 2);
  }

  @Test
  void windowAndPacerHoldPacketsBack() {
    long window = recovery.controller().windowBytes();
    assertTrue(recovery.windowAllows(1000));
    assertTrue(recovery.pacerAllows(1200, 0, 0));
    send((int) (window / 1000), 0);
    assertTrue(recovery.windowAllows((int) (window % 1000)));
    assertFalse(recovery.windowAllows((int) (window % 1000) + 1));
    recovery.probes().request();
    assertTrue(recovery.probes().isDue());
    assertFalse(recovery.pacerAllows(1200, 0, 0));
    long ready = recovery.pacerReadyNanos(1200, 0);
    assertTrue(ready > 0 && ready < recovery.rtt().smoothedRttNanos());
    assertTrue(recovery.pacerAllows(1200, 0, ready));
  }
}
