package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.ReceiptOutcome;
import org.junit.jupiter.api.Test;

class SendLedgerTest {
  private static final int OVERHEAD = SendLedger.MESSAGE_OVERHEAD_BYTES;

  private static final int LIMIT = 1 << 20;
  private static final int SLICE = 1_000;

  private final SendLedger ledger = new SendLedger(LIMIT);
  private final SendShare share = ledger.ofChannel(0);

  @Test
  void refusesWhatGoesBeyondTheLimitAndSaysWhenThereIsRoom() {
    int most = (int) ledger.mostBytes(share);
    assertTrue(most > LIMIT * 4L / 5 && most < LIMIT, most + " of " + LIMIT);
    assertTrue(share.hasRoom(most - OVERHEAD));
    share.onTaken(500_000);
    share.onTaken(100_000);
    assertEquals(600_000 + 2 * OVERHEAD, ledger.heldBytes());
    assertTrue(share.hasRoom(most - 600_000 - 3 * OVERHEAD));
    assertFalse(ledger.isRefusing());
    share.onTaken(200_000);
    assertFalse(share.hasRoom(most - 800_000 - 4 * OVERHEAD + 1));
    assertTrue(ledger.isRefusing());
    assertFalse(ledger.pollWritable(), "not yet: more than three quarters are held");
    share.onSettled(200_000, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(ledger.pollWritable());
    assertFalse(ledger.pollWritable(), "told once");
    assertFalse(ledger.isRefusing());
  }

  @Test
  void aMessageLargerThanTheLimitGoesAlone() {
    int large = 5 * LIMIT;
    assertTrue(share.hasRoom(large));
    share.onTaken(large);
    assertFalse(share.hasRoom(0));
    share.onSettled(large, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(share.hasRoom(large));
  }

  @Test
  void emptyMessagesAreBoundedToo() {
    long taken = 0;
    while (share.hasRoom(0)) {
      share.onTaken(0);
      taken++;
    }
    assertEquals(ledger.mostBytes(share) / OVERHEAD, taken);
    assertEquals(taken, ledger.openMessages());
  }

  /** However many stand still, the next one gets its slice, and the whole stays at the limit. */
  @Test
  void sharesThatStandLeaveOthersTheirSlice() {
    for (int channel = 0; channel < 64; channel++) {
      int taken = 0;
      SendShare next = ledger.ofChannel(channel);
      while (next.hasRoom(100)) {
        next.onTaken(100);
        taken += 100 + OVERHEAD;
      }
      assertTrue(taken > SLICE - 200, taken + " bytes on channel " + channel);
    }
    assertTrue(ledger.ofMessages().hasRoom(500));
    assertTrue(ledger.ofDatagrams().hasRoom(500));
    assertTrue(ledger.heldBytes() <= LIMIT, "holds " + ledger.heldBytes());
  }

  /** One message of any length for a share that holds nothing, but one beyond the limit in all. */
  @Test
  void oneMessageGoesBeyondTheLimit() {
    while (share.hasRoom(10_000)) {
      share.onTaken(10_000);
    }
    assertTrue(ledger.ofChannel(1).hasRoom(LIMIT));
    ledger.ofChannel(1).onTaken(LIMIT);
    assertFalse(ledger.ofChannel(2).hasRoom(10_000));
    assertTrue(ledger.ofChannel(2).hasRoom(SLICE - 2 * OVERHEAD));
    assertTrue(ledger.heldBytes() <= 2 * LIMIT, "holds " + ledger.heldBytes());
    assertFalse(ledger.pollWritable());
    ledger.ofChannel(1).onSettled(LIMIT, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(ledger.pollWritable(), "room for the message that was refused");
    assertTrue(ledger.isRefusing(), "the one that stands");
  }

  /** It may stand for ever; what is left for the others is not their slices alone. */
  @Test
  void aMessageBeyondTheLimitLeavesTheOthersAnEighth() {
    assertTrue(share.hasRoom(3 * LIMIT));
    share.onTaken(3 * LIMIT);
    long taken = 0;
    for (int channel = 1; channel < 63; channel++) {
      SendShare next = ledger.ofChannel(channel);
      while (next.hasRoom(100)) {
        next.onTaken(100);
        taken += 100 + OVERHEAD;
      }
      if (channel == 1) {
        assertTrue(taken > LIMIT / 10, taken + " bytes on the first");
      }
    }
    assertFalse(ledger.ofChannel(63).hasRoom(LIMIT), "one goes beyond, and no other");
    assertTrue(ledger.heldBytes() <= 4 * LIMIT, "holds " + ledger.heldBytes());
    share.onSettled(3 * LIMIT, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(ledger.ofChannel(63).hasRoom(LIMIT));
  }

  /** Or they would take, again and again, the room that it waits for. */
  @Test
  void smallMessagesWaitBehindALargeOneThatFoundNoRoom() {
    int large = (int) ledger.mostBytes(share) - 300_000;
    for (int i = 0; i < 400; i++) {
      share.onTaken(1_000);
    }
    assertFalse(share.hasRoom(large));
    assertFalse(share.hasRoom(1_000), "behind it");
    assertEquals(0, share.roomInStreamBytes());
    assertTrue(ledger.ofChannel(1).hasRoom(1_000), "on another channel");
    while (!ledger.pollWritable()) {
      assertFalse(share.hasRoom(1_000), "behind it still");
      share.onSettled(1_000, null, ReceiptOutcome.ACKNOWLEDGED, true);
    }
    assertTrue(share.hasRoom(large));
  }

  /** Its sender may have given up. */
  @Test
  void aLargeMessageThatDoesNotComeAgainHoldsNobodyUp() {
    share.onTaken(1_000);
    assertFalse(share.hasRoom(5 * LIMIT));
    assertFalse(share.hasRoom(1_000));
    share.onSettled(1_000, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(ledger.pollWritable());
    assertTrue(share.hasRoom(1_000));
    assertTrue(share.roomInStreamBytes() > 0);
  }

  /** What another share holds may stand for ever. */
  @Test
  void aLargeMessageThatWaitsForAnotherShareHoldsNobodyUp() {
    ledger.ofChannel(1).onTaken(3 * LIMIT);
    share.onTaken(1_000);
    assertFalse(share.hasRoom(LIMIT));
    assertTrue(share.hasRoom(1_000));
  }

  @Test
  void whatWaitsToLeaveHoldsBackItsOwnShareOnly() {
    SendLedger large = new SendLedger(16L << 20);
    SendShare waits = large.ofChannel(0);
    waits.onTaken(2 << 20);
    waits.onStreamed(2 << 20);
    assertFalse(waits.hasRoomInStream(1));
    assertEquals(0, waits.roomInStreamBytes());
    assertTrue(large.ofChannel(1).hasRoomInStream(1 << 20));
    assertFalse(large.pollWritable());
    waits.onFirstSent(2 << 20);
    assertTrue(large.pollWritable());
  }

  @Test
  void countsHowMessagesEnd() {
    for (int i = 0; i < 4; i++) {
      share.onTaken(1);
    }
    share.onSettled(1, "one", ReceiptOutcome.ACKNOWLEDGED, true);
    share.onSettled(1, null, ReceiptOutcome.CLOSED, false);
    share.onSettled(1, "two", ReceiptOutcome.CLOSED, true);
    assertEquals(1, ledger.acknowledgedMessages());
    assertEquals(1, ledger.lostUnreceipted());
    assertEquals(1, ledger.openMessages());
    share.onSent(1);
    assertEquals(0, ledger.openMessages());
    assertEquals(0, ledger.heldBytes());
    ledger.onReport("three", ReceiptOutcome.LOST, true);
    assertTrue(ledger.hasSettled());
    assertEquals(new SendLedger.Settled("one", ReceiptOutcome.ACKNOWLEDGED, true), ledger.poll());
    assertEquals(new SendLedger.Settled("two", ReceiptOutcome.CLOSED, true), ledger.poll());
    assertEquals(new SendLedger.Settled("three", ReceiptOutcome.LOST, true), ledger.poll());
    assertNull(ledger.poll());
    assertFalse(ledger.hasSettled());
    ledger.onRetransmitted(7);
    ledger.onRetransmitted(3);
    assertEquals(10, ledger.retransmittedBytes());
  }
}
