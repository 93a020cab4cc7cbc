package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.DraftOptions;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import net.jqwik.api.Example;

/** FAULTS 50, 52: peers that begin messages and leave it at that do not stop the others. */
class MemoryReliefTest {
  private static final long SECOND = 1_000_000_000L;
  private static final SocketOptions OPTIONS = HandPeer.options(Security.none(), 100, 256 << 10);
  private static final byte[] WHOLE = {8, 1, 2, 3, 4};

  private final ReliableEndpoint endpoint = HandPeer.endpoint(OPTIONS, 1);
  private final HandPeer hoarder = connected(1);
  private final HandPeer honest = connected(2);

  private HandPeer connected(int host) {
    HandPeer peer = new HandPeer(endpoint, OPTIONS, host, 1);
    peer.connect();
    return peer;
  }

  /** Beginnings on five channels: more than the ceiling and a quarter. */
  private void hoard() {
    byte[] stream = new byte[60_000];
    VarInt.write(stream, 0, 2L * WireLimits.MAX_CHUNK_BYTES);
    for (int i = 0; i < 5; i++) {
      int channel = i;
      for (int j = 0; j < stream.length; j += 1_000) {
        int at = j;
        hoarder.send(out -> out.channelData(channel, at, stream, at, 1_000));
      }
    }
  }

  /** The honest peer sends its message (once more); answers whether it was taken. */
  private boolean isTaken(long nowNanos) {
    long before = endpoint.counters().drops(DropReason.RECEIVE_BUFFER_FULL);
    honest.nowNanos = nowNanos;
    honest.send(out -> out.channelData(0, 0, WHOLE, 0, WHOLE.length));
    return endpoint.counters().drops(DropReason.RECEIVE_BUFFER_FULL) == before;
  }

  private CloseReason endOfHoarder() {
    for (EndpointEvent event : honest.events) {
      if (event instanceof EndpointEvent.Closed closed && closed.connection() == hoarder.handle()) {
        return closed.reason();
      }
    }
    throw new AssertionError("it is still connected");
  }

  @Example
  void whoHoldsMostAndBringsNothingIsEnded() {
    hoard();
    assertFalse(isTaken(0), "the memory is used up");
    assertFalse(isTaken(9 * SECOND), "the hoarder may yet go on");
    assertFalse(isTaken(11 * SECOND), "and with this one its time is over");
    assertTrue(isTaken(11 * SECOND));
    ReceivedMessage message = endpoint.pollMessage(11 * SECOND);
    assertNotNull(message);
    assertArrayEquals(new byte[] {1, 2, 3, 4}, message.body());
    honest.advance(15 * SECOND);
    assertEquals(CloseReason.LIMIT, endOfHoarder());
    assertEquals(1, endpoint.connections(honest.nowNanos).size());
  }

  /** Of the stream that the application reads, and of what comes for it, nothing is left. */
  @Example
  void aStreamThatIsReadEndsWithItsConnection() {
    DraftOptions draft = DraftOptions.of(OPTIONS);
    draft.streaming = true;
    ReliableEndpoint streaming = HandPeer.endpoint(draft.done(), 1);
    HandPeer half = new HandPeer(streaming, draft.done(), 1, 1);
    half.connect();
    byte[] begun = {3, 1}; // a chunk that others follow
    byte[] chunk = new byte[59_000];
    VarInt.write(chunk, 0, 2L * 60_000);
    for (int i = 0; i < 6; i++) {
      int channel = i;
      half.send(out -> out.channelData(channel, 0, begun, 0, begun.length));
      assertNotNull(streaming.pollMessage(0));
    }
    for (int i = 0; i < 6; i++) {
      int channel = i;
      for (int j = 0; j < chunk.length; j += 1_000) {
        int at = j;
        half.send(out -> out.channelData(channel, begun.length + at, chunk, at, 1_000));
      }
    }
    assertNull(streaming.pollMessage(0));
    assertNull(streaming.pollPart(half.handle(), 0, 0));
    half.nowNanos = 11 * SECOND;
    half.send(out -> out.channelData(9, 0, begun, 0, begun.length));
    assertEquals(CloseReason.LIMIT, half.toldToClose());
    assertNull(streaming.pollPart(half.handle(), 0, 11 * SECOND));
    half.send(out -> out.ping());
    half.advance(15 * SECOND);
    assertEquals(0, streaming.connections(half.nowNanos).size());
  }

  @Example
  void whoGoesOnStays() {
    hoard();
    assertFalse(isTaken(9 * SECOND));
    hoarder.nowNanos = 9 * SECOND;
    hoarder.send(out -> out.channelData(4, 60_000, new byte[1], 0, 1));
    assertFalse(isTaken(18 * SECOND));
    assertEquals(2, endpoint.connections(18 * SECOND).size());
  }

  @Example
  void anApplicationThatDoesNotReadEndsNobody() {
    HandPeer third = connected(3);
    third.send(out -> out.channelData(0, 0, WHOLE, 0, WHOLE.length));
    hoard();
    assertFalse(isTaken(11 * SECOND));
    assertFalse(isTaken(13 * SECOND));
    assertNotNull(endpoint.pollMessage(13 * SECOND));
    assertNull(endpoint.pollMessage(13 * SECOND));
    assertFalse(isTaken(15 * SECOND), "now it is the hoarder's fault");
    assertTrue(isTaken(15 * SECOND));
  }
}
