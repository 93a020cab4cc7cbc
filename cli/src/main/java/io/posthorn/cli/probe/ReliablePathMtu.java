package io.posthorn.cli.probe;

import io.posthorn.Connection;
import io.posthorn.ConnectionInfo;
import io.posthorn.MessageSocket;
import io.posthorn.cli.session.ConnectionEnd;
import java.io.IOException;
import java.net.Inet6Address;
import java.time.Duration;
import java.util.function.IntConsumer;

/**
 * Has a reliable connection find the largest datagram that its way to the peer carries (RFC 8899),
 * which it does only while full packets leave: pings are sent meanwhile, large enough for that.
 */
public final class ReliablePathMtu {
  private static final int FILLER_BYTES = 16 << 10;
  private static final Duration STEP = Duration.ofMillis(20);

  private ReliablePathMtu() {}

  /**
   * Searches.
   *
   * @param channel on which the peer sends messages back
   * @param longest how long at most; what is found by then counts
   * @param progress is told the size that passes so far
   * @return with headers of IP and UDP as they are on this way
   * @throws IOException if the connection ends
   */
  public static MtuProbe.Result search(
      MessageSocket socket,
      Connection connection,
      int channel,
      Duration longest,
      IntConsumer progress)
      throws IOException {
    boolean ipv6 = connection.remoteAddress().getAddress() instanceof Inet6Address;
    byte[] filler = new byte[FILLER_BYTES];
    long endNanos = System.nanoTime() + longest.toNanos();
    int passes = 0;
    while (true) {
      ConnectionInfo info = connection.info();
      if (info == null) {
        throw ConnectionEnd.of(connection);
      }
      passes = info.datagramBytes();
      progress.accept(passes);
      if (info.datagramBytesSettled() || System.nanoTime() - endNanos >= 0) {
        return new MtuProbe.Result(passes, ipv6 ? 48 : 28, true, info.smoothedRtt().toNanos());
      }
      if (info.bytesQueued() < FILLER_BYTES) {
        connection.send(connection.message().channel(channel).body(filler));
      }
      for (long stepNanos = System.nanoTime() + STEP.toNanos(), left = STEP.toNanos(); left > 0; ) {
        if (socket.receive(Duration.ofNanos(left)) == null) {
          break;
        }
        left = stepNanos - System.nanoTime();
      }
    }
  }
}
