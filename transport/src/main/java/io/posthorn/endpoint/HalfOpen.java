package io.posthorn.endpoint;

import io.posthorn.protocol.handshake.Handshake;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** A handshake that was answered with M2 and waits for M3. */
final class HalfOpen {
  /** Who asked: an address may ask for several connections, told apart by their ids. */
  record Key(InetSocketAddress address, long initiatorConnectionId) {}

  final Key key;
  final long responderConnectionId;
  final Handshake handshake;
  final byte[] second;
  final long expiresNanos;

  HalfOpen(
      Key key, long responderConnectionId, Handshake handshake, byte[] second, long expiresNanos) {
    this.key = key;
    this.responderConnectionId = responderConnectionId;
    this.handshake = handshake;
    this.second = second;
    this.expiresNanos = expiresNanos;
  }

  /** Whether a repeated M1 is the one that was answered. */
  boolean isSameAttempt(byte[] datagram, int bodyFrom) {
    byte[] ephemeral = handshake.remoteEphemeral();
    return Arrays.equals(
        ephemeral, 0, ephemeral.length, datagram, bodyFrom, bodyFrom + ephemeral.length);
  }
}
