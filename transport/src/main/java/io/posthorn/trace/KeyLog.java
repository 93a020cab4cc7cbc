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
}
