package io.posthorn.wire;

import java.util.Arrays;

/**
 * M1, the first handshake message (PROTOCOL.md §3.1). Wraps a datagram; reusable, not thread-safe.
 *
 * <pre>
 *  0      1         5       6                    14         15        15+c      17+c    17+c+b
 *  +------+---------+-------+--------------------+----------+~~~~~~~~~+---------+~~~~~~~+~~~~~~~~~+
 *  |  4   | version | suite | initiator's conn id| length c | cookie  | length b| body  | padding |
 *  +------+---------+-------+--------------------+----------+~~~~~~~~~+---------+~~~~~~~+~~~~~~~~~+
 * </pre>
 *
 * <p>Type, version and connection id stand where they stand in every version to come, so that a
 * listener can answer a version that it does not speak.
 */
public final class FirstMessagePacket {
  private static final int VERSION_AT = PacketHeader.TYPE_AT + 1;
  private static final int SUITE_AT = VERSION_AT + Integer.BYTES;
  private static final int CONNECTION_ID_AT = SUITE_AT + 1;

  /** Index of the byte that says how long the cookie is. */
  public static final int COOKIE_LENGTH_AT = CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES;

  private static final int COOKIE_AT = COOKIE_LENGTH_AT + 1;
  private static final int MINIMUM_BYTES = COOKIE_AT + Short.BYTES;

  private byte[] in = new byte[0];
  private int from;
  private int cookieLength;
  private int bodyFrom;
  private int bodyLength;

  /**
   * Checks the layout. The getters hold until the next call; after any reason other than {@link
   * DropReason#NONE} and {@link DropReason#UNSUPPORTED_VERSION} none of them means anything.
   *
   * @return {@link DropReason#NONE}, {@link DropReason#TOO_SHORT}, {@link
   *     DropReason#UNDERSIZED_FIRST_MESSAGE}, {@link DropReason#UNSUPPORTED_VERSION} (only {@link
   *     #version} and {@link #initiatorConnectionId} may be asked), {@link
   *     DropReason#SECURITY_MISMATCH} for a suite that does not exist, or {@link
   *     DropReason#MALFORMED_HANDSHAKE}
   */
  public DropReason check(byte[] datagram, int from, int length) {
    this.in = datagram;
    this.from = from;
    if (length < MINIMUM_BYTES) {
      return DropReason.TOO_SHORT;
    }
    if (length < WireLimits.MINIMUM_DATAGRAM_BYTES) {
      return DropReason.UNDERSIZED_FIRST_MESSAGE;
    }
    if (version() != WireLimits.VERSION) {
      return DropReason.UNSUPPORTED_VERSION;
    }
    if (suite() > WireLimits.SUITE_NOISE_XX_PSK3) {
      return DropReason.SECURITY_MISMATCH;
    }
    cookieLength = datagram[from + COOKIE_LENGTH_AT] & 0xff;
    if (cookieLength > WireLimits.MAX_COOKIE_BYTES) {
      return DropReason.MALFORMED_HANDSHAKE;
    }
    // The smallest datagram holds the longest cookie and body: WireLimits checks it.
    int bodyLengthAt = from + COOKIE_AT + cookieLength;
    bodyLength = BigEndian.getUnsignedShort(datagram, bodyLengthAt);
    bodyFrom = bodyLengthAt + Short.BYTES;
    return bodyLength < WireLimits.MINIMUM_HANDSHAKE_BODY_BYTES
            || bodyLength > WireLimits.MAX_HANDSHAKE_BODY_BYTES
        ? DropReason.MALFORMED_HANDSHAKE
        : DropReason.NONE;
  }

  /** The version that the initiator speaks. */
  public int version() {
    return BigEndian.getInt(in, from + VERSION_AT);
  }

  /** The suite: 0 clear, 1 Noise XX, 2 Noise XXpsk3. */
  public int suite() {
    return in[from + SUITE_AT] & 0xff;
  }

  /** The id by which the initiator wants to be written to. */
  public long initiatorConnectionId() {
    return BigEndian.getLong(in, from + CONNECTION_ID_AT);
  }

  /** Index of the cookie. */
  public int cookieFrom() {
    return from + COOKIE_AT;
  }

  /** Bytes of the cookie: 0, none, to {@link WireLimits#MAX_COOKIE_BYTES}. */
  public int cookieLength() {
    return cookieLength;
  }

  /** Index of the handshake body. */
  public int bodyFrom() {
    return bodyFrom;
  }

  /** Bytes of the handshake body. */
  public int bodyLength() {
    return bodyLength;
  }

  /**
   * Writes M1, padded to {@link WireLimits#MINIMUM_DATAGRAM_BYTES}.
   *
   * @param cookie the cookie of a retry
   * @param cookieLength its length, 0 for none
   * @param body what the handshake wrote
   * @return bytes written
   */
  public static int write(
      byte[] out,
      int from,
      int suite,
      long initiatorConnectionId,
      byte[] cookie,
      int cookieLength,
      byte[] body,
      int bodyLength) {
    out[from + PacketHeader.TYPE_AT] = PacketHeader.FIRST_MESSAGE;
    BigEndian.putInt(out, from + VERSION_AT, WireLimits.VERSION);
    out[from + SUITE_AT] = (byte) suite;
    BigEndian.putLong(out, from + CONNECTION_ID_AT, initiatorConnectionId);
    out[from + COOKIE_LENGTH_AT] = (byte) cookieLength;
    System.arraycopy(cookie, 0, out, from + COOKIE_AT, cookieLength);
    int bodyLengthAt = from + COOKIE_AT + cookieLength;
    BigEndian.putShort(out, bodyLengthAt, bodyLength);
    System.arraycopy(body, 0, out, bodyLengthAt + Short.BYTES, bodyLength);
    int end = from + WireLimits.MINIMUM_DATAGRAM_BYTES;
    Arrays.fill(out, bodyLengthAt + Short.BYTES + bodyLength, end, (byte) 0);
    return WireLimits.MINIMUM_DATAGRAM_BYTES;
  }
}
