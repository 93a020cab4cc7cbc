package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The receiving halves of ordered channels beside each other: turns, memory, credit. */
class IncomingChannelsTest {
  private final ReceiveMemory memory = new ReceiveMemory(4096);
  private final IncomingChannels channels =
      new IncomingChannels(new ReceiveBudget(1 << 20, 64 * 1024, false), memory);
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());

  private int write(int room) {
    builder.frames().reset(new byte[room], 0, room);
    channels.writeFrames(builder, 0);
    return builder.frames().written();
  }

  @Test
  void whenTheSocketsMemoryIsFullOnlyDataInOrderIsTaken() {
    memory.add(4096);
    assertNull(channels.onData(1, 10, new byte[5], 0, 5));
    assertTrue(channels.wasMemoryFull());
    assertEquals(0, channels.receivedMemoryBytes());
    assertNull(channels.onData(1, 0, new byte[] {2, 9}, 0, 2));
    assertFalse(channels.wasMemoryFull());
    assertTrue(channels.hasMessage());
  }

  @Test
  void readersTakeTurnsOverTheChannels() {
    for (int channel : new int[] {9, 4}) {
      for (int i = 0; i < 3; i++) {
        assertNull(channels.onData(channel, 2L * i, new byte[] {2, (byte) channel}, 0, 2));
      }
    }
    List<Integer> order = new ArrayList<>();
    while (channels.hasMessage()) {
      int channel = channels.nextReadable();
      assertNotNull(channels.takeFrom(channel, false));
      order.add(channel);
    }
    assertEquals(List.of(4, 9, 4, 9, 4, 9), order);
    assertNull(channels.takeFrom(4, false));
    assertNull(channels.takeFrom(50, false));
  }

  @Test
  void aComplaintIsAnsweredWithALimitThatThePeerMissed() {
    assertNull(channels.onData(1, 0, new byte[] {0}, 0, 1));
    channels.onBlocked(1, 4096);
    assertFalse(channels.hasFrames(0), "it knows the limit");
    channels.onBlocked(1, 100);
    assertTrue(channels.hasFrames(0));
    assertTrue(write(100) > 0);
    assertFalse(channels.hasFrames(0));
    channels.onBlocked(2, 0);
    assertFalse(channels.hasFrames(0), "nothing ever came on this channel");
  }
}
