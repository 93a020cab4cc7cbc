package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IdleTimeoutTest {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long PTO = 100_000_000L;
  private static final long S = 1_000_000_000L;

  private final IdleTimeout idle = new IdleTimeout(30 * S, 10 * S, 300 * S, 5 * S);

  @Test
  void silenceEndsTheConnection() {
    assertEquals(35 * S, idle.idleDeadlineNanos(S));
    idle.onReceived(20 * S);
    assertEquals(50 * S, idle.idleDeadlineNanos(S));
  }

  @Test
  void theFirstPacketSentAfterHearingStartsTheTimeAnewButNotTheNext() {
    idle.onAckElicitingSent(15 * S);
    assertEquals(45 * S, idle.idleDeadlineNanos(S));
    idle.onAckElicitingSent(25 * S);
    assertEquals(45 * S, idle.idleDeadlineNanos(S));
    idle.onReceived(26 * S);
    idle.onAckElicitingSent(27 * S);
    assertEquals(57 * S, idle.idleDeadlineNanos(S));
  }

  @Test
  void theSmallerTimeoutOfTheTwoSidesCounts() {
    idle.onPeerTimeout(60 * S);
    assertEquals(35 * S, idle.idleDeadlineNanos(S));
    idle.onPeerTimeout(3 * S);
    assertEquals(8 * S, idle.idleDeadlineNanos(S));
  }

  @Test
  void nobodyIsGivenUpBeforeAProbeCanBeAnswered() {
    idle.onPeerTimeout(3 * S);
    assertEquals(8 * S, idle.idleDeadlineNanos(S));
    assertEquals(11 * S, idle.idleDeadlineNanos(2 * S));
    assertEquals(11 * S, idle.silentDeadlineNanos(5 * S, 2 * S));
    assertEquals(NEVER, idle.silentDeadlineNanos(NEVER, 2 * S));
  }

  @Test
  void aConnectionIsKeptAliveInTimeForThePeersTimeoutToo() {
    idle.onPeerTimeout(60 * S);
    assertEquals(15 * S, idle.keepAliveDeadlineNanos(PTO));
    idle.onPeerTimeout(6 * S);
    assertEquals(7 * S, idle.keepAliveDeadlineNanos(PTO));
  }

  /** A peer that names a millisecond is not asked three thousand times a second. */
  @Test
  void noSignOfLifeIsAskedForBeforeAnAnswerToTheLastCanHaveCome() {
    idle.onPeerTimeout(1_000_000);
    assertEquals(5 * S + PTO, idle.keepAliveDeadlineNanos(PTO));
  }

  @Test
  void onlySilenceInBothDirectionsIsKeptAlive() {
    assertEquals(15 * S, idle.keepAliveDeadlineNanos(PTO));
    idle.onAckElicitingSent(8 * S);
    assertEquals(18 * S, idle.keepAliveDeadlineNanos(PTO));
    idle.onReceived(9 * S);
    assertEquals(19 * S, idle.keepAliveDeadlineNanos(PTO));
    idle.onKeepAlive(19 * S);
    assertEquals(29 * S, idle.keepAliveDeadlineNanos(PTO));
  }

  @Test
  void theSideThatDidNotOpenKeepsNothingAlive() {
    IdleTimeout accepted = new IdleTimeout(30 * S, NEVER, NEVER, 0);
    assertEquals(NEVER, accepted.keepAliveDeadlineNanos(PTO));
    assertEquals(NEVER, accepted.implicitDeadlineNanos());
    assertEquals(30 * S, accepted.deadlineNanos(S));
  }

  @Test
  void anUnusedImplicitConnectionIsLetGo() {
    assertEquals(305 * S, idle.implicitDeadlineNanos());
    idle.onReceived(100 * S);
    assertEquals(305 * S, idle.implicitDeadlineNanos());
    idle.onMessage(200 * S);
    assertEquals(500 * S, idle.implicitDeadlineNanos());
    assertEquals(110 * S, idle.deadlineNanos(S));
  }

  @Test
  void whoOversleptGivesThePeerOneMoreChance() {
    assertFalse(takesGrace(35 * S + S / 2), "on time: no grace");
    assertTrue(takesGrace(1000 * S));
    assertEquals(1003 * S, idle.idleDeadlineNanos(S));
    idle.onAckElicitingSent(1000 * S);
    assertEquals(1003 * S, idle.idleDeadlineNanos(S), "asking it does not begin the time anew");
    assertFalse(takesGrace(2000 * S), "one");
    idle.onReceived(2000 * S);
    assertTrue(takesGrace(3000 * S), "one for each silence");
  }

  private boolean takesGrace(long nowNanos) {
    return idle.takesGraceAfterJump(idle.idleDeadlineNanos(S), S, nowNanos);
  }

  /** A packet without an answer lay in the buffer, so that the idle deadline itself is ahead. */
  @Test
  void whoOversleptTheSilenceOfAPeerThatTalksGivesItOneMoreChanceToo() {
    long silent = idle.silentDeadlineNanos(5 * S, S);
    idle.onReceived(1000 * S);
    assertTrue(idle.takesGraceAfterJump(silent, S, 1000 * S));
    assertEquals(1003 * S, idle.idleDeadlineNanos(S));
  }
}
