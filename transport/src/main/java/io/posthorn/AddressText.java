package io.posthorn;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** How an endpoint's address is written, in every message, log, trace and table. */
public final class AddressText {
  private static final int GROUPS = 8;

  private AddressText() {}

  /**
   * {@code 192.0.2.1:9000}, {@code [2001:db8::1]:9000}, or {@code *:9000} for every address of a
   * host (the way that {@code ss} writes it); a name only where no address is known. Looks nothing
   * up, so it never waits. Any thread.
   *
   * @param address an address and port; the port may be 0
   */
  public static String of(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    String text;
    if (host == null) {
      text = address.getHostString();
    } else if (host.isAnyLocalAddress()) {
      text = "*";
    } else {
      text = host instanceof Inet6Address ? "[" + ofHost(host) + "]" : ofHost(host);
    }
    return text + ":" + address.getPort();
  }

  /**
   * An address without a port and brackets; of IPv6 in the form of RFC 5952, with its scope behind
   * a percent sign if it has one. Looks nothing up. Any thread.
   */
  public static String ofHost(InetAddress host) {
    String text = host.getHostAddress();
    if (!(host instanceof Inet6Address)) {
      return text;
    }
    int scope = text.indexOf('%');
    return shortened(host.getAddress()) + (scope < 0 ? "" : text.substring(scope));
  }

  /** The longest run of two zero groups or more, the first of several, is two colons. */
  private static String shortened(byte[] address) {
    int from = GROUPS;
    int most = 1;
    for (int at = 0; at < GROUPS; at++) {
      int end = at;
      while (end < GROUPS && group(address, end) == 0) {
        end++;
      }
      if (end - at > most) {
        from = at;
        most = end - at;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < GROUPS; at++) {
      if (at == from) {
        text.append("::");
        at += most - 1;
      } else {
        boolean apart = !text.isEmpty() && text.charAt(text.length() - 1) != ':';
        text.append(apart ? ":" : "").append(Integer.toHexString(group(address, at)));
      }
    }
    return text.toString();
  }

  private static int group(byte[] address, int at) {
    return (address[2 * at] & 0xff) << 8 | (address[2 * at + 1] & 0xff);
  }
}
