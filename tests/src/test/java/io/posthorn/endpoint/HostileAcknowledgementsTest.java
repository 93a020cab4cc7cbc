package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameType;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Acknowledgements as weapons, and their absence: FAULTS 47 to 49. */
class HostileAcknowledgementsTest extends MisbehavingPeerCase {
  /** FAULTS 47: optimistic acknowledgements. */
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

  /** ACK bombs that break the rules; the dear ones, which keep them, are PacketRecoveryTest's. */
  @Property(tries = 50)
  void anAckOfManyImpossibleRangesEndsTheConnection(@ForAll long seed) {
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

  /** FAULTS 48: ranges that no packet numbers have, each the only fault of its frame. */
  @Example
  void fault48_rangesBelowZeroOrTooManyAreNoFrame() {
    assertNoFrame(2, 0, 0, 3); // the first range begins below 0
    assertNoFrame(2, 0, 1, 0, 1, 0); // the second ends there
    assertNoFrame(2, 0, 1, 2, 0, 0); // since the gap has one packet at least
    assertNoFrame(2, 0, 1, 0, 0, 2); // the second begins there
    int[] many = new int[4 + 2 * WireLimits.MAX_ACK_RANGES];
    many[0] = 1000;
    many[2] = WireLimits.MAX_ACK_RANGES;
    assertNoFrame(many);
  }

  private static void assertNoFrame(int... fields) {
    byte[] frame = new byte[HandPeer.MOST_FRAME_BYTES];
    frame[0] = FrameType.ACK;
    int at = 1;
    for (int field : fields) {
      at += VarInt.write(frame, at, field);
    }
    HandPeer each = HandPeer.connected(OPTIONS);
    each.send(Arrays.copyOf(frame, at));
    assertEquals(CloseReason.FRAME_ENCODING, each.toldToClose(), Arrays.toString(fields));
  }

  /**
   * FAULTS 48: one datagram as large as they get, full of ACKs with as many ranges as they may
   * have, over numbers that are all kept behind a hole: none is looked at twice.
   */
  @Example
  void fault48_oneDatagramOfThirtyThousandRangesLooksAtNoNumberTwice() {
    int ranges = WireLimits.MAX_ACK_RANGES;
    long[] first = new long[ranges];
    long[] last = new long[ranges];
    send(1, 1); // which is never acknowledged
    for (int count = 0; count < ranges; ) {
      long before = peer.largestOpened();
      send(1, 1);
      peer.nowNanos += MS / 10;
      long number = peer.largestOpened();
      assertTrue(number > before, "it was sent at once");
      peer.send(out -> ack(out, number, number));
      if (count == 0 || number > last[count - 1] + 1) { // two that follow are one range
        first[count] = number;
        last[count++] = number;
      }
    }
    PacketRecovery recovery = ReachableHeap.from(peer.endpoint).only(PacketRecovery.class);
    assertTrue(recovery.sent().base() < first[0], "all of them are kept");
    byte[] bomb = new byte[WireLimits.MAX_DATAGRAM_BYTES - 40];
    FrameWriter writer = new FrameWriter();
    writer.reset(bomb, 0, bomb.length);
    int frames = 0;
    while (writer.ack(0, first, last, ranges, 0, 0, -1) == ranges) {
      frames++;
    }
    assertTrue(frames > 450, frames + " ACKs");
    long before = recovery.numbersLookedAt();
    peer.send(Arrays.copyOf(bomb, writer.written()));
    long lookedAt = recovery.numbersLookedAt() - before;
    assertTrue(lookedAt <= frames, lookedAt + " numbers looked at for " + frames + " ACKs");
    assertLives();
  }

  @Example
  void aPacketOfPaddingAloneIsHarmless() {
    peer.send(new byte[] {FrameType.PADDING, 0, 0, 0});
    assertLives();
  }

  /** FAULTS 49: acknowledgements withheld. */
  @Example
  void aPeerThatAcknowledgesNothingStopsTheSenderNotTheMemory() {
    SendOutcome outcome = SendOutcome.ACCEPTED;
    long taken = 0;
    while (outcome == SendOutcome.ACCEPTED) {
      outcome =
          peer.endpoint.send(
              OutgoingMessage.part(peer.handle(), peer.address, 1, new byte[10_000], false), 0);
      taken += 10_000;
    }
    givenBytes = taken;
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

  /** Nor does it have more of this side's memory by that, be the connection ending already. */
  @Example
  void aPeerThatTalksOnWhileTheConnectionEndsHasItEndAtOnce() {
    HandPeer clear = HandPeer.connected(HandPeer.options(Security.none(), 100, 64 << 20));
    OutgoingMessage message = OutgoingMessage.ordered(clear.handle(), clear.address, new byte[10]);
    assertEquals(SendOutcome.ACCEPTED, clear.endpoint.send(message, clear.nowNanos));
    clear.endpoint.close(clear.handle(), 7, "bye", Long.MAX_VALUE, clear.nowNanos);
    byte[] ping = {FrameType.PING, 0, 0, 0};
    for (int sent = 0; clear.closedFor() == null; sent++) {
      clear.nextNumber++; // a gap, for which each is acknowledged at once
      clear.send(ping);
      assertTrue(sent <= SentPackets.LIMIT + 2_000, "the numbers kept are bounded");
    }
    assertEquals(CloseReason.APPLICATION, clear.closedFor());
    assertEquals(CloseReason.APPLICATION, clear.toldToClose(), "told while there was room");
    assertTrue(clear.endpoint.connections(clear.nowNanos).isEmpty());
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

  private long window() {
    return peer.endpoint.connections(peer.nowNanos).get(0).congestionWindowBytes();
  }
}
