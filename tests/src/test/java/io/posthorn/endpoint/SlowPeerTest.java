package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import net.jqwik.api.Example;

/** FAULTS 22, 50 and 52: a peer that gives no credit, or a byte a second, or contradicts itself. */
class SlowPeerTest extends MisbehavingPeerCase {
  private static final long SECOND = 1_000_000_000;

  private void beginWithWindow(long bytes) {
    HandPeer peer = new HandPeer(HandPeer.endpoint(OPTIONS, 1), OPTIONS, 1, 1);
    peer.parameters.initialMaxChannelDataBytes = bytes;
    peer.parameters.initialMaxMessages = 0;
    peer.parameters.initialMaxMessageDataBytes = 64 << 10;
    peer.connect();
    begin(peer);
  }

  private SendOutcome send(Delivery delivery, int bytes) {
    SendOutcome outcome =
        peer.endpoint.send(
            new OutgoingMessage(
                peer.handle(),
                peer.address,
                1,
                delivery,
                -1,
                new byte[bytes],
                false,
                Endpoint.NEVER,
                false,
                null),
            peer.nowNanos);
    peer.collect();
    givenBytes += outcome == SendOutcome.ACCEPTED ? bytes : 0;
    return outcome;
  }

  private void acknowledgeAll() {
    peer.send(
        out ->
            out.ack(
                0,
                new long[] {peer.largestOpened()},
                new long[] {peer.largestOpened()},
                1,
                0,
                0,
                -1));
  }

  @Example
  void fault22_aPeerThatReadsAByteASecondGetsAByteASecond() {
    beginWithWindow(1);
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_ORDERED, 50_000));
    long before = peer.datagramsHeard;
    long bytesBefore = peer.bytesHeard;
    for (int second = 1; second <= 120; second++) {
      peer.advance(SECOND);
      acknowledgeAll();
      int granted = 1 + second;
      peer.send(out -> out.maxChannelData(1, granted));
    }
    long datagrams = peer.datagramsHeard - before;
    // In each second of silence a few probes at first, then two for each 95 ms and round trip.
    assertTrue(datagrams < 120 * 24, datagrams + " datagrams in 120 seconds");
    long bytes = peer.bytesHeard - bytesBefore;
    assertTrue(bytes < datagrams * 100, () -> bytes + " bytes: each of them is short");
    assertNull(peer.closedFor(), "slow is not dead");
    long frames = peer.heardOf("onChannelData");
    peer.send(out -> out.maxChannelData(1, 1 << 20));
    for (int i = 0; i < 100; i++) {
      acknowledgeAll();
      peer.advance(SECOND / 100);
    }
    assertTrue(peer.heardOf("onChannelData") > frames + 40, "then all of it comes");
  }

  @Example
  void fault52_aWindowThatStaysShutBlocksTheSenderAndNothingElse() {
    beginWithWindow(0);
    long taken = 0;
    while (send(Delivery.RELIABLE_ORDERED, 10_000) == SendOutcome.ACCEPTED) {
      taken += 10_000;
    }
    assertTrue(taken <= OPTIONS.sendBufferBytes(), "the sender is told to wait");
    while (send(Delivery.RELIABLE_UNORDERED, 10_000) == SendOutcome.ACCEPTED) {
      taken += 10_000;
    }
    assertTrue(taken <= OPTIONS.sendBufferBytes() + 10_000, "whatever it sends");
    long before = peer.datagramsHeard;
    for (int i = 0; i < 60; i++) {
      peer.advance(5 * SECOND);
      acknowledgeAll();
    }
    long datagrams = peer.datagramsHeard - before;
    // Two probes for each round trip and 95 ms of silence.
    assertTrue(datagrams <= 21 * 300, datagrams + " datagrams in 300 seconds");
    assertEquals(0, peer.heardOf("onChannelData"));
    assertNull(peer.closedFor(), "it talks, so it lives");
    peer.advance(40 * SECOND);
    assertEquals(CloseReason.IDLE_TIMEOUT, peer.closedFor(), "until it does not");
  }

  @Example
  void fault52_bothDirectionsShutIsNoDeadlockOfTimers() {
    beginWithWindow(0);
    send(Delivery.RELIABLE_ORDERED, 1000);
    send(Delivery.RELIABLE_UNORDERED, 1000);
    peer.send(out -> out.channelBlocked(3, 0));
    peer.send(out -> out.messagesBlocked(0, 0));
    acknowledgeAll();
    peer.send(out -> out.maxChannelData(1, 5000));
    peer.send(out -> out.maxMessages(1));
    assertTrue(peer.heardOf("onChannelData") >= 1, "the one opens");
    assertTrue(peer.heardOf("onMessage") >= 1, "and so does the other");
  }

  /** Whatever was granted stays so, be it taken back before anything was sent or afterwards. */
  @Example
  void fault52_creditThatShrinksIsNoCredit() {
    beginWithWindow(0);
    grant(5_000, 2, 100_000);
    grant(1, 1, 1);
    send(Delivery.RELIABLE_ORDERED, 1_000);
    send(Delivery.RELIABLE_UNORDERED, 1_000);
    assertEquals(1, peer.heardOf("onChannelData"), "granted before the first message");
    assertEquals(1, peer.heardOf("onMessage"));
    acknowledgeAll();
    grant(1, 1, 1);
    send(Delivery.RELIABLE_ORDERED, 1_000);
    send(Delivery.RELIABLE_UNORDERED, 1_000);
    assertEquals(2, peer.heardOf("onChannelData"), "and after it");
    assertEquals(2, peer.heardOf("onMessage"));
    assertNull(peer.toldToClose());
  }

  private void grant(long offset, long messages, long bytes) {
    peer.send(
        out -> {
          out.maxChannelData(1, offset);
          out.maxMessages(messages);
          out.maxMessageData(bytes);
        });
  }

  @Example
  void fault50_anIdThatIsUsedAgainBringsNothing() {
    beginWithWindow(0);
    peer.send(out -> whole(out, 0, (byte) 1));
    peer.send(out -> whole(out, 0, (byte) 2));
    ReceivedMessage message = peer.endpoint.pollMessage(peer.nowNanos);
    assertNotNull(message);
    assertEquals(1, message.body()[0]);
    assertNull(peer.endpoint.pollMessage(peer.nowNanos));
    peer.send(out -> whole(out, 0, (byte) 3));
    assertNull(peer.endpoint.pollMessage(peer.nowNanos), "nor later");
    assertNull(peer.toldToClose());
  }

  private static void whole(FrameWriter out, long id, byte fill) {
    byte[] body = new byte[10];
    Arrays.fill(body, fill);
    int fits = out.beginMessage(id, 3, -1, body.length, 0, body.length);
    System.arraycopy(body, 0, out.array(), out.position(), fits);
    out.advance(fits);
  }

  @Example
  void fault50_limitsNearTheLastNumberOverflowNothing() {
    beginWithWindow(0);
    long last = (1L << 62) - 1;
    peer.send(out -> out.maxMessages(last));
    peer.send(out -> out.maxMessageData(last));
    peer.send(out -> out.maxChannelData(1, WireLimits.MAX_OFFSET));
    peer.send(out -> out.channelBlocked(63, WireLimits.MAX_OFFSET));
    peer.send(out -> out.messagesBlocked(last, last));
    peer.send(out -> out.confirm(true, 63, last));
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_ORDERED, 5000));
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_UNORDERED, 5000));
    for (int i = 0; i < 20; i++) {
      acknowledgeAll();
      peer.advance(SECOND / 10);
    }
    assertTrue(peer.heardOf("onChannelData") > 0, "ordered");
    assertTrue(peer.heardOf("onMessage") > 0, "unordered");
    assertNull(peer.toldToClose());
  }
}
