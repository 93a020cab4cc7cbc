package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** The application's ceiling on what a connection sends. */
class RateLimitTest {
  @Property(tries = 100)
  void overAnyTimeNoMoreLeavesThanTheRateAndOneBurst(
      @ForAll @LongRange(min = 1_000, max = 1_000_000_000) long rate, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RateLimit limit = new RateLimit(rate, 1200);
    long now = random.nextLong(1_000_000_000);
    long start = now;
    long sent = 0;
    for (int i = 0; i < 500; i++) {
      int bytes = 40 + random.nextInt(1161);
      long ready = limit.readyNanos(bytes, now);
      if (ready > now) {
        now = ready;
        assertTrue(limit.readyNanos(bytes, now) <= now, "ready when it said");
      }
      limit.onSent(bytes, false, now);
      sent += bytes;
      double most = (now - start) / 1e9 * rate + Math.max(2400, rate * 0.005) + 1;
      assertTrue(sent <= most, sent + " bytes, at most " + most);
    }
    double least = (now - start) / 1e9 * rate - 1200;
    assertTrue(sent >= least, "nor is it held longer than need be");
  }

  @Example
  void withoutARateEverythingLeaves() {
    RateLimit limit = new RateLimit(0, 1200);
    for (int i = 0; i < 1000; i++) {
      assertEquals(7, limit.readyNanos(1200, 7));
      limit.onSent(1200, false, 7);
    }
  }

  @Example
  void whatMayNotWaitIsPaidForByWhatComesAfter() {
    RateLimit limit = new RateLimit(100_000, 1200);
    limit.readyNanos(0, 0);
    for (int i = 0; i < 10; i++) {
      limit.onSent(1200, false, 0);
    }
    long debt = 12_000 - 2_400 + 1200;
    assertEquals(debt * 1e9 / 100_000, (double) limit.readyNanos(1200, 0), 2);
  }

  /** Half of the rate is left to what this side has to say, however much the peer sends. */
  @Example
  void acknowledgementsTakeHalfOfTheRateAtMost() {
    RateLimit limit = new RateLimit(10_000, 1200);
    long now = 0;
    long messages = 0;
    while (now < 60_000_000_000L) {
      limit.onSent(36, true, now);
      if (limit.readyNanos(1200, now) <= now) {
        limit.onSent(1200, false, now);
        messages++;
      }
      now += 3_000_000;
    }
    assertTrue(messages >= 240, messages + " of 250 datagrams in half of the rate");
    assertTrue(messages <= 260, messages + " of 250 datagrams in half of the rate");
  }

  @Example
  void nothingIsPaidForLongerThanASecond() {
    RateLimit limit = new RateLimit(10_000, 1200);
    for (int i = 0; i < 1_000; i++) {
      limit.onSent(1200, false, 0);
    }
    assertEquals(1.12, limit.readyNanos(1200, 0) / 1e9, 1e-6);
  }
}
