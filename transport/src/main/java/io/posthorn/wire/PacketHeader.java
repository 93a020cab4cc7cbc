package io.posthorn.wire;

/**
 * The parts that packets have in common, and the header of data packets (PROTOCOL.md §2.2, §3.5).
 * Static methods over a byte array and the index of the packet's first byte.
 *
 * <pre>
 *  0        1                          9
 *  +--------+--------------------------+~~~~~~~~~~~~~~~~~~~~~+~~~~~~~~~~~+~~~~~~~~~+
 *  |00001KLL| destination connection id| packet number, 1..4 |  frames   |   tag   |
 *  +--------+--------------------------+~~~~~~~~~~~~~~~~~~~~~+~~~~~~~~~~~+~~~~~~~~~+
 *  K key phase · LL length of the packet number less 1
 * </pre>
 */
public final class PacketHeader {
  /** Answer of {@link #kind}: no packet of this protocol. */
  public static final int UNKNOWN = 0;

  /** M1, the first handshake message: {@link FirstMessagePacket}. */
  public static final int FIRST_MESSAGE = 4;

  /** M2, the second handshake message: {@link SecondMessagePacket}. */
  public static final int SECOND_MESSAGE = 5;

  /** M3, the third handshake message: {@link ThirdMessagePacket}. */
  public static final int THIRD_MESSAGE = 6;

  /** Retry, versions, refused, unknown connection: {@link ControlPacket}. */
  public static final int CONTROL = 7;

  /** Answer of {@link #kind} for first bytes 8 to 15: a data packet or a reset. */
  public static final int DATA = 8;

  /** The last first byte of data packets and resets. */
  public static final int LAST_DATA = 15;

  /** Index of the first byte. */
  public static final int TYPE_AT = 0;

  /** Index of the connection id in M2, M3 and data packets. */
  public static final int CONNECTION_ID_AT = TYPE_AT + 1;

  /** Index of the packet number in data packets. */
  public static final int PACKET_NUMBER_AT = CONNECTION_ID_AT + WireLimits.CONNECTION_ID_BYTES;

  /** Index of the header-protection sample: as if the packet number had four bytes. */
  public static final int SAMPLE_AT = PACKET_NUMBER_AT + WireLimits.MAX_PACKET_NUMBER_BYTES;

  /** Bits of a data packet's first byte that header protection masks. */
  public static final int PROTECTED_BITS = 0x07;

  private static final int KEY_PHASE_BIT = 0x04;
  private static final int NUMBER_LENGTH_BITS = 0x03;

  private PacketHeader() {}

  /**
   * The type of a packet.
   *
   * @param firstByte only its low 8 bits count
   */
  public static int kind(int firstByte) {
    int type = firstByte & 0xff;
    if (type < FIRST_MESSAGE || type > LAST_DATA) {
      return UNKNOWN;
    }
    return Math.min(type, DATA);
  }

  /**
   * What can be told of a datagram before its type is looked into: {@link DropReason#EMPTY}, {@link
   * DropReason#TOO_LONG}, {@link DropReason#UNKNOWN_TYPE}, {@link DropReason#TOO_SHORT} for a data
   * packet that no suite could have made, or {@link DropReason#NONE}.
   */
  public static DropReason check(byte[] datagram, int from, int length) {
    if (length == 0) {
      return DropReason.EMPTY;
    }
    if (length > WireLimits.MAX_DATAGRAM_BYTES) {
      return DropReason.TOO_LONG;
    }
    int kind = kind(datagram[from + TYPE_AT]);
    if (kind == UNKNOWN) {
      return DropReason.UNKNOWN_TYPE;
    }
    return kind == DATA && length < WireLimits.MINIMUM_CLEAR_PACKET_BYTES
        ? DropReason.TOO_SHORT
        : DropReason.NONE;
  }

  /** The connection id of an M2, M3 or data packet that was checked. */
  public static long connectionId(byte[] packet, int from) {
    return BigEndian.getLong(packet, from + CONNECTION_ID_AT);
  }

  /** Bytes of the packet number; the first byte is in clear by now. 1 to 4. */
  public static int packetNumberLength(int firstByte) {
    return (firstByte & NUMBER_LENGTH_BITS) + 1;
  }

  /** The key phase, 0 or 1; the first byte is in clear by now. */
  public static int keyPhase(int firstByte) {
    return (firstByte & KEY_PHASE_BIT) >>> 2;
  }

  /**
   * The truncated packet number, unsigned; its bytes are in clear by now.
   *
   * @param lengthBytes 1 to 4
   */
  public static long truncatedPacketNumber(byte[] packet, int from, int lengthBytes) {
    long number = 0;
    for (int i = 0; i < lengthBytes; i++) {
      number = number << 8 | (packet[from + PACKET_NUMBER_AT + i] & 0xff);
    }
    return number;
  }

  /**
   * Writes the header of a data packet, not yet protected.
   *
   * @param keyPhase 0 or 1
   * @param packetNumber the full number, of which the low bytes are written
   * @param packetNumberLength 1 to 4, see {@link PacketNumbers#lengthFor}
   * @return length of the header: 9 + {@code packetNumberLength}
   */
  public static int writeData(
      byte[] out,
      int from,
      long destinationConnectionId,
      int keyPhase,
      long packetNumber,
      int packetNumberLength) {
    if (packetNumberLength < 1 || packetNumberLength > WireLimits.MAX_PACKET_NUMBER_BYTES) {
      throw new IllegalArgumentException("a packet number of " + packetNumberLength + " bytes");
    }
    out[from + TYPE_AT] = (byte) (DATA | keyPhase << 2 | (packetNumberLength - 1));
    BigEndian.putLong(out, from + CONNECTION_ID_AT, destinationConnectionId);
    for (int i = 0; i < packetNumberLength; i++) {
      out[from + PACKET_NUMBER_AT + i] =
          (byte) (packetNumber >>> (8 * (packetNumberLength - 1 - i)));
    }
    return PACKET_NUMBER_AT + packetNumberLength;
  }
}
