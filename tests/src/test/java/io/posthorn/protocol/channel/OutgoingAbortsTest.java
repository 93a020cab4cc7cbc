package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import org.junit.jupiter.api.Test;

class OutgoingAbortsTest {
  private final OutgoingAborts aborts = new OutgoingAborts();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());

  /** Writes into a packet with so much room; answers how much was written. */
  private int write(int room) {
    builder.frames().reset(new byte[room], 0, room);
    aborts.write(builder);
    return builder.frames().written();
  }

  @Test
  void whatIsLostGoesAgainOnceAndWhatIsKnownNot() {
    aborts.add(1, 10);
    aborts.add(2, 10);
    aborts.add(3, 10);
    int all = write(100);
    assertEquals(9, all);
    assertFalse(aborts.canSend());
    aborts.onLost(2);
    aborts.onLost(2);
    aborts.onLost(1);
    aborts.onAcknowledged(2);
    assertTrue(aborts.canSend());
    assertEquals(3, write(100), "that of 1 alone");
    aborts.onLost(3);
    aborts.onAcknowledged(3);
    aborts.onAcknowledged(3);
    assertFalse(aborts.canSend());
    aborts.onLost(3);
    assertFalse(aborts.canSend());
    assertFalse(aborts.isDrained(), "nobody knows of 1");
    aborts.onAcknowledged(1);
    assertTrue(aborts.isDrained());
  }

  @Test
  void whatDoesNotFitWaits() {
    aborts.add(1, 10);
    aborts.add(2, 10);
    assertEquals(3, write(5));
    assertTrue(aborts.canSend());
    assertEquals(3, write(5));
    assertFalse(aborts.canSend());
    aborts.clear();
    assertTrue(aborts.isDrained());
  }
}
