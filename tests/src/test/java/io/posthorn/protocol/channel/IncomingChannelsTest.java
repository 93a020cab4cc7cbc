package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
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

  /** A sender of messages that outgrow their window, as far as the receiver lets it. */
  private static long fill(IncomingChannels to, int channel, long sent, long limit) {
    int chunk = 4 + 50_000; // of four is a message
    byte[] stream = new byte[(int) Math.max(sent, limit) + chunk];
    for (int i = 0; i * chunk + 4 < stream.length; i++) {
      VarInt.write(stream, i * chunk, 50_000 * 2L + (i % 4 < 3 ? 1 : 0));
    }
    if (limit > sent) {
      assertNull(to.onData(channel, sent, stream, (int) sent, (int) (limit - sent)));
    }
    return limit;
  }

  /** The limits announced now; those of channels that nothing is said of stay. */
  private void readGrants(IncomingChannels from, long[] limits) {
    byte[] out = new byte[200];
    builder.frames().reset(out, 0, out.length);
    from.writeFrames(builder, 0);
    for (int at = 0; at < builder.frames().written(); ) {
      int channel = out[at + 1];
      at += 2;
      int end = at + VarInt.lengthOfFirstByte(out[at]);
      limits[channel] = Math.max(limits[channel], VarInt.read(out, at, end));
      at = end;
    }
  }

  /** Whether or not its holder's next message has begun by then. */
  @Test
  void theAssemblyTokenGoesOnWithEachMessageTaken() {
    IncomingChannels to =
        new IncomingChannels(
            new ReceiveBudget(1 << 20, 256 * 1024, false), new ReceiveMemory(1 << 20));
    int message = 4 * (4 + 50_000);
    long[] sent = new long[2];
    long[] limits = {4096, 4096};
    for (int round = 0; !to.hasMessage() && round < 1_000; round++) {
      for (int channel = 0; channel < 2; channel++) {
        long limit = Math.min(limits[channel], message + 1L); // a byte of the next one
        sent[channel] = fill(to, channel, sent[channel], limit);
      }
      readGrants(to, limits);
    }
    int first = sent[0] > sent[1] ? 0 : 1;
    int second = 1 - first;
    assertEquals(message + 1, sent[first]);
    assertTrue(sent[second] < message / 2, "the other one waits with " + sent[second]);
    assertNotNull(to.takeFrom(first, false));
    readGrants(to, limits);
    assertTrue(limits[second] > sent[second], "it is the turn of the other one");
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
