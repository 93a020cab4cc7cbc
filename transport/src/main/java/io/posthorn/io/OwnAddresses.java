package io.posthorn.io;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Whether an address leads back to the own socket. The addresses of the machine's interfaces are
 * looked up at most once in ten seconds. The caller's lock guards it.
 */
public final class OwnAddresses implements Predicate<InetSocketAddress> {
  private static final long REFRESH_NANOS = 10_000_000_000L;

  private final InetSocketAddress bound;
  private final LongSupplier nowNanos;
  private Set<InetAddress> addresses = Set.of();
  private long refreshedNanos = -REFRESH_NANOS;

  /**
   * @param bound the socket's local address
   * @param nowNanos the clock of the socket
   */
  public OwnAddresses(InetSocketAddress bound, LongSupplier nowNanos) {
    this.bound = bound;
    this.nowNanos = nowNanos;
  }

  @Override
  public boolean test(InetSocketAddress address) {
    if (address.getPort() != bound.getPort()) {
      return false;
    }
    InetAddress host = address.getAddress();
    if (!bound.getAddress().isAnyLocalAddress()) {
      return bound.getAddress().equals(host);
    }
    return host.isLoopbackAddress() || host.isAnyLocalAddress() || interfaces().contains(host);
  }

  private Set<InetAddress> interfaces() {
    long now = nowNanos.getAsLong();
    if (now - refreshedNanos >= REFRESH_NANOS) {
      refreshedNanos = now;
      addresses = lookUp();
    }
    return addresses;
  }

  private Set<InetAddress> lookUp() {
    try {
      Set<InetAddress> found = new HashSet<>();
      NetworkInterface.networkInterfaces()
          .forEach(device -> device.inetAddresses().forEach(found::add));
      return found;
    } catch (SocketException e) {
      return addresses; // the machine has no interface up: what was known last is the best answer
    }
  }
}
