package io.posthorn.wire;

/**
 * Truncation and expansion of packet numbers (PROTOCOL.md §3.6, RFC 9000 §17.1 and Appendix A). The
 * sender writes so many low bytes that the receiver can find the rest from the largest number it
 * has opened.
 */
public final class PacketNumbers {
  private PacketNumbers() {}

  /**
   * Bytes that a packet number takes on the wire (RFC 9000 A.2): the range they span is at least
   * twice the distance to the largest number known to have arrived.
   *
   * @param number the number to send, larger than {@code largestAcknowledged}
   * @param largestAcknowledged largest number the peer acknowledged, -1 if none
   * @return 1 to 4
   * @throws IllegalArgumentException if no 4 bytes can tell the number: more than 2^31 packets are
   *     unacknowledged
   */
  public static int lengthFor(long number, long largestAcknowledged) {
    long unacknowledged = number - largestAcknowledged;
    if (unacknowledged < 1 || unacknowledged > 1L << 31) {
      throw new IllegalArgumentException(
          "packet " + number + " after acknowledged " + largestAcknowledged);
    }
    int bits = Long.SIZE - Long.numberOfLeadingZeros(2 * unacknowledged - 1);
    return (bits + 7) >>> 3;
  }

  /**
   * The full number of a truncated one (RFC 9000 A.3): the candidate next to the number that is
   * expected, {@code largestOpened + 1}.
   *
   * @param largestOpened largest number opened, -1 if none
   * @param truncated the bytes read, unsigned
   * @param lengthBytes how many there were, 1 to 4
   * @return 0 to {@link WireLimits#MAX_PACKET_NUMBER}
   */
  public static long expand(long largestOpened, long truncated, int lengthBytes) {
    long expected = largestOpened + 1;
    long window = 1L << (8 * lengthBytes);
    long half = window >>> 1;
    long candidate = (expected & -window) | truncated;
    if (candidate <= expected - half && candidate <= WireLimits.MAX_PACKET_NUMBER - window) {
      return candidate + window;
    }
    // The second test covers the end of the range, where the number "expected" is none any more.
    if ((candidate > expected + half || candidate > WireLimits.MAX_PACKET_NUMBER)
        && candidate >= window) {
      return candidate - window;
    }
    return candidate;
  }
}
