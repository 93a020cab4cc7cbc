package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import org.junit.jupiter.api.Test;

/**
 * An application that drops streamed messages half read, or closes connections of which it has not
 * read all: what the ended connections hold is there for others when it is wanted, and for a slow
 * reader until then.
 */
class LeftStreamsTest {
  private static final long SECOND = 1_000_000_000L;
  private static final byte[] BEGINNING = {5, 1, 2};
  private static final byte[] END = {4, 3, 4};
  private static final byte[] ABORT = {1};

  private static SocketOptions options(
      int maxConnections, long socketReceiveBytes, boolean streaming) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.maxConnections = maxConnections;
    options.socketReceiveBytes = socketReceiveBytes;
    options.streaming = streaming;
    return options.done();
  }

  private SocketOptions options = options(1, 1 << 20, true);
  private ReliableEndpoint endpoint = HandPeer.endpoint(options, 1);
  private int hosts;

  private HandPeer connected() {
    HandPeer peer = new HandPeer(endpoint, options, ++hosts, 1);
    peer.connect();
    return peer;
  }

  /** A peer whose messages on these channels are read to their first part, and which then went. */
  private HandPeer leftHalfRead(int... channels) {
    HandPeer peer = connected();
    for (int channel : channels) {
      peer.send(out -> out.channelData(channel, 0, BEGINNING, 0, BEGINNING.length));
      ReceivedMessage first = endpoint.pollMessage(peer.nowNanos);
      assertNotNull(first);
      assertTrue(first.more());
      peer.send(out -> out.channelData(channel, BEGINNING.length, END, 0, END.length));
    }
    peer.send(out -> out.close(0, 0, new byte[0], 0));
    peer.advance(10 * SECOND); // beyond the time for late packets
    assertEquals(0, endpoint.connections(peer.nowNanos).size());
    return peer;
  }

  /** Whether one more peer is answered at this time. */
  private boolean hasRoom(long nowNanos) {
    HandPeer other = new HandPeer(endpoint, options, ++hosts, 1);
    other.nowNanos = nowNanos;
    other.deliver(other.first());
    return other.third.length > 0;
  }

  @Test
  void thePlaceOfAStreamThatNobodyReadsOnGoesToAPeerThatComes() {
    HandPeer gone = leftHalfRead(0);
    assertFalse(hasRoom(gone.nowNanos), "it may yet be read");
    assertFalse(hasRoom(gone.nowNanos + 15 * SECOND));
    assertTrue(hasRoom(gone.nowNanos + 45 * SECOND));
    assertNull(endpoint.pollPart(gone.handle(), 0, gone.nowNanos + 45 * SECOND));
  }

  @Test
  void thePlaceGoesToAPeerThatThisSideAsksForToo() {
    HandPeer gone = leftHalfRead(0);
    long soon = gone.nowNanos + 15 * SECOND;
    assertEquals(Endpoint.NO_CONNECTION, endpoint.connect(HandPeer.address(99), soon));
    long late = gone.nowNanos + 45 * SECOND;
    assertTrue(endpoint.connect(HandPeer.address(99), late) != Endpoint.NO_CONNECTION);
  }

  @Test
  void whoReadsOnKeepsWhatIsLeft() {
    HandPeer gone = leftHalfRead(0, 1);
    long later = gone.nowNanos + 25 * SECOND;
    assertNotNull(endpoint.pollPart(gone.handle(), 0, later));
    assertFalse(hasRoom(later + 20 * SECOND), "the other is still there");
    assertNotNull(endpoint.pollPart(gone.handle(), 1, later + 25 * SECOND));
    assertTrue(hasRoom(later + 25 * SECOND), "all is read");
  }

  @Test
  void whatNobodyWantsIsThereForTheSlowestReader() {
    HandPeer gone = leftHalfRead(0);
    gone.advance(3_600 * SECOND);
    ReceivedMessage part = endpoint.pollPart(gone.handle(), 0, gone.nowNanos);
    assertNotNull(part);
    assertFalse(part.more());
  }

  /** A peer that has sent two messages of which one was read, and then went. */
  private HandPeer leftUnread() {
    HandPeer peer = connected();
    byte[] messages = {2, 1, 2, 2};
    peer.send(out -> out.channelData(0, 0, messages, 0, messages.length));
    assertNotNull(endpoint.pollMessage(peer.handle(), peer.nowNanos));
    return peer;
  }

  private void closeHere(HandPeer peer) {
    endpoint.close(peer.handle(), 0, "", SECOND, peer.nowNanos);
    peer.collect();
  }

  private void closeThere(HandPeer peer) {
    peer.send(out -> out.close(0, 0, new byte[0], 0));
    peer.advance(10 * SECOND); // beyond the time for late packets
    assertEquals(0, endpoint.connections(peer.nowNanos).size());
  }

  @Test
  void thePlaceOfMessagesThatNobodyReadsGoesToOthersIfTheApplicationHasClosed() {
    HandPeer gone = leftUnread();
    closeHere(gone);
    closeThere(gone);
    assertFalse(hasRoom(gone.nowNanos + 15 * SECOND), "they may yet be read");
    assertTrue(hasRoom(gone.nowNanos + 45 * SECOND));
    assertNull(endpoint.pollMessage(gone.handle(), gone.nowNanos + 45 * SECOND));
  }

  @Test
  void theApplicationMayCloseWhatHasEndedToo() {
    HandPeer gone = leftUnread();
    closeThere(gone);
    assertFalse(hasRoom(gone.nowNanos + 45 * SECOND), "not closed here");
    closeHere(gone);
    assertTrue(hasRoom(gone.nowNanos + 50 * SECOND));
  }

  @Test
  void whoReadsOfAllComesToMessagesOfConnectionsThatItHasClosed() {
    assertNull(endpoint.pollMessage(0));
    HandPeer gone = leftUnread();
    closeHere(gone);
    closeThere(gone);
    long late = gone.nowNanos + 45 * SECOND;
    assertFalse(hasRoom(late));
    assertNotNull(endpoint.pollMessage(late));
    assertTrue(hasRoom(late + 2 * SECOND));
  }

  /** Nothing is handed over of it, so it is there to be passed over, and then gone. */
  @Test
  void aMessageThatWasAbortedKeepsNoPlaceOnceItIsPassedOver() {
    for (boolean byHandle : new boolean[] {false, true}) {
      options = options(1, 1 << 20, false);
      endpoint = HandPeer.endpoint(options, 1);
      HandPeer peer = connected();
      peer.send(out -> out.channelData(0, 0, BEGINNING, 0, BEGINNING.length));
      peer.send(out -> out.channelData(0, BEGINNING.length, ABORT, 0, ABORT.length));
      peer.send(out -> out.close(0, 0, new byte[0], 0));
      peer.advance(10 * SECOND);
      assertFalse(hasRoom(peer.nowNanos));
      assertNull(
          byHandle
              ? endpoint.pollMessage(peer.handle(), peer.nowNanos)
              : endpoint.pollMessage(peer.nowNanos));
      assertTrue(hasRoom(peer.nowNanos), "by handle: " + byHandle);
    }
  }

  @Test
  void messagesThatWereAbortedGiveTheirCreditBackOnceTheyArePassedOver() {
    for (boolean byHandle : new boolean[] {false, true}) {
      options = options(1, 1 << 20, false);
      endpoint = HandPeer.endpoint(options, 1);
      HandPeer peer = connected();
      byte[] aborted = new byte[30_000]; // two are more than half of what the channel may bring
      VarInt.write(aborted, 0, 2L * (aborted.length - 5) + 1); // 4 bytes, and 1 for the abort
      aborted[aborted.length - 1] = ABORT[0];
      for (int i = 0; i < 2 * aborted.length; i += 1_000) {
        int at = i;
        peer.send(out -> out.channelData(0, at, aborted, at % aborted.length, 1_000));
      }
      assertFalse(endpoint.hasOutput());
      assertNull(
          byHandle
              ? endpoint.pollMessage(peer.handle(), peer.nowNanos)
              : endpoint.pollMessage(peer.nowNanos));
      assertTrue(endpoint.hasOutput(), "by handle: " + byHandle);
      assertEquals(0, peer.heardOf("onMaxChannelData"));
      peer.collect();
      assertEquals(1, peer.heardOf("onMaxChannelData"));
      assertFalse(endpoint.hasOutput());
    }
  }

  /** With what is left half read, whoever begins messages and brings no more could stop all. */
  @Test
  void aStreamThatNobodyReadsOnDoesNotKeepAHoarderOn() {
    options = options(100, 256 << 10, true);
    endpoint = HandPeer.endpoint(options, 1);
    HandPeer gone = leftHalfRead(0);
    long later = gone.nowNanos + 45 * SECOND;
    HandPeer hoarder = new HandPeer(endpoint, options, ++hosts, 1);
    HandPeer honest = new HandPeer(endpoint, options, ++hosts, 1);
    hoarder.nowNanos = later;
    honest.nowNanos = later;
    hoarder.connect();
    honest.connect();
    byte[] begun = new byte[30_000]; // less than what would be handed over
    VarInt.write(begun, 0, 2L * WireLimits.MAX_CHUNK_BYTES);
    for (int i = 0; i < 12 * begun.length; i += 1_000) {
      int channel = i / begun.length;
      int at = i % begun.length;
      hoarder.send(out -> out.channelData(channel, at, begun, at, 1_000));
    }
    long full = endpoint.counters().drops(DropReason.RECEIVE_BUFFER_FULL);
    assertTrue(full > 0, "the memory is used up");
    honest.nowNanos = later + 12 * SECOND;
    honest.send(out -> out.channelData(0, 0, END, 0, END.length));
    honest.nowNanos += 2 * SECOND;
    honest.send(out -> out.channelData(0, 0, END, 0, END.length));
    assertNotNull(endpoint.pollMessage(honest.nowNanos));
  }
}
