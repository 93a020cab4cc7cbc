package io.posthorn.io;

import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/** The largest datagram that the interface towards an address sends without cutting it up. */
final class InterfaceMtu {
  /** What every path carries: the answer when nothing is known. */
  private static final int LEAST_BYTES = WireLimits.MINIMUM_DATAGRAM_BYTES;

  private static final int IPV4_AND_UDP_BYTES = 28;
  private static final int IPV6_AND_UDP_BYTES = 48;

  private InterfaceMtu() {}

  /**
   * The UDP payload that fills the interface's MTU.
   *
   * @param bound the address of the port, or a wildcard: then the system's route tells the
   *     interface
   */
  static int largestDatagramBytes(InetSocketAddress bound, InetSocketAddress to) {
    try {
      InetAddress remote = to.getAddress();
      InetAddress local = bound.getAddress();
      if (local.isAnyLocalAddress()) {
        local = remote.isLoopbackAddress() ? remote : RouteSource.towards(to);
      }
      NetworkInterface device = local == null ? null : NetworkInterface.getByInetAddress(local);
      if (device == null) {
        return LEAST_BYTES;
      }
      int headers = remote instanceof Inet6Address ? IPV6_AND_UDP_BYTES : IPV4_AND_UDP_BYTES;
      return Math.max(
          LEAST_BYTES, Math.min(WireLimits.MAX_DATAGRAM_BYTES, device.getMTU() - headers));
    } catch (IOException e) {
      return LEAST_BYTES; // no route, or the interface went away: the next search asks again
    }
  }
}
