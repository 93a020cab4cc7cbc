package io.posthorn.protocol;

/** How a receipt ends. */
public enum ReceiptOutcome {
  /** The peer's transport acknowledged all of it. */
  ACKNOWLEDGED,
  /** It grew too old before it was acknowledged. */
  EXPIRED,
  /** A newer message with its key replaced it. */
  SUPERSEDED,
  /** The sender gave it up. */
  CANCELLED,
  /** Unreliable, and found lost. */
  LOST,
  /** The peer takes none of its size, or on its channel, and said so when it was taken already. */
  REFUSED,
  /** The connection ended first. */
  CLOSED,
  /** Plain mode: nothing can be known. */
  UNKNOWN
}
