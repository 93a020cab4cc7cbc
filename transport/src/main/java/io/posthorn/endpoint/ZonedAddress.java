package io.posthorn.endpoint;

import io.posthorn.protocol.AddressZone;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An address as a key: in its zone (RFC 4007), or the host on another link would be found, whose
 * address is equal for Java. One that is only looked up is set anew each time; one that is kept as
 * a key must not be.
 *
 * <p>Peers choose their addresses, and whoever has many can choose some of one hash code. Hence the
 * order, by which maps find one of those; without one they would look at each (FAULTS 41).
 */
final class ZonedAddress implements Comparable<ZonedAddress> {
  private @Nullable InetSocketAddress address;
  private int zone;

  /** One to look up with. */
  ZonedAddress() {}

  /** One to keep. */
  ZonedAddress(InetSocketAddress address) {
    set(address);
  }

  /** Stands for this address from now on. */
  ZonedAddress set(InetSocketAddress to) {
    address = to;
    zone = AddressZone.of(to);
    return this;
  }

  InetSocketAddress address() {
    InetSocketAddress is = address;
    if (is == null) {
      throw new IllegalStateException("not set");
    }
    return is;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ZonedAddress it && zone == it.zone && address().equals(it.address());
  }

  @Override
  public int hashCode() {
    return address().hashCode() + 31 * zone;
  }

  @Override
  public int compareTo(ZonedAddress other) {
    InetSocketAddress one = address();
    InetSocketAddress two = other.address();
    int order = Integer.compare(one.getPort(), two.getPort());
    if (order == 0) {
      order = Integer.compare(zone, other.zone);
    }
    return order == 0
        ? Arrays.compare(one.getAddress().getAddress(), two.getAddress().getAddress())
        : order;
  }
}
