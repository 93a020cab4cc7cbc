package io.posthorn.protocol.protection;

import org.jspecify.annotations.Nullable;

/**
 * Which ciphers one direction of one connection works with: those that all connections of the
 * endpoint take in turn, each expanding its key anew, or, while it is busy, ones of its own. Not
 * thread-safe.
 */
final class CipherUse {
  /** Packets in quick succession that make it busy: more than a handshake and a question have. */
  private static final int BUSY_PACKETS = 8;

  private static final long SUCCESSION_NANOS = 1_000_000_000L;

  private final AesCiphers endpoint;
  private final DirectionCiphers shared;
  private @Nullable DirectionCiphers own;
  private long lastNanos;
  private int packets;

  CipherUse(AesCiphers endpoint, DirectionCiphers shared) {
    this.endpoint = endpoint;
    this.shared = shared;
  }

  /** The ciphers for the packet at hand. */
  DirectionCiphers ciphers() {
    DirectionCiphers mine = own;
    return mine == null ? shared : mine;
  }

  /** Where the nonce of the packet at hand is made. */
  byte[] nonce() {
    return endpoint.nonce();
  }

  /** A packet was sealed, or one opened that verified: forged ones make nobody busy. */
  void note() {
    long nowNanos = endpoint.nowNanos();
    if (own == null) {
      packets = nowNanos - lastNanos <= SUCCESSION_NANOS ? packets + 1 : 1;
      if (packets >= BUSY_PACKETS) {
        packets = 0;
        own = endpoint.lend(this);
      }
    }
    lastNanos = nowNanos;
  }

  boolean hasOwn() {
    return own != null;
  }

  long lastNanos() {
    return lastNanos;
  }

  /** Gives up its own ciphers, and with them the expanded keys. */
  void giveUp() {
    own = null;
    packets = 0;
  }
}
