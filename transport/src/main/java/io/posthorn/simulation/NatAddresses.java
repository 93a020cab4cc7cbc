package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Rebinding;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * The outer addresses that a simulated NAT gives out, one after the other: a dynamic port, and for
 * a new address one of the ranges set aside for tests (RFC 2544) and documentation (RFC 3849).
 */
final class NatAddresses {
  private static final int FIRST_PORT = 49_152;
  private static final int PORTS = 16_384;

  /** After so many all come again; those at one host already after {@link #PORTS}. */
  static final int ADDRESSES = 1 << 16;

  private int given;

  InetSocketAddress next(InetAddress before, Rebinding kind) {
    int number = given++;
    InetAddress host = kind == Rebinding.PORT ? before : address(number, before);
    return new InetSocketAddress(host, FIRST_PORT + Math.floorMod(number, PORTS));
  }

  /** An address for a socket that was given none, in the half of the range that no NAT uses. */
  static InetSocketAddress forSocket(int number) {
    try {
      byte[] host = {(byte) 198, 19, (byte) (number >> 8), (byte) number};
      // The port tells apart those that have one host.
      return new InetSocketAddress(InetAddress.getByAddress(host), FIRST_PORT + (number >> 16));
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 bytes are an address", impossible);
    }
  }

  private static InetAddress address(int number, InetAddress like) {
    byte high = (byte) (number >> 8);
    byte low = (byte) number;
    byte[] bytes = {(byte) 198, 18, high, low};
    if (like instanceof Inet6Address) {
      bytes = new byte[] {0x20, 0x01, 0x0d, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low};
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 or 16 bytes are an address", impossible);
    }
  }
}
