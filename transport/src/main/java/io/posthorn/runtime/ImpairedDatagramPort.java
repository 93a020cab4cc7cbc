package io.posthorn.runtime;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.PortCounters;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.SimulatedLink;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A bad network under a real port: what leaves and what arrives passes a {@link SimulatedLink}
 * each. Which datagram meets which fate depends on the seed, the direction and its number alone.
 */
public final class ImpairedDatagramPort extends ForwardingDatagramPort {
  /** Datagrams moved into the link in one call; more wait in the system's buffer meanwhile. */
  private static final int INTAKE_LIMIT_DATAGRAMS = 64;

  /** A bad network is no loopback device: unless an MTU is asked for, it is an Ethernet path. */
  private static final int USUAL_MTU_BYTES = 1_500;

  private static final int OUTGOING = 0;
  private static final int INCOMING = 1;

  private final int mtuBytes;
  private final SimulatedLink<InetSocketAddress> outgoing;
  private final SimulatedLink<InetSocketAddress> incoming;
  private final TransmitBatch single = new TransmitBatch();
  private final ByteBuffer slab = ByteBuffer.allocate(SLAB_BYTES);

  /** A datagram has come out of the link and the system's buffer is full. */
  private volatile boolean singleWaits;

  private EcnMark mark = EcnMark.UNKNOWN;

  /**
   * Puts a network under a port, which it owns from now on.
   *
   * @param conditions of each of the two directions; must not ask for rebinding
   * @param nowNanos from when outages count
   */
  public ImpairedDatagramPort(
      DatagramPort port, LinkConditions conditions, long seed, long nowNanos) {
    super(port);
    requirePossible(conditions);
    boolean limited = conditions.mtuBytes() < LinkConditions.NONE.mtuBytes();
    mtuBytes = limited ? conditions.mtuBytes() : USUAL_MTU_BYTES;
    int headers = SimulatedLink.IPV4_UDP_BYTES; // of each datagram its own, by its peer
    outgoing = new SimulatedLink<>(conditions, seed, OUTGOING, headers, nowNanos);
    incoming = new SimulatedLink<>(conditions, seed, INCOMING, headers, nowNanos);
  }

  /**
   * Checks that a socket can be put on such a network.
   *
   * @throws IllegalArgumentException if it asks for rebinding, which only a box in between can do
   */
  public static void requirePossible(LinkConditions conditions) {
    if (conditions.rebindPeriodNanos() != 0) {
      throw new IllegalArgumentException(
          "impair \""
              + conditions
              + "\": a socket cannot rebind its own address; use a relay or the simulator for"
              + " that");
    }
  }

  private static int headerBytes(InetSocketAddress peer) {
    return peer.getAddress() instanceof Inet6Address
        ? SimulatedLink.IPV6_UDP_BYTES
        : SimulatedLink.IPV4_UDP_BYTES;
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    int segments = batch.segments();
    outgoing.headerBytes(headerBytes(batch.peer()));
    for (int i = firstSegment; i < segments; i++) {
      outgoing.offer(batch.segment(i), batch.peer(), batch.mark(), nowNanos);
    }
    release(nowNanos);
    if (singleWaits) {
      port.wakeup(); // whoever sleeps in await is to wait for room as well
    }
    return segments - firstSegment;
  }

  /** Gives the system what has come out of the outgoing link. */
  private void release(long nowNanos) throws IOException {
    while (true) {
      if (singleWaits && port.send(single, 0, nowNanos) == 0) {
        return;
      }
      singleWaits = false;
      ByteBuffer datagram = outgoing.poll(nowNanos);
      if (datagram == null) {
        return;
      }
      int length = datagram.remaining();
      datagram.get(single.bytes(), 0, length);
      single.begin(outgoing.polledMeta(), length);
      single.mark(outgoing.polledMark());
      singleWaits = true;
    }
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    release(nowNanos);
    for (int i = 0; i < INTAKE_LIMIT_DATAGRAMS; i++) {
      InetSocketAddress from = port.receive(slab, nowNanos);
      if (from != null) {
        incoming.headerBytes(headerBytes(from));
        incoming.offer(slab, from, port.ecn(), nowNanos);
      }
      ByteBuffer datagram = incoming.poll(nowNanos);
      if (datagram != null) {
        into.clear();
        into.put(datagram);
        into.flip();
        mark = incoming.polledMark();
        return incoming.polledMeta();
      }
      if (from == null) {
        return null;
      }
    }
    return null;
  }

  @Override
  public EcnMark ecn() {
    return mark;
  }

  @Override
  public long nextTimeoutNanos() {
    long out = singleWaits ? SimulatedLink.NEVER : outgoing.nextDeliveryNanos();
    return Math.min(Math.min(out, incoming.nextDeliveryNanos()), port.nextTimeoutNanos());
  }

  @Override
  public boolean hasUnsent() {
    return singleWaits || outgoing.held() > 0 || port.hasUnsent();
  }

  @Override
  public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    return port.await(timeoutNanos, untilWritable || singleWaits);
  }

  @Override
  public PortCounters counters() {
    PortCounters counters = port.counters();
    note(counters, "out", outgoing.counters());
    note(counters, "in", incoming.counters());
    return counters;
  }

  private static void note(PortCounters counters, String way, LinkCounters link) {
    counters.impairment(way + ".offered", link.offered());
    counters.impairment(way + ".lost", link.lost());
    counters.impairment(way + ".duplicated", link.duplicated());
    counters.impairment(way + ".reordered", link.reordered());
    counters.impairment(way + ".corrupted", link.corrupted());
    counters.impairment(way + ".queueDropped", link.queueDropped());
    counters.impairment(way + ".outageDropped", link.outageDropped());
    counters.impairment(way + ".mtuDropped", link.mtuDropped());
    counters.impairment(way + ".marked", link.marked());
    counters.impairment(way + ".delivered", link.delivered());
  }

  @Override
  public String description() {
    return port.description() + "; impaired: " + outgoing.conditions();
  }

  @Override
  public int largestDatagramBytes(InetSocketAddress to) {
    int mostBytes = Math.max(WireLimits.MINIMUM_DATAGRAM_BYTES, mtuBytes - headerBytes(to));
    return Math.min(mostBytes, port.largestDatagramBytes(to));
  }
}
