package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class IpPacketProperties {
  @Property(tries = 500)
  void garbageIsAnsweredNeverThrown(@ForAll @Size(max = 80) byte[] garbage, @ForAll byte first) {
    if (garbage.length > 0) {
      garbage[0] = first;
    }
    for (int length = -1; length <= garbage.length + 1; length++) {
      LabDrop verdict = IpPacket.check(garbage, length);
      if (verdict == LabDrop.NONE) {
        assertTrue(IpPacket.totalBytes(garbage) <= length);
        IpPacket.swapAddresses(garbage);
        IpPacket.identification(garbage);
        if (!IpPacket.isLaterFragment(garbage)) {
          IpPacket.setSourcePort(garbage, 1);
          IpPacket.setDestinationPort(garbage, 2);
        }
        IpPacket.setSourceHost(garbage, 3);
        return;
      }
    }
  }

  @Property(tries = 100)
  void everyTruncationIsRefused(
      @ForAll boolean tcp, @ForAll @IntRange(max = 40) int payload, @ForAll Random random) {
    byte[] packet = packet(tcp, random, payload);
    for (int length = 0; length < packet.length; length++) {
      assertEquals(LabDrop.TRUNCATED, IpPacket.check(packet, length));
      assertEquals(LabDrop.TRUNCATED, IpPacket.check(Arrays.copyOf(packet, length), length));
    }
    assertEquals(LabDrop.NONE, IpPacket.check(packet, packet.length));
  }

  @Property(tries = 200)
  void turningRoundKeepsChecksums(
      @ForAll boolean tcp, @ForAll @IntRange(max = 99) int payload, @ForAll Random random) {
    byte[] packet = packet(tcp, random, payload);
    assertTrue(IpPackets.checksumsHold(packet));
    byte[] turned = packet.clone();
    IpPacket.swapAddresses(turned);
    assertTrue(IpPackets.checksumsHold(turned));
    assertEquals(IpPackets.getInt(packet, 12), IpPackets.getInt(turned, 16));
    assertEquals(IpPackets.getInt(packet, 16), IpPackets.getInt(turned, 12));
    assertArrayEquals(
        Arrays.copyOfRange(packet, 20, packet.length),
        Arrays.copyOfRange(turned, 20, turned.length));
    IpPacket.swapAddresses(turned);
    assertArrayEquals(packet, turned);
  }

  @Property(tries = 500)
  void rewritingMendsChecksums(
      @ForAll boolean tcp,
      @ForAll @IntRange(max = 65_535) int port,
      @ForAll @IntRange(max = 255) int host,
      @ForAll @IntRange(max = 99) int payload,
      @ForAll Random random) {
    byte[] packet = packet(tcp, random, payload);
    IpPacket.setSourcePort(packet, port);
    assertEquals(port, IpPacket.sourcePort(packet));
    assertTrue(IpPackets.checksumsHold(packet), "source port");
    IpPacket.setDestinationPort(packet, 65_535 - port);
    assertEquals(65_535 - port, IpPacket.destinationPort(packet));
    assertTrue(IpPackets.checksumsHold(packet), "destination port");
    IpPacket.setSourceHost(packet, host);
    assertEquals(host, IpPacket.sourceHost(packet));
    assertTrue(IpPackets.checksumsHold(packet), "source address");
  }

  @Example
  void anUncheckedUdpPacketStaysUnchecked() {
    byte[] packet = IpPackets.udp(IpPackets.OWN, 1, IpPackets.PEER, 2, 10);
    IpPackets.putShort(packet, 26, 0);
    IpPacket.setSourcePort(packet, 999);
    assertEquals(0, packet[26]);
    assertEquals(0, packet[27]);
  }

  @Example
  void otherProtocolsAreTold() {
    byte[] version6 = new byte[60];
    version6[0] = 0x60;
    assertEquals(LabDrop.NOT_IPV4, IpPacket.check(version6, 60));
    assertEquals(LabDrop.NOT_IPV4, IpPacket.check(version6, 1));
    byte[] icmp = IpPackets.udp(IpPackets.OWN, 1, IpPackets.PEER, 2, 10);
    icmp[9] = 1;
    assertEquals(LabDrop.OTHER_PROTOCOL, IpPacket.check(icmp, icmp.length));
  }

  @Example
  void headersThatContradictThemselvesAreTold() {
    byte[] packet = IpPackets.udp(IpPackets.OWN, 1, IpPackets.PEER, 2, 10);
    packet[0] = 0x44;
    assertEquals(LabDrop.BAD_HEADER, IpPacket.check(packet, packet.length));
    packet[0] = 0x4f;
    assertEquals(LabDrop.BAD_HEADER, IpPacket.check(packet, packet.length));
    packet[0] = 0x45;
    IpPackets.putShort(packet, 2, 19);
    assertEquals(LabDrop.BAD_HEADER, IpPacket.check(packet, packet.length));
    IpPackets.putShort(packet, 2, 23);
    assertEquals(LabDrop.TRUNCATED, IpPacket.check(packet, packet.length));
  }

  @Example
  void fragmentsAreTold() {
    byte[] first =
        IpPackets.fragment(IpPackets.udp(IpPackets.OWN, 1, IpPackets.PEER, 2, 16), 77, 0, true);
    byte[] later =
        IpPackets.fragment(IpPackets.udp(IpPackets.OWN, 1, IpPackets.PEER, 2, 16), 77, 3, false);
    assertTrue(IpPacket.isFirstFragment(first));
    assertFalse(IpPacket.isLaterFragment(first));
    assertTrue(IpPacket.isLaterFragment(later));
    assertFalse(IpPacket.isFirstFragment(later));
    assertEquals(77, IpPacket.identification(later));
  }

  private static byte[] packet(boolean tcp, Random random, int payload) {
    int from = random.nextInt();
    int to = random.nextInt();
    int fromPort = random.nextInt(65_536);
    int toPort = random.nextInt(65_536);
    return tcp
        ? IpPackets.tcp(from, fromPort, to, toPort, payload)
        : IpPackets.udp(from, fromPort, to, toPort, payload);
  }
}
