package io.posthorn;

/**
 * What became of the messages when a connection or a socket ended.
 *
 * @param acknowledged reliable messages that the peer's transport acknowledged, over the life of
 *     the connection; of a socket, over those connections that ended by this close
 * @param unacknowledged reliable messages that were taken and not acknowledged in full, streamed
 *     ones without an end among them; they may or may not have arrived
 * @param cause why it ended
 * @param byPeer whether the peer said so
 * @param applicationCode the closing application's number, 0 if it gave none
 * @param text the closing application's words, from the network if {@code byPeer}: escape them
 *     before they reach a terminal
 */
public record CloseReport(
    long acknowledged,
    long unacknowledged,
    CloseCause cause,
    boolean byPeer,
    long applicationCode,
    String text) {

  /** Whether all reliable messages were acknowledged; true in plain mode, which knows of none. */
  public boolean isComplete() {
    return unacknowledged == 0;
  }
}
