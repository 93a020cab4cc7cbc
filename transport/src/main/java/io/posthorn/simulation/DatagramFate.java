package io.posthorn.simulation;

/** What became of a datagram that was offered to a link, or came out of it. */
public enum DatagramFate {
  /** It entered the link and will arrive. */
  PASSED,
  /** The loss model took it. */
  LOST,
  /** The link was in an outage, or cut by hand. */
  OUTAGE,
  /** It is larger than the link's MTU. */
  TOO_LARGE,
  /** The queue before the limited rate was full, or the link holds all it may. */
  QUEUE_FULL,
  /** It came out at the other end. */
  DELIVERED,
  /** It came out, and nobody has that address, or not any more. */
  UNREACHABLE
}
