package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Security;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.Identity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The key that a peer shows to whoever asks, which nobody has vouched for yet. */
final class AskedKey {
  private AskedKey() {}

  /**
   * Connects to a peer for its key alone.
   *
   * @param mine who asks
   * @param timeout how long it may take to answer; null for the usual time
   */
  static Fingerprint of(InetSocketAddress peer, Identity mine, @Nullable Duration timeout)
      throws IOException {
    MessageSocketBuilder builder = MessageSocket.builder().security(Security.identity(mine));
    if (timeout != null) {
      builder.handshakeTimeout(SocketFlags.possible(timeout));
    }
    try (MessageSocket socket = builder.open();
        Connection connection = socket.connect(peer)) {
      String shown = connection.peerFingerprint();
      if (shown == null) {
        throw new IllegalStateException("an encrypted connection to a peer without a key");
      }
      return Fingerprint.parse(shown);
    }
  }
}
