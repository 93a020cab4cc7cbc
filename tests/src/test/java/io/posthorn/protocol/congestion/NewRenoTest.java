package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.recovery.Rates;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** RFC 9002 §7, with packets of 1,200 bytes. */
class NewRenoTest {
  private static final int PACKET = 1200;

  private final NewReno reno = new NewReno(PACKET);

  private void ack(long now, long sent, long bytes) {
    reno.onAcknowledged(now, sent, bytes, 0, Rates.sample(false));
  }

  @Example
  void theInitialWindowIsTenPacketsOrAboutFourteenKilobytes() {
    assertEquals(12_000, reno.windowBytes());
    assertEquals(14_720, NewReno.initialWindow(1472));
    assertEquals(14_720, NewReno.initialWindow(1500));
    assertEquals(18_000, NewReno.initialWindow(9000));
    assertEquals(10, NewReno.initialWindow(1));
    assertEquals(0, reno.pacingBytesPerSecond());
  }

  @Example
  void slowStartGrowsByWhatWasAcknowledged() {
    ack(100, 50, 1200);
    assertEquals(13_200, reno.windowBytes());
    ack(110, 60, 12_000);
    assertEquals(25_200, reno.windowBytes());
  }

  @Example
  void aWindowThatIsNotUsedDoesNotGrow() {
    reno.onAcknowledged(100, 50, 1200, 0, Rates.sample(true));
    assertEquals(12_000, reno.windowBytes());
  }

  @Example
  void aLossHalvesTheWindowOncePerRoundTrip() {
    reno.onLost(100, 50, 1200, false);
    assertEquals(6000, reno.windowBytes());
    reno.onLost(110, 100, 1200, false);
    assertEquals(6000, reno.windowBytes(), "sent before the recovery began");
    reno.onLost(200, 101, 1200, false);
    assertEquals(3000, reno.windowBytes());
    reno.onLost(300, 201, 1200, false);
    assertEquals(2 * PACKET, reno.windowBytes(), "never below two packets");
  }

  @Example
  void whatWasSentBeforeTheRecoveryDoesNotGrowTheWindow() {
    reno.onLost(100, 50, 1200, false);
    ack(120, 100, 50_000);
    assertEquals(6000, reno.windowBytes());
  }

  @Example
  void afterALossTheWindowGrowsByAPacketARoundTrip() {
    reno.onLost(100, 50, 1200, false);
    for (int i = 0; i < 4; i++) {
      ack(200, 150, 1200);
      assertEquals(6000, reno.windowBytes());
    }
    ack(200, 150, 1200);
    assertEquals(7200, reno.windowBytes());
    for (int i = 0; i < 6; i++) {
      ack(300, 250, 1200);
    }
    assertEquals(8400, reno.windowBytes());
  }

  @Example
  void persistentCongestionLeavesTwoPacketsAndStartsAnew() {
    ack(50, 10, 100_000);
    reno.onLost(100, 90, 1200, true);
    assertEquals(2 * PACKET, reno.windowBytes());
    ack(120, 95, 1200);
    assertEquals(3 * PACKET, reno.windowBytes(), "slow start, recovery is over");
  }

  /** A receiver without memory answers a PING now and then, and refuses all else meanwhile. */
  @Example
  void whereSlowStartEndsIsNotForgottenWhileHardlyAnythingArrives() {
    ack(50, 10, 88_000);
    for (int i = 1; i <= 10; i++) {
      ack(100L * i, 100L * i - 1, 40);
      reno.onLost(100L * i, 100L * i - 10, 50_000, i % 2 == 0);
    }
    assertEquals(2 * PACKET, reno.windowBytes());
    ack(2_000, 1_900, 46_800);
    assertEquals(49_200, reno.windowBytes());
    assertEquals("slow_start", reno.state());
    ack(2_100, 2_050, 2 * PACKET);
    assertEquals("congestion_avoidance", reno.state(), "half of 100,000");
    reno.onLost(2_200, 2_110, 1200, false);
    ack(2_300, 2_250, 1200);
    assertEquals("congestion_avoidance", reno.state(), "that loss told of the path");
  }

  @Example
  void aLossThatWasNoneWhileHardlyAnythingArrivesUndoesItsOwnCutAlone() {
    ack(50, 10, 88_000);
    reno.onLost(100, 50, 1200, false);
    reno.onLost(200, 150, 1200, false);
    assertEquals(25_000, reno.windowBytes());
    reno.onSpuriousLoss(220);
    assertEquals(50_000, reno.windowBytes());
    reno.onLost(300, 250, 1200, false);
    ack(400, 350, 1200);
    assertEquals("congestion_avoidance", reno.state(), "the next tells of the path");
  }

  @Example
  void aCongestionMarkCountsAsALoss() {
    reno.onCongestionExperienced(100, 50);
    assertEquals(6000, reno.windowBytes());
    reno.onCongestionExperienced(110, 60);
    assertEquals(6000, reno.windowBytes());
  }

  @Example
  void aLossThatWasNoneIsUndone() {
    ack(50, 10, 8000);
    reno.onLost(100, 50, 1200, false);
    assertEquals(10_000, reno.windowBytes());
    reno.onSpuriousLoss(120);
    assertEquals(20_000, reno.windowBytes());
    reno.onSpuriousLoss(130);
    assertEquals(20_000, reno.windowBytes());
    ack(140, 130, 1200);
    assertEquals(21_200, reno.windowBytes(), "slow start goes on");
  }

  @Example
  void largerPacketsRaiseTheMinimum() {
    reno.onLost(100, 50, 1, true);
    reno.onPacketSizeChanged(9000);
    assertEquals(18_000, reno.windowBytes());
  }

  @Property
  void theWindowStaysAtTwoPacketsOrMoreAndGrowsOnlyByAcknowledgedBytes(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    NewReno any = new NewReno(PACKET);
    long now = 0;
    for (int i = 0; i < 300; i++) {
      now += 1 + random.nextInt(50);
      long before = any.windowBytes();
      long sent = now - random.nextInt(100);
      int bytes = 1 + random.nextInt(5000);
      switch (random.nextInt(4)) {
        case 0 -> {
          any.onLost(now, sent, bytes, random.nextInt(10) == 0);
          assertTrue(any.windowBytes() <= before);
        }
        case 1 -> {
          any.onCongestionExperienced(now, sent);
          assertTrue(any.windowBytes() <= before);
        }
        default -> {
          any.onAcknowledged(now, sent, bytes, 0, Rates.sample(random.nextBoolean()));
          assertTrue(any.windowBytes() >= before);
          assertTrue(any.windowBytes() <= before + Math.max(bytes, PACKET));
        }
      }
      assertTrue(any.windowBytes() >= 2 * PACKET);
    }
  }
}
