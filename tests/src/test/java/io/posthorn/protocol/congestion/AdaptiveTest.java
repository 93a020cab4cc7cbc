package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.congestion.Bottleneck.Flow;
import io.posthorn.protocol.recovery.Rates;
import org.junit.jupiter.api.Test;

/**
 * The default controller over a modelled link of 50 Mbit/s, 40 ms and a queue for as long again; in
 * whole connections: BulkFlowTest.
 */
class AdaptiveTest {
  private static final int PACKET = Bottleneck.PACKET_BYTES;
  private static final long MS = 1_000_000;
  private static final double RATE = 50;

  private final Bottleneck link = new Bottleneck(RATE, 40, 40, 1);

  private Flow adaptive() {
    return link.add(() -> new Adaptive(PACKET));
  }

  /** Lets time pass; answers what the flow delivered meanwhile, in Mbit/s. */
  private double megabits(Flow flow, double seconds) {
    long before = flow.deliveredBytes;
    link.run(seconds);
    return flow.megabits(before, seconds);
  }

  private static void atLeast(double least, double value) {
    assertTrue(value >= least, () -> value + ", wanted at least " + least);
  }

  private static void atMost(double most, double value) {
    assertTrue(value <= most, () -> value + ", wanted at most " + most);
  }

  @Test
  void doublesUntilAQueueFormsThenDrainsItAndCruises() {
    Flow flow = adaptive();
    assertEquals("slow_start", flow.controller.state());
    assertEquals(10 * PACKET, flow.controller.windowBytes(), "RFC 9002 §7.2");
    assertEquals(0, flow.controller.pacingBytesPerSecond(), "no rate is known yet");
    link.run(0.2);
    atLeast(48, megabits(flow, 0.08));
    while (flow.controller.state().equals("slow_start")) {
      link.run(0.01);
    }
    assertEquals("drain", flow.controller.state());
    atMost(0.6 * RATE * 1e6 / 8, (double) flow.controller.pacingBytesPerSecond());
    link.run(0.12);
    assertEquals("probe_bandwidth", flow.controller.state());
    link.queueMillis();
    link.run(0.1);
    atMost(2, link.queueMillis());
  }

  @Test
  void fillsACleanLinkAndHardlyItsQueue() {
    Flow flow = adaptive();
    link.run(1);
    long overflowed = flow.overflowedPackets;
    link.queueMillis();
    atLeast(49.5, megabits(flow, 3));
    atMost(3, link.queueMillis());
    assertEquals(overflowed, flow.overflowedPackets, "once started it loses nothing by itself");
    atMost(2.2 * RATE * 1e6 / 8 * 0.04, (double) flow.controller.windowBytes());
  }

  @Test
  void probesForMoreAndDrainsWhatThatQueued() {
    Flow flow = adaptive();
    link.run(1);
    double most = 0;
    double least = Double.MAX_VALUE;
    for (int i = 0; i < 100; i++) {
      link.run(0.005);
      double share = flow.controller.pacingBytesPerSecond() * 8 / 1e6 / RATE;
      most = Math.max(most, share);
      least = Math.min(least, share);
    }
    assertEquals(1.25, most, 0.02);
    assertEquals(0.75, least, 0.02);
  }

  @Test
  void takesNoiseForNoise() {
    double[][] lossAndMegabits = {{0.01, 48.5}, {0.05, 46}, {0.1, 43}};
    for (double[] expected : lossAndMegabits) {
      Bottleneck noisy = new Bottleneck(RATE, 40, 40, 1).losing(expected[0]);
      Flow flow = noisy.add(() -> new Adaptive(PACKET));
      noisy.run(1);
      noisy.queueMillis();
      long before = flow.deliveredBytes;
      noisy.run(3);
      atLeast(expected[1], flow.megabits(before, 3));
      atMost(10, noisy.queueMillis());
    }
  }

  @Test
  void moreLossThanAnyPathHasByItselfIsCongestion() {
    link.losing(0.35);
    Flow flow = adaptive();
    link.run(2);
    atMost(20, megabits(flow, 2));
  }

  @Test
  void findsOutThatTheLinkBecameWider() {
    link.rate(5);
    Flow flow = adaptive();
    link.run(2);
    link.rate(RATE);
    link.run(1);
    atLeast(45, megabits(flow, 1));
  }

  @Test
  void findsOutThatTheLinkBecameNarrower() {
    Flow flow = adaptive();
    link.run(2);
    link.rate(5);
    link.run(6);
    link.queueMillis();
    atLeast(4.5, megabits(flow, 2));
    atMost(60, link.queueMillis());
  }

  /** A probe that finds a little more must not flood the path with the window of a faster one. */
  @Test
  void looksForMoreFromWhatThePathHoldsNow() {
    Bottleneck deep = new Bottleneck(RATE, 40, 400, 1);
    Flow flow = deep.add(() -> new Adaptive(PACKET));
    deep.run(2);
    deep.rate(10);
    deep.run(10);
    for (double rate : new double[] {12, 15}) {
      deep.queueMillis();
      deep.rate(rate);
      double longest = 0;
      for (int i = 0; i < 150; i++) {
        deep.run(0.02);
        longest = Math.max(longest, deep.queueMillis());
      }
      atMost(90, longest);
      long before = flow.deliveredBytes;
      deep.run(2);
      atLeast(0.95 * rate, flow.megabits(before, 2));
    }
  }

  @Test
  void usesAWayThatBecameLonger() {
    Flow flow = adaptive();
    link.run(2);
    link.roundTrip(80);
    link.run(2);
    atLeast(40, megabits(flow, 3));
  }

  @Test
  void takesItsShareBesideCubicAndLeavesOne() {
    Flow flow = adaptive();
    link.run(1);
    Flow other = link.add(() -> new Cubic(PACKET));
    link.run(1);
    long before = other.deliveredBytes;
    atLeast(0.3 * RATE, megabits(flow, 5));
    atLeast(0.3 * RATE, other.megabits(before, 5));
  }

  @Test
  void anOutageIsNotHeldAgainstTheLink() {
    Flow flow = adaptive();
    link.run(1);
    link.broken(true);
    link.run(5);
    link.broken(false);
    link.run(0.5);
    atLeast(45, megabits(flow, 1));
  }

  /** Its smallest round trip is another one, and says how much the way holds. */
  @Test
  void afterAnOutageAWayMayBeLonger() {
    Flow flow = adaptive();
    link.run(1);
    link.broken(true);
    link.run(12);
    link.roundTrip(120);
    link.broken(false);
    link.run(2);
    atLeast(40, megabits(flow, 1));
  }

  @Test
  void anOutageBeginsAnewFromHalfAndAnotherOneFromTheLeastWindow() {
    Flow flow = adaptive();
    link.run(1);
    flow.controller.onLost(2_000 * MS, 1_000 * MS, PACKET, true);
    assertEquals("slow_start", flow.controller.state());
    double pipe = RATE * 1e6 / 8 * 0.04;
    assertEquals(0.5 * pipe, (double) flow.controller.windowBytes(), 0.1 * pipe);
    assertEquals(0, flow.controller.pacingBytesPerSecond(), "spread over a round trip");
    flow.controller.onLost(2_500 * MS, 2_400 * MS, PACKET, true);
    assertEquals(4 * PACKET, flow.controller.windowBytes());
    assertEquals(0, flow.controller.pacingBytesPerSecond());
    link.run(0.7);
    atLeast(45, megabits(flow, 0.5));
  }

  @Test
  void anApplicationThatSaysLittleTeachesNothingAndIsNotHeldUp() {
    Flow flow = adaptive();
    flow.thin(10 * MS);
    link.run(3);
    assertEquals(301, flow.sentPackets, "each when it was due");
    atMost(16 * PACKET, (double) flow.controller.windowBytes());
    atLeast(10 * PACKET, (double) flow.controller.windowBytes());
    flow.bulk();
    link.run(0.4);
    atLeast(45, megabits(flow, 0.5));
    flow.thin(10 * MS);
    link.run(1);
    flow.bulk();
    link.run(0.1);
    atLeast(45, megabits(flow, 0.5));
  }

  /** A flow of a packet each 2 ms, twenty in flight, whose start-up an ill spell of loss ended. */
  private Flow thinAndCruising() {
    Flow flow = adaptive();
    flow.thin(2 * MS);
    link.losing(0.4);
    link.run(2);
    link.losing(0);
    link.run(1);
    assertEquals("probe_bandwidth", flow.controller.state());
    return flow;
  }

  /** The acknowledgements are what is lost as often as not, and what is in flight arrived. */
  @Test
  void aRoundTripWithoutAcknowledgementsDoesNotStopAThinFlow() {
    Flow flow = thinAndCruising();
    atLeast(40 * PACKET, (double) flow.controller.windowBytes());
    atMost(50 * PACKET, (double) flow.controller.windowBytes());
    long before = flow.sentPackets;
    link.broken(true);
    link.run(0.08); // until 40 ms from now what was sent before is acknowledged
    assertEquals(40, flow.sentPackets - before, "each when it was due");
  }

  /** It would hold messages back for a queue that is not its own. */
  @Test
  void aThinFlowDoesNotStopToMeasureTheRoundTrip() {
    Flow flow = thinAndCruising();
    long before = flow.sentPackets;
    link.roundTrip(60);
    for (int hundredths = 1; hundredths <= 1_500; hundredths++) {
      link.run(0.01);
      assertEquals(5L * hundredths, flow.sentPackets - before, "each when it was due");
    }
  }

  @Test
  void aMarkCutsTheWindowOnceARoundTripAndStays() {
    Flow flow = adaptive();
    link.run(1);
    flow.controller.onCongestionExperienced(1_000 * MS, 990 * MS);
    long cut = flow.controller.windowBytes();
    atMost(1.3 * RATE * 1e6 / 8 * 0.04, (double) cut);
    flow.controller.onCongestionExperienced(1_001 * MS, 991 * MS);
    assertEquals(cut, flow.controller.windowBytes(), "the same congestion");
    flow.controller.onSpuriousLoss(1_002 * MS);
    assertEquals(cut, flow.controller.windowBytes(), "a mark is no mistake");
  }

  /** Whoever has said little, and nothing after it, is not held to nothing for it. */
  @Test
  void aMarkOnTheLastPacketOfAFlowLeavesAWindow() {
    Adaptive controller = new Adaptive(PACKET);
    controller.onAcknowledged(40 * MS, 0, PACKET, 0, Rates.sample(true, 40 * MS));
    controller.onCongestionExperienced(40 * MS, 1);
    atLeast(0.8 * NewReno.initialWindow(PACKET), (double) controller.windowBytes());
  }

  /** Lets time pass until the flow probes, where its ceiling binds it; answers the time. */
  private long untilItProbes(Flow flow) {
    long millis = 1_000;
    link.run(1);
    while (flow.controller.pacingBytesPerSecond() * 8 / 1e6 < 1.2 * RATE) {
      link.run(0.001);
      millis++;
    }
    return millis * MS;
  }

  private static void acknowledge(Flow flow, long packets, long sentNanos, long now, long rtt) {
    for (int i = 0; i < 100; i++) {
      flow.controller.onAcknowledged(
          now, sentNanos, packets * PACKET / 100, 400L * PACKET, Rates.sample(false, rtt));
    }
  }

  @Test
  void noiseThatProvesLateDoesNotUndoACutBeforeIt() {
    Flow flow = adaptive();
    long now = untilItProbes(flow);
    acknowledge(flow, 100, now, now, 60 * MS); // a queue stands
    flow.controller.onLost(now, now - MS, 30L * PACKET, false);
    long cut = flow.controller.windowBytes();
    atMost(1.5 * RATE * 1e6 / 8 * 0.04, (double) cut);
    acknowledge(flow, 3_000, now - MS, now, 60 * MS);
    acknowledge(flow, 100, now - MS, now, 40 * MS); // and is gone
    flow.controller.onLost(now + 2, now + 1, PACKET, false);
    assertEquals(cut, flow.controller.windowBytes(), "it is the path's own");
    flow.controller.onSpuriousLoss(now + 3);
    assertEquals(cut, flow.controller.windowBytes(), "the other was none of it");
  }

  @Test
  void anUndoneCutForgivesNothingElse() {
    Flow flow = adaptive();
    long now = untilItProbes(flow);
    acknowledge(flow, 100, now, now, 60 * MS);
    long before = flow.controller.windowBytes();
    flow.controller.onLost(now, now - MS, 30L * PACKET, false);
    long cut = flow.controller.windowBytes();
    assertTrue(cut < before, () -> cut + " of " + before);
    flow.controller.onSpuriousLoss(now + 1);
    assertEquals(before, flow.controller.windowBytes());
    flow.controller.onLost(now + 2, now - MS, 30L * PACKET, false);
    assertEquals(cut, flow.controller.windowBytes(), "these are lost in truth");
  }

  /** Reordering that passed for loss used to end start-up for good, and to leave its ceiling. */
  @Test
  void startupThatASpuriousLossEndedGoesOn() {
    Flow flow = adaptive();
    link.run(0.2);
    assertEquals("slow_start", flow.controller.state());
    long now = 200 * MS;
    acknowledge(flow, 100, now, now, 60 * MS); // a queue stands
    long before = flow.controller.windowBytes();
    flow.controller.onLost(now, now - MS, 30L * PACKET, false);
    assertEquals("drain", flow.controller.state());
    flow.controller.onSpuriousLoss(now + 1);
    assertEquals("slow_start", flow.controller.state());
    assertTrue(
        flow.controller.windowBytes() >= before,
        () -> flow.controller.windowBytes() + " of " + before);
  }

  @Test
  void theLeastWindowFollowsThePacketSize() {
    Adaptive controller = new Adaptive(PACKET);
    controller.onPacketSizeChanged(9_000);
    assertEquals(18_000, controller.windowBytes(), "14,720 bytes, but two packets at least");
    controller.onLost(MS, 0, 9_000, true);
    assertEquals(36_000, controller.windowBytes());
  }
}
