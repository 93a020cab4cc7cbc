package io.posthorn.simulation;

import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;

/** One client of a {@link Relay}: its own socket towards the target and its own two links. */
final class RelayClient {
  final InetSocketAddress address;
  final int number;
  final int slot;
  final SimulatedLink<RelayClient> up;
  final SimulatedLink<RelayClient> down;
  DatagramChannel upstream;
  long activeNanos;

  private long mappingSinceNanos;
  private long mappingEpoch;

  RelayClient(
      InetSocketAddress address,
      int number,
      int slot,
      SimulatedLink<RelayClient> up,
      SimulatedLink<RelayClient> down,
      DatagramChannel upstream,
      long nowNanos) {
    this.address = address;
    this.number = number;
    this.slot = slot;
    this.up = up;
    this.down = down;
    this.upstream = upstream;
    mappingSinceNanos = up.conditionsSinceNanos();
    long periodNanos = up.conditions().rebindPeriodNanos();
    // A client that comes in the middle of a period has a mapping that is fresh.
    mappingEpoch = periodNanos == 0 ? 0 : (nowNanos - mappingSinceNanos) / periodNanos;
  }

  void cut(boolean cut) {
    up.cut(cut);
    down.cut(cut);
  }

  long nextDeliveryNanos() {
    return Math.min(up.nextDeliveryNanos(), down.nextDeliveryNanos());
  }

  /** Whether a NAT rebinding of the way up has fallen due since the last call. */
  boolean isRebindingDue(long nowNanos) {
    long periodNanos = up.conditions().rebindPeriodNanos();
    if (periodNanos == 0) {
      return false;
    }
    if (mappingSinceNanos != up.conditionsSinceNanos()) {
      mappingSinceNanos = up.conditionsSinceNanos();
      mappingEpoch = 0;
    }
    long epoch = (nowNanos - mappingSinceNanos) / periodNanos;
    boolean due = epoch != mappingEpoch;
    mappingEpoch = epoch;
    return due;
  }
}
