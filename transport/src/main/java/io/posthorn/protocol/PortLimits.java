package io.posthorn.protocol;

import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the host's port: where it is, and what it lets through.
 *
 * @param local the address and port that it is bound to; null if that is not known
 * @param localTo which of the host's addresses a peer writes to, as far as that is known
 * @param largestSentBytes the largest datagram that may be tried towards an address: one that the
 *     host sends whole, or not at all
 * @param largestReceivedBytes the largest datagram that is welcome here
 */
public record PortLimits(
    @Nullable InetSocketAddress local,
    UnaryOperator<InetSocketAddress> localTo,
    ToIntFunction<InetSocketAddress> largestSentBytes,
    int largestReceivedBytes) {
  private static final InetSocketAddress WILDCARD = new InetSocketAddress(0);

  /** Nothing is known: datagrams of the size that every path carries are sent. */
  public static final PortLimits UNKNOWN =
      new PortLimits(any -> WireLimits.MINIMUM_DATAGRAM_BYTES, WireLimits.MAX_DATAGRAM_BYTES);

  /** Those of a port of which nobody knows where it is. */
  public PortLimits(ToIntFunction<InetSocketAddress> largestSentBytes, int largestReceivedBytes) {
    this(null, any -> WILDCARD, largestSentBytes, largestReceivedBytes);
  }

  /** The same of a port that is bound to this address. */
  public PortLimits at(InetSocketAddress address) {
    return new PortLimits(address, any -> address, largestSentBytes, largestReceivedBytes);
  }
}
