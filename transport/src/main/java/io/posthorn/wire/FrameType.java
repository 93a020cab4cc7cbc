package io.posthorn.wire;

/**
 * Numbers of the frame types (PROTOCOL.md §5). All are below 0x40, so that each is a varint of one
 * byte; a type that is not listed ends the connection with {@link CloseReason#FRAME_ENCODING}.
 */
public final class FrameType {
  /** PADDING (§5.2). */
  public static final int PADDING = 0x00;

  /** PING (§5.2). */
  public static final int PING = 0x01;

  /** ACK (§5.3). */
  public static final int ACK = 0x02;

  /** ACK_ECN (§5.3). */
  public static final int ACK_ECN = 0x03;

  /** CHANNEL_DATA (§5.4). */
  public static final int CHANNEL_DATA = 0x04;

  /** CHANNEL_DATA_LAST (§5.4). */
  public static final int CHANNEL_DATA_LAST = 0x05;

  /** CHANNEL_FIN (§5.5). */
  public static final int CHANNEL_FIN = 0x06;

  /** MAX_CHANNEL_DATA (§5.6). */
  public static final int MAX_CHANNEL_DATA = 0x07;

  /** CHANNEL_BLOCKED (§5.6). */
  public static final int CHANNEL_BLOCKED = 0x08;

  /** MAX_MESSAGES (§5.7). */
  public static final int MAX_MESSAGES = 0x09;

  /** MAX_MESSAGE_DATA (§5.7). */
  public static final int MAX_MESSAGE_DATA = 0x0a;

  /** MESSAGES_BLOCKED (§5.7). */
  public static final int MESSAGES_BLOCKED = 0x0b;

  /** MESSAGE (§5.8). */
  public static final int MESSAGE = 0x10;

  /** MESSAGE_PART (§5.8). */
  public static final int MESSAGE_PART = 0x11;

  /** MESSAGE_LATEST (§5.8). */
  public static final int MESSAGE_LATEST = 0x12;

  /** MESSAGE_ABORT (§5.9). */
  public static final int MESSAGE_ABORT = 0x13;

  /** DATAGRAM (§5.10). */
  public static final int DATAGRAM = 0x14;

  /** DATAGRAM_SEQUENCED (§5.10). */
  public static final int DATAGRAM_SEQUENCED = 0x15;

  /** CONFIRM_REQUEST (§5.11). */
  public static final int CONFIRM_REQUEST = 0x18;

  /** CONFIRM (§5.11). */
  public static final int CONFIRM = 0x19;

  /** NEW_CONNECTION_ID (§5.12). */
  public static final int NEW_CONNECTION_ID = 0x1c;

  /** RETIRE_CONNECTION_ID (§5.12). */
  public static final int RETIRE_CONNECTION_ID = 0x1d;

  /** PATH_CHALLENGE (§5.13). */
  public static final int PATH_CHALLENGE = 0x1e;

  /** PATH_RESPONSE (§5.13). */
  public static final int PATH_RESPONSE = 0x1f;

  /** ACK_FREQUENCY (§5.14). */
  public static final int ACK_FREQUENCY = 0x20;

  /** CLOSE (§5.15). */
  public static final int CLOSE = 0x21;

  private FrameType() {}

  /** Whether a packet with a frame of this type must be acknowledged (RFC 9002 §2). */
  public static boolean isAckEliciting(int type) {
    return type != PADDING && type != ACK && type != ACK_ECN && type != CLOSE;
  }

  /** The name of a type for traces; {@code "UNKNOWN"} for a number without one. */
  public static String nameOf(int type) {
    return switch (type) {
      case PADDING -> "PADDING";
      case PING -> "PING";
      case ACK -> "ACK";
      case ACK_ECN -> "ACK_ECN";
      case CHANNEL_DATA -> "CHANNEL_DATA";
      case CHANNEL_DATA_LAST -> "CHANNEL_DATA_LAST";
      case CHANNEL_FIN -> "CHANNEL_FIN";
      case MAX_CHANNEL_DATA -> "MAX_CHANNEL_DATA";
      case CHANNEL_BLOCKED -> "CHANNEL_BLOCKED";
      case MAX_MESSAGES -> "MAX_MESSAGES";
      case MAX_MESSAGE_DATA -> "MAX_MESSAGE_DATA";
      case MESSAGES_BLOCKED -> "MESSAGES_BLOCKED";
      case MESSAGE -> "MESSAGE";
      case MESSAGE_PART -> "MESSAGE_PART";
      case MESSAGE_LATEST -> "MESSAGE_LATEST";
      case MESSAGE_ABORT -> "MESSAGE_ABORT";
      case DATAGRAM -> "DATAGRAM";
      case DATAGRAM_SEQUENCED -> "DATAGRAM_SEQUENCED";
      case CONFIRM_REQUEST -> "CONFIRM_REQUEST";
      case CONFIRM -> "CONFIRM";
      case NEW_CONNECTION_ID -> "NEW_CONNECTION_ID";
      case RETIRE_CONNECTION_ID -> "RETIRE_CONNECTION_ID";
      case PATH_CHALLENGE -> "PATH_CHALLENGE";
      case PATH_RESPONSE -> "PATH_RESPONSE";
      case ACK_FREQUENCY -> "ACK_FREQUENCY";
      case CLOSE -> "CLOSE";
      default -> "UNKNOWN";
    };
  }
}
