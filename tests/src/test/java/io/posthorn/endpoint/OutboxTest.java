package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OutboxTest {
  private final Outbox outbox = new Outbox();
  private final TransmitBatch batch = new TransmitBatch();

  @Test
  void answersLeaveInTheirOrderToTheirAddresses() {
    assertTrue(outbox.isEmpty());
    assertFalse(outbox.poll(batch));
    outbox.add(new byte[] {1, 2, 3}, HandPeer.address(1));
    outbox.add(new byte[] {4}, HandPeer.address(2));
    assertFalse(outbox.isEmpty());
    assertTrue(outbox.poll(batch));
    assertEquals(HandPeer.address(1), batch.peer());
    assertEquals(3, batch.lengthBytes());
    assertEquals(3, batch.bytes()[2]);
    batch.clear();
    assertTrue(outbox.poll(batch));
    assertEquals(HandPeer.address(2), batch.peer());
    assertEquals(1, batch.segments());
    assertFalse(outbox.poll(batch));
  }

  @Test
  void beyondTheLimitNoAnswerIsKept() {
    for (int i = 0; i < 10_000; i++) {
      outbox.add(new byte[1], HandPeer.address(i));
    }
    int kept = 0;
    while (outbox.poll(batch)) {
      assertEquals(HandPeer.address(kept), batch.peer());
      kept++;
    }
    assertEquals(256, kept);
  }
}
