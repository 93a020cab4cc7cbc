package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedLinkTest {
  private static final long MILLI = 1_000_000L;

  private record Arrival(long nanos, long number, ByteBuffer bytes) {}

  private static SimulatedLink<String> link(String conditions) {
    return link(conditions, 7);
  }

  private static SimulatedLink<String> link(String conditions, long seed) {
    return new SimulatedLink<>(LinkConditions.parse(conditions), seed, 0, 28, 0);
  }

  private static ByteBuffer datagram(int length) {
    return ByteBuffer.allocate(length);
  }

  private static List<Arrival> drain(SimulatedLink<String> link) {
    List<Arrival> arrivals = new ArrayList<>();
    while (link.nextDeliveryNanos() != SimulatedLink.NEVER) {
      long due = link.nextDeliveryNanos();
      assertNull(link.poll(due - 1), "nothing comes before it is due");
      ByteBuffer datagram = link.poll(due);
      assertNotNull(datagram);
      ByteBuffer bytes = ByteBuffer.allocate(datagram.remaining()).put(datagram).flip();
      arrivals.add(new Arrival(due, link.polledNumber(), bytes));
    }
    assertEquals(0, link.held());
    return arrivals;
  }

  /** Offers so many datagrams one millisecond apart and answers the share of what comes out. */
  private static List<Arrival> send(SimulatedLink<String> link, int count) {
    for (int i = 0; i < count; i++) {
      link.offer(datagram(100), "", i * MILLI);
    }
    return drain(link);
  }

  @Test
  void aPerfectLinkHandsOverTheSameBytesAtOnceAndInOrder() {
    SimulatedLink<String> link = link("none");
    ByteBuffer source = ByteBuffer.wrap(new byte[] {9, 1, 2, 3, 9}).position(1).limit(4);
    assertSame(DatagramFate.PASSED, link.offer(source, "first", 5));
    assertSame(DatagramFate.PASSED, link.offer(datagram(0), "second", 5));
    assertEquals(1, source.position());
    assertEquals(4, source.limit());
    source.put(1, (byte) 77);
    assertEquals(5, link.nextDeliveryNanos());
    assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), link.poll(5));
    assertEquals("first", link.polledMeta());
    assertEquals(1, link.polledNumber());
    ByteBuffer empty = link.poll(5);
    assertNotNull(empty);
    assertEquals(0, empty.remaining());
    assertEquals("second", link.polledMeta());
    assertNull(link.poll(5));
    assertEquals(new LinkCounters(2, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0), link.counters());
  }

  @Test
  void delayIsKeptToTheNanosecond() {
    SimulatedLink<String> link = link("delay 40ms");
    link.offer(datagram(10), "", 3);
    assertEquals(40 * MILLI + 3, link.nextDeliveryNanos());
  }

  @Test
  void timeGoingBackAndGiantDatagramsAreRefused() {
    SimulatedLink<String> link = link("none");
    link.offer(datagram(1), "", 10);
    assertThrows(IllegalArgumentException.class, () -> link.offer(datagram(1), "", 9));
    assertThrows(IllegalArgumentException.class, () -> link.offer(datagram(65_536), "", 10));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"loss 5%", "loss 30%", "loss gemodel 1% 20%", "loss gemodel 2% 30% 80% 1%"})
  void shareLostIsWhatTheConditionsSay(String text) {
    SimulatedLink<String> link = link(text);
    send(link, 60_000);
    double share = link.counters().lost() / 60_000.0;
    double expected = LinkConditions.parse(text).meanLoss();
    assertEquals(expected, share, 0.2 * expected);
    assertEquals(link.counters().offered() - link.counters().lost(), link.counters().delivered());
  }

  @Test
  void burstsAreAsLongAsTheModelSays() {
    SimulatedLink<String> link = link("loss gemodel 1% 20%");
    int bursts = 0;
    boolean losing = false;
    for (int i = 0; i < 100_000; i++) {
      boolean lost = link.offer(datagram(1), "", i) == DatagramFate.LOST;
      bursts += lost && !losing ? 1 : 0;
      losing = lost;
      link.poll(i);
    }
    assertEquals(5.0, (double) link.counters().lost() / bursts, 0.5);
  }

  @Test
  void uniformJitterStaysInItsRangeAndFillsIt() {
    SimulatedLink<String> link = link("delay 40ms 10ms");
    for (int i = 0; i < 20_000; i++) {
      link.offer(datagram(1), "", i * MILLI);
    }
    double sum = 0;
    long least = Long.MAX_VALUE;
    long most = 0;
    for (Arrival arrival : drain(link)) {
      long delay = arrival.nanos - (arrival.number - 1) * MILLI;
      least = Math.min(least, delay);
      most = Math.max(most, delay);
      sum += delay;
    }
    assertTrue(least >= 30 * MILLI && least < 31 * MILLI, () -> "least");
    assertTrue(most <= 50 * MILLI && most > 49 * MILLI, () -> "most");
    assertEquals(40.0 * MILLI, sum / 20_000, 0.2 * MILLI);
    assertTrue(link.counters().reordered() > 1_000, "jitter wider than the gaps reorders");
  }

  @Test
  void normalJitterHasItsDeviation() {
    SimulatedLink<String> link = link("delay 100ms 10ms distribution normal");
    double sum = 0;
    double squares = 0;
    for (Arrival arrival : send(link, 20_000)) {
      double millis = (arrival.nanos - (arrival.number - 1) * MILLI) / 1e6;
      sum += millis;
      squares += millis * millis;
    }
    double mean = sum / 20_000;
    assertEquals(100, mean, 0.5);
    assertEquals(10, Math.sqrt(squares / 20_000 - mean * mean), 0.5);
  }

  @Test
  void correlatedJitterResemblesTheOneBefore() {
    assertTrue(neighbourDifference("delay 40ms 10ms 90%") < neighbourDifference("delay 40ms 2ms"));
  }

  private static double neighbourDifference(String conditions) {
    List<Arrival> arrivals = send(link(conditions), 5_000);
    long[] delays = new long[5_001];
    for (Arrival arrival : arrivals) {
      delays[(int) arrival.number] = arrival.nanos - (arrival.number - 1) * MILLI;
    }
    double sum = 0;
    for (int i = 2; i < delays.length; i++) {
      sum += Math.abs(delays[i] - delays[i - 1]);
    }
    return sum / delays.length;
  }

  @Test
  void reorderSendsAShareAheadOfTheDelay() {
    SimulatedLink<String> link = link("delay 50ms reorder 10%");
    int early = 0;
    for (Arrival arrival : send(link, 10_000)) {
      long delay = arrival.nanos - (arrival.number - 1) * MILLI;
      assertTrue(delay == 0 || delay == 50 * MILLI);
      early += delay == 0 ? 1 : 0;
    }
    assertEquals(1_000, early, 150);
    assertTrue(link.counters().reordered() > 5_000, "each early one makes many late");
  }

  @Test
  void reorderWithATimeHoldsAShareBack() {
    SimulatedLink<String> link = link("reorder 10% 20ms");
    int late = 0;
    for (Arrival arrival : send(link, 10_000)) {
      long delay = arrival.nanos - (arrival.number - 1) * MILLI;
      assertTrue(delay == 0 || delay == 20 * MILLI);
      late += delay == 0 ? 0 : 1;
    }
    assertEquals(1_000, late, 150);
    assertEquals(late, (double) link.counters().reordered(), 50);
  }

  @Test
  void reorderKeepsItsGap() {
    SimulatedLink<String> link = link("delay 50ms reorder 100% gap 5");
    List<Long> early = new ArrayList<>();
    for (Arrival arrival : send(link, 50)) {
      if (arrival.nanos == (arrival.number - 1) * MILLI) {
        early.add(arrival.number);
      }
    }
    assertEquals(List.of(5L, 10L, 15L, 20L, 25L, 30L, 35L, 40L, 45L, 50L), early);
  }

  @Test
  void copiesComeRightBehindOrLater() {
    SimulatedLink<String> link = link("duplicate 100% 2s");
    link.offer(ByteBuffer.wrap(new byte[] {4, 2}), "meta", 0);
    assertTrue(link.lastDuplicated());
    List<Arrival> arrivals = drain(link);
    assertEquals(List.of(0L, 2_000 * MILLI), arrivals.stream().map(Arrival::nanos).toList());
    assertEquals(arrivals.get(0).bytes, arrivals.get(1).bytes);
    assertEquals(1, link.counters().duplicated());
    assertEquals(2, link.counters().delivered());

    SimulatedLink<String> some = link("duplicate 20%");
    assertEquals(12_000, send(some, 10_000).size(), 250);
    assertEquals(0, some.counters().reordered());
  }

  @Test
  void corruptionFlipsOneBitAnywhere() {
    SimulatedLink<String> link = link("corrupt 100%");
    Set<Integer> places = new HashSet<>();
    for (int i = 0; i < 2_000; i++) {
      assertSame(DatagramFate.PASSED, link.offer(datagram(4), "", i));
      ByteBuffer damaged = link.poll(i);
      assertNotNull(damaged);
      int bits = damaged.getInt();
      assertEquals(1, Integer.bitCount(bits));
      places.add(bits);
    }
    assertEquals(32, places.size());
    assertEquals(2_000, link.counters().corrupted());
    link.offer(datagram(0), "", 2_000);
    assertFalse(link.lastCorrupted(), "an empty datagram has no bit to flip");
  }

  @Test
  void rateSpacesDatagramsByTheirIpLength() {
    SimulatedLink<String> link = link("delay 10ms rate 1mbit");
    for (int i = 0; i < 3; i++) {
      link.offer(datagram(972), "", 0); // 1000 bytes of IP: 8 ms at 1 Mbit/s
    }
    link.offer(datagram(97), "", 0); // 125 bytes: 1 ms
    assertEquals(
        List.of(18 * MILLI, 26 * MILLI, 34 * MILLI, 35 * MILLI),
        drain(link).stream().map(Arrival::nanos).toList());
    link.offer(datagram(972), "", 1_000 * MILLI);
    assertEquals(1_018 * MILLI, link.nextDeliveryNanos(), "an idle wire serves at once");
  }

  @Test
  void rateKeepsTheOrderWhateverTheJitter() {
    SimulatedLink<String> link = link("delay 40ms 30ms rate 10mbit");
    send(link, 5_000);
    assertEquals(0, link.counters().reordered());
  }

  @Test
  void aQueueOfPacketsDropsItsTail() {
    SimulatedLink<String> link = link("rate 1mbit queue 2");
    List<DatagramFate> fates = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      fates.add(link.offer(datagram(972), "", 0));
    }
    // One is on the wire, two wait, the rest is dropped.
    assertEquals(
        List.of(
            DatagramFate.PASSED,
            DatagramFate.PASSED,
            DatagramFate.PASSED,
            DatagramFate.QUEUE_FULL,
            DatagramFate.QUEUE_FULL),
        fates);
    assertEquals(2, link.counters().queueDropped());
    assertSame(DatagramFate.QUEUE_FULL, link.offer(datagram(972), "", 8 * MILLI - 1));
    assertSame(DatagramFate.PASSED, link.offer(datagram(972), "", 8 * MILLI), "one has gone on");
    assertEquals(
        List.of(8 * MILLI, 16 * MILLI, 24 * MILLI, 32 * MILLI),
        drain(link).stream().map(Arrival::nanos).toList());
  }

  @Test
  void anIdleLinkHasNoQueue() {
    SimulatedLink<String> link = link("rate 1mbit");
    assertEquals(0, link.queueNanos(1));
    link.offer(datagram(972), "", MILLI);
    assertEquals(8 * MILLI, link.queueNanos(MILLI));
    assertEquals(0, link.queueNanos(9 * MILLI));
    assertEquals(0, link.queueNanos(10 * MILLI));
  }

  private static List<EcnMark> marks(SimulatedLink<String> link, int datagrams, EcnMark mark) {
    for (int i = 0; i < datagrams; i++) {
      link.offer(datagram(972), "", mark, 0);
    }
    List<EcnMark> out = new ArrayList<>();
    while (link.poll(Long.MAX_VALUE - 2) != null) {
      out.add(link.polledMark());
    }
    return out;
  }

  @Test
  void aQueueMarksWhatIsCapableFromItsThresholdOn() {
    String conditions = "rate 1mbit queue 5 ecn 10ms";
    assertEquals(
        List.of(EcnMark.ECT_0, EcnMark.ECT_0, EcnMark.CE, EcnMark.CE, EcnMark.CE, EcnMark.CE),
        marks(link(conditions), 8, EcnMark.ECT_0));
    SimulatedLink<String> counted = link(conditions);
    assertEquals(Collections.nCopies(6, EcnMark.NOT_ECT), marks(counted, 8, EcnMark.NOT_ECT));
    assertEquals(0, counted.counters().marked());
    SimulatedLink<String> marking = link(conditions);
    assertEquals(6, marks(marking, 8, EcnMark.ECT_1).size());
    assertEquals(4, marking.counters().marked());
    assertEquals(2, marking.counters().queueDropped());
  }

  /** Of 1,000 bytes each: the third is the first with more before it. */
  @Test
  void aThresholdOfBytesIsWhatIsBeforeADatagram() {
    for (String threshold : List.of("1000b", "1999b")) {
      assertEquals(
          List.of(EcnMark.ECT_0, EcnMark.ECT_0, EcnMark.CE, EcnMark.CE),
          marks(link("rate 1mbit ecn " + threshold), 4, EcnMark.ECT_0));
    }
  }

  @Test
  void lossThatMarksSparesOnlyWhatIsCapable() {
    SimulatedLink<String> link = link("loss 40% ecn");
    List<EcnMark> out = marks(link, 100, EcnMark.ECT_0);
    assertEquals(100, out.size());
    assertEquals(link.counters().marked(), Collections.frequency(out, EcnMark.CE));
    SimulatedLink<String> other = link("loss 40% ecn");
    assertEquals(100 - link.counters().marked(), marks(other, 100, EcnMark.NOT_ECT).size());
  }

  @Test
  void marksAreClearedMangledOrLost() {
    assertEquals(
        Collections.nCopies(9, EcnMark.NOT_ECT), marks(link("ecn bleach"), 9, EcnMark.ECT_0));
    assertEquals(
        Set.of(EcnMark.NOT_ECT, EcnMark.ECT_0, EcnMark.ECT_1, EcnMark.CE),
        Set.copyOf(marks(link("ecn mangle"), 60, EcnMark.ECT_0)));
    assertEquals(List.of(), marks(link("ecn drop"), 9, EcnMark.CE));
    assertEquals(9, marks(link("ecn drop"), 9, EcnMark.NOT_ECT).size());
  }

  @Test
  void aQueueOfBytesDropsItsTail() {
    SimulatedLink<String> link = link("rate 1mbit queue 2000b");
    assertSame(DatagramFate.PASSED, link.offer(datagram(972), "", 0));
    assertSame(DatagramFate.PASSED, link.offer(datagram(972), "", 0));
    assertSame(DatagramFate.QUEUE_FULL, link.offer(datagram(972), "", 0));
    assertSame(DatagramFate.PASSED, link.offer(datagram(972), "", 8 * MILLI));
    SimulatedLink<String> tiny = link("rate 1mbit queue 100b");
    assertSame(DatagramFate.PASSED, tiny.offer(datagram(972), "", 0), "a free wire takes any");
  }

  @Test
  void bytesThatWaitAreAsManyWhateverTheRateIsThen() {
    SimulatedLink<String> link = link("rate 1mbit queue 64kb");
    for (int i = 0; i < 40; i++) {
      assertEquals(DatagramFate.PASSED, link.offer(datagram(972), "", 0));
    }
    link.conditions(LinkConditions.parse("rate 100mbit queue 64kb"), 0);
    int passed = 0;
    while (link.offer(datagram(972), "", 0) == DatagramFate.PASSED) {
      passed++;
    }
    assertEquals(25, passed);
    // At 8 ms each: five have left, and half of the sixth.
    assertEquals(DatagramFate.QUEUE_FULL, link.offer(datagram(972), "", 0));
    for (int i = 0; i < 5; i++) {
      assertEquals(DatagramFate.PASSED, link.offer(datagram(972), "", 44 * MILLI));
    }
    assertEquals(DatagramFate.PASSED, link.offer(datagram(1_000), "", 44 * MILLI));
    assertEquals(DatagramFate.QUEUE_FULL, link.offer(datagram(10), "", 44 * MILLI));
  }

  @Test
  void aRateThatIsGoneLeavesNoQueue() {
    SimulatedLink<String> link = link("rate 1kbit");
    for (int i = 0; i < 100; i++) {
      link.offer(datagram(972), "", 0);
    }
    link.conditions(LinkConditions.NONE, MILLI);
    assertEquals(0, link.queueNanos(MILLI));
    link.offer(datagram(972), "", MILLI);
    assertEquals(MILLI, link.nextDeliveryNanos());
    link.poll(MILLI);
    link.conditions(LinkConditions.parse("rate 20mbit"), 2 * MILLI);
    link.offer(datagram(972), "", 2 * MILLI);
    assertEquals(2 * MILLI + 400_000, link.nextDeliveryNanos());
  }

  @Test
  void aQueueOfTimeDropsWhatWouldWaitLonger() {
    SimulatedLink<String> link = link("rate 1mbit queue 10ms");
    assertSame(DatagramFate.PASSED, link.offer(datagram(972), "", 0));
    assertSame(DatagramFate.PASSED, link.offer(datagram(972), "", 0)); // waits 8 ms
    assertSame(DatagramFate.QUEUE_FULL, link.offer(datagram(972), "", 0)); // would wait 16 ms
  }

  @Test
  void datagramsLargerThanTheMtuVanish() {
    SimulatedLink<String> link = link("mtu 1400");
    assertSame(DatagramFate.PASSED, link.offer(datagram(1_372), "", 0));
    assertSame(DatagramFate.TOO_LARGE, link.offer(datagram(1_373), "", 0));
    assertEquals(1, link.counters().mtuDropped());
  }

  @Test
  void nothingEntersDuringAnOutageAndWhatIsUnderWayArrives() {
    SimulatedLink<String> link =
        new SimulatedLink<>(LinkConditions.parse("delay 5ms outage 10ms 10ms"), 1, 0, 28, MILLI);
    assertSame(DatagramFate.PASSED, link.offer(datagram(1), "", 11 * MILLI - 1));
    assertSame(DatagramFate.OUTAGE, link.offer(datagram(1), "", 11 * MILLI));
    assertSame(DatagramFate.OUTAGE, link.offer(datagram(1), "", 21 * MILLI - 1));
    assertSame(DatagramFate.PASSED, link.offer(datagram(1), "", 21 * MILLI));
    assertEquals(2, link.counters().outageDropped());
    link.cut(true);
    assertSame(DatagramFate.OUTAGE, link.offer(datagram(1), "", 30 * MILLI));
    link.cut(false);
    assertEquals(2, drain(link).size());
  }

  @Test
  void changedConditionsCountTheirTimeAnew() {
    SimulatedLink<String> link = link("delay 50ms");
    link.offer(datagram(1), "", 0);
    link.conditions(LinkConditions.parse("outage 1ms 1ms"), 10 * MILLI);
    assertSame(DatagramFate.PASSED, link.offer(datagram(1), "", 10 * MILLI));
    assertSame(DatagramFate.OUTAGE, link.offer(datagram(1), "", 11 * MILLI));
    assertEquals(
        List.of(10 * MILLI, 50 * MILLI), drain(link).stream().map(Arrival::nanos).toList());
  }

  @Test
  void whatALinkHoldsIsBounded() {
    SimulatedLink<String> many = link("delay 1s");
    for (int i = 0; i < SimulatedLink.MAX_HELD_DATAGRAMS; i++) {
      assertSame(DatagramFate.PASSED, many.offer(datagram(1), "", 0));
    }
    assertSame(DatagramFate.QUEUE_FULL, many.offer(datagram(1), "", 0));
    assertEquals(SimulatedLink.MAX_HELD_DATAGRAMS, drain(many).size());
    assertSame(DatagramFate.PASSED, many.offer(datagram(1), "", 0), "room again");

    SimulatedLink<String> large = link("delay 1s");
    ByteBuffer giant = datagram(65_507);
    int passed = 0;
    while (large.offer(giant, "", 0) == DatagramFate.PASSED) {
      passed++;
    }
    assertEquals(SimulatedLink.MAX_HELD_BYTES / 65_507, passed);
  }

  @Test
  void pooledBuffersNeverShareBytes() {
    SimulatedLink<String> link = link("delay 5ms 5ms");
    byte[] bytes = new byte[300];
    int arrived = 0;
    for (int i = 0; i < 2_000; i++) {
      Arrays.fill(bytes, (byte) i);
      link.offer(ByteBuffer.wrap(bytes, 0, 1 + i % 300), "", i * MILLI);
      ByteBuffer datagram = link.poll(i * MILLI);
      while (datagram != null) {
        int number = (int) link.polledNumber() - 1;
        assertEquals(1 + number % 300, datagram.remaining());
        while (datagram.hasRemaining()) {
          assertEquals((byte) number, datagram.get());
        }
        arrived++;
        datagram = link.poll(i * MILLI);
      }
    }
    assertTrue(arrived > 1_900);
  }
}
