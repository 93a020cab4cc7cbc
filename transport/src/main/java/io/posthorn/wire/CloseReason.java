package io.posthorn.wire;

/**
 * Why a connection ended. The code travels in CLOSE and REFUSED; the codes below 0x40 belong to the
 * transport. Local reasons never travel.
 */
public enum CloseReason {
  /** The application closed; its own code and text stand beside it. */
  APPLICATION(0x00, false),
  /** The peer broke a rule of the protocol. */
  PROTOCOL_VIOLATION(0x01, false),
  /** A frame could not be read. */
  FRAME_ENCODING(0x02, false),
  /** The peer sent more than it was allowed. */
  FLOW_CONTROL(0x03, false),
  /** A channel number, a message id or a connection id beyond the agreed limit. */
  LIMIT(0x04, false),
  /** Contradictory or moved end of a stream or message. */
  FINAL_SIZE(0x05, false),
  /** A message larger than announced as acceptable. */
  MESSAGE_TOO_LARGE(0x06, false),
  /** The parameters of the handshake make no sense. */
  PARAMETERS(0x07, false),
  /** The packet-number or key limit is reached. */
  KEY_LIMIT(0x08, false),
  /** The listener takes no (more) connections. */
  REFUSED(0x09, false),
  /** The peer's identity is not the expected or not an allowed one. */
  IDENTITY(0x0a, false),
  /** The two sides ask for different security or speak no common version. */
  SECURITY(0x0b, false),
  /** A fault of this implementation. */
  INTERNAL(0x0c, false),
  /** Nothing was heard from the peer for the idle timeout. */
  IDLE_TIMEOUT(0x100, true),
  /** The handshake got no answer in its time. */
  HANDSHAKE_TIMEOUT(0x101, true),
  /** The peer lost its state: it restarted. */
  PEER_RESTARTED(0x102, true),
  /** The socket was closed before all was acknowledged. */
  SOCKET_CLOSED(0x103, true);

  private static final CloseReason[] ALL = values();

  private final int code;
  private final boolean local;

  CloseReason(int code, boolean local) {
    this.code = code;
    this.local = local;
  }

  /** The number on the wire; local reasons have numbers above 0xff that never travel. */
  public int code() {
    return code;
  }

  /** Whether this reason is found on this side and never told to the peer. */
  public boolean isLocal() {
    return local;
  }

  /** The reason with this number on the wire; an unknown one counts as {@link #INTERNAL}. */
  public static CloseReason ofCode(long code) {
    for (CloseReason reason : ALL) {
      if (reason.code == code && !reason.local) {
        return reason;
      }
    }
    return INTERNAL;
  }
}
