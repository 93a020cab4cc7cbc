package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** RFC 9002 §6.1 as a table and as laws. */
class LossDetectorProperties {
  private static final long MS = 1_000_000;

  private static long decide(long number, long largest, long sent, long delay, long now) {
    return LossDetector.lossTimeNanos(number, largest, 3, sent, delay, now);
  }

  @Example
  void theTable() {
    long never = LossDetector.NEVER;
    long lost = LossDetector.LOST_NOW;
    assertEquals(never, decide(5, -1, 0, 10, 1000), "nothing was acknowledged");
    assertEquals(never, decide(5, 4, 0, 10, 1000), "nothing later was acknowledged");
    assertEquals(never, decide(5, 5, 0, 10, 1000), "it is the largest itself");
    assertEquals(30, decide(5, 6, 20, 10, 25), "one later: by time");
    assertEquals(30, decide(5, 7, 20, 10, 29), "two later: by time");
    assertEquals(lost, decide(5, 7, 20, 10, 30), "its time has come");
    assertEquals(lost, decide(5, 7, 20, 10, 31));
    assertEquals(lost, decide(5, 8, 20, 10, 20), "three later: at once");
    assertEquals(lost, decide(5, 900, 20, 10, 20));
  }

  @Property
  void whatIsLostStaysLostAndTheAnswerIsTheMomentAtWhichItIs(
      @ForAll @LongRange(min = 0, max = 50) long number,
      @ForAll @LongRange(min = -1, max = 60) long largest,
      @ForAll @LongRange(min = 0, max = 1000) long sent,
      @ForAll @LongRange(min = 1, max = 1000) long delay,
      @ForAll @LongRange(min = 0, max = 3000) long now,
      @ForAll @LongRange(min = 0, max = 3000) long later) {
    long answer = decide(number, largest, sent, delay, now);
    long afterwards = decide(number, largest, sent, delay, now + later);
    if (answer == LossDetector.LOST_NOW) {
      assertEquals(LossDetector.LOST_NOW, afterwards);
      assertEquals(LossDetector.LOST_NOW, decide(number, largest + later, sent, delay, now));
      assertTrue(number < largest);
    } else if (answer == LossDetector.NEVER) {
      assertTrue(number >= largest);
      assertEquals(LossDetector.NEVER, afterwards);
    } else {
      assertTrue(answer > now);
      assertEquals(sent + delay, answer);
      assertEquals(now + later >= answer, afterwards == LossDetector.LOST_NOW);
    }
  }

  @Example
  void persistentCongestionTakesThreeProbeTimeouts() {
    RttEstimator rtt = new RttEstimator();
    rtt.onSample(100 * MS, 0);
    assertEquals(3 * (100 + 200 + 25) * MS, LossDetector.persistentCongestionNanos(rtt, 25 * MS));
  }
}
