package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a stream may and may not say to the receiving half of an ordered channel. */
class IncomingChannelTest {
  private static final long CEILING = 512 * 1024;
  private static final long SLICE = 2048;

  private final ReceiveMemory memory = new ReceiveMemory(1 << 20);
  private final ReceiveBudget budget = new ReceiveBudget(CEILING, 64 * 1024, false);
  private final IncomingChannel channel = new IncomingChannel(3, budget, memory);

  private static byte[] chunk(int length, boolean more, int fill) {
    byte[] header = new byte[8];
    int headerBytes = VarInt.write(header, 0, length * 2L + (more ? 1 : 0));
    byte[] out = Arrays.copyOf(header, headerBytes + length);
    Arrays.fill(out, headerBytes, out.length, (byte) fill);
    return out;
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static @Nullable CloseReason data(IncomingChannel to, long offset, byte[] bytes) {
    CloseReason breach = to.check(offset, bytes.length);
    if (breach != null) {
      return breach;
    }
    assertTrue(to.store(offset, bytes, 0, bytes.length));
    return to.scan();
  }

  @Test
  void fault50_dataBeyondTheCreditBreaksFlowControl() {
    assertEquals(SLICE, channel.window().granted());
    assertNull(channel.check(SLICE - 1, 1));
    assertEquals(CloseReason.FLOW_CONTROL, channel.check(SLICE, 1));
    assertEquals(CloseReason.FLOW_CONTROL, channel.check(WireLimits.MAX_OFFSET - 1, 1));
    channel.window().onGranted(SLICE + 1);
    assertNull(channel.check(SLICE, 1));
    channel.window().onGranted(5);
    assertEquals(SLICE + 1, channel.window().granted(), "credit never shrinks");
  }

  @Test
  void fault50_theEndOfAChannelDoesNotMove() {
    assertNull(data(channel, 0, chunk(9, false, 1)));
    assertNull(channel.onFin(10));
    assertNull(channel.onFin(10));
    assertEquals(CloseReason.FINAL_SIZE, channel.onFin(11));
    assertEquals(CloseReason.FINAL_SIZE, channel.onFin(9));
    assertEquals(CloseReason.FINAL_SIZE, channel.check(10, 1));
    assertNull(channel.check(9, 1));
  }

  @Test
  void fault50_theEndOfAChannelIsNotBelowWhatArrived() {
    assertNull(data(channel, 100, chunk(20, false, 1)));
    assertEquals(CloseReason.FINAL_SIZE, channel.onFin(120));
    assertNull(channel.onFin(121));
  }

  @Test
  void aChunkLongerThanAllowedIsABreach() {
    byte[] header = new byte[4];
    VarInt.write(header, 0, 2L * (WireLimits.MAX_CHUNK_BYTES + 1));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, data(channel, 0, header));
  }

  @Test
  void fault50_aMessageLongerThanAnnouncedIsABreachBeforeItsBytesCome() {
    ReceiveBudget small = new ReceiveBudget(CEILING, 1000, false);
    IncomingChannel to = new IncomingChannel(0, small, memory);
    assertNull(data(to, 0, chunk(1000, true, 1)));
    byte[] header = new byte[1];
    header[0] = 2;
    assertEquals(CloseReason.MESSAGE_TOO_LARGE, data(to, 1002, header));
  }

  /** Chunks of one byte make headers outweigh the message, which memory has to bear as well. */
  @Test
  void fault50_aMessageInTinyChunksIsBoundedByItsBytesOnTheStream() {
    ReceiveBudget small = new ReceiveBudget(1 << 24, 1 << 20, false);
    IncomingChannel to = new IncomingChannel(0, small, memory);
    to.window().onGranted(1L << 30);
    byte[] tiny = new byte[60_000];
    for (int i = 0; i < tiny.length; i += 2) {
      tiny[i] = 3;
    }
    long offset = 0;
    CloseReason breach = null;
    while (breach == null && offset < 4 << 20) {
      breach = data(to, offset, tiny);
      offset += tiny.length;
    }
    assertEquals(CloseReason.MESSAGE_TOO_LARGE, breach);
    assertTrue(offset <= small.rawLimitBytes() + tiny.length);
  }

  @Test
  void aMessageOfSeveralChunksIsJoined() {
    byte[] stream = join(chunk(3, true, 1), chunk(2, true, 2), chunk(1, false, 3));
    for (int at = 0; at < stream.length; at++) {
      assertFalse(channel.hasMessage());
      assertNull(channel.take());
      assertNull(data(channel, at, new byte[] {stream[at]}));
    }
    assertTrue(channel.hasMessage());
    IncomingChannels.Taken taken = channel.take();
    assertNotNull(taken);
    assertArrayEquals(new byte[] {1, 1, 1, 2, 2, 3}, taken.body());
    assertEquals(0, taken.number());
    assertFalse(taken.more() || taken.aborted());
    assertFalse(channel.hasMessage());
    assertFalse(channel.expectsMore());
  }

  @Test
  void aLastChunkMayBeEmpty() {
    assertNull(data(channel, 0, join(chunk(3, true, 1), chunk(0, false, 0), chunk(0, false, 0))));
    IncomingChannels.Taken first = channel.take();
    assertNotNull(first);
    assertEquals(3, first.body().length);
    IncomingChannels.Taken second = channel.take();
    assertNotNull(second);
    assertEquals(0, second.body().length);
    assertEquals(1, second.number());
    assertNull(channel.take());
  }

  @Test
  void anAbortedMessageIsPassedOverAndCounted() {
    assertNull(data(channel, 0, join(chunk(3, true, 1), chunk(0, true, 0), chunk(2, false, 9))));
    IncomingChannels.Taken taken = channel.take();
    assertNotNull(taken);
    assertArrayEquals(new byte[] {9, 9}, taken.body());
    assertEquals(1, taken.number());
    assertNull(channel.take());
  }

  @Test
  void anAbortInMidStreamIsTold() {
    IncomingChannel to = new IncomingChannel(0, new ReceiveBudget(CEILING, 1000, true), memory);
    assertNull(data(to, 0, chunk(3, true, 1)));
    IncomingChannels.Taken first = to.take();
    assertNotNull(first);
    assertTrue(first.more());
    assertTrue(to.isMidStream());
    assertFalse(to.hasMessage());
    assertNull(data(to, 4, join(chunk(0, true, 0), chunk(1, false, 7))));
    IncomingChannels.Taken last = to.take();
    assertNotNull(last);
    assertTrue(last.aborted());
    assertFalse(last.more());
    assertEquals(0, last.body().length);
    assertEquals(first.number(), last.number());
    IncomingChannels.Taken next = to.take();
    assertNotNull(next);
    assertArrayEquals(new byte[] {7}, next.body());
    assertEquals(1, next.number());
  }

  @Test
  void creditComesBackWhenHalfTheWindowIsTaken() {
    long offset = 0;
    byte[] message = chunk(500, false, 1);
    assertNull(data(channel, offset, message));
    offset += message.length;
    assertNotNull(channel.take());
    assertFalse(channel.wantsGrant());
    assertEquals(-1, channel.grantDue());
    assertNull(data(channel, offset, chunk(600, false, 1)));
    assertFalse(channel.wantsGrant(), "untaken bytes give no credit");
    assertNotNull(channel.take());
    assertTrue(channel.wantsGrant());
    assertEquals(502 + 602 + SLICE, channel.grantDue());
  }

  @Test
  void aWindowThatTheSenderUsesUpIsWidened() {
    assertNull(data(channel, 0, chunk(1998, false, 1)));
    channel.window().onBlocked(SLICE);
    assertFalse(channel.wantsGrant(), "the application does not keep up");
    assertNotNull(channel.take());
    assertTrue(channel.wantsGrant());
    assertEquals(2000 + 4 * SLICE, channel.grantDue());
    channel.window().onGranted(2000 + 4 * SLICE);
    assertFalse(channel.wantsGrant());
    assertEquals(-1, channel.grantDue(), "once");
  }

  @Test
  void aWindowThatIsNotUsedUpStaysAsItIs() {
    long offset = 0;
    for (int i = 0; i < 20; i++) {
      byte[] message = chunk(300, false, 1);
      assertNull(data(channel, offset, message));
      offset += message.length;
      assertNotNull(channel.take());
      long due = channel.grantDue();
      assertTrue(due <= offset + SLICE);
      channel.window().onGranted(due);
    }
  }

  @Test
  void oneChannelAtATimeOutgrowsItsWindow() {
    IncomingChannel other = new IncomingChannel(4, budget, memory);
    while (budget.widen(0, CEILING) > 0) {
      // Until nothing is left to widen windows with.
    }
    byte[] begun = Arrays.copyOf(chunk(60_000, false, 1), (int) SLICE);
    assertNull(data(channel, 0, begun));
    assertNull(data(other, 0, begun));
    assertTrue(channel.wantsGrant());
    assertTrue(other.wantsGrant());
    assertEquals(2 * SLICE, channel.grantDue());
    assertFalse(other.wantsGrant(), "the token is taken");
    assertEquals(-1, other.grantDue());
    budget.endAssembly(3);
    assertEquals(2 * SLICE, other.grantDue());
  }

  @Test
  void whatOnlyWaitsBehindAGapIsTold() {
    assertFalse(channel.isAhead(0));
    assertTrue(channel.isAhead(1));
    assertFalse(channel.expectsMore());
    assertNull(data(channel, 10, new byte[] {1}));
    assertTrue(channel.expectsMore());
    channel.release();
    assertEquals(0, memory.usedBytes());
  }
}
