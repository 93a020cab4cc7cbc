package io.posthorn.cli.sockets;

import io.posthorn.AddressText;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/**
 * How the address of a socket of this machine is written, whose family the address does not tell.
 */
public final class LocalText {
  private LocalText() {}

  /**
   * As {@link AddressText}, but all addresses of IPv4 alone are {@code 0.0.0.0:9000} and those of
   * IPv6 alone {@code [::]:9000}.
   *
   * @param family of IPv4 or IPv6 if the socket is of that alone, else null
   */
  public static String of(InetSocketAddress local, @Nullable ProtocolFamily family) {
    if (family == null || !local.getAddress().isAnyLocalAddress()) {
      return AddressText.of(local);
    }
    String host = family == StandardProtocolFamily.INET ? "0.0.0.0" : "[::]";
    return host + ":" + local.getPort();
  }

  /** A text of one socket as another may write it that does not know the family. */
  public static String withoutFamily(String local) {
    return local.replaceFirst("^(0\\.0\\.0\\.0|\\[::\\]):", "*:");
  }

  /** Whether a socket with such an address hears, or talks to, a family. */
  public static boolean has(String address, ProtocolFamily family) {
    return address.startsWith("*:")
        || address.startsWith("[") == (family == StandardProtocolFamily.INET6);
  }
}
