package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameType;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Example;

/** Data and credit that break the rules: FAULTS 50 to 52. */
class HostileDataTest extends MisbehavingPeerCase {
  private static final long SLICE = (24 << 20) / 4 / 64;
  private static final long POOL = (24 << 20) / 4;

  /** Of one byte each, FAULTS 51; as many in a datagram as it holds, or nearly. */
  private static final int FRAGMENTS = 1_000_000;

  private static final int FRAGMENTS_A_DATAGRAM = 125;
  private static final int PARTS_A_DATAGRAM = 80;

  @Example
  void fault50_dataBeyondTheCreditBreaksFlowControl() {
    assertCloses(CloseReason.FLOW_CONTROL, out -> out.channelData(5, SLICE, new byte[1], 0, 1));
  }

  @Example
  void fault50_dataNearTheLastOffsetBreaksFlowControl() {
    assertCloses(
        CloseReason.FLOW_CONTROL,
        out -> out.channelData(63, WireLimits.MAX_OFFSET - 2, new byte[2], 0, 2));
  }

  @Example
  void fault50_dataBeyondTheLastOffsetIsNoFrame() {
    byte[] frame = new byte[20];
    frame[0] = FrameType.CHANNEL_DATA_LAST;
    frame[1] = 5;
    VarInt.write(frame, 2, WireLimits.MAX_OFFSET);
    peer.send(frame);
    assertEquals(CloseReason.FRAME_ENCODING, peer.toldToClose());
  }

  @Example
  void fault50_contradictoryEndsOfAChannelAreABreach() {
    peer.send(out -> out.channelFin(5, 100));
    peer.send(out -> out.channelFin(5, 100));
    assertCloses(CloseReason.FINAL_SIZE, out -> out.channelFin(5, 99));
  }

  @Example
  void fault50_dataBehindTheEndOfAChannelIsABreach() {
    peer.send(out -> out.channelFin(5, 100));
    assertCloses(CloseReason.FINAL_SIZE, out -> out.channelData(5, 100, new byte[1], 0, 1));
  }

  @Example
  void fault50_aMessageThatChangesItsLengthIsABreach() {
    peer.send(out -> part(out, 0, 1000, 0));
    assertCloses(CloseReason.FINAL_SIZE, out -> part(out, 0, 1001, 500));
  }

  /** What was held for it is given back all the same, when the connection is gone. */
  @Example
  void fault50_anAbortOfAnotherLengthIsABreach() {
    peer.send(out -> part(out, 0, 1000, 0));
    assertCloses(CloseReason.FINAL_SIZE, out -> out.messageAbort(0, 999));
  }

  @Example
  void fault50_aMessageOfATebibyteBreaksFlowControl() {
    assertCloses(CloseReason.FLOW_CONTROL, out -> part(out, 0, WireLimits.MAX_MESSAGE_BYTES, 0));
  }

  @Example
  void fault50_moreMessagesThanThePoolHoldsBreakFlowControl() {
    for (int i = 0; i < 8; i++) {
      int id = i;
      peer.send(out -> part(out, id, POOL / 8, 0));
    }
    assertLives();
    assertCloses(CloseReason.FLOW_CONTROL, out -> part(out, 8, 1, 0));
  }

  @Example
  void fault50_anIdBeyondTheWindowIsABreach() {
    assertCloses(CloseReason.LIMIT, out -> part(out, 1024, 10, 0));
  }

  @Example
  void fault50_anAbortBeyondTheWindowIsABreach() {
    assertCloses(CloseReason.LIMIT, out -> out.messageAbort((1L << 62) - 1, 10));
  }

  @Example
  void aChunkThatIsTooLongIsABreach() {
    byte[] header = new byte[4];
    VarInt.write(header, 0, 2L * (WireLimits.MAX_CHUNK_BYTES + 1));
    assertCloses(CloseReason.PROTOCOL_VIOLATION, out -> out.channelData(0, 0, header, 0, 4));
  }

  @Example
  void aChannelThatDoesNotExistIsABreach() {
    byte[] frame = new byte[20];
    frame[0] = FrameType.CHANNEL_DATA_LAST;
    VarInt.write(frame, 1, 64);
    peer.send(frame);
    assertEquals(CloseReason.LIMIT, peer.toldToClose());
  }

  @Example
  void fault50_aPartBeyondTheEndOfItsMessageIsNoFrame() {
    // id 0, channel 3, total length 10, offset 8, and three bytes
    peer.send(new byte[] {FrameType.MESSAGE_PART, 0, 3, 10, 8, 3, 1, 1, 1});
    assertEquals(CloseReason.FRAME_ENCODING, peer.toldToClose());
  }

  private static void part(FrameWriter out, long id, long total, long offset) {
    int fits = out.beginMessage(id, 3, -1, total, offset, 1);
    assertTrue(fits >= 0);
    out.advance(fits);
  }

  @Example
  void fault50_overlappingAndContradictoryDataLeavesTheFirst() {
    byte[] one = {6, 1, 1, 1};
    byte[] two = {8, 2, 2, 2, 2};
    peer.send(out -> out.channelData(0, 1, one, 1, 2));
    peer.send(out -> out.channelData(0, 0, two, 0, 5));
    ReceivedMessage message = peer.endpoint.pollMessage(peer.nowNanos);
    assertNotNull(message);
    assertEquals(Arrays.toString(new byte[] {1, 1, 2, 2}), Arrays.toString(message.body()));
    assertLives();
  }

  @Example
  void fault51_tinyFragmentsWithHolesHitTheBoundOfEachChannelAndTheConnectionLives() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < FRAGMENTS; i += FRAGMENTS_A_DATAGRAM) {
      peer.send(
          out -> {
            for (int j = 0; j < FRAGMENTS_A_DATAGRAM; j++) {
              int channel = random.nextInt(4);
              out.channelData(channel, 1 + random.nextInt((int) SLICE - 1), new byte[1], 0, 1);
            }
          });
    }
    assertNearlyAllHaveTooManyGaps(FRAGMENTS / FRAGMENTS_A_DATAGRAM);
    assertLives();
  }

  @Example
  void fault51_tinyPartsOfMessagesWithHolesHitTheBoundAndTheConnectionLives() {
    SplittableRandom random = new SplittableRandom(1);
    int total = 100_000;
    for (int i = 0; i < FRAGMENTS; i += PARTS_A_DATAGRAM) {
      peer.send(
          out -> {
            for (int j = 0; j < PARTS_A_DATAGRAM; j++) {
              part(out, random.nextInt(4), total, 1 + random.nextInt(total - 1));
            }
          });
    }
    assertNearlyAllHaveTooManyGaps(FRAGMENTS / PARTS_A_DATAGRAM);
    assertLives();
  }

  private void assertNearlyAllHaveTooManyGaps(long datagrams) {
    long refused = peer.endpoint.counters().drops(DropReason.TOO_MANY_GAPS);
    assertTrue(refused >= datagrams * 9 / 10, refused + " of " + datagrams + " are refused");
  }

  /** FAULTS 27: the socket's ceiling holds for what the beginnings of many messages really take. */
  @Example
  void fault27_theHeapThatTinyBeginningsTakeIsCharged() {
    long before = ReachableHeap.from(peer.endpoint).bytes();
    for (int id = 0; id < 1000; id += 20) {
      int first = id;
      peer.send(
          out -> {
            for (int i = first; i < first + 20; i++) {
              part(out, i, 2, 0);
            }
          });
    }
    ReachableHeap heap = ReachableHeap.from(peer.endpoint);
    long kept = heap.bytes() - before;
    long charged = heap.only(ReceiveMemory.class).usedBytes();
    assertTrue(kept > 100_000, kept + " bytes");
    assertTrue(kept <= charged, kept + " bytes, of which are charged " + charged);
    assertLives();
  }

  @Example
  void fault52_creditThatShrinksIsNoCredit() {
    peer.send(out -> out.maxChannelData(0, 1));
    peer.send(out -> out.maxMessages(0));
    peer.send(out -> out.maxMessageData(0));
    send(1000, 1);
    assertTrue(peer.heardOf("onChannelData") > 0);
    assertLives();
  }

  @Example
  void fault52_absurdCreditIsTakenAsItIs() {
    peer.send(out -> out.maxChannelData(0, WireLimits.MAX_OFFSET));
    peer.send(out -> out.maxMessages((1L << 62) - 1));
    peer.send(out -> out.maxMessageData((1L << 62) - 1));
    send(60_000, 60);
    assertTrue(peer.bytesHeard < 1 << 20, "the congestion window still holds");
    assertLives();
  }
}
