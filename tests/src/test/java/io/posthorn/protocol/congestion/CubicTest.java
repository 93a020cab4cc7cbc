package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.congestion.Bottleneck.Flow;
import io.posthorn.protocol.recovery.Rates;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CubicTest {
  private static final int PACKET = 1_200;
  private static final long RTT = 100_000_000L;

  private final CubicWindow window = new CubicWindow(PACKET, 100 * PACKET);

  /** Acknowledges one window. */
  private static long round(CubicWindow window, long nowNanos) {
    window.onAcknowledged(nowNanos, window.bytes(), RTT);
    return nowNanos + RTT;
  }

  @Test
  void comesBackToItsPlateauAfterTheTimeOfTheRfc() {
    window.reduce(0);
    assertEquals(70 * PACKET, window.bytes());
    // K = cbrt(30 / 0.4) = 4.2 s (RFC 9438 §4.2).
    long now = 0;
    while (window.bytes() < 99 * PACKET) {
      now = round(window, now);
    }
    assertTrue(now > 2_800_000_000L && now < 4_400_000_000L, () -> "plateau not in time");
    long plateau = now;
    while (now < plateau + 1_000_000_000L) {
      now = round(window, now);
    }
    assertTrue(window.bytes() < 108 * PACKET, "it probes beyond slowly");
    while (now < plateau + 6_000_000_000L) {
      now = round(window, now);
    }
    assertTrue(window.bytes() > 120 * PACKET, "then fast");
  }

  @Test
  void onAShortPathItIsNoSlowerThanReno() {
    CubicWindow shortPath = new CubicWindow(PACKET, 10 * PACKET);
    shortPath.reduce(0);
    long now = 0;
    for (int i = 0; i < 100; i++) {
      shortPath.onAcknowledged(now, shortPath.bytes(), 1_000_000);
      now += 1_000_000;
    }
    // 100 rounds at 0.53 packets each.
    assertTrue(shortPath.bytes() > 45 * PACKET, () -> shortPath.bytes() + " bytes");
  }

  /** RFC 9438 §4.3: until it has the window before the cut again, and no earlier. */
  @Test
  void theRegionOfRenoEndsAtTheWindowBeforeTheCut() {
    CubicWindow shortPath = new CubicWindow(PACKET, 100 * PACKET);
    shortPath.reduce(0);
    shortPath.reduce(0); // from 70 to 49; fast convergence has its plateau at 59.5
    double alpha = 3 * 0.3 / 1.7;
    double expected = 49;
    long now = 0;
    while (expected < 69) {
      now = shortRound(shortPath, now);
      expected += alpha;
      assertEquals(expected, (double) shortPath.bytes() / PACKET, 0.3, "W_est itself");
    }
    for (int i = 0; i < 10; i++) {
      now = shortRound(shortPath, now);
    }
    assertTrue(shortPath.bytes() > 76 * PACKET, "a packet a round trip from 70 on");
  }

  /** Acknowledges one window in four parts, within a millisecond. */
  private static long shortRound(CubicWindow window, long nowNanos) {
    long bytes = window.bytes();
    for (int i = 0; i < 4; i++) {
      window.onAcknowledged(nowNanos + i * 250_000L, bytes / 4, 1_000_000);
    }
    return nowNanos + 1_000_000;
  }

  @Property(tries = 50)
  void timeWithoutUseDoesNotCount(@ForAll @IntRange(min = 1, max = 600) int pauseSeconds) {
    CubicWindow used = new CubicWindow(PACKET, 100 * PACKET);
    CubicWindow paused = new CubicWindow(PACKET, 100 * PACKET);
    used.reduce(0);
    paused.reduce(0);
    long now = 0;
    for (int i = 0; i < 20; i++) {
      now = round(used, now);
    }
    long other = 0;
    for (int i = 0; i < 10; i++) {
      other = round(paused, other);
    }
    other += pauseSeconds * 1_000_000_000L;
    paused.pause(other);
    other += RTT;
    for (int i = 0; i < 10; i++) {
      other = round(paused, other);
    }
    assertTrue(Math.abs(used.bytes() - paused.bytes()) <= PACKET);
  }

  @Test
  void whatWasNoLossIsUndone() {
    window.reduce(0);
    window.undo();
    assertEquals(100 * PACKET, window.bytes());
    window.undo();
    assertEquals(100 * PACKET, window.bytes(), "once");
  }

  @Test
  void givesWayForGoodWhenItMetLessThanBefore() {
    window.reduce(0);
    window.reduce(0); // at 70: others came (fast convergence, RFC 9438 §4.7)
    assertEquals(49, Math.round((double) window.bytes() / PACKET));
    long now = 0;
    for (int i = 0; i < 20; i++) {
      now = round(window, now);
    }
    assertTrue(window.bytes() < 64 * PACKET, "it stops below 70");
  }

  @Test
  void aLossIsPaidForOnceARound() {
    Cubic cubic = new Cubic(PACKET);
    long before = cubic.windowBytes();
    cubic.onLost(50, 10, PACKET, false);
    long after = cubic.windowBytes();
    assertEquals(before * 7 / 10, after);
    cubic.onLost(60, 40, PACKET, false);
    assertEquals(after, cubic.windowBytes(), "sent before the first was noticed");
    cubic.onCongestionExperienced(70, 60);
    assertEquals(after * 7 / 10, cubic.windowBytes(), "a mark counts as loss does");
  }

  @Test
  void persistentCongestionLeavesTwoPackets() {
    Cubic cubic = new Cubic(PACKET);
    cubic.onLost(50, 10, PACKET, true);
    assertEquals(2 * PACKET, cubic.windowBytes());
  }

  /** A receiver without memory answers a PING now and then, and refuses all else meanwhile. */
  @Test
  void thePlateauIsNotForgottenWhileHardlyAnythingArrives() {
    Cubic cubic = new Cubic(PACKET);
    cubic.onAcknowledged(50, 10, 90 * PACKET, 0, Rates.sample(false));
    for (int i = 1; i <= 10; i++) {
      cubic.onAcknowledged(100L * i, 100L * i - 1, 40, 0, Rates.sample(false));
      cubic.onLost(100L * i, 100L * i - 10, 50 * PACKET, i % 2 == 0);
    }
    assertEquals(2 * PACKET, cubic.windowBytes());
    cubic.onAcknowledged(2_000, 1_900, 67 * PACKET, 0, Rates.sample(false));
    assertEquals(69 * PACKET, cubic.windowBytes());
    assertEquals("slow_start", cubic.state());
    cubic.onAcknowledged(2_100, 2_050, PACKET + 40, 0, Rates.sample(false));
    assertEquals("congestion_avoidance", cubic.state(), "seven tenths of 100 packets");
    long now = 2_100;
    for (int i = 0; i < 40; i++) {
      now += RTT;
      cubic.onAcknowledged(now, now - RTT, cubic.windowBytes(), 0, Rates.sample(false, RTT));
    }
    double packets = (double) cubic.windowBytes() / PACKET;
    assertEquals(100, packets, 5, "the plateau, after K = 4.2 s");
  }

  @Test
  void aLossThatWasNoneWhileHardlyAnythingArrivesUndoesItsOwnCutAlone() {
    Cubic cubic = new Cubic(PACKET);
    cubic.onAcknowledged(50, 10, 90 * PACKET, 0, Rates.sample(false));
    cubic.onLost(100, 50, PACKET, false);
    cubic.onLost(200, 150, PACKET, false);
    assertEquals(49, Math.round((double) cubic.windowBytes() / PACKET));
    cubic.onSpuriousLoss(220);
    assertEquals(70, Math.round((double) cubic.windowBytes() / PACKET));
    cubic.onLost(300, 250, PACKET, false);
    cubic.onAcknowledged(400, 350, PACKET, 0, Rates.sample(false));
    assertEquals("congestion_avoidance", cubic.state(), "the next tells of the path");
  }

  @Test
  void aWindowThatIsNotUsedDoesNotGrow() {
    Cubic cubic = new Cubic(PACKET);
    long before = cubic.windowBytes();
    cubic.onAcknowledged(50, 10, 10 * PACKET, 0, Rates.sample(true));
    assertEquals(before, cubic.windowBytes(), "in slow start");
    cubic.onLost(60, 20, PACKET, false);
    long after = cubic.windowBytes();
    long second = 1_000_000_000L;
    for (int i = 1; i <= 100; i++) {
      cubic.onAcknowledged(i * second, i * second - RTT, after, 0, Rates.sample(true));
    }
    assertEquals(after, cubic.windowBytes(), "nor in avoidance");
  }

  /** RFC 9438 §5.8. */
  @Test
  void timeInWhichTheApplicationHeldItBackDoesNotCount() {
    long[] windows = new long[2];
    for (int pauseSeconds = 0; pauseSeconds <= 60; pauseSeconds += 60) {
      Cubic cubic = new Cubic(PACKET);
      cubic.onAcknowledged(50, 10, 90 * PACKET, 0, Rates.sample(false));
      cubic.onLost(60, 20, PACKET, false);
      long now = RTT;
      for (int i = 0; i < 20; i++) {
        if (i == 10) {
          now += pauseSeconds * 1_000_000_000L;
          cubic.onAcknowledged(now, now - RTT, PACKET, 0, Rates.sample(true));
        }
        now += RTT;
        cubic.onAcknowledged(now, now - RTT, cubic.windowBytes(), 0, Rates.sample(false, RTT));
      }
      windows[pauseSeconds / 60] = cubic.windowBytes();
    }
    assertEquals((double) windows[0], (double) windows[1], PACKET);
  }

  @Test
  void slowStartGoesOnWhenTheLossThatEndedItWasNone() {
    Cubic cubic = new Cubic(PACKET);
    long before = cubic.windowBytes();
    cubic.onLost(50, 10, PACKET, false);
    assertEquals("recovery", cubic.state());
    cubic.onSpuriousLoss(60);
    assertEquals("slow_start", cubic.state());
    assertEquals(before, cubic.windowBytes());
    cubic.onAcknowledged(80, 70, before, 0, Rates.sample(false));
    assertEquals(2 * before, cubic.windowBytes());
  }

  @Test
  void slowStartEndsBeforeItOverflowsADeepQueue() {
    Bottleneck deep = new Bottleneck(50, 40, 400, 1);
    Flow flow = deep.add(() -> new Cubic(Bottleneck.PACKET_BYTES));
    for (int i = 0; i < 200 && flow.controller.state().equals("slow_start"); i++) {
      deep.run(0.01);
    }
    assertEquals("congestion_avoidance", flow.controller.state());
    assertEquals(0, flow.overflowedPackets);
    assertTrue(flow.controller.windowBytes() > 50e6 / 8 * 0.04, "it has filled the pipe");
  }

  @Test
  void slowStartEndsWhenTheRoundTripRisesForGood() {
    HyStart start = new HyStart();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 10; i++) {
        start.onSample(RTT, i == 0);
      }
      assertEquals(PACKET, start.growthBytes(PACKET));
    }
    for (int round = 0; round < 6; round++) {
      for (int i = 0; i < 10; i++) {
        start.onSample(RTT + 20_000_000L, i == 0);
      }
      assertEquals(PACKET / 4, start.growthBytes(PACKET));
      assertEquals(round >= 5, start.isOver());
    }
  }

  @Test
  void slowStartGoesOnAfterAnAccident() {
    HyStart start = new HyStart();
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < 10; i++) {
        start.onSample(round == 2 ? RTT + 20_000_000L : RTT, i == 0);
      }
    }
    assertEquals(PACKET, start.growthBytes(PACKET));
    assertTrue(!start.isOver());
  }

  @Test
  void aDelayedAcknowledgementAloneDoesNotEndSlowStart() {
    HyStart start = new HyStart();
    for (int round = 0; round < 6; round++) {
      for (int i = 0; i < 10; i++) {
        start.onSample(i == 9 ? RTT + 25_000_000L : RTT, i == 0);
      }
    }
    assertEquals(PACKET, start.growthBytes(PACKET));
  }
}
