package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** RFC 9000 §13.2. */
class AckSchedulerTest {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long DELAY = 25;

  private final AckScheduler acks = new AckScheduler(DELAY);

  @Test
  void aLonePacketIsAcknowledgedWithinTheDelay() {
    assertEquals(NEVER, acks.deadlineNanos());
    assertFalse(acks.hasNews());
    acks.onPacket(true, true, 100);
    assertTrue(acks.hasNews());
    assertEquals(125, acks.deadlineNanos());
    assertFalse(acks.isDue(124));
    assertTrue(acks.isDue(125));
  }

  @Test
  void eachSecondPacketIsAcknowledgedAtOnce() {
    acks.onPacket(true, true, 100);
    acks.onPacket(true, true, 110);
    assertTrue(acks.isDue(110));
    acks.onAckSent();
    assertFalse(acks.hasNews());
    assertEquals(NEVER, acks.deadlineNanos());
    acks.onPacket(true, true, 200);
    assertEquals(225, acks.deadlineNanos());
  }

  @Test
  void aGapIsAcknowledgedAtOnce() {
    acks.onPacket(true, false, 100);
    assertTrue(acks.isDue(100));
  }

  /** Else what asks for an acknowledgement would seem in order, and the gap be told late. */
  @Test
  void aGapBeforeWhatAsksForNothingIsToldWithTheNextThatDoes() {
    acks.onPacket(false, false, 100);
    acks.onPacket(false, true, 110);
    assertEquals(NEVER, acks.deadlineNanos());
    acks.onPacket(true, true, 120);
    assertTrue(acks.isDue(120));
    acks.onAckSent();
    acks.onPacket(true, true, 130);
    assertEquals(155, acks.deadlineNanos(), "told is told");
    acks.onPacket(false, false, 140);
    acks.onAckSent();
    acks.onPacket(true, true, 150);
    assertEquals(175, acks.deadlineNanos(), "with whatever went anyway");
  }

  @Test
  void anAcknowledgementAloneIsNews_butNoReasonToAnswer() {
    acks.onPacket(false, false, 100);
    assertTrue(acks.hasNews());
    assertEquals(NEVER, acks.deadlineNanos());
    for (int i = 0; i < 10; i++) {
      acks.onPacket(false, true, 100);
    }
    assertEquals(NEVER, acks.deadlineNanos());
  }

  @Test
  void theFirstDeadlineCounts() {
    acks.onPacket(true, true, 100);
    acks.onAckFrequency(10, DELAY);
    acks.onPacket(true, true, 120);
    assertEquals(125, acks.deadlineNanos());
    acks.requestNow(121);
    assertTrue(acks.isDue(121));
  }

  @Test
  void thePeerMayAskForFewer() {
    acks.onAckFrequency(5, DELAY);
    for (int i = 0; i < 4; i++) {
      acks.onPacket(true, true, 100);
    }
    assertFalse(acks.isDue(100));
    acks.onPacket(true, true, 100);
    assertTrue(acks.isDue(100));
    acks.onAckSent();
    acks.onAckFrequency(1, DELAY);
    acks.onPacket(true, true, 200);
    assertFalse(acks.isDue(200), "but not for more");
    acks.onPacket(true, false, 200);
    assertTrue(acks.isDue(200), "gaps are told at once all the same");
  }

  @Test
  void thePeerMayAskForAShorterDelay_notForALonger() {
    acks.onAckFrequency(10, 7);
    acks.onPacket(true, true, 100);
    assertEquals(107, acks.deadlineNanos());
    acks.onAckSent();
    acks.onAckFrequency(10, 1_000);
    acks.onPacket(true, true, 200);
    assertEquals(225, acks.deadlineNanos());
  }
}
