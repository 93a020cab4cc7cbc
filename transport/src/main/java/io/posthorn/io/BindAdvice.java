package io.posthorn.io;

import io.posthorn.AddressText;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** Why a port cannot be opened or bound, and what to do about it. */
final class BindAdvice {
  private BindAdvice() {}

  /** Refuses an address without a host. */
  static void requireResolved(InetSocketAddress address) throws BindException {
    if (address.isUnresolved()) {
      throw new BindException(
          "cannot bind " + address.getHostString() + ": the name is unknown; give a local address");
    }
  }

  /** The error to throw when the system said {@code words}. */
  static BindException refused(InetSocketAddress address, @Nullable String words) {
    return new BindException(
        "cannot bind " + AddressText.of(address) + ": " + advice(address, String.valueOf(words)));
  }

  /** The error to throw when there was not even a socket to bind. */
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

  private static String advice(InetSocketAddress address, String words) {
    if (words.contains("in use")) {
      return words
          + "; another socket has port "
          + address.getPort()
          + ": stop it, or take another port (0 for any free one)";
    }
    if (words.contains("assign")) {
      return words + "; the address is not one of this machine's: give a local one, or none";
    }
    if (words.contains("ermission")) {
      return words + "; ports below 1024 need privilege: take a higher one";
    }
    return words + "; take another address or port";
  }
}
