package io.posthorn.cli.lab;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.util.Arrays;

/**
 * The sender's network address translator, which forgets its mappings from time to time.
 *
 * <p>What leaves gets the source port, and if so wished the source address, of the present mapping;
 * what comes back to an earlier mapping finds nobody. Until the first rebinding nothing is changed.
 * For one thread.
 */
final class AddressTranslator {
  private static final int PORTS = 1 << 16;
  private static final int FIRST_PORT = 1_024;

  /** Prime, so that the ports of successive mappings lie apart. */
  private static final int PORT_STEP = 7_919;

  /** Addresses that a sender is seen under: one after the other from its own on. */
  private static final int HOSTS = 200;

  private static final int NOBODY = -1;

  private final long periodNanos;
  private final boolean changesAddress;
  private final int senderHost;

  /** By outer port: the sender's own port. */
  private final int[] innerPort = new int[PORTS];

  /** By outer port: the mapping that it belongs to. */
  private final long[] mappingOf = new long[PORTS];

  /**
   * A translator as the conditions of the sender's link want it.
   *
   * @param conditions with a rebinding period above 0
   * @param senderHost the last byte of the address that the sender has at first
   */
  AddressTranslator(LinkConditions conditions, int senderHost) {
    periodNanos = conditions.rebindPeriodNanos();
    changesAddress = conditions.rebinding() == Rebinding.ADDRESS;
    this.senderHost = senderHost;
    Arrays.fill(mappingOf, NOBODY);
  }

  /**
   * Gives a packet that leaves the sender the address and port of the present mapping.
   *
   * @param packet a whole packet, source and destination as the receiver is to see them
   * @param sinceNanos the time since the link began
   */
  void outbound(byte[] packet, long sinceNanos) {
    long mapping = sinceNanos / periodNanos;
    if (changesAddress) {
      IpPacket.setSourceHost(packet, outerHost(mapping));
    }
    if (!IpPacket.isLaterFragment(packet)) {
      int inner = IpPacket.sourcePort(packet);
      int outer = outerPort(inner, mapping);
      innerPort[outer] = inner;
      mappingOf[outer] = mapping;
      IpPacket.setSourcePort(packet, outer);
    }
  }

  /**
   * Gives a packet that comes back the sender's own port, and its source the sender's peer.
   *
   * @param packet a whole packet, after source and destination address were swapped, so that its
   *     source is the address to which the receiver answered
   * @param sinceNanos the time since the link began
   * @return whether the present mapping knows it
   */
  boolean inbound(byte[] packet, long sinceNanos) {
    long mapping = sinceNanos / periodNanos;
    if (IpPacket.sourceHost(packet) != (changesAddress ? outerHost(mapping) : senderHost)) {
      return false;
    }
    if (!IpPacket.isLaterFragment(packet)) {
      int outer = IpPacket.destinationPort(packet);
      if (mappingOf[outer] != mapping) {
        return false;
      }
      IpPacket.setDestinationPort(packet, innerPort[outer]);
    }
    IpPacket.setSourceHost(packet, senderHost);
    return true;
  }

  private int outerHost(long mapping) {
    return senderHost + (int) (mapping % HOSTS);
  }

  private static int outerPort(int inner, long mapping) {
    if (mapping == 0 || inner < FIRST_PORT) {
      return inner;
    }
    int span = PORTS - FIRST_PORT;
    return FIRST_PORT + (int) ((inner - FIRST_PORT + mapping % span * PORT_STEP) % span);
  }
}
