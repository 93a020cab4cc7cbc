package io.posthorn.simulation;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** A hook for cases written by hand, such as "duplicate datagram 3". */
@FunctionalInterface
public interface Interceptor {
  /**
   * Looks at a datagram before the link takes it.
   *
   * @param from address at which the sender is attached, whatever NAT makes of it
   * @param to address at which the receiver is attached
   * @param number how many datagrams {@code from} has sent to {@code to}, this one included
   * @param datagram its bytes from position 0 to the limit; changes to them, or a lower limit, go
   *     over the network
   */
  Interception intercept(
      InetSocketAddress from, InetSocketAddress to, long number, ByteBuffer datagram);
}
