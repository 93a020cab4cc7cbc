package io.posthorn.wire;

import org.jspecify.annotations.Nullable;

/**
 * What an ICMP message says of a datagram that did not get to its peer. Anybody can send such a
 * message: it is a hint for people, and decides nothing (PROTOCOL.md §8.5).
 */
public enum IcmpHint {
  /** No socket is open at the port; said by the host, or by a firewall in its name. */
  PORT_UNREACHABLE,
  /** A router, or this machine, cannot reach the host. */
  HOST_UNREACHABLE,
  /** A router knows no way to the host's network. */
  NETWORK_UNREACHABLE,
  /** A router or firewall lets nothing pass to there. */
  PROHIBITED;

  /** Of RFC 792. */
  private static final int ICMP_DESTINATION_UNREACHABLE = 3;

  /** Of RFC 4443 §3.1. */
  private static final int ICMP6_DESTINATION_UNREACHABLE = 1;

  /**
   * What a message means; null if it says nothing of whether the peer can be reached.
   *
   * @param isIcmp6 whether type and code are those of ICMPv6, else of ICMP for IPv4
   * @param type 0 to 255
   * @param code 0 to 255
   */
  public static @Nullable IcmpHint of(boolean isIcmp6, int type, int code) {
    if (isIcmp6) {
      return type == ICMP6_DESTINATION_UNREACHABLE ? ofIcmp6(code) : null;
    }
    return type == ICMP_DESTINATION_UNREACHABLE ? ofIcmp(code) : null;
  }

  /** Codes of RFC 792 and RFC 1812 §5.2.7.1. */
  private static @Nullable IcmpHint ofIcmp(int code) {
    return switch (code) {
      case 3 -> PORT_UNREACHABLE;
      case 1, 7, 12 -> HOST_UNREACHABLE; // the last two: it is unknown, or not for this service
      case 0, 6, 11 -> NETWORK_UNREACHABLE;
      case 9, 10, 13 -> PROHIBITED; // to the network, to the host, by a filter
      default -> null;
    };
  }

  /** Codes of RFC 4443 §3.1. */
  private static @Nullable IcmpHint ofIcmp6(int code) {
    return switch (code) {
      case 4 -> PORT_UNREACHABLE;
      case 3 -> HOST_UNREACHABLE;
      case 0 -> NETWORK_UNREACHABLE;
      case 1, 5, 6 -> PROHIBITED; // by rule; by the source address; by the route
      default -> null;
    };
  }
}
