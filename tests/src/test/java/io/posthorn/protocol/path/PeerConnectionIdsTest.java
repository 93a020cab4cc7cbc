package io.posthorn.protocol.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameType;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerConnectionIdsTest {
  private final PeerConnectionIds ids = new PeerConnectionIds();
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);
  private final DeliveryRate rate = new DeliveryRate();

  @BeforeEach
  void begin() {
    ids.begin(100, token(100));
  }

  private static byte[] token(long id) {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    new SplittableRandom(id).nextBytes(token);
    return token;
  }

  private @Nullable CloseReason onNew(long sequence, long retirePriorTo, long id) {
    return ids.onNew(sequence, retirePriorTo, id, token(id), 0);
  }

  /** The numbers that the peer is told of now, in ascending order. */
  private List<Long> told() {
    List<Long> told = new ArrayList<>();
    byte[] out = new byte[1200];
    builder.frames().reset(out, 0, out.length);
    ids.writeFrames(builder, 0);
    sent.commit(0, 1, true, false, rate);
    int length = builder.frames().written();
    for (int at = 0; at < length; at++) {
      assertEquals(FrameType.RETIRE_CONNECTION_ID, out[at++]);
      told.add(VarInt.read(out, at, length));
      at += VarInt.lengthOfFirstByte(out[at]) - 1;
    }
    Collections.sort(told);
    return told;
  }

  /** A peer behind a path that is dead in the other direction repeats its ids for half a minute. */
  @Test
  void whatIsRepeatedWhileNothingCanLeaveIsToldOnce() {
    assertNull(onNew(1, 0, 101));
    assertNull(onNew(2, 1, 102));
    assertEquals(List.of(0L), told());
    for (int i = 0; i < 1_000; i++) {
      assertNull(onNew(0, 0, 100), "repetition " + i);
    }
    assertEquals(List.of(0L), told());
  }

  @Test
  void theIdOfTheHandshakeIsUsedUntilItIsRetired() {
    assertEquals(100, ids.current());
    assertNull(onNew(1, 0, 101));
    assertEquals(100, ids.current());
    assertNull(onNew(2, 1, 102));
    assertEquals(101, ids.current());
    assertNull(onNew(3, 3, 103));
    assertEquals(103, ids.current());
  }

  @Test
  void moreIdsThanAnnouncedAreABreach() {
    assertTrue(PeerConnectionIds.limit() >= 2);
    for (int i = 1; i < PeerConnectionIds.limit(); i++) {
      assertNull(onNew(i, 0, 100 + i));
    }
    assertEquals(CloseReason.LIMIT, onNew(50, 0, 150));
    assertNull(onNew(50, 50, 150), "unless it retires those before");
    assertEquals(150, ids.current());
  }

  /** The connection closes then, but what it said before may still be on its way. */
  @Test
  void idsThatComeAfterTheBreachAreOneToo() {
    for (int i = 1; i < PeerConnectionIds.limit(); i++) {
      assertNull(onNew(i, 0, 100 + i));
    }
    for (int i = 0; i < 3; i++) {
      assertEquals(CloseReason.LIMIT, onNew(50 + i, 0, 150 + i));
    }
    assertEquals(CloseReason.LIMIT, onNew(60, 60, 160));
  }

  @Test
  void aRepeatedFrameIsHarmlessAndAContradictionIsABreach() {
    assertNull(onNew(1, 0, 101));
    assertNull(onNew(1, 0, 101));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, onNew(1, 0, 999));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, onNew(0, 0, 999));
  }

  @Test
  void anIdThatWasRetiredBeforeItCameIsNotUsed() {
    assertNull(onNew(5, 5, 105));
    assertNull(onNew(3, 0, 103));
    assertEquals(105, ids.current());
  }

  @Test
  void aRepeatedFrameRetiresTooAndTheLastIdStays() {
    assertNull(onNew(1, 0, 101));
    assertNull(onNew(1, 1, 101));
    assertEquals(101, ids.current());
  }

  @Test
  void aFloodOfNewIdsHoldsNoMoreThanTheLimit() {
    for (int i = 1; i < 100_000; i++) {
      assertNull(onNew(i, i, 100 + i));
      assertEquals(100 + i, ids.current());
      assertEquals(List.of(i - 1L), told());
      ids.onAcknowledged(i - 1, 0, 0);
    }
  }

  /** Else copies beget copies for as long as the path loses some: each is told for ever. */
  @Test
  void aCopyThatIsLostAfterAnotherArrivedIsNotToldAgain() {
    assertNull(onNew(1, 0, 101));
    assertNull(onNew(2, 2, 102));
    assertEquals(List.of(0L, 1L), told());
    ids.onProbe(0, 0, 0);
    ids.onProbe(1, 0, 0);
    assertEquals(List.of(0L, 1L), told());
    ids.onAcknowledged(0, 0, 0);
    ids.onLost(0, 0, 0);
    ids.onLost(1, 0, 0);
    assertEquals(List.of(1L), told());
    ids.onAcknowledged(1, 0, 0);
    ids.onProbe(1, 0, 0);
    assertFalse(ids.hasFrames(0));
  }

  @Test
  void anAcknowledgementTakesOnlyItsOwnOutOfThoseDue() {
    for (int i = 1; i <= 5; i++) {
      assertNull(onNew(i, i, 100 + i));
    }
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L), told());
    for (long due : new long[] {1, 4, 2}) {
      ids.onLost(due, 0, 0);
    }
    ids.onAcknowledged(0, 0, 0);
    ids.onAcknowledged(1, 0, 0);
    ids.onAcknowledged(1, 0, 0);
    assertEquals(List.of(2L, 4L), told());
  }

  @Test
  void whoHasIdsRetiredFasterThanHeAcknowledgesIsStopped() {
    CloseReason reason = null;
    int sent = 0;
    while (reason == null) {
      sent++;
      reason = onNew(sent, sent, 100 + sent);
    }
    assertEquals(CloseReason.LIMIT, reason);
    assertTrue(sent <= 65, "after " + sent);
  }

  /** RFC 9000 §9.5: one id is not used towards two addresses. */
  @Test
  void aNewPathGetsAFreshIdAndTheOldOneIsRetiredWhenItIsProved() {
    assertNull(onNew(1, 0, 101));
    assertNull(onNew(2, 0, 102));
    ids.onMoved();
    assertEquals(101, ids.current());
    assertEquals(100, ids.previous());
    assertEquals(List.of(), told());
    ids.onProved();
    assertEquals(101, ids.current());
    assertEquals(101, ids.previous());
    assertEquals(List.of(0L), told());
  }

  @Test
  void aPathThatGoesBackTakesItsIdAgain() {
    assertNull(onNew(1, 0, 101));
    ids.onMoved();
    ids.onReverted();
    assertEquals(100, ids.current());
    assertEquals(List.of(1L), told());
  }

  @Test
  void aSecondMoveBeforeTheProofTakesAThirdId() {
    assertNull(onNew(1, 0, 101));
    assertNull(onNew(2, 0, 102));
    ids.onMoved();
    ids.onMoved();
    assertEquals(102, ids.current());
    assertEquals(100, ids.previous());
    assertEquals(List.of(1L), told());
    ids.onMoved();
    assertEquals(102, ids.current(), "none to spare");
    ids.onReverted();
    assertEquals(100, ids.current());
    assertEquals(List.of(2L), told());
  }

  @Test
  void aFrameThatComesAgainAfterItsIdWasRetiredBringsNothingBack() {
    assertNull(onNew(1, 0, 101));
    ids.onMoved();
    ids.onReverted();
    assertEquals(List.of(1L), told());
    assertNull(onNew(1, 0, 101));
    ids.onMoved();
    assertEquals(100, ids.current());
    assertEquals(List.of(1L), told(), "it is told again");
    assertNull(onNew(3, 0, 103));
    assertNull(onNew(2, 0, 102));
    ids.onMoved();
    assertEquals(102, ids.current(), "one that comes late is good");
  }

  @Test
  void withoutASpareIdTheOnlyOneStays() {
    ids.onMoved();
    ids.onProved();
    ids.onMoved();
    ids.onReverted();
    assertEquals(100, ids.current());
    assertEquals(List.of(), told());
  }

  @Test
  void aRetirementThatIsLostIsToldAgain() {
    assertNull(onNew(1, 1, 101));
    assertEquals(List.of(0L), told());
    ids.onLost(0, 0, 0);
    ids.onLost(0, 0, 0);
    assertEquals(List.of(0L), told());
  }

  @Test
  void theTokenOfEachIdIsAReset() {
    assertNull(onNew(1, 0, 101));
    assertTrue(ids.isReset(token(100), 0));
    assertTrue(ids.isReset(token(101), 0));
    assertFalse(ids.isReset(token(102), 0));
    byte[] close = token(100);
    close[15] ^= 1;
    assertFalse(ids.isReset(close, 0));
    assertNull(onNew(2, 2, 102));
    assertFalse(ids.isReset(token(100), 0), "of a retired id it is none");
  }
}
