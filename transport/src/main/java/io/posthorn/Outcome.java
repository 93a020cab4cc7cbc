package io.posthorn;

import org.jspecify.annotations.Nullable;

/**
 * The one end of a {@link Receipt}.
 *
 * @param kind what happened
 * @param cause why the connection ended, with {@link Kind#CLOSED} only
 * @param mayHaveArrived whether the peer may have the message although nobody acknowledged it;
 *     always true of an acknowledged one
 */
public record Outcome(Kind kind, @Nullable CloseCause cause, boolean mayHaveArrived) {
  /** How a receipt ends. */
  public enum Kind {
    /** The peer's transport acknowledged all of it. Says nothing about the peer's application. */
    ACKNOWLEDGED,
    /** It grew too old before it was acknowledged. */
    EXPIRED,
    /** A newer message with the same key replaced it. */
    SUPERSEDED,
    /** The sender gave it up. */
    CANCELLED,
    /** Unreliable, and found lost. */
    LOST,
    /**
     * The peer takes none of its size, or on its channel. What it takes is known when the
     * connection is open, so only a message that was sent before ends so; later ones are refused by
     * an exception.
     */
    REFUSED,
    /** The connection ended first. */
    CLOSED,
    /** Plain mode: nothing can be known, and this is said at once. */
    UNKNOWN
  }

  /** Whether the peer's transport acknowledged the message. */
  public boolean isAcknowledged() {
    return kind == Kind.ACKNOWLEDGED;
  }
}
