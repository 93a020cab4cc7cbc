package io.posthorn;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Which addresses messages can be sent to. */
final class SendablePeer {
  private SendablePeer() {}

  /**
   * The peer that an address means; the wildcard address means this machine.
   *
   * @throws IllegalArgumentException if nobody can be there
   */
  static InetSocketAddress of(InetSocketAddress peer) {
    if (peer.isUnresolved()) {
      throw new IllegalArgumentException(
          "peer " + peer.getHostString() + ": the name is unknown; give an address that resolves");
    }
    if (peer.getPort() == 0) {
      throw new IllegalArgumentException(
          "peer " + AddressText.of(peer) + ": expected a port of 1 to 65535");
    }
    InetAddress host = peer.getAddress();
    if (!host.isAnyLocalAddress()) {
      return peer;
    }
    return new InetSocketAddress(
        loopback(host instanceof Inet6Address, name(peer)), peer.getPort());
  }

  /** By which the peer was asked for, and its key is known; null if that was an address. */
  private static @Nullable String name(InetSocketAddress peer) {
    String given = peer.getHostString();
    boolean isAddress = given.indexOf(':') >= 0 || given.equals(peer.getAddress().getHostAddress());
    return isAddress ? null : given;
  }

  private static InetAddress loopback(boolean isIpv6, @Nullable String name) {
    byte[] address = isIpv6 ? new byte[16] : new byte[] {127, 0, 0, 0};
    address[address.length - 1] = 1;
    try {
      return InetAddress.getByAddress(name, address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes is legal", e);
    }
  }
}
