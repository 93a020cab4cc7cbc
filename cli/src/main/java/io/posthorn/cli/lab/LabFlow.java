package io.posthorn.cli.lab;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedLink;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One flow through the pump, or several that share a bottleneck: the packets to and from a server
 * port, with an emulated link each way.
 *
 * <p>The link sees a packet without its IP header, so that damage hits what the transport's
 * checksum covers, and counts the header's bytes on top: rate, queue and MTU are those of whole IP
 * packets. Its ECN field is read from the header and written back. Guarded by the pump's lock.
 */
final class LabFlow {
  private static final int IP_HEADER_BYTES = 20;
  private static final int UP = 0;
  private static final int DOWN = 1;

  /** Protocol and server port of each flow that shares these links. */
  private final List<Long> carried = new ArrayList<>();

  private final long originNanos;
  private final Way up;
  private final Way down;
  private final @Nullable AddressTranslator translator;
  private long lastOfferNanos;

  /** How late packets left a link: by the power of two of the microseconds. */
  private final long[] lateByPower = new long[32];

  private long written;

  private static final class Way {
    final SimulatedLink<byte[]> link;
    long sentDatagrams;
    long sentBytes;
    long deliveredDatagrams;
    long deliveredBytes;

    Way(LinkConditions conditions, long seed, int direction, long nowNanos) {
      link = new SimulatedLink<>(conditions, seed, direction, IP_HEADER_BYTES, nowNanos);
    }

    LinkTraffic traffic() {
      return new LinkTraffic(sentDatagrams, sentBytes, deliveredDatagrams, deliveredBytes);
    }
  }

  LabFlow(
      int protocol,
      int serverPort,
      LinkConditions up,
      LinkConditions down,
      long seed,
      int senderHost,
      long nowNanos) {
    carried.add(key(protocol, serverPort));
    this.up = new Way(up, seed, UP, nowNanos);
    this.down = new Way(down, seed, DOWN, nowNanos);
    translator = up.rebindPeriodNanos() > 0 ? new AddressTranslator(up, senderHost) : null;
    originNanos = nowNanos;
    lastOfferNanos = nowNanos;
  }

  /** Whether this is the flow of a server port. */
  boolean hasServerPort(int protocol, int port) {
    return carried.contains(key(protocol, port));
  }

  /** Lets the packets to and from a further server port share the links. */
  void carryAlso(int protocol, int port) {
    carried.add(key(protocol, port));
  }

  private static long key(int protocol, int port) {
    return (long) protocol << Short.SIZE | port;
  }

  /** Sends a packet, whose addresses are swapped already, into the link of its direction. */
  void offer(boolean goesUp, byte[] packet, int lengthBytes, long nowNanos) {
    Way way = goesUp ? up : down;
    way.sentDatagrams++;
    way.sentBytes += lengthBytes;
    lastOfferNanos = nowNanos;
    if (goesUp && translator != null) {
      translator.outbound(packet, nowNanos - originNanos);
    }
    ByteBuffer body = ByteBuffer.wrap(packet, IP_HEADER_BYTES, lengthBytes - IP_HEADER_BYTES);
    byte[] header = Arrays.copyOf(packet, IP_HEADER_BYTES);
    way.link.offer(body, header, IpPacket.ecn(packet), nowNanos);
  }

  /** When the next packet is due in either direction. */
  long nextDeliveryNanos() {
    return Math.min(up.link.nextDeliveryNanos(), down.link.nextDeliveryNanos());
  }

  /** Hands every packet that is due to the device. */
  void deliverDue(PacketWriter writer, byte[] scratch, long nowNanos) {
    deliverDue(up, writer, scratch, nowNanos);
    deliverDue(down, writer, scratch, nowNanos);
  }

  private void deliverDue(Way way, PacketWriter writer, byte[] scratch, long nowNanos) {
    while (true) {
      long dueNanos = way.link.nextDeliveryNanos();
      ByteBuffer body = way.link.poll(nowNanos);
      if (body == null) {
        return;
      }
      System.arraycopy(way.link.polledMeta(), 0, scratch, 0, IP_HEADER_BYTES);
      int lengthBytes = IP_HEADER_BYTES + body.remaining();
      body.get(scratch, IP_HEADER_BYTES, body.remaining());
      IpPacket.setEcn(scratch, way.link.polledMark());
      way.deliveredDatagrams++;
      way.deliveredBytes += lengthBytes;
      noteLate(nowNanos - dueNanos);
      if (way == down
          && translator != null
          && !translator.inbound(scratch, nowNanos - originNanos)) {
        writer.dropped(LabDrop.NO_MAPPING);
      } else {
        writer.write(scratch, lengthBytes);
      }
    }
  }

  /** Whether nothing is in the links and nothing was sent for a while. */
  boolean isQuiet(long sinceNanos, long nowNanos) {
    return up.link.held() == 0 && down.link.held() == 0 && nowNanos - lastOfferNanos >= sinceNanos;
  }

  LinkTraffic upTraffic() {
    return up.traffic();
  }

  LinkTraffic downTraffic() {
    return down.traffic();
  }

  private void noteLate(long lateNanos) {
    long micros = Math.max(0, lateNanos / 1_000);
    lateByPower[Math.min(lateByPower.length - 1, 64 - Long.numberOfLeadingZeros(micros))]++;
    written++;
  }

  /** The upper end of the power of two of microseconds that 99 % of the packets kept. */
  long lateP99Nanos() {
    long above = written / 100;
    for (int power = lateByPower.length - 1; power >= 0; power--) {
      above -= lateByPower[power];
      if (above < 0) {
        return (1L << power) * 1_000;
      }
    }
    return 0;
  }

  /** Where packets go that come out of a link. */
  interface PacketWriter {
    void write(byte[] packet, int lengthBytes);

    void dropped(LabDrop reason);
  }
}
