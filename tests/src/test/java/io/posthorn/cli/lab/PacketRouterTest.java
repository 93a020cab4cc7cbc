package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.simulation.LinkConditions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacketRouterTest {
  private static final int CLIENT = 40_000;
  private static final int SERVER = 7_001;
  private static final long MILLI = 1_000_000L;

  private final PacketRouter router = new PacketRouter();
  private final Sink sink = new Sink();

  private static final class Sink implements LabFlow.PacketWriter {
    final List<byte[]> written = new ArrayList<>();
    final List<LabDrop> dropped = new ArrayList<>();

    @Override
    public void write(byte[] packet, int lengthBytes) {
      written.add(Arrays.copyOf(packet, lengthBytes));
    }

    @Override
    public void dropped(LabDrop reason) {
      dropped.add(reason);
    }
  }

  private LabFlow open(int protocol, int port, String up, String down) {
    LabFlow flow =
        new LabFlow(protocol, port, LinkConditions.parse(up), LinkConditions.parse(down), 1, 2, 0);
    router.add(flow);
    return flow;
  }

  private LabDrop send(byte[] packet, long nowNanos) {
    return router.accept(packet.clone(), packet.length, nowNanos);
  }

  private void deliver(long nowNanos) {
    router.deliverDue(sink, new byte[65_536], nowNanos);
  }

  private static byte[] up(int payload) {
    return IpPackets.udp(IpPackets.OWN, CLIENT, IpPackets.PEER, SERVER, payload);
  }

  private static byte[] down(int payload) {
    return IpPackets.udp(IpPackets.OWN, SERVER, IpPackets.PEER, CLIENT, payload);
  }

  @Test
  void queueThatMarksChangesTheHeaderAndItsChecksum() {
    open(IpPacket.UDP, SERVER, "rate 1mbit ecn 1ms", "none");
    for (EcnMark mark : List.of(EcnMark.ECT_0, EcnMark.ECT_0, EcnMark.NOT_ECT)) {
      byte[] packet = up(1_000); // 8 ms of the wire
      IpPacket.setEcn(packet, mark);
      assertTrue(IpPackets.checksumsHold(packet));
      send(packet, 0);
    }
    deliver(100 * MILLI);
    List<EcnMark> arrived = new ArrayList<>();
    for (byte[] packet : sink.written) {
      assertTrue(IpPackets.checksumsHold(packet));
      arrived.add(IpPacket.ecn(packet));
    }
    assertEquals(List.of(EcnMark.ECT_0, EcnMark.CE, EcnMark.NOT_ECT), arrived);
  }

  @Test
  void eachDirectionHasItsOwnLink() {
    LabFlow flow = open(IpPacket.UDP, SERVER, "delay 10ms", "delay 30ms");
    assertEquals(LabDrop.NONE, send(down(7), 0));
    assertEquals(LabDrop.NONE, send(up(5), 0));
    assertEquals(10 * MILLI, router.nextDeliveryNanos());
    deliver(10 * MILLI - 1);
    assertEquals(0, sink.written.size());
    deliver(10 * MILLI);
    byte[] arrivedUp = up(5);
    IpPacket.swapAddresses(arrivedUp);
    assertArrayEquals(arrivedUp, sink.written.get(0));
    assertEquals(30 * MILLI, router.nextDeliveryNanos());
    deliver(30 * MILLI);
    byte[] arrivedDown = down(7);
    IpPacket.swapAddresses(arrivedDown);
    assertArrayEquals(arrivedDown, sink.written.get(1));
    assertEquals(new LinkTraffic(1, 33, 1, 33), flow.upTraffic());
    assertEquals(new LinkTraffic(1, 35, 1, 35), flow.downTraffic());
  }

  @Test
  void whatBelongsToNoFlowIsToldSo() {
    open(IpPacket.UDP, SERVER, "none", "none");
    assertEquals(LabDrop.NO_FLOW, send(IpPackets.udp(IpPackets.OWN, 1, IpPackets.PEER, 2, 5), 0));
    assertEquals(
        LabDrop.NO_FLOW, send(IpPackets.tcp(IpPackets.OWN, CLIENT, IpPackets.PEER, SERVER, 5), 0));
    assertEquals(LabDrop.NOT_IPV4, send(new byte[] {0x60, 0, 0, 0}, 0));
    assertEquals(LabDrop.TRUNCATED, send(Arrays.copyOf(up(5), 20), 0));
    assertEquals(Long.MAX_VALUE, router.nextDeliveryNanos());
  }

  @Test
  void flowsOfOneSeedMeetTheSameFates() {
    LabFlow udp = open(IpPacket.UDP, SERVER, "loss 30%", "none");
    LabFlow tcp = open(IpPacket.TCP, SERVER, "loss 30%", "none");
    List<Boolean> udpFates = new ArrayList<>();
    List<Boolean> tcpFates = new ArrayList<>();
    for (int n = 0; n < 200; n++) {
      long before = udp.upTraffic().deliveredDatagrams();
      send(up(n), n);
      deliver(n);
      udpFates.add(udp.upTraffic().deliveredDatagrams() > before);
      before = tcp.upTraffic().deliveredDatagrams();
      send(IpPackets.tcp(IpPackets.OWN, CLIENT, IpPackets.PEER, SERVER, 9), n);
      deliver(n);
      tcpFates.add(tcp.upTraffic().deliveredDatagrams() > before);
    }
    assertEquals(udpFates, tcpFates);
    assertTrue(udpFates.contains(false));
    assertTrue(udpFates.contains(true));
  }

  @Test
  void laterFragmentsFollowTheFirst() {
    LabFlow flow = open(IpPacket.UDP, SERVER, "none", "none");
    byte[] later =
        IpPackets.fragment(IpPackets.udp(IpPackets.OWN, 9, IpPackets.PEER, 9, 16), 500, 3, false);
    assertEquals(LabDrop.NO_FLOW, send(later, 0));
    assertEquals(LabDrop.NONE, send(IpPackets.fragment(up(16), 500, 0, true), 0));
    assertEquals(LabDrop.NONE, send(later, 0));
    assertEquals(2, flow.upTraffic().sentDatagrams());
    assertEquals(LabDrop.NONE, send(IpPackets.fragment(down(16), 501, 0, true), 0));
    byte[] other =
        IpPackets.fragment(IpPackets.udp(IpPackets.OWN, 9, IpPackets.PEER, 9, 16), 501, 3, false);
    assertEquals(LabDrop.NONE, send(other, 0));
    assertEquals(2, flow.downTraffic().sentDatagrams());
    router.remove(flow);
    assertEquals(LabDrop.NO_FLOW, send(later, 0));
  }

  @Test
  void damageHitsWhatTheTransportsChecksumCovers() {
    open(IpPacket.UDP, SERVER, "corrupt 100%", "none");
    for (int n = 0; n < 100; n++) {
      send(up(20), n);
    }
    deliver(100);
    assertEquals(100, sink.written.size());
    byte[] whole = up(20);
    IpPacket.swapAddresses(whole);
    for (byte[] packet : sink.written) {
      assertArrayEquals(Arrays.copyOf(whole, 20), Arrays.copyOf(packet, 20));
      assertFalse(IpPackets.checksumsHold(packet));
    }
  }

  @Test
  void theMtuIsThatOfWholePackets() {
    LabFlow flow = open(IpPacket.UDP, SERVER, "mtu 100", "none");
    send(up(72), 0);
    send(up(73), 0);
    deliver(0);
    assertEquals(new LinkTraffic(2, 201, 1, 100), flow.upTraffic());
  }

  @Test
  void aFlowIsQuietWhenItsLinksAreEmptyForAWhile() {
    LabFlow flow = open(IpPacket.UDP, SERVER, "delay 10ms", "none");
    send(up(5), 0);
    assertFalse(flow.isQuiet(0, 5 * MILLI));
    deliver(10 * MILLI);
    assertFalse(flow.isQuiet(50 * MILLI, 20 * MILLI));
    assertTrue(flow.isQuiet(50 * MILLI, 50 * MILLI));
  }

  @Test
  void latePacketsAreSeenInThePercentile() {
    LabFlow flow = open(IpPacket.UDP, SERVER, "none", "none");
    assertEquals(0, flow.lateP99Nanos());
    for (int n = 0; n < 97; n++) {
      send(up(5), n);
      deliver(n);
    }
    assertEquals(1_000, flow.lateP99Nanos());
    send(up(5), 100);
    send(up(5), 100);
    deliver(100 + 5 * MILLI);
    assertEquals(8_192_000, flow.lateP99Nanos());
  }

  @Test
  void rebindingGivesANewPortAndForgetsTheOld() {
    open(IpPacket.UDP, SERVER, "rebind 1s", "delay 10ms");
    send(up(5), 0);
    deliver(0);
    assertEquals(CLIENT, IpPacket.sourcePort(sink.written.get(0)));
    send(up(5), 1_000 * MILLI);
    deliver(1_000 * MILLI);
    byte[] rebound = sink.written.get(1);
    int newPort = IpPacket.sourcePort(rebound);
    assertFalse(newPort == CLIENT);
    assertTrue(IpPackets.checksumsHold(rebound));

    // The answer to the new port reaches the sender at its own; the one to the old port nobody.
    send(IpPackets.udp(IpPackets.OWN, SERVER, IpPackets.PEER, newPort, 3), 1_000 * MILLI);
    send(down(3), 1_000 * MILLI);
    deliver(1_010 * MILLI);
    assertEquals(3, sink.written.size());
    byte[] answer = sink.written.get(2);
    assertEquals(CLIENT, IpPacket.destinationPort(answer));
    assertEquals(IpPackets.PEER, IpPackets.getInt(answer, 12));
    assertEquals(IpPackets.OWN, IpPackets.getInt(answer, 16));
    assertTrue(IpPackets.checksumsHold(answer));
    assertEquals(List.of(LabDrop.NO_MAPPING), sink.dropped);
  }

  @Test
  void rebindingMayChangeTheAddressToo() {
    open(IpPacket.TCP, SERVER, "rebind 1s address", "none");
    send(IpPackets.tcp(IpPackets.OWN, CLIENT, IpPackets.PEER, SERVER, 5), 2_500 * MILLI);
    deliver(2_500 * MILLI);
    byte[] rebound = sink.written.get(0);
    assertEquals(IpPackets.PEER + 2, IpPackets.getInt(rebound, 12));
    assertTrue(IpPackets.checksumsHold(rebound));
    send(
        IpPackets.tcp(IpPackets.OWN, SERVER, IpPackets.PEER + 2, IpPacket.sourcePort(rebound), 0),
        2_600 * MILLI);
    send(
        IpPackets.tcp(IpPackets.OWN, SERVER, IpPackets.PEER, IpPacket.sourcePort(rebound), 0),
        2_600 * MILLI);
    deliver(2_600 * MILLI);
    assertEquals(2, sink.written.size());
    byte[] answer = sink.written.get(1);
    assertEquals(IpPackets.PEER, IpPackets.getInt(answer, 12));
    assertEquals(CLIENT, IpPacket.destinationPort(answer));
    assertTrue(IpPackets.checksumsHold(answer));
    assertEquals(List.of(LabDrop.NO_MAPPING), sink.dropped);
  }
}
