package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Floods of control frames, jumps of packet numbers, and frames that are none: FAULTS 53, 54. */
class HostileFramesTest extends MisbehavingPeerCase {
  private static final byte[] TOKEN = new byte[WireLimits.RESET_TOKEN_BYTES];

  /** FAULTS 53: floods of control frames. */
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
  void connectionIdsAfterTheBreachChangeNothing() {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    for (int i = 1; i <= 8; i++) {
      long sequence = i;
      peer.send(out -> out.newConnectionId(sequence, 0, sequence, token));
    }
    assertEquals(CloseReason.LIMIT, peer.toldToClose());
    peer.advance(60_000 * MS);
    assertEquals(CloseReason.LIMIT, peer.closedFor());
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

  /** Each costs an id that is drawn in its place. */
  @Example
  void oneDatagramRetiresOnlyIdsThatWereSent() {
    assertCloses(
        CloseReason.PROTOCOL_VIOLATION,
        out -> {
          for (long sequence = 1; sequence <= 400; sequence++) {
            out.retireConnectionId(sequence);
          }
        });
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

  /** FAULTS 54: packet numbers. */
  @Example
  void aJumpOfPacketNumbersIsDecodedOrDropped() {
    peer.nextNumber = (1L << 31) - 10;
    peer.send(out -> out.ping());
    assertLives();
    byte[][] genuine = twoPings();
    long before = peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED);
    peer.nextNumber = 1L << 50 | 1L << 31 | 100; // its last four bytes look like the next
    peer.send(out -> out.ping());
    assertEquals(before + 1, peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED));
    assertAnswers(genuine);
  }

  /** FAULTS 54: what does not verify moves neither the window nor what numbers are decoded by. */
  @Example
  void aForgedPacketFarAheadStopsNoTrueOne() {
    for (int bits = 8; bits <= 30; bits++) {
      byte[][] genuine = twoPings();
      long before = peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED);
      peer.nextNumber += 1L << bits;
      byte[] forged = peer.packet(out -> out.ping());
      forged[forged.length - 1] ^= 1;
      peer.deliver(forged);
      assertEquals(before + 1, peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED));
      assertAnswers(genuine);
    }
    assertLives();
  }

  private byte[][] twoPings() {
    return new byte[][] {peer.packet(out -> out.ping()), peer.packet(out -> out.ping())};
  }

  /** Two packets that ask for it bring an acknowledgement. */
  private void assertAnswers(byte[][] packets) {
    long before = peer.heardOf("onAck");
    for (byte[] packet : packets) {
      peer.deliver(packet);
    }
    assertTrue(peer.heardOf("onAck") > before, "true packets are taken");
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

  /** The connection closes by then, and its packets are read for the sake of an ACK or a CLOSE. */
  @Property(tries = 200)
  void whatComesAfterABreachEndsNothingElse(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 150; i++) {
      peer.nowNanos += random.nextInt(2) * MS;
      peer.send(
          out -> {
            for (int frames = 1 + random.nextInt(3); frames > 0; frames--) {
              anyFrame(random, out);
            }
          });
    }
    assertNotNull(peer.toldToClose());
    peer.advance(60_000 * MS);
    assertNotNull(peer.closedFor());
  }

  private void anyFrame(SplittableRandom random, FrameWriter out) {
    long number = random.nextInt(12);
    int channel = random.nextInt(3);
    byte[] bytes = new byte[1 + random.nextInt(20)];
    random.nextBytes(bytes);
    switch (random.nextInt(13)) {
      case 0 -> out.newConnectionId(number, random.nextInt((int) number + 1), number, TOKEN);
      case 1 -> out.newConnectionId(number, 0, random.nextInt(12), TOKEN);
      case 2 -> out.retireConnectionId(random.nextInt(4));
      case 3 -> ack(out, 0, peer.largestOpened() + random.nextInt(2));
      case 4 -> out.channelFin(channel, random.nextInt(200));
      case 5 -> out.channelData(channel, random.nextInt(200), bytes, 0, bytes.length);
      case 6 -> out.messageAbort(number, random.nextInt(30));
      case 7 -> out.channelBlocked(channel, number);
      case 8 -> out.maxChannelData(channel, number);
      case 9 -> out.confirm(random.nextBoolean(), channel, number);
      case 10 -> out.pathResponse(number);
      case 11 -> out.ackFrequency(number, 1 + number, number);
      default -> {
        int fits = out.beginMessage(number, channel, -1, 40, random.nextInt(20), 20);
        out.advance(Math.max(0, fits));
      }
    }
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
