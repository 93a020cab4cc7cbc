package io.posthorn.protocol.protection;

/**
 * Seals and opens the data packets of one connection, both directions. Not thread-safe.
 *
 * <p>Two implementations: {@code AesGcmProtection} (sealed) and {@code ChecksumProtection} ( {@code
 * Security.none()}). Key update happens inside.
 */
public interface PacketProtection {
  /** Bytes that a packet is longer than its frames, without the header: the tag or checksum. */
  int overheadBytes();

  /**
   * Writes one whole packet: header, sealed frames, tag, header protection.
   *
   * @param packetNumber full number, larger than all sealed before
   * @param packetNumberLength 1 to 4 bytes
   * @param frames plaintext; must be at least {@code 4 - packetNumberLength} bytes long, so that
   *     the header-protection sample exists
   * @param out must not be the same array as {@code frames}
   * @return bytes written
   * @throws IllegalStateException when the key limit is reached; ask {@link #isExhausted()} first
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
   * Opens one packet. The state changes only if the packet verifies.
   *
   * @param largestOpened the largest number opened so far, -1 if none; used to expand the number
   * @param plain receives the frames; must not be the same array as {@code packet}
   * @return length of the frames, or {@link #FAILED}, {@link #DUPLICATE} or {@link #STALE}
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

  /** The packet verified by number as one opened before. */
  int DUPLICATE = -2;

  /** The packet is older than the replay window. */
  int STALE = -3;

  /** The full number of the packet that {@link #open} opened last. */
  long openedPacketNumber();

  /**
   * Tells that the peer acknowledged a packet; a key update completes by it (RFC 9001 §6).
   *
   * @param largestAcknowledged largest number acknowledged
   */
  void onAcknowledged(long largestAcknowledged, long nowNanos);

  /** Asks for a key update with the next packet, if the last one is complete. */
  void requestKeyUpdate();

  /** Whether nothing more may be sealed or opened with these keys (RFC 9001 §6.6). */
  boolean isExhausted();

  /** Packets that failed to verify under the keys so far. */
  long forgeries();

  /** Erases the keys. */
  void destroy();
}
