package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.JavaProcess;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.LoneResources;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * FAULTS 41: what a handshake that waits for M3 holds of the heap, measured as {@link
 * IdleConnectionsTest} measures. Strangers who have proved nothing may make 256 of them at once.
 */
class HalfOpenMemoryTest {
  private static final List<String> KINDS = List.of("clear", "sealed", "secret", "guessed");
  private static final List<Integer> BOUND_BYTES = List.of(800, 1_250, 1_250, 1_600);

  @Test
  void fault41_aHalfOpenHandshakeHoldsLittle() throws Exception {
    List<String> options = List.of("-XX:+UseSerialGC", "-Xmx256m");
    Process process = JavaProcess.start(options, Measurement.class, KINDS.toArray(new String[0]));
    List<String> output = JavaProcess.outputOf(process).lines().toList();
    for (int i = 0; i < KINDS.size(); i++) {
      int bytes = Integer.parseInt(output.get(i));
      assertTrue(bytes > 300, () -> "nothing was measured: " + output);
      assertTrue(bytes <= BOUND_BYTES.get(i), () -> output + " bytes of " + KINDS);
    }
  }

  /** The program of that virtual machine. */
  static final class Measurement {
    private static final int HANDSHAKES = 256;

    private final SplittableRandom random = new SplittableRandom(1);
    private final boolean guessed;
    private final byte @Nullable [] secret;
    private final int suite;
    private final StaticKey identity;
    private final SocketOptions options;

    private Measurement(String how) {
      guessed = how.equals("guessed");
      secret = how.equals("secret") || guessed ? new byte[32] : null;
      Security security = how.equals("clear") ? Security.none() : Security.ephemeral();
      if (secret != null) {
        security = Security.preSharedKey(secret);
        suite = WireLimits.SUITE_NOISE_XX_PSK3;
      } else {
        suite = security.isEncrypted() ? WireLimits.SUITE_NOISE_XX : WireLimits.SUITE_CLEAR;
      }
      options = HandPeer.options(security, 1_000, 16 << 20);
      identity = StaticKey.generate(random);
    }

    /** The kinds of handshakes; prints bytes of heap for one of each. */
    public static void main(String[] kinds) {
      for (String how : kinds) {
        Measurement measurement = new Measurement(how);
        Outbox outbox = new Outbox();
        measurement.begin(4, measurement.admission(outbox), outbox); // loads the classes
        Admission admission = measurement.admission(outbox);
        long before = IdleConnectionsTest.Measurement.heapBytes();
        measurement.begin(HANDSHAKES, admission, outbox);
        long after = IdleConnectionsTest.Measurement.heapBytes();
        assertEquals(HANDSHAKES, admission.halfOpenCount());
        System.out.println((after - before) / HANDSHAKES);
      }
    }

    private Admission admission(Outbox outbox) {
      EndpointResources shared = LoneResources.of(options, random, 1);
      return new Admission(
          shared, new HandshakeSuite(shared, identity), Admission.COOKIE_THRESHOLD, outbox);
    }

    private void begin(int count, Admission admission, Outbox outbox) {
      byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
      byte[] datagram = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
      TransmitBatch batch = new TransmitBatch();
      for (int i = 0; i < count; i++) {
        Handshake asking =
            suite == WireLimits.SUITE_CLEAR
                ? ClearHandshake.initiator(i, random)
                : NoiseXX.initiator(identity, i, secret, random);
        int length = asking.writeFirst(body, 0);
        FirstMessagePacket.write(datagram, 0, suite, i, new byte[0], 0, body, length);
        InetSocketAddress from = HandPeer.address(i);
        assertEquals(DropReason.NONE, admission.check(datagram, 0, datagram.length, from));
        assertEquals(DropReason.NONE, admission.onFirst(datagram, from, 0));
        batch.clear();
        assertTrue(outbox.poll(batch));
        if (guessed) {
          guess(admission, asking, batch);
        }
      }
    }

    /** M3 comes, its static key opens, and what it says of the peer does not. */
    private static void guess(Admission admission, Handshake asking, TransmitBatch batch) {
      SecondMessagePacket second = new SecondMessagePacket();
      assertEquals(DropReason.NONE, second.check(batch.bytes(), 0, batch.lengthBytes()));
      byte[] plain = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
      byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
      assertTrue(
          asking.readSecond(batch.bytes(), second.bodyFrom(), second.bodyLength(), plain) > 0);
      int length = asking.writeThird(plain, 100, body, 0);
      body[length - 1] ^= 1;
      HalfOpen halfOpen = admission.find(second.responderConnectionId());
      assertNotNull(halfOpen);
      assertEquals(Handshake.FAILED, halfOpen.handshake.readThird(body, 0, length, plain));
      assertTrue(halfOpen.handshake.isFurtherThird(body, 0, length));
    }
  }
}
