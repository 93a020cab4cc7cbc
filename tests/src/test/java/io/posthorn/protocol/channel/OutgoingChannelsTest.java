package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sending halves of ordered channels beside each other: credit, ends. */
class OutgoingChannelsTest {
  private static final long NEVER = Long.MAX_VALUE;

  private final SendLedger ledger = new SendLedger(1 << 20);
  private final OutgoingChannels channels =
      new OutgoingChannels(ledger, new Confirmations(), new ReceiveMemory(4096));
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);
  private final DeliveryRate rate = new DeliveryRate();

  private int write(int room) {
    builder.frames().reset(new byte[room], 0, room);
    channels.writeFrames(builder, 0);
    for (long left = channels.sendableChannels(0); left != 0; left &= left - 1) {
      channels.writeChannel(Long.numberOfTrailingZeros(left), builder, 0);
    }
    sent.commit(0, 1, true, false, rate);
    return builder.frames().written();
  }

  private List<Integer> channelsOfLastPacket() {
    List<Integer> numbers = new ArrayList<>();
    long number = sent.next() - 1;
    for (long at = sent.tokensFrom(number); at < sent.tokensTo(number); at++) {
      numbers.add((int) (sent.tokenSecond(at) >>> 32) & 63);
    }
    return numbers;
  }

  private void send(int channel, int bytes) {
    channels.send(channel, new byte[bytes], false, NEVER, false, "receipt");
  }

  @Test
  void smallMessagesOfManyChannelsShareAPacket() {
    channels.onPeerLimits(100_000, 64);
    for (int channel = 0; channel < 64; channel++) {
      send(channel, 5);
    }
    assertTrue(write(1200) < 1200);
    assertEquals(64, channelsOfLastPacket().size());
    assertFalse(channels.hasFrames(0));
  }

  @Test
  void nothingLeavesWithoutCreditButOneComplaint() {
    channels.onPeerLimits(0, 64);
    send(1, 100);
    assertTrue(channels.isBlocked());
    assertTrue(channels.hasFrames(0));
    assertTrue(write(1200) > 0);
    assertFalse(channels.hasFrames(0), "says so once");
    long number = sent.next() - 1;
    channels.onLost(
        sent.tokenFirst(sent.tokensFrom(number)), sent.tokenSecond(sent.tokensFrom(number)), 0);
    assertTrue(channels.hasFrames(0), "and again if that was lost");
    write(1200);
    channels.onMaxData(1, 50);
    assertTrue(channels.hasFrames(0));
    assertFalse(channels.isBlocked());
    write(1200);
    assertTrue(channels.isBlocked());
    channels.onMaxData(1, 40);
    assertTrue(channels.isBlocked(), "credit never shrinks");
    channels.onMaxData(1, 4000);
    write(1200);
    assertFalse(channels.hasFrames(0));
    assertFalse(channels.isDrained());
  }

  @Test
  void aComplaintThatIsLostTogetherWithDataGoesAgainWithIt() {
    channels.onPeerLimits(50, 64);
    send(1, 100);
    write(1200);
    assertEquals(List.of(1, 1), channelsOfLastPacket(), "data and the complaint");
    long number = sent.next() - 1;
    for (long at = sent.tokensFrom(number); at < sent.tokensTo(number); at++) {
      channels.onLost(sent.tokenFirst(at), sent.tokenSecond(at), 0);
    }
    write(1200);
    assertEquals(List.of(1, 1), channelsOfLastPacket(), "both again");
    assertFalse(channels.hasFrames(0));
  }

  @Test
  void oneBlockedChannelDoesNotHoldTheOthers() {
    channels.onPeerLimits(10, 64);
    send(1, 100);
    send(2, 5);
    write(1200);
    channels.onMaxData(2, 1000);
    send(2, 50);
    assertFalse(channels.isBlocked());
    write(1200);
    assertEquals(List.of(2), channelsOfLastPacket());
  }

  @Test
  void aPeerThatTakesFewerChannelsIsRespected() {
    channels.onPeerLimits(10, 3);
    assertTrue(channels.isAllowed(2));
    assertFalse(channels.isAllowed(3));
    assertFalse(channels.isAllowed(-1));
  }

  @Test
  void theEndSettlesAllThatIsLeft() {
    channels.onPeerLimits(100, 64);
    send(1, 50);
    send(1, 500);
    send(1, 500);
    write(1200);
    channels.abandon(ReceiptOutcome.CLOSED);
    boolean[] may = new boolean[3];
    for (int i = 0; i < 3; i++) {
      SendLedger.Settled settled = ledger.poll();
      assertNotNull(settled);
      assertEquals(ReceiptOutcome.CLOSED, settled.outcome());
      may[i] = settled.mayHaveArrived();
    }
    assertTrue(may[0], "packed whole");
    assertFalse(may[1] || may[2], "in part, or not at all");
    assertNull(ledger.poll());
    assertEquals(0, ledger.heldBytes());
    assertFalse(channels.hasFrames(0));
  }

  /** The last bytes of a message may stand in the stream for want of room in the packet. */
  @Test
  void whatIsInTheStreamAndDidNotLeaveToItsEndCannotHaveArrived() {
    channels.onPeerLimits(100_000, 64);
    send(1, 97);
    assertTrue(write(100) > 0);
    assertTrue(channels.hasFrames(0), "something is left");
    channels.abandon(ReceiptOutcome.CLOSED);
    assertEquals(new SendLedger.Settled("receipt", ReceiptOutcome.CLOSED, false), ledger.poll());
  }

  /** Its parts are in the stream, or wait; nobody expects them any more. */
  @Test
  void aStreamThatWasAbortedIsNotLostByTheEnd() {
    channels.onPeerLimits(100, 64);
    sendPart(50, true);
    sendPart(500, true);
    write(1200);
    sendPart(500, true);
    channels.abort(1);
    channels.abandon(ReceiptOutcome.CLOSED);
    assertEquals(0, ledger.lostUnreceipted());
    assertEquals(0, ledger.openMessages());
    assertEquals(0, ledger.heldBytes());
  }

  @Test
  void aStreamIsOneLostMessageWhetherItWasEndedOrNot() {
    channels.onPeerLimits(100, 64);
    for (boolean ends : new boolean[] {true, false}) {
      sendPart(50, true);
      write(1200);
      sendPart(500, !ends);
    }
    channels.abandon(ReceiptOutcome.CLOSED);
    assertEquals(2, ledger.lostUnreceipted());
    assertEquals(0, ledger.openMessages());
    assertEquals(0, ledger.heldBytes());
  }

  private void sendPart(int bytes, boolean more) {
    channels.send(1, new byte[bytes], more, NEVER, false, null);
  }

  @Test
  void nothingLeavesAfterTheEndWhateverThePeerSays() {
    channels.onPeerLimits(600, 64);
    send(1, 500);
    byte[] run = {6, 1, 2, 3};
    channels.sendRun(2, run, 0, 4, false);
    write(300);
    write(300);
    channels.sendRun(2, run, 0, 4, false);
    send(1, 5_000); // credit does not reach for it
    write(1200);
    assertTrue(channels.isBlocked());
    channels.abandon(ReceiptOutcome.CLOSED);
    channels.onMaxData(1, 100_000);
    channels.onTimeout(NEVER - 1);
    long lost = sent.tokensFrom(0);
    channels.onLost(sent.tokenFirst(lost), sent.tokenSecond(lost), 0);
    for (long at = sent.tokensFrom(1); at < sent.tokensTo(2); at++) {
      channels.onProbe(sent.tokenFirst(at), sent.tokenSecond(at), 0);
      channels.onAcknowledged(sent.tokenFirst(at), sent.tokenSecond(at), 0);
      assertFalse(channels.hasFrames(0));
    }
    assertEquals(0, write(1200));
    assertFalse(channels.isBlocked(), "it waits for no credit either");
    assertTrue(channels.isDrained());
  }

  @Test
  void aMessageThatExpiresBeforeItIsPackedTakesNoBytesOfTheStream() {
    channels.onPeerLimits(100_000, 64);
    channels.send(1, new byte[400], false, 1000, false, "old");
    channels.send(1, new byte[7], false, NEVER, false, "new");
    assertEquals(1000, channels.deadlineNanos());
    channels.onTimeout(999);
    assertNull(ledger.poll());
    channels.onTimeout(1000);
    SendLedger.Settled settled = ledger.poll();
    assertNotNull(settled);
    assertEquals(new SendLedger.Settled("old", ReceiptOutcome.EXPIRED, false), settled);
    assertEquals(NEVER, channels.deadlineNanos());
    assertTrue(write(1200) < 20);
  }

  @Test
  void aPackedMessageDoesNotExpire() {
    channels.onPeerLimits(100_000, 64);
    channels.send(1, new byte[400], false, 1000, false, "packed in part");
    write(100);
    channels.onTimeout(2000);
    assertNull(ledger.poll());
    assertEquals(NEVER, channels.deadlineNanos());
    write(1200);
    assertFalse(channels.hasFrames(2000));
  }

  @Test
  void whatIsBegunAndTooOldEndsAtTheNextChunk() {
    channels.onPeerLimits(1_000_000, 64);
    channels.send(1, new byte[200_000], false, 1_000_000, true, "old");
    write(1200);
    channels.onTimeout(1_000_000);
    assertEquals(new SendLedger.Settled("old", ReceiptOutcome.EXPIRED, false), ledger.poll());
    int bytes = 1200;
    while (channels.hasFrames(1_000_000)) {
      bytes += write(1200);
    }
    assertTrue(bytes > 65_000 && bytes < 70_000, bytes + " bytes: one chunk and an abort");
    channels.abandon(ReceiptOutcome.CLOSED);
    assertNull(ledger.poll(), "one outcome");
    assertEquals(0, ledger.heldBytes());
    assertEquals(0, ledger.acknowledgedMessages());
  }

  @Test
  void whatWaitsIsCancelledAndWhatIsPackedIsNot() {
    channels.onPeerLimits(1_000_000, 64);
    String packed = "packed";
    String waits = "waits";
    String large = "large";
    channels.send(1, new byte[100], false, NEVER, false, packed);
    write(1200);
    channels.send(1, new byte[100_000], false, NEVER, false, large);
    channels.send(1, new byte[10], false, NEVER, false, waits);
    assertFalse(channels.cancel(packed), "it stands in the stream");
    assertTrue(channels.cancel(waits));
    assertEquals(new SendLedger.Settled(waits, ReceiptOutcome.CANCELLED, false), ledger.poll());
    write(1200);
    assertTrue(channels.cancel(large), "half sent");
    assertEquals(new SendLedger.Settled(large, ReceiptOutcome.CANCELLED, false), ledger.poll());
    assertFalse(channels.cancel(large), "one outcome");
    assertFalse(channels.cancel("unknown"));
  }

  @Test
  void aRunBehindAMessageThatWaitsLeavesItToBeCancelled() {
    channels.onPeerLimits(1_000_000, 64);
    String waits = "waits";
    channels.send(1, new byte[10], false, NEVER, false, waits);
    byte[] run = {2, 7, 2, 8};
    assertEquals(4, channels.sendRun(1, run, 0, 4, false));
    assertTrue(channels.cancel(waits));
    assertEquals(new SendLedger.Settled(waits, ReceiptOutcome.CANCELLED, false), ledger.poll());
    assertTrue(write(1200) < 20, "the run alone");
  }

  @Test
  void aBodyBehindAMessageThatWaitsLeavesItToBeCancelled() {
    channels.onPeerLimits(1_000_000, 64);
    String waits = "waits";
    channels.send(1, new byte[10], false, NEVER, false, waits);
    ByteBuffer body = ByteBuffer.wrap(new byte[2000]);
    assertEquals(SendOutcome.CLOSED, channels.sendBody(1, body), "it goes the usual way");
    assertTrue(channels.cancel(waits));
    assertEquals(new SendLedger.Settled(waits, ReceiptOutcome.CANCELLED, false), ledger.poll());
    assertEquals(SendOutcome.ACCEPTED, channels.sendBody(1, body));
  }

  @Test
  void aRunForWhichThereIsNoRoomIsLeftThoughItsChannelHoldsNothing() {
    channels.onPeerLimits(1_000_000, 64);
    byte[] run = {2, 7};
    byte[] longer = new byte[130_004]; // than what a message beyond the limit leaves
    VarInt.write(longer, 0, 130_000 * 2L);
    assertEquals(2, channels.sendRun(1, run, 0, 2, false));
    write(1200);
    long token = sent.tokensFrom(sent.next() - 1);
    channels.onAcknowledged(sent.tokenFirst(token), sent.tokenSecond(token), 0);
    assertTrue(channels.isDrained());
    channels.send(2, new byte[2 << 20], false, NEVER, false, null);
    assertEquals(0, channels.sendRun(1, longer, 0, longer.length, false));
    assertTrue(ledger.isRefusing());
    assertEquals(2, channels.sendRun(1, run, 0, 2, false), "its slice is its own");
    assertEquals(longer.length, channels.sendRun(1, longer, 0, longer.length, true));
  }

  /** The ring of a stream has an end; what waits needs none. */
  @Test
  void aVeryLongMessageGoesIntoItsStreamAsItLeaves() {
    RingPool rings = new RingPool();
    SendBuffer stream = new SendBuffer(rings);
    ChannelMessages messages = new ChannelMessages(1, stream, ledger, new Confirmations(), rings);
    int most = 64 << 20;
    assertEquals(SendOutcome.CLOSED, messages.addBody(ByteBuffer.allocate(most + 1)));
    assertEquals(0, stream.end());
    assertEquals(0, ledger.openMessages());
    messages.add(new byte[most + 1], false, NEVER, false, null);
    byte[] run = {2, 7, 2, 8};
    assertEquals(run.length, messages.addRun(run, 0, run.length, true));
    assertEquals(SendOutcome.BLOCKED, messages.addBody(ByteBuffer.allocate(10)));
    assertTrue(messages.areWaiting());
    assertTrue(stream.end() <= most + 8, "holds " + stream.end());
    assertEquals(3, ledger.openMessages());
  }

  /** Nothing is doubled for the sake of the headers of its chunks. */
  @Test
  void aBodyTakesTheRoomThatItNeedsInItsStream() {
    for (int length : new int[] {1, 31, 32, 1022, 1023, 65_536, 65_537, (1 << 17) - 8}) {
      RingPool rings = new RingPool();
      SendBuffer stream = new SendBuffer(rings);
      ChannelMessages messages = new ChannelMessages(1, stream, ledger, new Confirmations(), rings);
      assertEquals(SendOutcome.ACCEPTED, messages.addBody(ByteBuffer.allocate(length)));
      long least = Math.max(1024, Long.highestOneBit(2 * stream.end() - 1));
      assertEquals(least, stream.memoryBytes(), length + " bytes");
      stream.acknowledge(0, (int) stream.end());
      messages.settleArrived();
      assertEquals(0, ledger.heldBytes());
    }
  }

  /** What stands of them in the stream is more than an int counts. */
  @Test
  void behindManyMessagesThatWereGivenUpOneIsAcknowledgedWhenItHasArrived() {
    RingPool rings = new RingPool();
    SendBuffer stream = new SendBuffer(rings);
    ChannelMessages messages = new ChannelMessages(1, stream, ledger, new Confirmations(), rings);
    byte[] body = new byte[65_537];
    long now = 0;
    while (stream.end() <= 1L << 31) {
      messages.add(body, false, ++now, false, null);
      messages.fillTo(stream.end() + 1);
      messages.expire(now);
      messages.fillTo(Long.MAX_VALUE);
      arrive(messages, stream, (int) (stream.end() - stream.base()));
      now += 1_000_000;
    }
    messages.add(new byte[10], false, NEVER, false, "receipt");
    messages.fillTo(Long.MAX_VALUE);
    arrive(messages, stream, 10);
    assertFalse(ledger.hasSettled(), "one byte lacks");
    arrive(messages, stream, 1);
    assertEquals(
        new SendLedger.Settled("receipt", ReceiptOutcome.ACKNOWLEDGED, true), ledger.poll());
    assertEquals(0, ledger.heldBytes());
    assertEquals(0, ledger.openMessages());
    assertEquals(1, ledger.acknowledgedMessages());
  }

  private static void arrive(ChannelMessages messages, SendBuffer stream, int bytes) {
    stream.acknowledge(stream.base(), bytes);
    messages.settleArrived();
  }

  @Test
  void aMessageTakesMoreOfItsStreamThanAnIntCounts() {
    PackedMessages packed = new PackedMessages(new RingPool());
    long end = Integer.MAX_VALUE + 131_072L;
    packed.add(end, Integer.MAX_VALUE, null);
    assertEquals(end, packed.firstEndOffset());
  }

  @Test
  void whatWasGivenUpCountsUntilItIsAcknowledgedOrTheConnectionHasEnded() {
    RingPool rings = new RingPool();
    SendBuffer stream = new SendBuffer(rings);
    ChannelMessages messages = new ChannelMessages(1, stream, ledger, new Confirmations(), rings);
    messages.add(new byte[65_537], false, NEVER, false, "given up");
    messages.fillTo(1);
    assertTrue(messages.cancel("given up"));
    messages.fillTo(Long.MAX_VALUE);
    assertEquals(65_537 + SendLedger.MESSAGE_OVERHEAD_BYTES, ledger.heldBytes());
    messages.abandon(ReceiptOutcome.CLOSED, stream.end());
    assertEquals(0, ledger.heldBytes());
    assertEquals(0, ledger.openMessages());
    assertEquals(0, ledger.lostUnreceipted());
  }

  /** FAULTS 48: what a loss costs does not grow with what arrived elsewhere. */
  @Test
  void fault48_aLossLooksAtWhatArrivedOfItAlone() {
    OutgoingChannel to =
        new OutgoingChannel(1, 1 << 20, ledger, new Confirmations(), new RingPool());
    int losses = 4096;
    to.messages().add(new byte[3 * losses + 2], false, NEVER, false, null);
    to.messages().fillTo(Long.MAX_VALUE);
    for (int i = 0; i < losses; i++) {
      to.onAcknowledged(3L * i + 1, 1);
    }
    for (int i = 0; i < losses; i++) {
      to.onLost(3L * i, 3);
    }
    assertTrue(to.canSend());
    assertTrue(to.rangesLookedAt() <= 2L * losses, to.rangesLookedAt() + " ranges looked at");
  }
}
