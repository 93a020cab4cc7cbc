package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Never more than the burst and rate × time. */
class PacerProperties {
  private static final int PACKET = 1200;

  @Property
  void neverMoreThanTheBurstAndTheRate(
      @ForAll long seed,
      @ForAll @LongRange(min = 1000, max = 10_000_000_000L) long bytesPerSecond) {
    SplittableRandom random = new SplittableRandom(seed);
    Pacer pacer = new Pacer();
    double burst = Math.max(10.0 * PACKET, bytesPerSecond * 0.002);
    long now = random.nextLong(1_000_000_000_000L);
    long start = now;
    double sent = 0;
    for (int i = 0; i < 300; i++) {
      int bytes = 40 + random.nextInt(PACKET - 39);
      if (pacer.mayLeave(bytesPerSecond, PACKET, 0, now)) {
        pacer.onPacketSent(bytes);
        sent += bytes;
        double allowed = burst + (now - start) * (bytesPerSecond / 1e9);
        assertTrue(sent <= allowed + 1, sent + " of " + allowed);
      } else if (random.nextInt(3) == 0) {
        long ready = pacer.readyNanos(bytesPerSecond, PACKET, now);
        assertTrue(ready > now, "time goes on");
        now = ready;
        assertTrue(pacer.mayLeave(bytesPerSecond, PACKET, 0, now + 1), "as announced");
      } else {
        now += random.nextLong(1 + 100_000_000_000L / bytesPerSecond);
      }
    }
  }

  /** Asking often must not bring more than asking seldom. */
  @Example
  void theRateIsReachedOverTime() {
    Pacer pacer = new Pacer();
    long sent = 0;
    for (long now = 0; now < 1_000_000_000L; now += 100_000) {
      while (pacer.mayLeave(1_000_000, PACKET, 0, now)) {
        pacer.onPacketSent(PACKET);
        sent += PACKET;
      }
    }
    assertTrue(sent > 990_000 && sent <= 1_012_000, sent + " bytes in a second at 1 MB/s");
  }

  @Example
  void idleTimeSavesUpOneBurstOnly() {
    Pacer pacer = new Pacer();
    int left = 0;
    for (int round = 0; round < 2; round++) {
      left = 0;
      while (pacer.mayLeave(10_000, PACKET, 0, round * 1_000_000_000_000L)) {
        pacer.onPacketSent(PACKET);
        left++;
      }
      assertEquals(10, left);
    }
    assertEquals(
        1_000_000_000_000L + 120_000_000, pacer.readyNanos(10_000, PACKET, 1_000_000_000_000L));
  }

  private static int leaving(Pacer pacer, long lateNanos, long now) {
    int left = 0;
    while (pacer.mayLeave(10_000_000, PACKET, left == 0 ? lateNanos : 0, now)) {
      pacer.onPacketSent(PACKET);
      left++;
    }
    return left;
  }

  /** Two milliseconds' worth is 20,000 bytes here. */
  @Example
  void aLateWakeUpIsMadeUpForWhereSomethingWaited() {
    Pacer pacer = new Pacer();
    assertEquals(16, leaving(pacer, 0, 0));
    long ready = pacer.readyNanos(10_000_000, PACKET, 0);
    assertEquals((1_200 + 50_000) / PACKET, leaving(pacer, 5_000_000, ready + 5_000_000));
    assertEquals(16, leaving(pacer, 0, ready + 100_000_000), "nothing waited");
    long second = 1_000_000_000;
    assertEquals((20_000 + 100_000) / PACKET, leaving(pacer, second, ready + second));
  }

  @Example
  void aProbeThatIsSentAllTheSameIsPaidLater() {
    Pacer pacer = new Pacer();
    assertTrue(pacer.mayLeave(12_000, PACKET, 0, 0));
    for (int i = 0; i < 12; i++) {
      pacer.onPacketSent(PACKET);
    }
    assertFalse(pacer.mayLeave(12_000, PACKET, 0, 299_000_000));
    assertTrue(pacer.mayLeave(12_000, PACKET, 0, 300_000_001));
  }

  @Example
  void theProbesOfALongOutageAreNotAllOwed() {
    Pacer pacer = new Pacer();
    assertTrue(pacer.mayLeave(12_000, PACKET, 0, 0));
    for (int i = 0; i < 100; i++) {
      pacer.onPacketSent(PACKET);
    }
    assertTrue(pacer.mayLeave(12_000, PACKET, 0, 300_000_001));
  }

  @Example
  void withoutARateOfTheControllerTheWindowGivesIt() {
    NewReno reno = new NewReno(PACKET);
    assertEquals(150_000, Pacer.rate(reno, 100_000_000));
    assertTrue(Pacer.rate(reno, 0) > 1_000_000_000_000L);
    assertTrue(Pacer.rate(reno, 1) > 0);
  }

  @Example
  void anAbsurdlySlowRateStillEnds() {
    Pacer pacer = new Pacer();
    while (pacer.mayLeave(1, PACKET, 0, 0)) {
      pacer.onPacketSent(PACKET);
    }
    long ready = pacer.readyNanos(0, PACKET, 0);
    assertTrue(ready > 0 && ready <= 1_200_000_000_000L);
  }
}
