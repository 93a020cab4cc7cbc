package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import org.junit.jupiter.api.Test;

/** RFC 9000 §13.2. */
class AcknowledgementsTest {
  private static final long DELAY = 25;

  private final Acknowledgements acknowledgements = new Acknowledgements(DELAY);

  /** A sender that is to slow down is to hear of it soon (§13.2.1). */
  @Test
  void aMarkOfCongestionIsAcknowledgedAtOnce() {
    acknowledgements.onPacket(0, true, EcnMark.CE, 100);
    assertTrue(acknowledgements.isDue(100));
  }

  @Test
  void anotherMarkIsNoReasonToHurry() {
    acknowledgements.onPacket(0, true, EcnMark.ECT_0, 100);
    assertFalse(acknowledgements.isDue(100));
  }

  /** Or two ends on a marked path would answer one another's ACKs for ever. */
  @Test
  void aMarkOfCongestionOnWhatWantsNoAnswerGetsNone() {
    acknowledgements.onPacket(0, false, EcnMark.CE, 100);
    assertEquals(Long.MAX_VALUE, acknowledgements.deadlineNanos());
  }
}
