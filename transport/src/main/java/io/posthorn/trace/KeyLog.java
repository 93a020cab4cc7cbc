package io.posthorn.trace;

/** Told the secrets of each connection, so that who has them can read its packets. */
@FunctionalInterface
public interface KeyLog {
  /**
   * A connection has its keys.
   *
   * @param initiatorId the initiator's first connection id
   * @param responderId the responder's
   * @param initiatorSecret the secret of PROTOCOL.md §4.1 for packets from the initiator, 32 bytes;
   *     borrowed for the call
   * @param responderSecret the same for packets from the responder
   */
  void secrets(long initiatorId, long responderId, byte[] initiatorSecret, byte[] responderSecret);

  /**
   * The sealed messages of the handshake, told before {@link #secrets}; 32 bytes each, borrowed for
   * the call (PROTOCOL.md §4.8).
   *
   * @param initiatorId the initiator's first connection id
   * @param responderId the responder's
   * @param secondStatic what the static key in M2 is sealed with
   * @param secondPayload what the parameters in M2, and the static key in M3, are sealed with
   * @param thirdPayload what the parameters in M3 are sealed with
   * @param thirdHash the transcript hash that these are bound to
   */
  default void handshakeKeys(
      long initiatorId,
      long responderId,
      byte[] secondStatic,
      byte[] secondPayload,
      byte[] thirdPayload,
      byte[] thirdHash) {}
}
