package io.posthorn.protocol;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The zone of an address (RFC 4007 §6): an IPv6 address that holds on one link only is another
 * host's on each link, while for Java the two are equal.
 */
public final class AddressZone {
  private AddressZone() {}

  /**
   * The number of the zone; 0 for none, and for addresses that hold everywhere: what the system
   * says of a sender has none with those, whatever it was given to send to.
   */
  public static int of(InetSocketAddress peer) {
    InetAddress host = peer.getAddress();
    return host instanceof Inet6Address ipv6
            && (ipv6.isLinkLocalAddress() || ipv6.isMulticastAddress())
        ? ipv6.getScopeId()
        : 0;
  }

  /** Whether both are the same host and port in the same zone. */
  @SuppressWarnings("ReferenceEquality") // mostly it is the same object
  public static boolean isSame(InetSocketAddress one, InetSocketAddress other) {
    return one == other || (one.equals(other) && of(one) == of(other));
  }
}
