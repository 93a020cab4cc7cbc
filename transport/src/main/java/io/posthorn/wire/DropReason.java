package io.posthorn.wire;

/**
 * Why a datagram, or a packet in it, was dropped. Each reason indexes a counter of the socket; none
 * of them is ever told to the application as an exception.
 */
public enum DropReason {
  /** Not dropped. */
  NONE,
  /** A datagram without a single byte. */
  EMPTY,
  /** Shorter than the smallest packet of its type. */
  TOO_SHORT,
  /** The first byte belongs to no packet type of this protocol. */
  UNKNOWN_TYPE,
  /** A handshake or control packet whose fields do not fit its length. */
  MALFORMED_HANDSHAKE,
  /** A first handshake message in a datagram smaller than 1,200 bytes. */
  UNDERSIZED_FIRST_MESSAGE,
  /** A first handshake message of a version that is not spoken here. */
  UNSUPPORTED_VERSION,
  /** A first handshake message of a suite that is not allowed here. */
  SECURITY_MISMATCH,
  /** A handshake or control packet that answers nothing which was asked. */
  UNEXPECTED_HANDSHAKE,
  /** A handshake message that did not verify, or a third one whose parameters make no sense. */
  HANDSHAKE_FORGED,
  /** A handshake that verified, by a peer whose identity is not accepted. */
  IDENTITY_REFUSED,
  /** The own first message, or the third after it, come back from an address not the own. */
  REFLECTED,
  /** Both ends opened at once and the own attempt goes on. */
  SIMULTANEOUS_OPEN,
  /** As many half-open handshakes as are allowed. */
  HALF_OPEN_LIMIT,
  /**
   * More handshakes than one address prefix, or all together, may begin in this time, more third
   * messages after a wrong one, or more second messages after many wrong ones.
   */
  RATE_LIMITED,
  /** As many connections as are allowed. */
  CONNECTION_LIMIT,
  /** A cookie not issued here, too old, or of another address, connection id or ephemeral key. */
  COOKIE_INVALID,
  /** A data packet for a connection that is not known. */
  UNKNOWN_CONNECTION,
  /** A data packet that did not verify. */
  AUTHENTICATION_FAILED,
  /** A data packet whose number was opened before. */
  DUPLICATE,
  /** A data packet older than the replay window. */
  STALE,
  /** A data packet for a connection that is closing. */
  CLOSING,
  /** Opened, but the memory for what it carries is used up; it stays unacknowledged. */
  RECEIVE_BUFFER_FULL,
  /** Opened, but it would leave more gaps than are kept; it stays unacknowledged. */
  TOO_MANY_GAPS,
  /** The receive queue is full: an unreliable message is dropped, in plain mode a datagram. */
  QUEUE_FULL,
  /** Longer than any datagram that is taken. */
  TOO_LONG;

  private static final DropReason[] ALL = values();

  /** The number of reasons, {@link #NONE} included. */
  public static int count() {
    return ALL.length;
  }

  /**
   * The reason with this ordinal.
   *
   * @param ordinal 0 to {@link #count()} - 1
   */
  public static DropReason of(int ordinal) {
    return ALL[ordinal];
  }
}
