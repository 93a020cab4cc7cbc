package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.congestion.NewReno;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** PROTOCOL.md §5.14: what is asked for depends on what the peer announced. */
class AckFrequencyTest {
  private static final long MS = 1_000_000;

  private final AckFrequency frequency = new AckFrequency();
  private final PacketRecovery recovery =
      new PacketRecovery(() -> new NewReno(1200), new FrameSource[] {frequency});
  private final PacketBuilder packet = new PacketBuilder(new FrameWriter(), recovery.sent());

  private void open(long rttNanos, long announcedMicros) {
    recovery.onHandshakeRoundTrip(rttNanos);
    recovery.peerMaxAckDelay(announcedMicros * 1_000);
    frequency.onOpened(recovery, announcedMicros);
  }

  /** The delay that the next packet asks for, in microseconds. */
  private long asked() {
    assertTrue(frequency.hasFrames(0));
    byte[] out = new byte[100];
    packet.begin(out, 0, out.length);
    frequency.writeFrames(packet, 0);
    long[] delay = new long[1];
    FrameHandler handler =
        (FrameHandler)
            Proxy.newProxyInstance(
                FrameHandler.class.getClassLoader(),
                new Class<?>[] {FrameHandler.class},
                (proxy, method, arguments) -> {
                  assertEquals("onAckFrequency", method.getName());
                  delay[0] = (long) arguments[2];
                  return null;
                });
    assertNull(new FrameReader().read(out, 0, packet.frames().written(), handler));
    return delay[0];
  }

  @Test
  void aDelayIsAskedForThatFitsTheRoundTrip() {
    open(40 * MS, 25_000);
    assertEquals(10_000, asked());
  }

  @Test
  void whoAnnouncesLittleIsAskedForNothing() {
    for (long announced : new long[] {0, 1_000, 5_000, 9_000}) {
      AckFrequency each = new AckFrequency();
      recovery.onHandshakeRoundTrip(20 * MS);
      each.onOpened(recovery, announced);
      assertFalse(each.hasFrames(0), announced + " µs");
    }
  }

  @Test
  void whoAnnouncesMuchIsAskedForLess() {
    open(1_000 * MS, 100_000);
    assertEquals(25_000, asked());
    long before = recovery.probeTimeoutNanos();
    frequency.onAcknowledged(0, 0, 0);
    frequency.onAcknowledged(recovery);
    assertEquals(75 * MS, before - recovery.probeTimeoutNanos(), "probes count on it");
  }

  /** Else probes would wait longer than the peer ever does. */
  @Test
  void nothingLongerIsAskedForThanWasAnnounced() {
    open(1_000 * MS, 2_000);
    for (int i = 0; i < 200; i++) {
      recovery.onPacketSent(1_000, true, false, false, 0);
    }
    long before = recovery.probeTimeoutNanos();
    frequency.onAcknowledged(recovery);
    assertEquals(2_000, asked(), "along with fewer acknowledgements");
    frequency.onAcknowledged(0, 0, 0);
    frequency.onAcknowledged(recovery);
    assertEquals(before, recovery.probeTimeoutNanos());
    assertFalse(frequency.hasFrames(0));
  }
}
