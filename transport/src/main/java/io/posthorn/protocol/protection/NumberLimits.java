package io.posthorn.protocol.protection;

import io.posthorn.wire.WireLimits;

/** Which packet numbers may be sealed, and when there are hardly any left. */
final class NumberLimits {
  /** Packets that can still be sealed once the connection counts as exhausted. */
  static final int CLOSE_RESERVE_PACKETS = 64;

  private NumberLimits() {}

  /** Refuses a number that was used, or that the wire cannot name: our own fault. */
  static void check(long packetNumber, long largestSealed) {
    if (packetNumber <= largestSealed || packetNumber > WireLimits.MAX_PACKET_NUMBER) {
      throw new IllegalStateException(
          "packet number " + packetNumber + " after " + largestSealed + ": numbers only grow");
    }
  }

  /** Whether so few packet numbers are left that the connection must close. */
  static boolean isLastNear(long largestSealed) {
    return largestSealed >= WireLimits.MAX_PACKET_NUMBER - CLOSE_RESERVE_PACKETS;
  }
}
