package io.posthorn;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Packets that came from the peer to which a {@link ReliableDatagramSocket} was connected, kept
 * when it stops being so: what others sent it meanwhile must not be received afterwards. With the
 * lock of that socket.
 */
final class KeptPackets {
  /**
   * Bytes of the peer's packets that are kept. What lies behind them is not looked at: the peer may
   * send as long as its packets are taken, and there would be no end to it.
   */
  private static final long LIMIT_BYTES = 1 << 20;

  private final ArrayDeque<Message> kept = new ArrayDeque<>();

  /** Takes all that has come, and keeps what this peer sent; does not wait. */
  void keep(MessageSocket socket, InetSocketAddress peer) {
    boolean wasInterrupted = Thread.interrupted();
    try {
      long bytes = 0;
      while (bytes < LIMIT_BYTES) {
        Message message = socket.receive(Duration.ZERO);
        if (message == null) {
          break;
        }
        if (message.from().equals(peer)) {
          kept.add(message);
          bytes += message.size();
        }
      }
    } catch (IOException e) {
      kept.clear(); // closed meanwhile: nobody will ask for them
    } finally {
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The socket is connected to this peer now. */
  void dropOthers(InetSocketAddress peer) {
    kept.removeIf(message -> !message.from().equals(peer));
  }

  @Nullable Message poll() {
    return kept.poll();
  }
}
