package io.posthorn.cli.compare;

import java.io.Closeable;
import java.io.IOException;

/**
 * One transport with both its ends open, sender and receiver in this process, and a network between
 * them.
 *
 * <p>One thread sends, one other receives; any may close, which ends calls that wait.
 */
public interface Carrier extends Closeable {
  /** What {@link #receive} answers when no message came. */
  int NOTHING = -1;

  /** A count that the transport does not tell. */
  long UNKNOWN = -1;

  /**
   * Hands one message to the transport.
   *
   * @param message the bytes, unchanged until the method returns
   * @param lengthBytes how many of them
   * @throws IOException if the transport can send no more
   */
  void send(byte[] message, int lengthBytes) throws IOException;

  /**
   * Waits for one message.
   *
   * @param into where it goes; a message that is longer is cut, or ends the carrier
   * @param timeoutNanos how long to wait at most
   * @return how many bytes were put there, or {@link #NOTHING}
   * @throws IOException if no message can come any more
   */
  int receive(byte[] into, long timeoutNanos) throws IOException;

  /**
   * Whether the transport sends again what the network lost, so that waiting for it makes sense.
   *
   * @return whether it does
   */
  boolean resends();

  /**
   * How many segments or packets the transport sent again so far.
   *
   * @return the number, or {@link #UNKNOWN}
   * @throws IOException if the count cannot be read
   */
  long retransmissions() throws IOException;

  /**
   * What governs the sending rate.
   *
   * @return the name of a congestion controller; empty if nothing does
   */
  String congestionController();
}
