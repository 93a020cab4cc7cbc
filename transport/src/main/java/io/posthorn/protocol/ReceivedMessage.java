package io.posthorn.protocol;

import io.posthorn.Delivery;
import java.net.InetSocketAddress;

/**
 * One message, or one part of a streamed one, for the application.
 *
 * @param connection its handle; 0 in plain mode
 * @param from the sender
 * @param number the message's number in its channel (ordered) or its id (unordered); -1 if none
 * @param more whether parts follow, to be taken with {@code Endpoint.pollPart}
 * @param aborted whether the sender gave the message up; the body is empty then
 * @param key of {@link Delivery#RELIABLE_LATEST}, else -1
 */
public record ReceivedMessage(
    long connection,
    InetSocketAddress from,
    int channel,
    Delivery delivery,
    long number,
    byte[] body,
    boolean more,
    boolean aborted,
    long key) {
  /** One without a key. */
  public ReceivedMessage(
      long connection,
      InetSocketAddress from,
      int channel,
      Delivery delivery,
      long number,
      byte[] body,
      boolean more,
      boolean aborted) {
    this(connection, from, channel, delivery, number, body, more, aborted, -1);
  }
}
