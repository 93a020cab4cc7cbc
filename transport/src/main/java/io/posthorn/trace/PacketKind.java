package io.posthorn.trace;

/** What a packet is (PROTOCOL.md §2.2). */
public enum PacketKind {
  /** M1, the first handshake message. */
  FIRST_MESSAGE,
  /** M2, the second handshake message. */
  SECOND_MESSAGE,
  /** M3, the third handshake message. */
  THIRD_MESSAGE,
  /** Retry, versions, refused or unknown connection. */
  CONTROL,
  /** Data, or a reset, which looks like it. */
  DATA,
  /** Nothing of this protocol. */
  UNKNOWN;

  /**
   * The kind of a packet.
   *
   * @param firstByte only its low 8 bits count
   */
  public static PacketKind of(int firstByte) {
    return switch (firstByte & 0xff) {
      case 4 -> FIRST_MESSAGE;
      case 5 -> SECOND_MESSAGE;
      case 6 -> THIRD_MESSAGE;
      case 7 -> CONTROL;
      case 8, 9, 10, 11, 12, 13, 14, 15 -> DATA;
      default -> UNKNOWN;
    };
  }
}
