package io.posthorn.protocol.handshake;

import io.posthorn.wire.BigEndian;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What each side announces in the sealed part of its handshake message: its ids and the limits
 * within which the other must keep (PROTOCOL.md §7). A plain carrier of values; not thread-safe.
 *
 * <p>The fields begin with the values that hold if a parameter is absent. Their ranges are checked
 * when they are read from the peer; values of our own that lie outside are our fault.
 */
public final class TransportParameters {
  /** Length of {@link #registrationFingerprint}. */
  public static final int FINGERPRINT_BYTES = 32;

  private static final int CONNECTION_ID = 0x01;
  private static final int INSTANCE_ID = 0x02;
  private static final int RESET_TOKEN = 0x03;
  private static final int MAX_IDLE_TIMEOUT = 0x04;
  private static final int MAX_ACK_DELAY = 0x05;
  private static final int INITIAL_MAX_CHANNEL_DATA = 0x06;
  private static final int MAX_CHANNELS = 0x07;
  private static final int INITIAL_MAX_MESSAGES = 0x08;
  private static final int INITIAL_MAX_MESSAGE_DATA = 0x09;
  private static final int MAX_WHOLE_MESSAGE = 0x0a;
  private static final int MAX_UDP_PAYLOAD = 0x0b;
  private static final int RECEIVE_BUFFER = 0x0c;
  private static final int ACTIVE_CONNECTION_ID_LIMIT = 0x0d;
  private static final int REGISTRATION_FINGERPRINT = 0x0e;
  private static final int MAX_DATAGRAM_MESSAGE = 0x0f;
  private static final int APPLICATION = 0x10;

  /** The sender's own connection id, the same as in the clear part of the packet. Required. */
  public long connectionId;

  /** Random for each run of a socket: tells a restarted peer from the one before. Required. */
  public long instanceId;

  /** Token of a reset for {@link #connectionId}, 16 bytes; null: the sender gives none. */
  public byte @Nullable [] resetToken;

  /** Silence after which the sender gives the connection up: 1 to 2^32 - 1 ms. */
  public long maxIdleTimeoutMillis = 30_000;

  /** Longest time by which the sender delays an ACK: 0 to 2^24 - 1 µs. */
  public long maxAckDelayMicros = 25_000;

  /** Credit of each ordered channel at the start, in bytes: 0 to 2^56 - 1. */
  public long initialMaxChannelDataBytes;

  /** Number of ordered channels that may be used: 1 to 64. */
  public long maxChannels = WireLimits.MAX_CHANNELS;

  /** Unordered messages that may be begun: 0 to 2^62 - 1. */
  public long initialMaxMessages;

  /** Sum of the lengths of unordered messages that may be begun: 0 to 2^62 - 1. */
  public long initialMaxMessageDataBytes;

  /** Longest message that is taken without a streaming reader: 0 to 2^40 - 1 bytes. */
  public long maxWholeMessageBytes;

  /** Longest UDP payload that is taken: 1,200 to 65,507 bytes. */
  public long maxUdpPayloadBytes = WireLimits.MAX_DATAGRAM_BYTES;

  /** Memory that the kernel holds for datagrams not yet read: 1,200 to 2^40 - 1 bytes. */
  public long receiveBufferBytes = 65_536;

  /** Connection ids of the other side that the sender keeps at once: 2 to 2^62 - 1. */
  public long activeConnectionIdLimit = WireLimits.MINIMUM_ACTIVE_CONNECTION_IDS;

  /** Fingerprint of the types that the application's codec knows, 32 bytes; null: none. */
  public byte @Nullable [] registrationFingerprint;

  /** Longest unreliable message that is taken: 0 to 65,507 bytes; 0: none is taken. */
  public long maxDatagramMessageBytes;

  /** What the application says it speaks: 1 to 64 bytes; null: nothing. */
  public byte @Nullable [] application;

  /** The values that hold for a side that announces nothing. */
  public TransportParameters() {}

  /**
   * Writes the parameters in ascending order; at most {@link WireLimits#MAX_PARAMETERS_BYTES}.
   *
   * @return bytes written
   */
  public int encode(byte[] out, int from) {
    int at = from;
    at = putEight(out, at, CONNECTION_ID, connectionId);
    at = putEight(out, at, INSTANCE_ID, instanceId);
    at = putBytes(out, at, RESET_TOKEN, resetToken);
    at = putNumber(out, at, MAX_IDLE_TIMEOUT, maxIdleTimeoutMillis);
    at = putNumber(out, at, MAX_ACK_DELAY, maxAckDelayMicros);
    at = putNumber(out, at, INITIAL_MAX_CHANNEL_DATA, initialMaxChannelDataBytes);
    at = putNumber(out, at, MAX_CHANNELS, maxChannels);
    at = putNumber(out, at, INITIAL_MAX_MESSAGES, initialMaxMessages);
    at = putNumber(out, at, INITIAL_MAX_MESSAGE_DATA, initialMaxMessageDataBytes);
    at = putNumber(out, at, MAX_WHOLE_MESSAGE, maxWholeMessageBytes);
    at = putNumber(out, at, MAX_UDP_PAYLOAD, maxUdpPayloadBytes);
    at = putNumber(out, at, RECEIVE_BUFFER, receiveBufferBytes);
    at = putNumber(out, at, ACTIVE_CONNECTION_ID_LIMIT, activeConnectionIdLimit);
    at = putBytes(out, at, REGISTRATION_FINGERPRINT, registrationFingerprint);
    at = putNumber(out, at, MAX_DATAGRAM_MESSAGE, maxDatagramMessageBytes);
    at = putBytes(out, at, APPLICATION, application);
    return at - from;
  }

  /**
   * Reads the parameters of the peer. Unknown ones are skipped.
   *
   * <p>They begin with connection id and instance id, each with its id and length in one byte. So
   * the first twelve bytes are known to whoever knows the connection id, the instance id's value
   * left out; and a text made to open under several keys, which AES-GCM allows, makes no sense
   * under two of them, for that would take two keystreams that agree in 96 bits.
   *
   * @return null if it begins otherwise, or one is truncated, out of range, of a wrong length, not
   *     in ascending order (so a repeated one): the peer is to be told {@code PARAMETERS}
   */
  public static @Nullable TransportParameters decode(byte[] in, int from, int length) {
    if (!beginsWithIds(in, from, length)) {
      return null;
    }
    TransportParameters parameters = new TransportParameters();
    int end = from + length;
    int at = from;
    long previousId = 0;
    while (at < end) {
      long id = VarInt.read(in, at, end);
      if (id <= previousId) {
        return null; // truncated, or not ascending
      }
      at += VarInt.lengthOfFirstByte(in[at]);
      long valueLength = VarInt.read(in, at, end);
      if (valueLength < 0) {
        return null;
      }
      at += VarInt.lengthOfFirstByte(in[at]);
      if (valueLength > end - at || !parameters.accept(id, in, at, (int) valueLength)) {
        return null;
      }
      at += (int) valueLength;
      previousId = id;
    }
    return parameters;
  }

  private static boolean beginsWithIds(byte[] in, int from, int length) {
    int second = from + 2 + WireLimits.CONNECTION_ID_BYTES;
    return length >= 2 * 2 + WireLimits.CONNECTION_ID_BYTES + WireLimits.INSTANCE_ID_BYTES
        && in[from] == CONNECTION_ID
        && in[from + 1] == WireLimits.CONNECTION_ID_BYTES
        && in[second] == INSTANCE_ID
        && in[second + 1] == WireLimits.INSTANCE_ID_BYTES;
  }

  /** Takes one parameter; false if its value is malformed or out of range. */
  private boolean accept(long id, byte[] in, int at, int length) {
    if (id < CONNECTION_ID || id > APPLICATION) {
      return true;
    }
    switch ((int) id) {
      case CONNECTION_ID -> {
        connectionId = BigEndian.getLong(in, at);
        return true;
      }
      case INSTANCE_ID -> {
        instanceId = BigEndian.getLong(in, at);
        return true;
      }
      case RESET_TOKEN -> {
        if (length != WireLimits.RESET_TOKEN_BYTES) {
          return false;
        }
        resetToken = Arrays.copyOfRange(in, at, at + length);
        return true;
      }
      case REGISTRATION_FINGERPRINT -> {
        if (length != FINGERPRINT_BYTES) {
          return false;
        }
        registrationFingerprint = Arrays.copyOfRange(in, at, at + length);
        return true;
      }
      case APPLICATION -> {
        if (length < 1 || length > WireLimits.MAX_APPLICATION_BYTES) {
          return false;
        }
        application = Arrays.copyOfRange(in, at, at + length);
        return true;
      }
      default -> {
        long value = VarInt.read(in, at, at + length);
        return value >= 0
            && VarInt.lengthOfFirstByte(in[at]) == length
            && acceptNumber((int) id, value);
      }
    }
  }

  private boolean acceptNumber(int id, long value) {
    switch (id) {
      case MAX_IDLE_TIMEOUT -> {
        maxIdleTimeoutMillis = value;
        return value >= 1 && value <= WireLimits.MAX_IDLE_TIMEOUT_MILLIS;
      }
      case MAX_ACK_DELAY -> {
        maxAckDelayMicros = value;
        return value <= WireLimits.MAX_ACK_DELAY_MICROS;
      }
      case INITIAL_MAX_CHANNEL_DATA -> {
        initialMaxChannelDataBytes = value;
        return value <= WireLimits.MAX_OFFSET;
      }
      case MAX_CHANNELS -> {
        maxChannels = value;
        return value >= 1 && value <= WireLimits.MAX_CHANNELS;
      }
      case INITIAL_MAX_MESSAGES -> {
        initialMaxMessages = value;
        return true;
      }
      case INITIAL_MAX_MESSAGE_DATA -> {
        initialMaxMessageDataBytes = value;
        return true;
      }
      case MAX_WHOLE_MESSAGE -> {
        maxWholeMessageBytes = value;
        return value <= WireLimits.MAX_MESSAGE_BYTES;
      }
      case MAX_UDP_PAYLOAD -> {
        maxUdpPayloadBytes = value;
        return value >= WireLimits.MINIMUM_DATAGRAM_BYTES && value <= WireLimits.MAX_DATAGRAM_BYTES;
      }
      case RECEIVE_BUFFER -> {
        receiveBufferBytes = value;
        return value >= WireLimits.MINIMUM_DATAGRAM_BYTES
            && value <= WireLimits.MAX_RECEIVE_BUFFER_BYTES;
      }
      case ACTIVE_CONNECTION_ID_LIMIT -> {
        activeConnectionIdLimit = value;
        return value >= WireLimits.MINIMUM_ACTIVE_CONNECTION_IDS;
      }
      case MAX_DATAGRAM_MESSAGE -> {
        maxDatagramMessageBytes = value;
        return value <= WireLimits.MAX_DATAGRAM_BYTES;
      }
      default -> throw new AssertionError("parameter " + id + " has no place");
    }
  }

  private static int putNumber(byte[] out, int at, int id, long value) {
    int next = at + VarInt.write(out, at, id);
    next += VarInt.write(out, next, VarInt.length(value));
    return next + VarInt.write(out, next, value);
  }

  private static int putEight(byte[] out, int at, int id, long value) {
    int next = at + VarInt.write(out, at, id);
    next += VarInt.write(out, next, Long.BYTES);
    BigEndian.putLong(out, next, value);
    return next + Long.BYTES;
  }

  private static int putBytes(byte[] out, int at, int id, byte @Nullable [] value) {
    if (value == null) {
      return at;
    }
    int next = at + VarInt.write(out, at, id);
    next += VarInt.write(out, next, value.length);
    System.arraycopy(value, 0, out, next, value.length);
    return next + value.length;
  }
}
