package io.posthorn.endpoint;

import io.posthorn.protocol.handshake.Handshake;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** A handshake that was answered with M2 and waits for M3. */
final class HalfOpen {
  /**
   * Who asked: an address may ask for several connections, told apart by their ids. The key of M1
   * stands here too, for one that was damaged on its way must not stand in the way of the true one.
   */
  record Key(InetSocketAddress address, long initiatorConnectionId, ByteBuffer ephemeral) {}

  final Key key;
  final long responderConnectionId;
  final Handshake handshake;
  final byte[] second;
  final long expiresNanos;
  private long secondSentNanos;
  private int secondsSent;

  HalfOpen(
      Key key, long responderConnectionId, Handshake handshake, byte[] second, long expiresNanos) {
    this.key = key;
    this.responderConnectionId = responderConnectionId;
    this.handshake = handshake;
    this.second = second;
    this.expiresNanos = expiresNanos;
  }

  /** M2 leaves. */
  void onSecondSent(long nowNanos) {
    secondSentNanos = nowNanos;
    secondsSent++;
  }

  /** How long M3 took if it comes now; -1 if M2 went more than once (Karn's rule). */
  long roundTripNanos(long nowNanos) {
    return secondsSent == 1 ? nowNanos - secondSentNanos : -1;
  }
}
