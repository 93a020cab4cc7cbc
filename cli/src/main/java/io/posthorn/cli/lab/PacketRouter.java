package io.posthorn.cli.lab;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the flow and the direction of each packet that the kernel sends out, and turns the packet
 * round on its way.
 *
 * <p>A packet to a flow's server port goes up, one from it comes down; the later fragments of a
 * datagram, which have no ports, follow the first. No thread and no clock: the pump's lock guards
 * it.
 */
final class PacketRouter {
  private static final int IDENTIFICATIONS = 1 << 16;

  private final List<LabFlow> flows = new ArrayList<>();

  /** By the IP identification of a fragmented datagram: where its first fragment went. */
  private final @Nullable LabFlow[] fragmentFlow = new LabFlow[IDENTIFICATIONS];

  private final boolean[] fragmentGoesUp = new boolean[IDENTIFICATIONS];

  void add(LabFlow flow) {
    flows.add(flow);
  }

  void remove(LabFlow flow) {
    flows.remove(flow);
    for (int at = 0; at < IDENTIFICATIONS; at++) {
      if (fragmentFlow[at] == flow) {
        fragmentFlow[at] = null;
      }
    }
  }

  /**
   * Swaps a packet's addresses and offers it to the link of its flow and direction.
   *
   * @param packet what the kernel sent; changed
   * @param lengthBytes its length
   * @param nowNanos the time
   * @return {@link LabDrop#NONE} if a link got it, or why none did
   */
  LabDrop accept(byte[] packet, int lengthBytes, long nowNanos) {
    LabDrop problem = IpPacket.check(packet, lengthBytes);
    if (problem != LabDrop.NONE) {
      return problem;
    }
    LabFlow flow;
    boolean goesUp;
    int identification = IpPacket.identification(packet);
    if (IpPacket.isLaterFragment(packet)) {
      flow = fragmentFlow[identification];
      goesUp = fragmentGoesUp[identification];
    } else {
      int protocol = IpPacket.protocol(packet);
      flow = find(protocol, IpPacket.destinationPort(packet));
      goesUp = flow != null;
      if (flow == null) {
        flow = find(protocol, IpPacket.sourcePort(packet));
      }
      if (IpPacket.isFirstFragment(packet)) {
        fragmentFlow[identification] = flow;
        fragmentGoesUp[identification] = goesUp;
      }
    }
    if (flow == null) {
      return LabDrop.NO_FLOW;
    }
    IpPacket.swapAddresses(packet);
    flow.offer(goesUp, packet, IpPacket.totalBytes(packet), nowNanos);
    return LabDrop.NONE;
  }

  private @Nullable LabFlow find(int protocol, int port) {
    for (int at = 0; at < flows.size(); at++) {
      LabFlow flow = flows.get(at);
      if (flow.hasServerPort(protocol, port)) {
        return flow;
      }
    }
    return null;
  }

  /** Hands every packet that is due to a writer. */
  void deliverDue(LabFlow.PacketWriter writer, byte[] scratch, long nowNanos) {
    for (int at = 0; at < flows.size(); at++) {
      flows.get(at).deliverDue(writer, scratch, nowNanos);
    }
  }

  /** When the next packet of any flow is due; {@link Long#MAX_VALUE} if none is under way. */
  long nextDeliveryNanos() {
    long next = Long.MAX_VALUE;
    for (int at = 0; at < flows.size(); at++) {
      next = Math.min(next, flows.get(at).nextDeliveryNanos());
    }
    return next;
  }
}
