package io.posthorn.wire;

/**
 * M3, the third handshake message, alone in its datagram or in front of one data packet
 * (PROTOCOL.md §3.3). Wraps a datagram; reusable, not thread-safe.
 *
 * <pre>
 *  0      1                      9         11     11+b
 *  +------+----------------------+---------+~~~~~~+~~~~~~~~~~~~~~~~~~~~~~~~+
 *  |  6   | responder's conn id  | length b| body | a data packet, or none |
 *  +------+----------------------+---------+~~~~~~+~~~~~~~~~~~~~~~~~~~~~~~~+
 * </pre>
 */
public final class ThirdMessagePacket {
  private static final int BODY_LENGTH_AT =
      PacketHeader.CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES;
  private static final int BODY_AT = BODY_LENGTH_AT + Short.BYTES;

  private byte[] in = new byte[0];
  private int from;
  private int bodyLength;
  private int dataLength;

  /**
   * Checks the layout. The getters hold until the next call.
   *
   * @return {@link DropReason#NONE}, {@link DropReason#TOO_SHORT}, or {@link
   *     DropReason#MALFORMED_HANDSHAKE} if the body passes the end of the datagram or what follows
   *     is not a data packet for the same connection id
   */
  public DropReason check(byte[] datagram, int from, int length) {
    this.in = datagram;
    this.from = from;
    if (length < BODY_AT + WireLimits.MINIMUM_THIRD_BODY_BYTES) {
      return DropReason.TOO_SHORT;
    }
    bodyLength = BigEndian.getUnsignedShort(datagram, from + BODY_LENGTH_AT);
    dataLength = length - BODY_AT - bodyLength;
    if (bodyLength < WireLimits.MINIMUM_THIRD_BODY_BYTES
        || bodyLength > WireLimits.MAX_HANDSHAKE_BODY_BYTES) {
      return DropReason.MALFORMED_HANDSHAKE;
    }
    // Negative if the body passes the end: then there is no data of ours either.
    return dataLength == 0 || isOwnData() ? DropReason.NONE : DropReason.MALFORMED_HANDSHAKE;
  }

  private boolean isOwnData() {
    int data = dataFrom();
    return dataLength >= WireLimits.MINIMUM_CLEAR_PACKET_BYTES
        && PacketHeader.kind(in[data]) == PacketHeader.DATA
        && PacketHeader.connectionId(in, data) == destinationConnectionId();
  }

  /** The id that the responder gave itself in M2. */
  public long destinationConnectionId() {
    return BigEndian.getLong(in, from + PacketHeader.CONNECTION_ID_AT);
  }

  /** Index of the handshake body. */
  public int bodyFrom() {
    return from + BODY_AT;
  }

  /** Bytes of the handshake body. */
  public int bodyLength() {
    return bodyLength;
  }

  /** Index of the data packet behind the body. */
  public int dataFrom() {
    return from + BODY_AT + bodyLength;
  }

  /** Bytes of the data packet behind the body; 0: there is none. */
  public int dataLength() {
    return dataLength;
  }

  /**
   * Writes M3. A data packet may be written behind it.
   *
   * @param body what the handshake wrote
   * @return bytes written
   */
  public static int write(
      byte[] out, int from, long destinationConnectionId, byte[] body, int bodyLength) {
    out[from + PacketHeader.TYPE_AT] = PacketHeader.THIRD_MESSAGE;
    BigEndian.putLong(out, from + PacketHeader.CONNECTION_ID_AT, destinationConnectionId);
    BigEndian.putShort(out, from + BODY_LENGTH_AT, bodyLength);
    System.arraycopy(body, 0, out, from + BODY_AT, bodyLength);
    return BODY_AT + bodyLength;
  }
}
