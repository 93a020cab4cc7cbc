package io.posthorn.endpoint;

import java.net.InetSocketAddress;
import java.util.Arrays;

/**
 * How often each part of the internet may ask: a rate and a burst for each address prefix, 32 bits
 * of IPv4 and 64 of IPv6, which is what one customer of a provider commonly has. Memory is fixed:
 * prefixes that fall into the same of {@link #SLOTS} places share a rate, by a hash that nobody
 * outside can foresee. The generic cell rate algorithm: a place holds the time at which all that it
 * was granted is paid for.
 */
final class PrefixRates {
  static final int SLOTS = 4096;

  private static final int IPV6_PREFIX_BYTES = 8;

  private final long intervalNanos;
  private final long burstNanos;
  private final long seed;
  private final long[] paidAtNanos = new long[SLOTS];

  /**
   * A table in which nobody has asked.
   *
   * @param perSecond how often one prefix may ask over time
   * @param burst how often at once, after some silence
   * @param seed of the hash; nobody outside knows it
   */
  PrefixRates(int perSecond, int burst, long seed) {
    intervalNanos = 1_000_000_000L / perSecond;
    burstNanos = intervalNanos * burst;
    this.seed = seed;
    Arrays.fill(paidAtNanos, Long.MIN_VALUE);
  }

  /** Whether this one may ask now; takes note if so. */
  boolean allow(InetSocketAddress from, long nowNanos) {
    int slot = slot(from.getAddress().getAddress());
    long paidAt = Math.max(paidAtNanos[slot], nowNanos);
    if (paidAt - nowNanos > burstNanos - intervalNanos) {
      return false;
    }
    paidAtNanos[slot] = paidAt + intervalNanos;
    return true;
  }

  private int slot(byte[] address) {
    int length = Math.min(address.length, IPV6_PREFIX_BYTES);
    long hash = seed;
    for (int i = 0; i < length; i++) {
      hash = (hash ^ (address[i] & 0xff)) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    hash *= 0xBF58476D1CE4E5B9L;
    return (int) (hash >>> 40) & (SLOTS - 1);
  }
}
