package io.posthorn.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.trace.TracedFrames;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What of a capture can be read with the keys, and what stays sealed. */
class CaptureDecryptorTest {
  private static final long THERE = 0x1122334455667788L;
  private static final long BACK = 0x7766554433221100L;

  /** Else fuzzing would not come to what lies behind a seal. */
  @Test
  void seedsForFuzzingAreOpened() {
    assertTrue(CaptureFuzz.run(CaptureFuzz.seeds().get(0)) > 10, "a whole conversation");
    assertTrue(CaptureFuzz.run(CaptureFuzz.seeds().get(1)) > 0, "a short one");
    assertTrue(CaptureFuzz.seeds().get(1).length <= 4_096, "no longer than what is tried");
  }

  @Test
  void aSealedConversationIsReadWithItsSecrets() {
    CapturedConversation sealed =
        CapturedConversation.run(5, "delay 20ms 5ms loss 5%", Security.ephemeral());
    CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
    StringBuilder all = new StringBuilder();
    for (CapturedDatagram each : sealed.datagrams) {
      for (CapturedDatagram packet : decryptor.decrypt(each)) {
        all.append(new String(packet.payload(), StandardCharsets.ISO_8859_1));
      }
    }
    assertTrue(decryptor.decrypted() > 30);
    assertEquals(0, decryptor.leftSealed());
    for (String words : List.of("the quick brown fox", "the lazy dog", "perhaps", "an answer")) {
      assertTrue(all.toString().contains(words), words);
    }
    CaptureDecryptor stranger = new CaptureDecryptor(List.of());
    for (CapturedDatagram each : sealed.datagrams) {
      assertEquals(List.of(each), stranger.decrypt(each));
    }
  }

  /** To make keys takes longer than to open a packet with them. */
  @Test
  void keysAreMadeForConnectionsOfTheCaptureOnly() {
    CapturedConversation sealed = CapturedConversation.run(5, "delay 20ms", Security.ephemeral());
    List<ConnectionSecrets> log = new ArrayList<>(sealed.secrets);
    for (long i = 0; i < 100; i++) {
      log.add(new ConnectionSecrets(2 * i, 2 * i + 1, secret(1), secret(2)));
    }
    CaptureDecryptor decryptor = new CaptureDecryptor(log);
    assertEquals(0, decryptor.keysMade());
    for (CapturedDatagram each : sealed.datagrams) {
      decryptor.decrypt(each);
    }
    assertEquals(0, decryptor.leftSealed());
    assertEquals(2 * sealed.secrets.size(), decryptor.keysMade());
  }

  /** An end of suite 0 takes what the decryptor made of the three messages. */
  @Test
  void aSealedHandshakeIsReadToo() {
    for (Security security : List.of(Security.ephemeral(), Security.preSharedKey(secret(9)))) {
      CapturedConversation sealed = CapturedConversation.run(5, "delay 20ms loss 5%", security);
      assertSameKeys(sealed.secrets.get(0), sealed.serverSecrets.get(0));
      CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
      byte[][] bodies = new byte[3][];
      StringBuilder comments = new StringBuilder();
      FirstMessagePacket first = new FirstMessagePacket();
      for (CapturedDatagram each : sealed.datagrams) {
        for (CapturedDatagram packet : decryptor.decrypt(each)) {
          byte[] bytes = packet.payload();
          int kind = bytes[0] - PacketHeader.FIRST_MESSAGE;
          if (kind < 3) {
            int at = kind == 2 ? 11 : kind == 1 ? 19 : 17; // PROTOCOL.md §3.1 to §3.3
            int length = ByteBuffer.wrap(bytes).getShort(at - 2);
            bodies[kind] = Arrays.copyOfRange(bytes, at, at + length);
            comments.append(packet.comment()).append('\n');
          }
          if (kind == 0) {
            assertEquals(DropReason.NONE, first.check(bytes, 0, bytes.length));
            assertEquals(WireLimits.SUITE_CLEAR, first.suite());
          }
        }
      }
      byte[] ephemeral = Arrays.copyOf(bodies[0], 32);
      ClearHandshake initiator =
          ClearHandshake.initiator(first.initiatorConnectionId(), giving(ephemeral));
      byte[] out = new byte[608];
      int written = initiator.writeFirst(out, 0);
      assertArrayEquals(bodies[0], Arrays.copyOf(out, written));
      byte[] payload = new byte[608];
      int length = initiator.readSecond(bodies[1], 0, bodies[1].length, payload);
      assertNotNull(TransportParameters.decode(payload, 0, length));
      byte[] own = Arrays.copyOf(bodies[2], bodies[2].length - 4);
      assertNotNull(TransportParameters.decode(own, 0, own.length));
      written = initiator.writeThird(own, own.length, out, 0);
      assertArrayEquals(bodies[2], Arrays.copyOf(out, written));
      assertTrue(
          comments
              .toString()
              .matches(
                  "(?s)(decrypted, was of suite Noise_XX(psk3)?_25519_AESGCM_SHA256\n)+"
                      + "(decrypted, from SHA256:.{43}\n)+"),
          comments.toString());
    }
  }

  private static java.util.random.RandomGenerator giving(byte[] bytes) {
    return new java.util.random.RandomGenerator() {
      @Override
      public long nextLong() {
        throw new AssertionError("only bytes are drawn");
      }

      @Override
      public void nextBytes(byte[] out) {
        System.arraycopy(bytes, 0, out, 0, out.length);
      }
    };
  }

  private static void assertSameKeys(ConnectionSecrets one, ConnectionSecrets other) {
    HandshakeKeys keys = one.handshake();
    HandshakeKeys same = other.handshake();
    assertNotNull(keys);
    assertNotNull(same);
    assertArrayEquals(keys.secondStatic(), same.secondStatic());
    assertArrayEquals(keys.secondPayload(), same.secondPayload());
    assertArrayEquals(keys.thirdPayload(), same.thirdPayload());
    assertArrayEquals(keys.thirdHash(), same.thirdHash());
    assertFalse(Arrays.equals(keys.secondStatic(), keys.secondPayload()));
    assertFalse(Arrays.equals(keys.secondPayload(), keys.thirdPayload()));
  }

  /** Without M1 there is no transcript: the data is read, the handshake stays as it is. */
  @Test
  void aHandshakeWhoseBeginningIsMissingStaysSealed() {
    CapturedConversation sealed = CapturedConversation.run(5, "delay 20ms", Security.ephemeral());
    CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
    for (CapturedDatagram each : sealed.datagrams) {
      byte[] bytes = each.payload();
      if (bytes[0] == PacketHeader.SECOND_MESSAGE) {
        assertEquals(List.of(each), decryptor.decrypt(each));
      } else if (bytes[0] == PacketHeader.THIRD_MESSAGE) {
        byte[] clear = decryptor.decrypt(each).get(0).payload();
        int body = 11 + ByteBuffer.wrap(bytes).getShort(9);
        assertArrayEquals(Arrays.copyOf(bytes, body), Arrays.copyOf(clear, body));
      } else if (bytes[0] != PacketHeader.FIRST_MESSAGE) {
        decryptor.decrypt(each);
      }
    }
    assertTrue(decryptor.decrypted() > 10);
  }

  private static byte[] secret(int seed) {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) seed);
    return secret;
  }

  private static byte[] packet(AesGcmProtection keys, long id, long number, String words) {
    byte[] frames = new byte[200];
    FrameWriter writer = new FrameWriter();
    writer.reset(frames, 0, frames.length);
    byte[] body = words.getBytes(StandardCharsets.US_ASCII);
    assertTrue(writer.datagram(3, -1, body, 0, body.length));
    byte[] out = new byte[300];
    int length = keys.seal(id, number, 2, frames, 0, writer.written(), out, 0);
    return Arrays.copyOf(out, length);
  }

  private static CapturedDatagram datagram(long nanos, byte[] payload) {
    return new CapturedDatagram(
        nanos, CapturedConversation.CLIENT, CapturedConversation.SERVER, payload);
  }

  /** Opens a clear packet as an end with {@code Security.none()} would. */
  private static String words(CapturedDatagram clear) {
    byte[] plain = new byte[400];
    int length =
        new ChecksumProtection().open(clear.payload(), 0, clear.payload().length, -1, 0, plain, 0);
    assertTrue(length > 3, "the checksum is that of a clear packet");
    return new String(plain, 3, length - 3, StandardCharsets.US_ASCII);
  }

  @Test
  void keyUpdatesAreFollowedAndLatePacketsOfTheOldPhaseAreRead() {
    KeyLimits limits = KeyLimits.DEFAULT;
    AesGcmProtection client = new AesGcmProtection(secret(1), secret(2), limits);
    AesGcmProtection server = new AesGcmProtection(secret(2), secret(1), limits);
    CaptureDecryptor decryptor =
        new CaptureDecryptor(List.of(new ConnectionSecrets(BACK, THERE, secret(1), secret(2))));
    byte[] plain = new byte[400];
    client.onProbeTimeout(1_000_000);
    server.onProbeTimeout(1_000_000);
    long nanos = 0;
    byte[] late = packet(client, THERE, 0, "late, of phase 0");
    long number = 1;
    for (int phase = 0; phase < 5; phase++) {
      nanos += 1_000_000_000;
      byte[] there = packet(client, THERE, number, "there in phase " + phase);
      assertTrue(server.open(there, 0, there.length, number - 1, nanos, plain, 0) > 0);
      assertEquals(phase, client.sendingPhase());
      assertEquals(
          "there in phase " + phase, words(decryptor.decrypt(datagram(nanos, there)).get(0)));
      if (phase == 1) {
        assertEquals("late, of phase 0", words(decryptor.decrypt(datagram(nanos, late)).get(0)));
      }
      byte[] back = packet(server, BACK, number, "back in phase " + phase);
      assertTrue(client.open(back, 0, back.length, number - 1, nanos, plain, 0) > 0);
      assertEquals(
          "back in phase " + phase, words(decryptor.decrypt(datagram(nanos, back)).get(0)));
      client.onAcknowledged(number, nanos);
      server.onAcknowledged(number, nanos);
      nanos += 1_000_000_000;
      client.onAcknowledged(number, nanos);
      client.requestKeyUpdate();
      number++;
    }
    assertEquals(0, decryptor.leftSealed());
  }

  @Test
  void datagramsThatTheSystemWouldHaveCutAreTakenApart() throws IOException {
    AesGcmProtection client = new AesGcmProtection(secret(1), secret(2), KeyLimits.DEFAULT);
    ByteArrayOutputStream together = new ByteArrayOutputStream();
    for (int i = 0; i < 3; i++) {
      together.write(packet(client, THERE, i, i < 2 ? "piece " + i : "end"));
    }
    CaptureDecryptor decryptor =
        new CaptureDecryptor(List.of(new ConnectionSecrets(BACK, THERE, secret(1), secret(2))));
    List<CapturedDatagram> pieces = decryptor.decrypt(datagram(0, together.toByteArray()));
    assertEquals(3, pieces.size());
    assertEquals("piece 0", words(pieces.get(0)));
    assertEquals("piece 1", words(pieces.get(1)));
    assertEquals("end", words(pieces.get(2)));
    assertEquals(3, decryptor.decrypted());
    assertEquals(0, decryptor.leftSealed());
  }

  /** Anyone can send what looks like pieces and whose last is none: it is read to its end. */
  @Test
  void piecesWithAThirdMessageAreNotCutAgain() {
    byte[] piece = CaptureFuzz.thirdWithData();
    int length = piece.length;
    List<String> whole = List.of("M3 35", "data 30");
    assertEquals(whole, packets(piece, length));
    assertEquals(List.of("M3 35", "data 30", "M3 35", "data 30"), packets(piece, 2 * length));
    for (int cut = 1; cut < length; cut++) {
      List<String> expected = new ArrayList<>(whole);
      int end = length - cut;
      if (end < 35) {
        expected.add("other " + end);
      } else {
        expected.add(end == 35 ? "M3 35" : end < 49 ? "other " + end : "M3 35");
        if (end >= 49) {
          expected.add("sealed " + (end - 35));
        }
      }
      if (end >= 9) { // below, nothing says where the first ends
        assertEquals(expected, packets(piece, length + end), "a last piece of " + end);
      }
    }
    byte[] damaged = Arrays.copyOf(piece, 3 * length);
    System.arraycopy(piece, 0, damaged, length, length);
    System.arraycopy(piece, 0, damaged, 2 * length, length);
    damaged[2 * length - 1] ^= 1;
    assertEquals(
        List.of("M3 35", "data 30", "M3 35", "sealed 30", "M3 35", "data 30"),
        packets(damaged, damaged.length));
  }

  /** What the packets of so many bytes are, which are those given over and over. */
  private static List<String> packets(byte[] repeated, int length) {
    byte[] payload = new byte[length];
    for (int i = 0; i < length; i++) {
      payload[i] = repeated[i % repeated.length];
    }
    List<String> told = new ArrayList<>();
    new CapturedPackets()
        .read(
            datagram(0, payload),
            new PacketVisitor() {
              @Override
              public void thirdMessage(int bytes, long id, Map<String, Object> parameters) {
                told.add("M3 " + bytes);
              }

              @Override
              public void data(int bytes, long id, int phase, long number, TracedFrames frames) {
                told.add("data " + bytes);
              }

              @Override
              public void sealed(int bytes, long id) {
                told.add("sealed " + bytes);
              }

              @Override
              public void other(int bytes) {
                told.add("other " + bytes);
              }
            });
    return told;
  }

  @Test
  void whatIsDamagedOrRepeatedStaysAsItIs() {
    AesGcmProtection client = new AesGcmProtection(secret(1), secret(2), KeyLimits.DEFAULT);
    byte[] packet = packet(client, THERE, 0, "once");
    CaptureDecryptor decryptor =
        new CaptureDecryptor(List.of(new ConnectionSecrets(BACK, THERE, secret(1), secret(2))));
    byte[] damaged = packet.clone();
    damaged[packet.length - 1] ^= 1;
    assertArrayEquals(damaged, decryptor.decrypt(datagram(0, damaged)).get(0).payload());
    assertEquals("once", words(decryptor.decrypt(datagram(1, packet)).get(0)));
    assertArrayEquals(packet, decryptor.decrypt(datagram(2, packet)).get(0).payload());
    assertEquals(1, decryptor.decrypted());
    assertEquals(2, decryptor.leftSealed());
  }
}
