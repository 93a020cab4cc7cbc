package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import org.junit.jupiter.api.Test;

class ConfirmationsTest {
  private final Confirmations confirmations = new Confirmations();
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);
  private final DeliveryRate rate = new DeliveryRate();

  private int write(int room) {
    builder.frames().reset(new byte[room], 0, room);
    confirmations.writeFrames(builder, 0);
    sent.commit(0, 1, true, false, rate);
    return builder.frames().written();
  }

  @Test
  void aConfirmationIsReportedOnce() {
    confirmations.expect(true, 3, 7, "one");
    confirmations.onConfirm(true, 3, 7);
    confirmations.onConfirm(true, 3, 7);
    assertEquals("one", confirmations.pollProcessed());
    assertNull(confirmations.pollProcessed());
  }

  @Test
  void kindChannelAndNumberHaveToAgree() {
    confirmations.expect(true, 3, 7, "one");
    confirmations.onConfirm(false, 3, 7);
    confirmations.onConfirm(true, 2, 7);
    confirmations.onConfirm(true, 3, 8);
    assertNull(confirmations.pollProcessed());
    confirmations.forget(true, 3, 7);
    confirmations.onConfirm(true, 3, 7);
    assertNull(confirmations.pollProcessed());
  }

  @Test
  void bothDirectionsAreBounded() {
    for (int i = 0; i < Confirmations.LIMIT + 10; i++) {
      confirmations.expect(false, 0, i, i);
      confirmations.confirm(false, 0, i);
    }
    confirmations.onConfirm(false, 0, 9);
    assertNull(confirmations.pollProcessed(), "beyond the limit the oldest is forgotten");
    confirmations.onConfirm(false, 0, 10);
    assertEquals(10, confirmations.pollProcessed());
    confirmations.onConfirm(false, 0, Confirmations.LIMIT + 9);
    assertEquals(Confirmations.LIMIT + 9, confirmations.pollProcessed());
    int packets = 0;
    while (confirmations.hasFrames(0)) {
      assertTrue(write(60_000) > 0);
      packets++;
    }
    assertTrue(packets < 10);
    assertEquals(Confirmations.LIMIT, sent.tokensTo(sent.next() - 1));
  }

  @Test
  void aLostConfirmationGoesAgain() {
    confirmations.confirm(true, 63, 1L << 40);
    assertFalse(confirmations.isDrained());
    assertTrue(write(100) > 0);
    assertFalse(confirmations.isDrained(), "it may be lost");
    long first = sent.tokenFirst(0);
    long second = sent.tokenSecond(0);
    confirmations.onLost(first, second, 0);
    assertTrue(confirmations.hasFrames(0));
    write(100);
    assertEquals(first, sent.tokenFirst(1));
    assertEquals(second, sent.tokenSecond(1));
    confirmations.onAcknowledged(first, second, 0);
    assertTrue(confirmations.isDrained());
    confirmations.onLost(first, second, 0);
    assertFalse(confirmations.hasFrames(0), "one copy is enough");
  }

  @Test
  void manyProbesOfAnOutageQueueEachConfirmationOnce() {
    for (int number = 0; number < 20; number++) {
      confirmations.confirm(true, 1, number);
    }
    write(1_000);
    for (int probe = 0; probe < 50; probe++) {
      for (long token = sent.tokensFrom(0); token < sent.tokensTo(0); token++) {
        confirmations.onProbe(sent.tokenFirst(token), sent.tokenSecond(token), 0);
      }
    }
    write(60_000);
    assertEquals(20, sent.tokensTo(1) - sent.tokensFrom(1));
    assertFalse(confirmations.hasFrames(0));
  }

  @Test
  void whatIsAcknowledgedWhileItWaitsToGoAgainStays() {
    confirmations.confirm(true, 1, 1);
    write(100);
    confirmations.onProbe(sent.tokenFirst(0), sent.tokenSecond(0), 0);
    confirmations.onAcknowledged(sent.tokenFirst(0), sent.tokenSecond(0), 0);
    assertFalse(confirmations.hasFrames(0));
    assertTrue(confirmations.isDrained());
  }

  @Test
  void whatDoesNotFitWaits() {
    confirmations.confirm(true, 1, 1);
    assertEquals(0, write(2));
    assertTrue(confirmations.hasFrames(0));
    assertEquals(Long.MAX_VALUE, confirmations.deadlineNanos());
  }
}
