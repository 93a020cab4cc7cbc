package io.posthorn.endpoint;

import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.DropReason;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A handshake that was answered with M2 and waits for M3, or for more of it if that was refused.
 */
final class HalfOpen {
  /**
   * Who asked: an address may ask for several connections, told apart by their ids. The key of M1
   * stands here too, for one that was damaged on its way must not stand in the way of the true one.
   *
   * @param hash by a secret, for whoever asks chooses all the rest
   */
  record Key(
      InetSocketAddress address, long initiatorConnectionId, ByteBuffer ephemeral, int hash) {
    /**
     * Makes one.
     *
     * @param ephemeral 32 bytes, kept
     * @param seed secret
     * @param factor secret and odd
     */
    static Key of(
        InetSocketAddress address,
        long initiatorConnectionId,
        ByteBuffer ephemeral,
        long seed,
        long factor) {
      byte[] ip = address.getAddress().getAddress();
      long hash = fold(seed ^ (ip.length << Short.SIZE | address.getPort()), factor);
      for (int at = 0; at < ip.length; at += Integer.BYTES) {
        hash = fold(hash ^ BigEndian.getInt(ip, at), factor);
      }
      hash = fold(hash ^ initiatorConnectionId, factor);
      for (int at = 0; at < ephemeral.limit(); at += Long.BYTES) {
        hash = fold(hash ^ ephemeral.getLong(at), factor);
      }
      return new Key(address, initiatorConnectionId, ephemeral, (int) (hash ^ hash >>> 32));
    }

    /** Both halves of the product: what differs in one word is undone by no choice of the next. */
    private static long fold(long value, long factor) {
      return value * factor ^ Math.multiplyHigh(value, factor);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  final Key key;
  final long responderConnectionId;
  final Handshake handshake;
  final byte[] second;
  final long expiresNanos;

  /** The name of the cookie that it began with; 0 if none was asked for. */
  final long cookie;

  private byte @Nullable [] refusal;
  private DropReason furtherThird = DropReason.NONE;
  private long secondSentNanos;
  private int secondsSent;

  HalfOpen(
      Key key,
      long responderConnectionId,
      Handshake handshake,
      byte[] second,
      long cookie,
      long expiresNanos) {
    this.key = key;
    this.responderConnectionId = responderConnectionId;
    this.handshake = handshake;
    this.second = second;
    this.cookie = cookie;
    this.expiresNanos = expiresNanos;
  }

  /**
   * M3 verified, and there is nothing more to read in another.
   *
   * @param answer the datagram that answers each
   * @param further what a further M3 counts as
   */
  void refuse(byte[] answer, DropReason further) {
    refusal = answer;
    furtherThird = further;
  }

  /** The datagram that answers M3 once that was refused; null before. */
  byte @Nullable [] refusal() {
    return refusal;
  }

  /** What a further M3 counts as then. */
  DropReason furtherThird() {
    return furtherThird;
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
