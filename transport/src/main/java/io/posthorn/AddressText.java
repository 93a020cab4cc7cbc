package io.posthorn;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** How an endpoint's address is written, in every message, log, trace and table. */
public final class AddressText {
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
      text =
          host instanceof Inet6Address ? "[" + host.getHostAddress() + "]" : host.getHostAddress();
    }
    return text + ":" + address.getPort();
  }
}
