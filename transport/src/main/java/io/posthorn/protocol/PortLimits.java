package io.posthorn.protocol;

import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.function.ToIntFunction;

/**
 * What the host's port lets through, as far as is known.
 *
 * @param largestSentBytes the largest datagram that may be tried towards an address: one that the
 *     host sends whole, or not at all
 * @param largestReceivedBytes the largest datagram that is welcome here
 */
public record PortLimits(
    ToIntFunction<InetSocketAddress> largestSentBytes, int largestReceivedBytes) {
  /** Nothing is known: datagrams of the size that every path carries are sent. */
  public static final PortLimits UNKNOWN =
      new PortLimits(any -> WireLimits.MINIMUM_DATAGRAM_BYTES, WireLimits.MAX_DATAGRAM_BYTES);
}
