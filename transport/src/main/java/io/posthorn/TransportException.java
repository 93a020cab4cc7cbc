package io.posthorn;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Something that a caller may want to tell apart from other input or output errors. Its message
 * names the peer, the limit that was met, and what to do; a program that has other words for the
 * last part takes the two apart.
 */
public class TransportException extends IOException {
  private static final long serialVersionUID = 1L;

  private final @Nullable InetSocketAddress peer;
  private final String what;
  private final String remedy;

  TransportException(@Nullable InetSocketAddress peer, String what, String remedy) {
    super(remedy.isEmpty() ? what : what + ": " + remedy);
    this.peer = peer;
    this.what = what;
    this.remedy = remedy;
  }

  /** The peer concerned, or null if it is the socket as a whole. */
  public @Nullable InetSocketAddress peer() {
    return peer;
  }

  /** The part of the message that says what went wrong and where. */
  public String what() {
    return what;
  }

  /**
   * The part of the message that says what to do, in terms of this library; empty where that is
   * nothing, or stands in {@link #what} because it depends on the files that are named there.
   */
  public String remedy() {
    return remedy;
  }
}
