package io.posthorn.cli.session;

import io.posthorn.Message;
import java.io.IOException;

/** The way to the one peer of a session, in either mode. Sending and receiving may overlap. */
public interface SessionLine {
  /** The most bytes of one message. */
  int largestBytes();

  /** Sends bytes; waits only for back-pressure. */
  void send(byte[] bytes) throws IOException;

  /**
   * Tells the peer that no more bytes come.
   *
   * @return false if this peer cannot be told
   */
  boolean sendEnd() throws IOException;

  /** Waits for the next message. */
  Message receive() throws IOException;

  /** What the peer speaks. */
  Application peer();
}
