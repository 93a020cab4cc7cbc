package io.posthorn.protocol.protection;

/**
 * Seals and opens the data packets of one connection, both directions. Not thread-safe.
 *
 * <p>Two implementations: {@code AesGcmProtection} (sealed) and {@code ChecksumProtection} ({@code
 * Security.none()}). Key update happens inside.
 */
public interface PacketProtection {
  /** Bytes that a packet is longer than its frames, without the header: the tag or checksum. */
  int overheadBytes();

  /**
   * Writes one whole packet: header, sealed frames, tag, header protection.
   *
   * @param packetNumber full number, larger than all sealed before: a number never comes twice, so
   *     a nonce never does
   * @param packetNumberLength 1 to 4 bytes
   * @param frames plaintext; must be at least {@code 4 - packetNumberLength} bytes long, so that
   *     the header-protection sample exists
   * @param out must not be the same array as {@code frames}, unless {@link #leavesInPlace}: then
   *     the frames may stand where they belong, behind the header
   * @return bytes written
   * @throws IllegalStateException when the key limit is reached; ask {@link #canSeal} first
   */
  int seal(
      long destinationConnectionId,
      long packetNumber,
      int packetNumberLength,
      byte[] frames,
      int framesFrom,
      int framesLength,
      byte[] out,
      int outFrom);

  /**
   * Opens one packet. The state changes only if the packet verifies; a number that cannot be new is
   * refused before that. {@code packet} itself is not changed.
   *
   * @param packet any bytes that came in; {@code from} and {@code length} lie within it
   * @param largestOpened the largest number opened so far, -1 if none; used to expand the number
   * @param plain receives the frames; must not be the same array as {@code packet}, unless {@link
   *     #leavesInPlace}: then the frames stay where they are. Its content is unspecified if the
   *     packet does not verify.
   * @return length of the frames, or {@link #FAILED}, {@link #DUPLICATE}, {@link #STALE} or {@link
   *     #BREACH}
   */
  int open(
      byte[] packet,
      int from,
      int length,
      long largestOpened,
      long nowNanos,
      byte[] plain,
      int plainFrom);

  /** The packet did not verify. */
  int FAILED = -1;

  /** A packet with this number was opened before. The number itself was not verified. */
  int DUPLICATE = -2;

  /**
   * The packet is older than the replay window, or than the keys that are still kept. The number
   * itself was not verified.
   */
  int STALE = -3;

  /**
   * The packet verified, but under a key that a peer which keeps the rules of the key update does
   * not use yet: the connection is to end (RFC 9001 §6.2).
   */
  int BREACH = -4;

  /** The fewest bytes of a packet number to write, 1 to 4, however few would tell it. */
  int leastNumberBytes();

  /** Whether frames look the same sealed and opened, so that they need not be copied. */
  boolean leavesInPlace();

  /** Where in {@code plain} the frames begin that {@link #open} opened last. */
  int openedFrom();

  /** The full number of the packet that {@link #open} opened last. */
  long openedPacketNumber();

  /**
   * Tells that the peer acknowledged a packet; a key update completes by it (RFC 9001 §6).
   *
   * @param largestAcknowledged largest number acknowledged
   * @return false if the peer acknowledged a packet under keys that it has not followed to: the
   *     connection is to end (RFC 9001 §6.2)
   */
  boolean onAcknowledged(long largestAcknowledged, long nowNanos);

  /**
   * Tells the probe timeout, which scales how long keys of the last phase are kept for packets that
   * come late: three of it (RFC 9001 §6.5). Until told, one second is taken.
   */
  void onProbeTimeout(long probeTimeoutNanos);

  /**
   * Tells the time, on which it hangs when keys are replaced and erased; before something is
   * sealed, and at {@link #deadlineNanos}.
   */
  default void onTime(long nowNanos) {}

  /** When {@link #onTime} wants to be called, or Long.MAX_VALUE. */
  default long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  /** Asks for a key update with the next packet, or as soon as the last one is complete. */
  void requestKeyUpdate();

  /** Whether a key update was asked for that the next packet makes; it only waits for one. */
  default boolean isKeyUpdateDue() {
    return false;
  }

  /**
   * Whether the connection must close now because its keys or numbers are used up (RFC 9001 §6.6).
   * A few more packets can be sealed, so that CLOSE still goes out.
   */
  boolean isExhausted();

  /** Whether a packet of this number, which is larger than all before, can be sealed now. */
  boolean canSeal(long packetNumber);

  /** Packets that failed to verify under the keys so far. */
  long forgeries();

  /** Erases the keys. */
  void destroy();

  /** The key phase of the packet sealed last, counted from 0. */
  default long sendingPhase() {
    return 0;
  }

  /** The newest key phase of which a packet was opened, counted from 0. */
  default long receivingPhase() {
    return 0;
  }

  /**
   * Shows the secrets of the first phase to somebody who is to read the packets later; only before
   * the first packet. No effect where there are none.
   */
  default void revealSecrets(SecretReader reader) {}

  /** Is shown the secrets of both directions, borrowed for the call. */
  interface SecretReader {
    /** Takes the secret for what is sent, and that for what is received. */
    void read(byte[] sendSecret, byte[] receiveSecret);
  }
}
