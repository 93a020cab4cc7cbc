package io.posthorn.endpoint;

import io.posthorn.protocol.AddressZone;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address as a key: in its zone (RFC 4007), or the host on another link would be found, whose
 * address is equal for Java. One that is only looked up is set anew each time; one that is kept as
 * a key must not be.
 */
final class ZonedAddress {
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
}
