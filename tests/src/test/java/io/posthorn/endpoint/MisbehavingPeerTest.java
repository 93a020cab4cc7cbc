package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameType;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * FAULTS 47 to 54: a peer that holds the true keys and breaks the rules. The connection ends with
 * the right reason, or nothing happens at all; nothing is thrown, memory stays bounded.
 */
class MisbehavingPeerTest {
  private static final SocketOptions OPTIONS =
      HandPeer.options(Security.ephemeral(), 100, 64 << 20);
  private static final long MS = 1_000_000;
  private static final long SLICE = (24 << 20) / 4 / 64;
  private static final long POOL = (24 << 20) / 4;

  private final HandPeer peer = HandPeer.connected(OPTIONS);

  private void assertCloses(CloseReason reason, Consumer<FrameWriter> frames) {
    peer.send(frames);
    assertEquals(reason, peer.toldToClose(), "the peer is told");
    peer.advance(60_000 * MS);
    assertEquals(reason, peer.closedFor(), "the application is told");
    assertTrue(peer.endpoint.connections(peer.nowNanos).isEmpty());
  }

  private void assertLives() {
    assertNull(peer.toldToClose());
    assertNull(peer.closedFor());
    long before = peer.heardOf("onAck");
    peer.send(
        out -> {
          out.ping();
        });
    peer.send(
        out -> {
          out.ping();
        });
    assertTrue(peer.heardOf("onAck") > before, "it still answers");
  }

  private void send(int bytes, int count) {
    for (int i = 0; i < count; i++) {
      OutgoingMessage message =
          new OutgoingMessage(
              peer.handle(),
              peer.address,
              0,
              Delivery.RELIABLE_ORDERED,
              -1,
              new byte[bytes],
              false,
              Endpoint.NEVER,
              false,
              null);
      peer.endpoint.send(message, peer.nowNanos);
    }
    peer.collect();
  }

  private static void ack(FrameWriter out, long from, long to) {
    out.ack(0, new long[] {from}, new long[] {to}, 1, 0, 0, -1);
  }

  private long window() {
    return peer.endpoint.connections(peer.nowNanos).get(0).congestionWindowBytes();
  }

  // 47: optimistic acknowledgements.

  @Example
  void acknowledgingWhatWasNeverSentEndsTheConnection() {
    send(1000, 5);
    long window = window();
    peer.send(out -> ack(out, 0, peer.largestOpened() + 1));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, peer.toldToClose());
    assertTrue(window() <= window, "the window did not grow");
  }

  @Example
  void acknowledgingTheLastNumberThereIsEndsTheConnection() {
    assertCloses(
        CloseReason.PROTOCOL_VIOLATION,
        out -> ack(out, WireLimits.MAX_PACKET_NUMBER, WireLimits.MAX_PACKET_NUMBER));
  }

  /** A peer that acknowledges ahead is caught within a few hundred packets by a skipped number. */
  @Example
  void acknowledgingEverythingUnseenMeetsASkippedNumber() {
    for (int i = 0; i < 3000 && peer.toldToClose() == null; i++) {
      send(900, 2);
      peer.nowNanos += 20 * MS;
      peer.send(out -> ack(out, 0, peer.largestOpened()));
    }
    assertEquals(CloseReason.PROTOCOL_VIOLATION, peer.toldToClose());
  }

  // 48: ACK bombs.

  @Property(tries = 50)
  void anAckOfManyRangesCostsNoMoreThanItsBytes(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    send(1000, 20);
    byte[] bomb = new byte[HandPeer.MOST_FRAME_BYTES];
    int at = 0;
    bomb[at++] = FrameType.ACK;
    at += VarInt.write(bomb, at, random.nextBoolean() ? 1L << 61 : 100 + random.nextInt(1000));
    at += VarInt.write(bomb, at, random.nextInt(1 << 20));
    at += VarInt.write(bomb, at, random.nextInt(random.nextBoolean() ? 64 : 5000));
    while (at < bomb.length - 8) {
      at += VarInt.write(bomb, at, random.nextInt(4) == 0 ? 1L << 60 : random.nextInt(3));
    }
    peer.send(Arrays.copyOf(bomb, at));
    CloseReason reason = peer.toldToClose();
    assertTrue(
        reason == CloseReason.FRAME_ENCODING || reason == CloseReason.PROTOCOL_VIOLATION,
        "" + reason);
  }

  @Example
  void aPacketOfPaddingAloneIsHarmless() {
    peer.send(new byte[] {FrameType.PADDING, 0, 0, 0});
    assertLives();
  }

  // 49: acknowledgements withheld.

  @Example
  void aPeerThatAcknowledgesNothingStopsTheSenderNotTheMemory() {
    SendOutcome outcome = SendOutcome.ACCEPTED;
    long taken = 0;
    while (outcome == SendOutcome.ACCEPTED) {
      outcome =
          peer.endpoint.send(
              new OutgoingMessage(
                  peer.handle(),
                  peer.address,
                  1,
                  Delivery.RELIABLE_ORDERED,
                  -1,
                  new byte[10_000],
                  false,
                  Endpoint.NEVER,
                  false,
                  null),
              0);
      taken += 10_000;
    }
    assertEquals(SendOutcome.BLOCKED, outcome);
    assertTrue(taken <= OPTIONS.sendBufferBytes() + 10_000);
    peer.collect();
    long before = peer.bytesHeard;
    peer.advance(29_000 * MS);
    assertTrue(peer.bytesHeard - before < 1 << 20, "probes only");
    peer.advance(10_000 * MS);
    assertEquals(CloseReason.IDLE_TIMEOUT, peer.closedFor());
  }

  /** Its words keep the connection from being idle, but no probe is ever answered. */
  @Example
  void aPeerThatAnswersNoProbeIsGivenUpAfterTheIdleTimeoutThoughItTalks() {
    send(1000, 3);
    long seconds = 0;
    while (peer.closedFor() == null) {
      peer.advance(1000 * MS);
      assertTrue(++seconds <= 33, "after 30 seconds and the first probe timeout");
      if (peer.closedFor() == null) {
        peer.send(out -> out.ping());
      }
    }
    assertEquals(CloseReason.IDLE_TIMEOUT, peer.closedFor());
    assertTrue(seconds >= 30, "not before");
  }

  @Example
  void aPeerThatAnswersSomeProbesStays() {
    send(1000, 3);
    for (int i = 0; i < 120; i++) {
      peer.advance(1000 * MS);
      if (i % 20 == 0) {
        send(1000, 1);
        peer.send(out -> ack(out, peer.largestOpened(), peer.largestOpened()));
      }
    }
    assertLives();
  }

  /** It keeps the connection alive by talking, but never says what it got. */
  @Example
  void aPeerThatTalksButNeverAcknowledgesIsGivenUp() {
    HandPeer clear = HandPeer.connected(HandPeer.options(Security.none(), 100, 64 << 20));
    byte[] ping = {FrameType.PING, 0, 0, 0};
    int sent = 0;
    while (clear.toldToClose() == null) {
      clear.send(ping);
      clear.nowNanos += MS / 1000;
      assertTrue(++sent <= 2 * SentPackets.LIMIT + 1000, "the numbers kept are bounded");
    }
    assertEquals(CloseReason.PROTOCOL_VIOLATION, clear.toldToClose());
  }

  /** One that acknowledges lets the other side forget, though it gets nothing but ACKs itself. */
  @Example
  void whoOnlyReceivesAsksNowAndThenForAnAcknowledgement() {
    assertEquals(2, pingsFor(5000, 0), "one for 1,024 packets with nothing but an ACK");
  }

  /** Each ACK lists the gaps, until the other side has said that it knows. */
  @Example
  void whoOnlyReceivesWithGapsAsksMoreOften() {
    long pings = pingsFor(1000, 10);
    assertTrue(pings >= 5 && pings <= 20, pings + " PINGs");
  }

  private long pingsFor(int datagrams, int lossPercent) {
    SplittableRandom random = new SplittableRandom(1);
    long before = peer.heardOf("onPing");
    for (int i = 0; i < datagrams; i++) {
      peer.nextNumber += random.nextInt(100) < lossPercent ? 1 : 0;
      peer.send(out -> out.datagram(0, -1, new byte[10], 0, 10));
      peer.nowNanos += MS;
    }
    return peer.heardOf("onPing") - before;
  }

  // 50: reassembly.

  @Example
  void dataBeyondTheCreditBreaksFlowControl() {
    assertCloses(CloseReason.FLOW_CONTROL, out -> out.channelData(5, SLICE, new byte[1], 0, 1));
  }

  @Example
  void dataNearTheLastOffsetBreaksFlowControl() {
    assertCloses(
        CloseReason.FLOW_CONTROL,
        out -> out.channelData(63, WireLimits.MAX_OFFSET - 2, new byte[2], 0, 2));
  }

  @Example
  void dataBeyondTheLastOffsetIsNoFrame() {
    byte[] frame = new byte[20];
    frame[0] = FrameType.CHANNEL_DATA_LAST;
    frame[1] = 5;
    VarInt.write(frame, 2, WireLimits.MAX_OFFSET);
    peer.send(frame);
    assertEquals(CloseReason.FRAME_ENCODING, peer.toldToClose());
  }

  @Example
  void contradictoryEndsOfAChannelAreABreach() {
    peer.send(out -> out.channelFin(5, 100));
    peer.send(out -> out.channelFin(5, 100));
    assertCloses(CloseReason.FINAL_SIZE, out -> out.channelFin(5, 99));
  }

  @Example
  void dataBehindTheEndOfAChannelIsABreach() {
    peer.send(out -> out.channelFin(5, 100));
    assertCloses(CloseReason.FINAL_SIZE, out -> out.channelData(5, 100, new byte[1], 0, 1));
  }

  @Example
  void aMessageThatChangesItsLengthIsABreach() {
    peer.send(out -> part(out, 0, 1000, 0));
    assertCloses(CloseReason.FINAL_SIZE, out -> part(out, 0, 1001, 500));
  }

  @Example
  void aMessageOfATebibyteBreaksFlowControl() {
    assertCloses(CloseReason.FLOW_CONTROL, out -> part(out, 0, WireLimits.MAX_MESSAGE_BYTES, 0));
  }

  @Example
  void moreMessagesThanThePoolHoldsBreakFlowControl() {
    for (int i = 0; i < 8; i++) {
      int id = i;
      peer.send(out -> part(out, id, POOL / 8, 0));
    }
    assertLives();
    assertCloses(CloseReason.FLOW_CONTROL, out -> part(out, 8, 1, 0));
  }

  @Example
  void anIdBeyondTheWindowIsABreach() {
    assertCloses(CloseReason.LIMIT, out -> part(out, 1024, 10, 0));
  }

  @Example
  void anAbortBeyondTheWindowIsABreach() {
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

  private static void part(FrameWriter out, long id, long total, long offset) {
    int fits = out.beginMessage(id, 3, -1, total, offset, 1);
    assertTrue(fits >= 0);
    out.advance(fits);
  }

  @Example
  void overlappingAndContradictoryDataLeavesTheFirst() {
    byte[] one = {6, 1, 1, 1};
    byte[] two = {8, 2, 2, 2, 2};
    peer.send(out -> out.channelData(0, 1, one, 1, 2));
    peer.send(out -> out.channelData(0, 0, two, 0, 5));
    ReceivedMessage message = peer.endpoint.pollMessage(peer.nowNanos);
    assertNotNull(message);
    assertEquals(Arrays.toString(new byte[] {1, 1, 2, 2}), Arrays.toString(message.body()));
    assertLives();
  }

  // 51: tiny fragments.

  @Example
  void tinyFragmentsWithHolesHitTheBoundOfEachChannelAndTheConnectionLives() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 3000; i++) {
      peer.send(
          out -> {
            for (int j = 0; j < 60; j++) {
              int channel = random.nextInt(4);
              out.channelData(channel, 1 + random.nextInt((int) SLICE - 1), new byte[1], 0, 1);
            }
          });
    }
    assertTrue(peer.endpoint.counters().drops(DropReason.TOO_MANY_GAPS) > 0);
    assertLives();
  }

  // 52: flow control as a weapon.

  @Example
  void creditThatShrinksIsNoCredit() {
    peer.send(out -> out.maxChannelData(0, 1));
    peer.send(out -> out.maxMessages(0));
    peer.send(out -> out.maxMessageData(0));
    send(1000, 1);
    assertTrue(peer.heardOf("onChannelData") > 0);
    assertLives();
  }

  @Example
  void absurdCreditIsTakenAsItIs() {
    peer.send(out -> out.maxChannelData(0, WireLimits.MAX_OFFSET));
    peer.send(out -> out.maxMessages((1L << 62) - 1));
    peer.send(out -> out.maxMessageData((1L << 62) - 1));
    send(60_000, 60);
    assertTrue(peer.bytesHeard < 1 << 20, "the congestion window still holds");
    assertLives();
  }

  // 53: floods of control frames.

  @Example
  void floodsAreAnsweredOnceADatagram() {
    long before = peer.datagramsHeard;
    for (int i = 0; i < 500; i++) {
      peer.send(
          out -> {
            for (int j = 0; j < 40; j++) {
              out.ping();
              out.pathChallenge(j);
              out.maxChannelData(j, j);
              out.channelBlocked(j, 0);
              out.messagesBlocked(0, 0);
              out.confirm(true, j, j);
              out.ackFrequency(j, 1, 0);
            }
          });
    }
    long answers = peer.datagramsHeard - before;
    assertTrue(answers <= 500, answers + " datagrams for 500");
    assertTrue(peer.heardOf("onPathResponse") <= 500);
    assertLives();
  }

  @Example
  void aFloodOfConnectionIdsIsBounded() {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    for (int i = 1; i < 500; i++) {
      long sequence = i;
      peer.nowNanos += 10 * MS;
      peer.send(
          out -> {
            ack(out, peer.largestOpened(), peer.largestOpened());
            out.newConnectionId(sequence, sequence, sequence, token);
          });
    }
    assertLives();
    assertTrue(peer.heardOf("onRetireConnectionId") >= 498, "each is told to be retired");
    assertCloses(
        CloseReason.LIMIT,
        out -> {
          out.newConnectionId(600, 0, 1, token);
          out.newConnectionId(601, 0, 2, token);
          out.newConnectionId(602, 0, 3, token);
          out.newConnectionId(603, 0, 4, token);
        });
  }

  @Example
  void aContradictoryConnectionIdIsABreach() {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    peer.send(out -> out.newConnectionId(1, 0, 1, token));
    assertCloses(CloseReason.PROTOCOL_VIOLATION, out -> out.newConnectionId(1, 0, 2, token));
  }

  @Example
  void idsRetiredFasterThanThePeerTakesTheWordAreABreach() {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    for (int i = 1; i < 5_000 && peer.toldToClose() == null; i++) {
      long sequence = i;
      peer.send(out -> out.newConnectionId(sequence, sequence, sequence, token));
    }
    assertEquals(CloseReason.LIMIT, peer.toldToClose());
  }

  @Example
  void aFloodOfRetirementsIsAnsweredWithAFewIdsARoundTrip() {
    for (int i = 0; i < 500; i++) {
      long sequence = i + 1L;
      peer.nowNanos += 10 * MS;
      peer.send(
          out -> {
            ack(out, peer.largestOpened(), peer.largestOpened());
            out.retireConnectionId(sequence);
          });
    }
    assertTrue(peer.heardOf("onNewConnectionId") >= 500);
    assertTrue(peer.heardOf("onNewConnectionId") <= 502);
    assertLives();
  }

  @Example
  void retiringTheIdOfThePacketIsABreach() {
    assertCloses(CloseReason.PROTOCOL_VIOLATION, out -> out.retireConnectionId(0));
  }

  /** Answers to challenges from elsewhere go there, at most three bytes for each that came. */
  @Example
  void challengesFromElsewhereDoNotAmplify() {
    InetSocketAddress elsewhere = HandPeer.address(99);
    long sent = 0;
    TransmitBatch batch = new TransmitBatch();
    long answered = 0;
    for (int i = 0; i < 50; i++) {
      byte[] packet = peer.packet(out -> out.pathChallenge(5));
      sent += packet.length;
      peer.endpoint.onDatagram(ByteBuffer.wrap(packet), elsewhere, EcnMark.NOT_ECT, peer.nowNanos);
      while (peer.endpoint.pollTransmit(batch, peer.nowNanos)) {
        if (batch.peer().equals(elsewhere)) {
          answered += batch.lengthBytes();
        }
      }
    }
    assertTrue(answered > 0);
    assertTrue(answered <= 3 * sent, answered + " for " + sent);
  }

  // 54: packet numbers.

  @Example
  void aJumpOfPacketNumbersIsDecodedOrDropped() {
    peer.nextNumber = (1L << 31) - 10;
    peer.send(out -> out.ping());
    assertLives();
    long before = peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED);
    peer.nextNumber = 1L << 50 | 1L << 31 | 100; // its last four bytes look like the next
    peer.send(out -> out.ping());
    assertEquals(before + 1, peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED));
    assertNull(peer.toldToClose());
  }

  // Frames that are none.

  @Property(tries = 100)
  void bytesThatAreNoFramesEndTheConnectionWithAReason(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] noise = new byte[4 + random.nextInt(600)];
    for (int i = 0; i < 30 && peer.toldToClose() == null; i++) {
      random.nextBytes(noise);
      if (random.nextBoolean()) {
        noise[0] = (byte) random.nextInt(0x22);
      }
      peer.send(noise);
    }
    CloseReason reason = peer.toldToClose();
    assertNotNull(reason);
    peer.advance(60_000 * MS);
    assertNotNull(peer.closedFor());
    assertTrue(peer.endpoint.connections(peer.nowNanos).isEmpty());
    assertEquals(Endpoint.NEVER, peer.endpoint.nextTimeoutNanos());
  }

  @Example
  void eachUnknownFrameTypeIsABreach() {
    for (int type = 0; type < 256; type++) {
      if (type <= 0x0b || (type >= 0x10 && type <= 0x15) || type == 0x18 || type == 0x19) {
        continue;
      }
      if (type >= 0x1c && type <= 0x21) {
        continue;
      }
      HandPeer each = HandPeer.connected(HandPeer.options(Security.none(), 100, 64 << 20));
      each.send(new byte[] {(byte) type, 0, 0, 0});
      assertEquals(CloseReason.FRAME_ENCODING, each.toldToClose(), "type " + type);
    }
  }
}
