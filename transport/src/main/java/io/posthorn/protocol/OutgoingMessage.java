package io.posthorn.protocol;

import io.posthorn.Delivery;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One message, or one part of a streamed ordered message, on its way from the application.
 *
 * @param connection handle, or 0 to use {@code peer}
 * @param peer where to; ignored when a handle is given
 * @param channel 0 to 63
 * @param key for {@link Delivery#RELIABLE_LATEST}, else -1
 * @param body owned by the endpoint from now on, not to be changed
 * @param part for RELIABLE_ORDERED: it is a part of a streamed message. Between the first part and
 *     the last the channel takes no other message: {@link SendOutcome#MID_MESSAGE}
 * @param more for a part: further ones of the same message follow on this channel; an empty part
 *     with {@code more} gives up the message begun, if any
 * @param expiresAtNanos when it is too old to be sent (again), or Long.MAX_VALUE
 * @param confirmRequested whether the receiver's {@code confirm} is to be reported
 * @param receipt handed back in the event {@code ReceiptSettled}; null if nobody asks
 */
public record OutgoingMessage(
    long connection,
    InetSocketAddress peer,
    int channel,
    Delivery delivery,
    long key,
    byte[] body,
    boolean part,
    boolean more,
    long expiresAtNanos,
    boolean confirmRequested,
    @Nullable Object receipt) {
  /** One that is a part only if {@code more} follow. */
  public OutgoingMessage(
      long connection,
      InetSocketAddress peer,
      int channel,
      Delivery delivery,
      long key,
      byte[] body,
      boolean more,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    this(
        connection,
        peer,
        channel,
        delivery,
        key,
        body,
        more,
        more,
        expiresAtNanos,
        confirmRequested,
        receipt);
  }

  /**
   * A whole ordered message on channel 0 that never expires and of which nothing is to be told.
   *
   * @param connection handle, or 0 to use {@code peer}
   */
  public static OutgoingMessage ordered(long connection, InetSocketAddress peer, byte[] body) {
    return ordered(connection, peer, 0, body, false, false);
  }

  /**
   * As {@link #ordered}, a part of a streamed one on any channel.
   *
   * @param more whether further parts follow
   */
  public static OutgoingMessage part(
      long connection, InetSocketAddress peer, int channel, byte[] body, boolean more) {
    return ordered(connection, peer, channel, body, true, more);
  }

  private static OutgoingMessage ordered(
      long connection,
      InetSocketAddress peer,
      int channel,
      byte[] body,
      boolean part,
      boolean more) {
    return new OutgoingMessage(
        connection,
        peer,
        channel,
        Delivery.RELIABLE_ORDERED,
        -1,
        body,
        part,
        more,
        Long.MAX_VALUE,
        false,
        null);
  }
}
