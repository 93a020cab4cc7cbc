package io.posthorn.datagram;

import io.posthorn.AddressText;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** What a {@code DatagramSocket} asks of the addresses that it is given. */
public final class DatagramAddresses {
  private DatagramAddresses() {}

  /**
   * An address that a socket can bind or connect to.
   *
   * @throws IllegalArgumentException if it is of another kind
   * @throws SocketException if it is a name that nobody knows
   */
  public static InetSocketAddress requireInet(SocketAddress address, String what)
      throws SocketException {
    if (!(address instanceof InetSocketAddress inet)) {
      throw new IllegalArgumentException(
          what + " " + address + ": expected an InetSocketAddress, got " + address.getClass());
    }
    if (inet.isUnresolved()) {
      throw new SocketException(
          what + " " + inet.getHostString() + ": the name is unknown; give an address");
    }
    return inet;
  }

  /**
   * Refuses port 0.
   *
   * @throws SocketException if it is
   */
  public static void requirePort(InetSocketAddress peer) throws SocketException {
    if (peer.getPort() == 0) {
      throw new SocketException("peer " + AddressText.of(peer) + ": expected a port of 1 to 65535");
    }
  }

  /**
   * Where a packet goes; one without an address goes to the peer that the socket is connected to,
   * and is given its address. The caller holds the packet's monitor.
   *
   * @throws IllegalArgumentException if it has no address and the socket no peer, or if they differ
   */
  public static InetSocketAddress destination(
      DatagramPacket packet, @Nullable InetSocketAddress connected) {
    InetAddress address = packet.getAddress();
    if (address == null) { // its getSocketAddress() would be the wildcard
      if (connected == null) {
        throw new IllegalArgumentException(
            "the packet has no address, nor is the socket connected");
      }
      packet.setSocketAddress(connected);
      return connected;
    }
    InetSocketAddress to = new InetSocketAddress(address, packet.getPort());
    if (connected != null && !to.equals(connected)) {
      throw new IllegalArgumentException(
          "the packet goes to "
              + AddressText.of(to)
              + ", but the socket is connected to "
              + AddressText.of(connected));
    }
    return to;
  }
}
