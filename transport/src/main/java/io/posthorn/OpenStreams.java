package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.runtime.ConnectionRecord;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Which channels carry a message that is still being written. */
final class OpenStreams {
  /** One channel of one connection; compared by identity of the connection. */
  record Claim(ConnectionRecord connection, int channel) {}

  private final Set<Claim> claims = ConcurrentHashMap.newKeySet();

  /** Takes a channel for the stream that is then made, unless there is no heap for it, say. */
  MessageOutputStream open(
      ConnectionRecord connection, int channel, Function<Claim, MessageOutputStream> make) {
    Claim claim = claim(connection, channel);
    boolean made = false;
    try {
      MessageOutputStream stream = make.apply(claim);
      made = true;
      return stream;
    } finally {
      if (!made) {
        release(claim);
      }
    }
  }

  private Claim claim(ConnectionRecord connection, int channel) {
    ChannelPriorities.checkChannel(channel);
    Claim claim = new Claim(connection, channel);
    if (!claims.add(claim)) {
      throw busy(channel, connection.peer());
    }
    return claim;
  }

  void release(Claim claim) {
    claims.remove(claim);
  }

  boolean isEmpty() {
    return claims.isEmpty();
  }

  void requireFree(long handle, InetSocketAddress peer, int channel) {
    if (claims.isEmpty()) {
      return;
    }
    for (Claim claim : claims) {
      boolean same =
          handle == Endpoint.NO_CONNECTION
              ? claim.connection().isReachedBy(peer)
              : claim.connection().handle() == handle;
      if (same && claim.channel() == channel) {
        throw busy(channel, peer);
      }
    }
  }

  static IllegalStateException busy(int channel, InetSocketAddress peer) {
    return new IllegalStateException(
        "channel "
            + channel
            + " to "
            + AddressText.of(peer)
            + " carries a message that is still being written: close its stream or use another"
            + " channel");
  }
}
