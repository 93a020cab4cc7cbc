package io.posthorn.io;

import io.posthorn.AddressText;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** Why a port cannot be opened or bound, and what to do about it. */
final class BindAdvice {
  private static final int PRIVILEGED_PORTS = 1024;

  private BindAdvice() {}

  /** Refuses an address without a host. */
  static void requireResolved(InetSocketAddress address) throws BindException {
    if (address.isUnresolved()) {
      throw new BindException(
          "cannot bind " + address.getHostString() + ": the name is unknown; give a local address");
    }
  }

  /** The error to throw when the system said {@code words}, which may be of any language. */
  static BindException refused(InetSocketAddress address, @Nullable String words) {
    String said = String.valueOf(words);
    return refused(
        address,
        said.contains("in use")
            ? LinuxCalls.EADDRINUSE
            : said.contains("assign")
                ? LinuxCalls.EADDRNOTAVAIL
                : said.contains("ermission") ? LinuxCalls.EACCES : 0,
        said);
  }

  /** The error to throw when the system refused by this number, for which it has these words. */
  static BindException refused(InetSocketAddress address, int error, String words) {
    int port = address.getPort();
    String advice =
        switch (error) {
          case LinuxCalls.EADDRINUSE ->
              port == 0
                  ? "no port is free: close some sockets"
                  : "the port is in use: stop whoever has it, or take another port (0 for any free"
                      + " one)";
          case LinuxCalls.EADDRNOTAVAIL ->
              "the address is not one of this machine's: give a local one, or none";
          case LinuxCalls.EACCES ->
              port > 0 && port < PRIVILEGED_PORTS
                  ? "permission denied: ports below 1024 need privilege, take a higher one"
                  : "permission denied: ask whoever administers this machine";
          default -> words + ": take another address or port";
        };
    return new BindException("cannot bind " + AddressText.of(address) + ": " + advice);
  }

  /**
   * The error to throw when there was not even a socket to bind, or nothing to wait for it with.
   */
  static SocketException cannotOpen(@Nullable String words) {
    return new SocketException(
        "cannot open a UDP socket: "
            + words
            + "; if too many files are open, close some or raise the limit (ulimit -n)");
  }

  /** The error to throw when the address's family is not there. */
  static BindException noSuchFamily(InetSocketAddress address) {
    return new BindException(
        "cannot bind "
            + AddressText.of(address)
            + ": this machine has no IPv6; give an IPv4 address");
  }
}
