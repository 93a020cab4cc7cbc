package io.posthorn;

import java.net.InetSocketAddress;

/** The message is larger than the mode, or the peer, takes. */
public final class MessageTooLargeException extends TransportException {
  private static final long serialVersionUID = 1L;

  private final long sizeBytes;
  private final long limitBytes;

  MessageTooLargeException(
      InetSocketAddress peer, long sizeBytes, long limitBytes, String what, String remedy) {
    super(peer, what, remedy);
    this.sizeBytes = sizeBytes;
    this.limitBytes = limitBytes;
  }

  /** Size of the message; of a stream, what was written so far. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** The largest that is taken, or -1 if only the peer knows. */
  public long limitBytes() {
    return limitBytes;
  }
}
