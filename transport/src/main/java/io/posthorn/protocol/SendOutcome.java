package io.posthorn.protocol;

/** What {@code Endpoint.send} did with a message. */
public enum SendOutcome {
  /** Taken; its receipt will settle. */
  ACCEPTED,
  /** Not taken: the send buffer is full. The event {@code Writable} tells when to try again. */
  BLOCKED,
  /** Not taken, and never will be: larger than the mode or the peer's limit allows. */
  TOO_LARGE,
  /**
   * Not taken: a part of a streamed message that has too many small ones already for a peer that
   * takes only whole messages. It goes together with what follows, 64 KB of it at most.
   */
  TOO_SMALL,
  /**
   * Not taken: the last connection to this peer ended with messages unacknowledged. Said once; the
   * next send opens anew.
   */
  MESSAGES_LOST,
  /** Not taken: as many connections as are allowed. */
  CONNECTION_LIMIT,
  /** Not taken: the channel is beyond the peer's limit. */
  CHANNEL_LIMIT,
  /** Not taken: the channel carries a streamed message of which the last part is still to come. */
  MID_MESSAGE,
  /**
   * Not taken: the connection named by its handle has ended, or the one that the message waited for
   * never opened, or the endpoint is closed.
   */
  CLOSED
}
