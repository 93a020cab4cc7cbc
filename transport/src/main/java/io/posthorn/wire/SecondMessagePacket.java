package io.posthorn.wire;

/**
 * M2, the second handshake message (PROTOCOL.md §3.2). Wraps a datagram; reusable, not thread-safe.
 *
 * <pre>
 *  0      1                      9                      17        19
 *  +------+----------------------+----------------------+---------+~~~~~~+
 *  |  5   | initiator's conn id  | responder's conn id  | length  | body |
 *  +------+----------------------+----------------------+---------+~~~~~~+
 * </pre>
 */
public final class SecondMessagePacket {
  private static final int RESPONDER_ID_AT =
      PacketHeader.CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES;
  private static final int BODY_LENGTH_AT = RESPONDER_ID_AT + WireLimits.CONNECTION_ID_BYTES;
  private static final int BODY_AT = BODY_LENGTH_AT + Short.BYTES;

  private byte[] in = new byte[0];
  private int from;
  private int bodyLength;

  /**
   * Checks the layout. The getters hold until the next call.
   *
   * @return {@link DropReason#NONE}, {@link DropReason#TOO_SHORT}, or {@link
   *     DropReason#MALFORMED_HANDSHAKE} if the body does not end where the datagram does
   */
  public DropReason check(byte[] datagram, int from, int length) {
    this.in = datagram;
    this.from = from;
    if (length < BODY_AT + WireLimits.MINIMUM_HANDSHAKE_BODY_BYTES) {
      return DropReason.TOO_SHORT;
    }
    bodyLength = BigEndian.getUnsignedShort(datagram, from + BODY_LENGTH_AT);
    return bodyLength != length - BODY_AT || bodyLength > WireLimits.MAX_HANDSHAKE_BODY_BYTES
        ? DropReason.MALFORMED_HANDSHAKE
        : DropReason.NONE;
  }

  /** The id that the initiator gave itself in M1. */
  public long destinationConnectionId() {
    return BigEndian.getLong(in, from + PacketHeader.CONNECTION_ID_AT);
  }

  /** The id by which the responder wants to be written to. */
  public long responderConnectionId() {
    return BigEndian.getLong(in, from + RESPONDER_ID_AT);
  }

  /** Index of the handshake body. */
  public int bodyFrom() {
    return from + BODY_AT;
  }

  /** Bytes of the handshake body. */
  public int bodyLength() {
    return bodyLength;
  }

  /**
   * Writes M2.
   *
   * @param body what the handshake wrote
   * @return bytes written
   */
  public static int write(
      byte[] out,
      int from,
      long destinationConnectionId,
      long responderConnectionId,
      byte[] body,
      int bodyLength) {
    out[from + PacketHeader.TYPE_AT] = PacketHeader.SECOND_MESSAGE;
    BigEndian.putLong(out, from + PacketHeader.CONNECTION_ID_AT, destinationConnectionId);
    BigEndian.putLong(out, from + RESPONDER_ID_AT, responderConnectionId);
    BigEndian.putShort(out, from + BODY_LENGTH_AT, bodyLength);
    System.arraycopy(body, 0, out, from + BODY_AT, bodyLength);
    return BODY_AT + bodyLength;
  }
}
