package io.posthorn.wire;

/**
 * The packets that belong to no connection yet or any more: retry, versions, refused, unknown
 * connection (PROTOCOL.md §3.4). None of them is sealed, so a receiver believes one only as far as
 * its section says. Wraps a datagram; reusable, not thread-safe.
 *
 * <pre>
 *  0      1      2               10
 *  +------+------+---------------+~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~+
 *  |  7   | kind | connection id |                                   |
 *  +------+------+---------------+~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~+
 *          1 retry                length 1 (1..64) | cookie
 *          2 versions             count 1 (1..16) | version 4 ...
 *          3 refused              code varint
 *          4 unknown connection   first 9 to 24 bytes of the packet answered
 * </pre>
 */
public final class ControlPacket {
  /** Kind: a cookie is asked for. */
  public static final int RETRY = 1;

  /** Kind: the version is not spoken; these are. */
  public static final int VERSIONS = 2;

  /** Kind: no connection is given. */
  public static final int REFUSED = 3;

  /** Kind: a hint that a data packet met no connection. */
  public static final int UNKNOWN_CONNECTION = 4;

  private static final int KIND_AT = PacketHeader.TYPE_AT + 1;
  private static final int CONNECTION_ID_AT = KIND_AT + 1;
  private static final int BODY_AT = CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES;

  private byte[] in = new byte[0];
  private int from;
  private int length;

  /**
   * Checks the layout. The getters hold until the next call.
   *
   * @return {@link DropReason#NONE}, {@link DropReason#TOO_SHORT}, or {@link
   *     DropReason#MALFORMED_HANDSHAKE} for an unknown kind or fields that do not fill the datagram
   *     exactly
   */
  public DropReason check(byte[] datagram, int from, int length) {
    this.in = datagram;
    this.from = from;
    this.length = length;
    if (length <= BODY_AT) {
      return DropReason.TOO_SHORT;
    }
    boolean wellFormed =
        switch (kind()) {
          case RETRY -> countFills(1, WireLimits.MAX_COOKIE_BYTES);
          case VERSIONS -> countFills(Integer.BYTES, WireLimits.MAX_VERSIONS);
          case REFUSED -> VarInt.lengthOfFirstByte(in[from + BODY_AT]) == length - BODY_AT;
          case UNKNOWN_CONNECTION -> echoFits();
          default -> false;
        };
    return wellFormed ? DropReason.NONE : DropReason.MALFORMED_HANDSHAKE;
  }

  private boolean countFills(int bytesEach, int most) {
    int count = in[from + BODY_AT] & 0xff;
    return count >= 1 && count <= most && length == BODY_AT + 1 + count * bytesEach;
  }

  private boolean echoFits() {
    int echo = from + BODY_AT;
    return echoLength() >= WireLimits.MINIMUM_HINT_ECHO_BYTES
        && echoLength() <= WireLimits.MAX_HINT_ECHO_BYTES
        && PacketHeader.kind(in[echo]) == PacketHeader.DATA
        && PacketHeader.connectionId(in, echo) == connectionId();
  }

  /** {@link #RETRY}, {@link #VERSIONS}, {@link #REFUSED} or {@link #UNKNOWN_CONNECTION}. */
  public int kind() {
    return in[from + KIND_AT];
  }

  /**
   * The initiator's id in M1, which the first three kinds answer; for the fourth the destination id
   * of the data packet that it answers.
   */
  public long connectionId() {
    return BigEndian.getLong(in, from + CONNECTION_ID_AT);
  }

  /** Retry: index of the cookie. */
  public int cookieFrom() {
    return from + BODY_AT + 1;
  }

  /** Retry: bytes of the cookie, 1 to {@link WireLimits#MAX_COOKIE_BYTES}. */
  public int cookieLength() {
    return in[from + BODY_AT] & 0xff;
  }

  /** Versions: how many, 1 to {@link WireLimits#MAX_VERSIONS}. */
  public int versionCount() {
    return in[from + BODY_AT] & 0xff;
  }

  /** Versions: one of them. */
  public int version(int index) {
    return BigEndian.getInt(in, from + BODY_AT + 1 + index * Integer.BYTES);
  }

  /** Refused: the number of a {@link CloseReason}. */
  public long code() {
    return VarInt.read(in, from + BODY_AT, from + length);
  }

  /** Unknown connection: index of the bytes repeated. */
  public int echoFrom() {
    return from + BODY_AT;
  }

  /** Unknown connection: how many bytes are repeated. */
  public int echoLength() {
    return length - BODY_AT;
  }

  /** Writes a retry. Returns bytes written. */
  public static int writeRetry(
      byte[] out, int from, long connectionId, byte[] cookie, int cookieLength) {
    int at = writeStart(out, from, RETRY, connectionId);
    out[at++] = (byte) cookieLength;
    System.arraycopy(cookie, 0, out, at, cookieLength);
    return at + cookieLength - from;
  }

  /** Writes a versions packet that names {@link WireLimits#VERSION}. Returns bytes written. */
  public static int writeVersions(byte[] out, int from, long connectionId) {
    int at = writeStart(out, from, VERSIONS, connectionId);
    out[at++] = 1;
    BigEndian.putInt(out, at, WireLimits.VERSION);
    return at + Integer.BYTES - from;
  }

  /** Writes a refusal. Returns bytes written. */
  public static int writeRefused(byte[] out, int from, long connectionId, CloseReason reason) {
    int at = writeStart(out, from, REFUSED, connectionId);
    return at + VarInt.write(out, at, reason.code()) - from;
  }

  /**
   * Writes the hint that a data packet met no connection, shorter than that packet.
   *
   * @param trigger the packet
   * @return bytes written; 0 if the packet is too short to be answered by something shorter
   */
  public static int writeUnknownConnection(
      byte[] out, int from, byte[] trigger, int triggerFrom, int triggerLength) {
    int echo = Math.min(WireLimits.MAX_HINT_ECHO_BYTES, triggerLength - BODY_AT - 1);
    if (echo < WireLimits.MINIMUM_HINT_ECHO_BYTES) {
      return 0;
    }
    long connectionId = PacketHeader.connectionId(trigger, triggerFrom);
    int at = writeStart(out, from, UNKNOWN_CONNECTION, connectionId);
    System.arraycopy(trigger, triggerFrom, out, at, echo);
    return at + echo - from;
  }

  private static int writeStart(byte[] out, int from, int kind, long connectionId) {
    out[from + PacketHeader.TYPE_AT] = PacketHeader.CONTROL;
    out[from + KIND_AT] = (byte) kind;
    BigEndian.putLong(out, from + CONNECTION_ID_AT, connectionId);
    return from + BODY_AT;
  }
}
