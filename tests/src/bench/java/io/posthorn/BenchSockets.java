package io.posthorn;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Sockets as anybody opens them, but for the packet size, which the builder does not offer. */
public final class BenchSockets {
  private BenchSockets() {}

  /**
   * Opens a socket on any free port of loopback.
   *
   * @param packetBytes the largest datagram; 0 for what the path carries
   */
  public static MessageSocket open(
      Mode mode, Security security, boolean portable, int packetBytes, long spinNanos)
      throws IOException {
    MessageSocketBuilder builder =
        MessageSocket.builder()
            .mode(mode)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .portableIo(portable)
            .spinBeforeBlocking(Duration.ofNanos(spinNanos));
    if (mode == Mode.RELIABLE) {
      builder.security(security);
    }
    if (packetBytes > 0) {
      builder.maxDatagramBytes(packetBytes);
    }
    return builder.open();
  }
}
