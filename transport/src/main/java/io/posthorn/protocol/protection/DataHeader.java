package io.posthorn.protocol.protection;

import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;

/** The header of a data packet, without its protection. */
final class DataHeader {
  //  0        1                 9
  //  +--------+-----------------+---------------------+
  //  |00001KLL|  connection id  | packet number 1..4  |
  //  +--------+-----------------+---------------------+
  static final int CONNECTION_ID_AT = 1;
  static final int PACKET_NUMBER_AT = CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES;

  /** Where the sample for header protection begins (RFC 9001 §5.4.2). */
  static final int SAMPLE_AT = PACKET_NUMBER_AT + WireLimits.MAX_PACKET_NUMBER_BYTES;

  /** The bits of the first byte that header protection masks. */
  static final int PROTECTED_BITS = 0x07;

  /** Packets that can still be sealed once the connection counts as exhausted. */
  static final int CLOSE_RESERVE_PACKETS = 64;

  private static final int TYPE = 0x08;
  private static final int KEY_PHASE = 0x04;
  private static final int LENGTH_BITS = 0x03;

  private DataHeader() {}

  /** Writes the header. Returns where the frames begin. */
  static int write(
      long destinationConnectionId,
      long packetNumber,
      int packetNumberLength,
      boolean keyPhase,
      byte[] out,
      int from) {
    if (packetNumberLength < 1 || packetNumberLength > WireLimits.MAX_PACKET_NUMBER_BYTES) {
      throw new IllegalArgumentException("a packet number of " + packetNumberLength + " bytes");
    }
    out[from] = (byte) (TYPE | (keyPhase ? KEY_PHASE : 0) | (packetNumberLength - 1));
    BigEndian.putLong(out, from + CONNECTION_ID_AT, destinationConnectionId);
    int at = from + PACKET_NUMBER_AT;
    for (int shift = 8 * (packetNumberLength - 1); shift >= 0; shift -= 8) {
      out[at++] = (byte) (packetNumber >>> shift);
    }
    return at;
  }

  static boolean keyPhase(int firstByte) {
    return (firstByte & KEY_PHASE) != 0;
  }

  static int packetNumberLength(int firstByte) {
    return (firstByte & LENGTH_BITS) + 1;
  }

  /** The truncated packet number, unsigned. */
  static long readNumber(byte[] in, int at, int length) {
    long truncated = 0;
    for (int i = 0; i < length; i++) {
      truncated = truncated << 8 | (in[at + i] & 0xff);
    }
    return truncated;
  }

  /** Refuses a number that was used, or that the wire cannot name: our own fault. */
  static void checkNumber(long packetNumber, long largestSealed) {
    if (packetNumber <= largestSealed || packetNumber > WireLimits.MAX_PACKET_NUMBER) {
      throw new IllegalStateException(
          "packet number " + packetNumber + " after " + largestSealed + ": numbers only grow");
    }
  }

  /** Whether so few packet numbers are left that the connection must close. */
  static boolean isLastNumberNear(long largestSealed) {
    return largestSealed >= WireLimits.MAX_PACKET_NUMBER - CLOSE_RESERVE_PACKETS;
  }
}
