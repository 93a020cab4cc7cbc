package io.posthorn.protocol.handshake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.protection.PacketProtection;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Two ends of a handshake with a message between them, for the tests of this package. */
final class Handshakes {
  static final long CONNECTION_ID = 0x1122334455667788L;
  static final byte[] SECOND_PAYLOAD = "parameters of the responder".getBytes(UTF_8);
  static final byte[] THIRD_PAYLOAD = "parameters of the initiator".getBytes(UTF_8);

  final Handshake initiator;
  final Handshake responder;

  Handshakes(Handshake initiator, Handshake responder) {
    this.initiator = initiator;
    this.responder = responder;
  }

  /** Both ends from one seed, with their own identities. */
  static Handshakes noise(long seed, byte @Nullable [] preSharedKey) {
    SplittableRandom random = new SplittableRandom(seed);
    return new Handshakes(
        NoiseXX.initiator(StaticKey.generate(random), CONNECTION_ID, preSharedKey, random),
        NoiseXX.responder(StaticKey.generate(random), CONNECTION_ID, preSharedKey, random));
  }

  static Handshakes clear(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new Handshakes(
        ClearHandshake.initiator(CONNECTION_ID, random),
        ClearHandshake.responder(CONNECTION_ID, random));
  }

  /** Noise, Noise with a pre-shared secret, or clear. */
  static Handshakes ofSuite(int suite, long seed) {
    return switch (suite) {
      case 0 -> clear(seed);
      case 1 -> noise(seed, null);
      default -> noise(seed, new byte[32]);
    };
  }

  byte[] first() {
    byte[] out = new byte[1200];
    return Arrays.copyOf(out, initiator.writeFirst(out, 0));
  }

  byte[] second() {
    byte[] out = new byte[1200];
    return Arrays.copyOf(out, responder.writeSecond(SECOND_PAYLOAD, SECOND_PAYLOAD.length, out, 0));
  }

  byte[] third() {
    byte[] out = new byte[1200];
    return Arrays.copyOf(out, initiator.writeThird(THIRD_PAYLOAD, THIRD_PAYLOAD.length, out, 0));
  }

  /** Runs all three messages. */
  Handshakes complete() {
    byte[] payload = new byte[1200];
    byte[] first = first();
    assertTrue(responder.readFirst(first, 0, first.length));
    byte[] second = second();
    assertEquals(SECOND_PAYLOAD.length, initiator.readSecond(second, 0, second.length, payload));
    byte[] third = third();
    assertEquals(THIRD_PAYLOAD.length, responder.readThird(third, 0, third.length, payload));
    return this;
  }

  /** Whether a packet from {@code from} opens at {@code to}. */
  static boolean passes(PacketProtection from, PacketProtection to, long packetNumber) {
    byte[] frames = "some frames".getBytes(UTF_8);
    byte[] packet = new byte[200];
    int length = from.seal(7, packetNumber, 2, frames, 0, frames.length, packet, 0);
    byte[] plain = new byte[200];
    int opened = to.open(packet, 0, length, packetNumber - 1, 0, plain, 0);
    return opened == frames.length && Arrays.equals(frames, Arrays.copyOf(plain, opened));
  }

  static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
