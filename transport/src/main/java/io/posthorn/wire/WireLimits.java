package io.posthorn.wire;

/**
 * Every bound of the wire format with its reason (PROTOCOL.md §1.3). The relations between them are
 * checked when the class loads, so that a bad edit fails at once.
 */
public final class WireLimits {
  /** Version 1 of the protocol: "PH" and the number. Stands in M1 and in the prologue. */
  public static final int VERSION = 0x50480001;

  /** Suite without secrecy: CRC32C instead of a tag ({@code Security.none()}). */
  public static final int SUITE_CLEAR = 0;

  /** Suite Noise_XX_25519_AESGCM_SHA256. */
  public static final int SUITE_NOISE_XX = 1;

  /** Suite Noise_XXpsk3_25519_AESGCM_SHA256: with a pre-shared secret. */
  public static final int SUITE_NOISE_XX_PSK3 = 2;

  /** Payload that every path must carry (RFC 9000 §14); M1 is padded to it. */
  public static final int MINIMUM_DATAGRAM_BYTES = 1200;

  /** Largest UDP payload over IPv4: 65,535 less 20 of IP and 8 of UDP. */
  public static final int MAX_DATAGRAM_BYTES = 65507;

  /** Connection ids have one length, so that a packet is found by a fixed read (RFC 9000 §5.1). */
  public static final int CONNECTION_ID_BYTES = 8;

  /** Length of the ids that tell one run of a socket from the next. */
  public static final int INSTANCE_ID_BYTES = 8;

  /** Tag of AES-GCM, the only AEAD of version 1. */
  public static final int TAG_BYTES = 16;

  /** CRC32C, where the suite is clear. */
  public static final int CHECKSUM_BYTES = 4;

  /** Longest packet number on the wire (RFC 9000 §17.1). */
  public static final int MAX_PACKET_NUMBER_BYTES = 4;

  /** Largest packet number: what a varint in an ACK can name (RFC 9000 §12.3). */
  public static final long MAX_PACKET_NUMBER = (1L << 62) - 1;

  /** Header-protection sample (RFC 9001 §5.4.2). */
  public static final int SAMPLE_BYTES = 16;

  /** Reset token: 128 bits, as RFC 9000 §10.3. */
  public static final int RESET_TOKEN_BYTES = 16;

  /** First byte, connection id and the longest packet number. */
  public static final int MAX_DATA_HEADER_BYTES = 1 + CONNECTION_ID_BYTES + MAX_PACKET_NUMBER_BYTES;

  /** Smallest sealed data packet, and smallest reset: header, longest number, tag. */
  public static final int MINIMUM_SEALED_PACKET_BYTES = MAX_DATA_HEADER_BYTES + TAG_BYTES;

  /** Smallest data packet of the clear suite: a one-byte number and the checksum. */
  public static final int MINIMUM_CLEAR_PACKET_BYTES = 1 + CONNECTION_ID_BYTES + 1 + CHECKSUM_BYTES;

  /** Longest cookie: address-bound MAC, time and key number with room to spare. */
  public static final int MAX_COOKIE_BYTES = 64;

  /** Shortest body of M1 and M2: one X25519 key, which is all of M1 in suite 1. */
  public static final int MINIMUM_HANDSHAKE_BODY_BYTES = 32;

  /** Shortest body of M3, in the clear suite: the two required parameters and the checksum. */
  public static final int MINIMUM_THIRD_BODY_BYTES = 2 * (1 + 1 + 8) + CHECKSUM_BYTES;

  /**
   * Longest encoding of the transport parameters. Version 1 writes less than 200 bytes; the rest is
   * room for later versions that a peer must be able to skip.
   */
  public static final int MAX_PARAMETERS_BYTES = 512;

  /** What an application says it speaks: a name and a version, not a text. */
  public static final int MAX_APPLICATION_BYTES = 64;

  /** Longest handshake body: M2 with ephemeral key, sealed static key, sealed parameters. */
  public static final int MAX_HANDSHAKE_BODY_BYTES =
      32 + 32 + TAG_BYTES + MAX_PARAMETERS_BYTES + 16;

  /** Most versions in one versions packet: more than will ever be spoken at once. */
  public static final int MAX_VERSIONS = 16;

  /** Bytes that an unknown-connection hint repeats of its trigger: header, number and sample. */
  public static final int MAX_HINT_ECHO_BYTES = 24;

  /** Bytes that a hint must repeat at least: first byte and connection id. */
  public static final int MINIMUM_HINT_ECHO_BYTES = 1 + CONNECTION_ID_BYTES;

  /** Ranges in one ACK. So many fit beside data in the smallest datagram; see the block below. */
  public static final int MAX_ACK_RANGES = 64;

  /**
   * Largest delay that an ACK, an ACK_FREQUENCY or the parameters name: 16.8 s, close to the 2^14
   * ms of RFC 9000 §18.2. Four bytes as a varint, and no overflow in nanoseconds.
   */
  public static final long MAX_ACK_DELAY_MICROS = (1L << 24) - 1;

  /** Channels of a connection, numbered from 0: a fixed table for each peer. */
  public static final int MAX_CHANNELS = 64;

  /** Bytes in one chunk of a message on an ordered channel: what a later cancel may still cut. */
  public static final int MAX_CHUNK_BYTES = 65536;

  /** Largest offset in a channel, and its largest length: 64 PiB; sums can not overflow. */
  public static final long MAX_OFFSET = (1L << 56) - 1;

  /** Longest unordered message: 1 TiB. */
  public static final long MAX_MESSAGE_BYTES = (1L << 40) - 1;

  /** Longest text in CLOSE: it must fit one packet of the smallest size. */
  public static final int MAX_CLOSE_TEXT_BYTES = 1024;

  /** Longest idle timeout that may be announced: 49 days; no overflow in nanoseconds. */
  public static final long MAX_IDLE_TIMEOUT_MILLIS = (1L << 32) - 1;

  /** Largest receive buffer that may be announced: 1 TiB. */
  public static final long MAX_RECEIVE_BUFFER_BYTES = (1L << 40) - 1;

  /** Fewest ids that a peer must keep of the other, or it could not migrate (RFC 9000 §18.2). */
  public static final int MINIMUM_ACTIVE_CONNECTION_IDS = 2;

  /** Type, largest, delay, count, first range, 63 gaps and lengths of 8 bytes, three ECN counts. */
  public static final int MAX_ACK_FRAME_BYTES = 1 + 8 + 4 + 1 + 8 + (MAX_ACK_RANGES - 1) * 16 + 24;

  /** Type, channel, 8 bytes of offset, 4 bytes of length. */
  public static final int MAX_CHANNEL_DATA_OVERHEAD_BYTES = 1 + 1 + 8 + 4;

  static {
    int room = MINIMUM_DATAGRAM_BYTES - MAX_DATA_HEADER_BYTES - TAG_BYTES;
    // A full ACK leaves room for data, or a lossy link could starve itself.
    require(MAX_ACK_FRAME_BYTES + MAX_CHANNEL_DATA_OVERHEAD_BYTES < room, "MAX_ACK_RANGES");
    // The range count is one byte as a varint, so the writer may fill it in afterwards.
    require(MAX_ACK_RANGES <= 64, "MAX_ACK_RANGES");
    // CLOSE with its longest text fits one packet.
    require(1 + 8 + 8 + 2 + MAX_CLOSE_TEXT_BYTES <= room, "MAX_CLOSE_TEXT_BYTES");
    // M2 is at most three times M1, so that it may go to an unproved address.
    require(
        1 + 2 * CONNECTION_ID_BYTES + 2 + MAX_HANDSHAKE_BODY_BYTES <= 3 * MINIMUM_DATAGRAM_BYTES,
        "MAX_HANDSHAKE_BODY_BYTES");
    // M3 leaves room for data in the same datagram.
    require(
        1 + CONNECTION_ID_BYTES + 2 + MAX_HANDSHAKE_BODY_BYTES + MINIMUM_SEALED_PACKET_BYTES
            < MINIMUM_DATAGRAM_BYTES,
        "MAX_HANDSHAKE_BODY_BYTES");
    // M1 with its cookie fits the padding it is carried in.
    require(
        1 + 4 + 1 + CONNECTION_ID_BYTES + 1 + MAX_COOKIE_BYTES + 2 + MAX_HANDSHAKE_BODY_BYTES
            <= MINIMUM_DATAGRAM_BYTES,
        "MAX_COOKIE_BYTES");
    // Sums of an offset and the length of a packet stay far below overflow.
    require(MAX_OFFSET + MAX_DATAGRAM_BYTES <= VarInt.MAX_VALUE, "MAX_OFFSET");
    require(MAX_MESSAGE_BYTES < MAX_OFFSET, "MAX_MESSAGE_BYTES");
    // The whole hint, echo included, is shorter than the smallest sealed packet it may answer.
    require(
        2 + CONNECTION_ID_BYTES + MINIMUM_HINT_ECHO_BYTES < MINIMUM_SEALED_PACKET_BYTES,
        "MINIMUM_HINT_ECHO_BYTES");
    // The sample exists in every sealed packet: it begins 4 bytes after the number does.
    require(
        1 + CONNECTION_ID_BYTES + MAX_PACKET_NUMBER_BYTES + SAMPLE_BYTES
            <= MINIMUM_SEALED_PACKET_BYTES,
        "SAMPLE_BYTES");
  }

  private WireLimits() {}

  private static void require(boolean holds, String limit) {
    if (!holds) {
      throw new AssertionError("wire limits contradict each other at " + limit);
    }
  }
}
