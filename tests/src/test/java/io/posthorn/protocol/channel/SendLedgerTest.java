package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.ReceiptOutcome;
import org.junit.jupiter.api.Test;

class SendLedgerTest {
  private static final int OVERHEAD = SendLedger.MESSAGE_OVERHEAD_BYTES;

  private final SendLedger ledger = new SendLedger(1000);

  @Test
  void refusesWhatGoesBeyondTheLimitAndSaysWhenThereIsRoom() {
    assertTrue(ledger.hasRoom(1000 - OVERHEAD));
    ledger.onTaken(500);
    ledger.onTaken(100);
    assertEquals(600 + 2 * OVERHEAD, ledger.heldBytes());
    assertTrue(ledger.hasRoom(1000 - 600 - 3 * OVERHEAD));
    assertFalse(ledger.isRefusing());
    assertFalse(ledger.hasRoom(1000 - 600 - 3 * OVERHEAD + 1));
    assertTrue(ledger.isRefusing());
    assertFalse(ledger.pollWritable(), "not yet: more than half is held");
    ledger.onSettled(500, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(ledger.pollWritable());
    assertFalse(ledger.pollWritable(), "told once");
    assertFalse(ledger.isRefusing());
  }

  @Test
  void aMessageLargerThanTheLimitGoesAlone() {
    assertTrue(ledger.hasRoom(5000));
    ledger.onTaken(5000);
    assertFalse(ledger.hasRoom(0));
    ledger.onSettled(5000, null, ReceiptOutcome.ACKNOWLEDGED, true);
    assertTrue(ledger.hasRoom(5000));
  }

  @Test
  void emptyMessagesAreBoundedToo() {
    int taken = 0;
    while (ledger.hasRoom(0)) {
      ledger.onTaken(0);
      taken++;
    }
    assertEquals(1000 / OVERHEAD, taken);
    assertEquals(taken, ledger.openMessages());
  }

  @Test
  void countsHowMessagesEnd() {
    for (int i = 0; i < 4; i++) {
      ledger.onTaken(1);
    }
    ledger.onSettled(1, "one", ReceiptOutcome.ACKNOWLEDGED, true);
    ledger.onSettled(1, null, ReceiptOutcome.CLOSED, false);
    ledger.onSettled(1, "two", ReceiptOutcome.CLOSED, true);
    assertEquals(1, ledger.acknowledgedMessages());
    assertEquals(1, ledger.lostUnreceipted());
    assertEquals(1, ledger.openMessages());
    ledger.onSent(1);
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
