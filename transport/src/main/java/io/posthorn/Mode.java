package io.posthorn;

/** The one option that flips reliability. */
public enum Mode {
  /** The payload is the datagram, byte for byte; nothing is known about arrival. */
  PLAIN,
  /** Each message once, whole and in order per channel, or an error that says so; encrypted. */
  RELIABLE
}
