package io.posthorn.protocol.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** RFC 8899. */
class MtuDiscoveryTest {
  private static final long MS = 1_000_000L;
  private static final long RAISE_NANOS = 600_000 * MS;
  private static final long PROBE = -1;

  private int ceiling = 65_507;
  private boolean silent;
  private final MtuDiscovery mtu = new MtuDiscovery(() -> ceiling, number -> silent, 0);
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);
  private final DeliveryRate rate = new DeliveryRate();
  private final byte[] out = new byte[65_507];
  private final List<Integer> probes = new ArrayList<>();
  private long nowNanos;

  /** Runs the search on a path that carries so many bytes. */
  private void search(int pathBytes) {
    mtu.onFullPacket(nowNanos);
    for (int guard = 0; guard < 200; guard++) {
      int size = mtu.probeDueBytes();
      if (size > 0) {
        probes.add(size);
        long token = sent.tokensFrom(sent.next());
        builder.frames().reset(out, 0, size - 29);
        mtu.writeProbe(builder, size - 29, 50 * MS, nowNanos);
        assertEquals(size - 29, builder.frames().written(), "the probe fills its packet");
        sent.commit(nowNanos, size, false, false, rate);
        nowNanos += 10 * MS;
        if (size <= pathBytes) {
          mtu.onAcknowledged(size, sent.tokenSecond(token), nowNanos);
        }
      } else if (mtu.deadlineNanos() != Long.MAX_VALUE) {
        nowNanos = mtu.deadlineNanos();
        mtu.onTimeout(nowNanos);
      } else {
        return;
      }
    }
    throw new AssertionError("it does not end: " + probes);
  }

  @Example
  void nothingIsTriedBeforeAFullPacketHasLeft() {
    assertEquals(1_200, mtu.currentBytes());
    assertEquals(0, mtu.probeDueBytes());
    mtu.onFullPacket(0);
    assertTrue(mtu.probeDueBytes() > 0);
  }

  @Example
  void theLargestSizeIsTriedFirst() {
    search(65_507);
    assertEquals(List.of(65_507), probes);
    assertEquals(65_507, mtu.currentBytes());
    assertTrue(mtu.pollChanged());
    assertFalse(mtu.pollChanged());
  }

  @Example
  void beyondEthernetOnlyALongFlowIsTried() {
    MtuDiscovery patient = new MtuDiscovery(() -> ceiling, number -> silent, 3);
    patient.onFullPacket(0);
    assertEquals(1_472, patient.probeDueBytes());
    answer(patient, 1_472);
    assertEquals(0, patient.probeDueBytes(), "all is found that is tried at first");
    patient.onFullPacket(1);
    assertEquals(0, patient.probeDueBytes());
    patient.onFullPacket(2);
    assertEquals(65_507, patient.probeDueBytes());
    answer(patient, 65_507);
    assertEquals(65_507, patient.currentBytes());
    patient.onFullPacket(3);
    assertEquals(0, patient.probeDueBytes());
  }

  @Example
  void aFlowThatProvesLongInTheMiddleOfASearchHasItBeginAnew() {
    MtuDiscovery patient = new MtuDiscovery(() -> ceiling, number -> silent, 2);
    patient.onFullPacket(0);
    assertEquals(1_472, patient.probeDueBytes());
    patient.onFullPacket(1);
    assertEquals(65_507, patient.probeDueBytes());
    patient.onAcknowledged(1_472, PROBE, 2);
    assertEquals(1_472, patient.currentBytes(), "the answer to the first is worth something still");
  }

  /** RFC 9000 §14.4: what one path carries says nothing of another. */
  @Example
  void anAnswerFromThePathBeforeSaysNothingOfThisOne() {
    mtu.onFullPacket(0);
    builder.frames().reset(out, 0, 65_507 - 29);
    mtu.writeProbe(builder, 65_507 - 29, 50 * MS, 0);
    mtu.restart();
    mtu.onFullPacket(1);
    mtu.onAcknowledged(65_507, PROBE, 2);
    assertEquals(1_200, mtu.currentBytes());
    assertEquals(65_507, mtu.probeDueBytes());
    builder.frames().reset(out, 0, 65_507 - 29);
    mtu.writeProbe(builder, 65_507 - 29, 50 * MS, 3);
    mtu.onAcknowledged(65_507, PROBE, 4);
    assertEquals(1_200, mtu.currentBytes());
    mtu.onAcknowledged(65_507, PROBE - 1, 5);
    assertEquals(65_507, mtu.currentBytes());
  }

  private void answer(MtuDiscovery to, int size) {
    builder.frames().reset(out, 0, size - 29);
    to.writeProbe(builder, size - 29, 50 * MS, 0);
    to.onAcknowledged(size, PROBE, 1);
  }

  private void probe() {
    int size = mtu.probeDueBytes();
    builder.frames().reset(out, 0, size - 29);
    mtu.writeProbe(builder, size - 29, 50 * MS, nowNanos);
    sent.commit(nowNanos, size, false, false, rate);
  }

  @Example
  void anOutageRulesNoSizeOut() {
    mtu.onFullPacket(0);
    probe();
    silent = true;
    for (int i = 0; i < 100; i++) {
      nowNanos = mtu.deadlineNanos();
      mtu.onTimeout(nowNanos);
      assertEquals(0, mtu.probeDueBytes(), "nothing is tried meanwhile");
    }
    silent = false;
    nowNanos = mtu.deadlineNanos();
    mtu.onTimeout(nowNanos);
    assertEquals(65_507, mtu.probeDueBytes(), "the next try");
    search(65_507);
    assertEquals(65_507, mtu.currentBytes());
  }

  @Example
  void anAnswerThatComesWhenTheSearchHasEndedCountsAndTheSearchGoesOn() {
    search(1_200);
    assertTrue(mtu.isSettled());
    mtu.onAcknowledged(1_472, PROBE, nowNanos);
    assertEquals(1_472, mtu.currentBytes());
    assertTrue(mtu.pollChanged());
    assertFalse(mtu.isSettled(), "what was ruled out is tried again");
    mtu.onAcknowledged(65_507, PROBE, nowNanos);
    assertEquals(65_507, mtu.currentBytes());
    assertTrue(mtu.isSettled());
    mtu.onAcknowledged(1_472, PROBE, nowNanos);
    assertEquals(65_507, mtu.currentBytes());
  }

  @Example
  void ethernetIsFoundAfterTheLargestSizeFailed() {
    search(1_472);
    assertEquals(1_472, mtu.currentBytes());
    assertTrue(probes.size() <= 25, "tries: " + probes);
  }

  @Example
  void aPathThatCarriesNoMoreThanTheBaseStaysThere() {
    search(1_200);
    assertEquals(1_200, mtu.currentBytes());
  }

  @Example
  void aHostThatAllowsNoMoreTriesNothing() {
    ceiling = 1_200;
    search(65_507);
    assertEquals(List.of(), probes);
  }

  /** What the path carries is found, nearly, for a common size is not improved on. */
  @Property(tries = 300)
  void anyPathIsFound(
      @ForAll @IntRange(min = 1_200, max = 65_507) int pathBytes,
      @ForAll @IntRange(min = 1_200, max = 65_507) int most) {
    MtuDiscoveryTest fresh = new MtuDiscoveryTest();
    fresh.ceiling = most;
    fresh.search(pathBytes);
    int best = Math.min(most, pathBytes);
    assertTrue(fresh.mtu.currentBytes() <= best);
    assertTrue(fresh.mtu.currentBytes() > best * 3 / 4, fresh.mtu.currentBytes() + " of " + best);
    assertTrue(fresh.probes.size() <= 60, "tries: " + fresh.probes);
  }

  @Example
  void theSearchBeginsAgainAfterTenMinutesIfThereAreFullPackets() {
    search(1_472);
    probes.clear();
    nowNanos += RAISE_NANOS - 1;
    search(9_000);
    assertEquals(List.of(), probes, "not yet");
    nowNanos += 1;
    search(8_972);
    assertEquals(8_972, mtu.currentBytes());
  }

  private long large(int bytes) {
    builder.frames().reset(out, 0, 100);
    long token = sent.tokensFrom(sent.next());
    mtu.noteLarge(builder, bytes);
    sent.commit(nowNanos, bytes, true, false, rate);
    return sent.tokenSecond(token);
  }

  @Example
  void lossesOfLargePacketsWithoutAnyArrivalMeanABlackHole() {
    search(65_507);
    long first = large(65_507);
    long second = large(65_507);
    long third = large(60_000);
    mtu.onLost(65_507, first, nowNanos);
    mtu.onLost(65_507, second, nowNanos);
    assertEquals(65_507, mtu.currentBytes());
    mtu.onLost(60_000, third, nowNanos);
    assertEquals(1_200, mtu.currentBytes());
    assertTrue(mtu.pollChanged());
    probes.clear();
    search(1_472);
    assertEquals(1_472, mtu.currentBytes(), "and the search begins anew");
  }

  @Example
  void lossesBesideArrivalsAreCongestion() {
    search(65_507);
    for (int i = 0; i < 100; i++) {
      long a = large(65_507);
      long b = large(65_507);
      long c = large(65_507);
      long d = large(65_507);
      mtu.onAcknowledged(65_507, d, nowNanos);
      mtu.onLost(65_507, a, nowNanos);
      mtu.onLost(65_507, b, nowNanos);
      mtu.onLost(65_507, c, nowNanos);
    }
    assertEquals(65_507, mtu.currentBytes());
  }

  @Example
  void smallPacketsAreNotNoted() {
    search(1_472);
    long before = sent.next();
    builder.frames().reset(out, 0, 100);
    mtu.noteLarge(builder, 1_200);
    sent.commit(nowNanos, 1_200, true, false, rate);
    assertEquals(sent.tokensFrom(before), sent.tokensTo(before));
  }
}
