package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.fuzz.FuzzInput;
import java.util.HexFormat;
import java.util.List;

/** Packets from a tunnel, which anybody may have sent: refused, or read and turned round. */
public final class IpPacketFuzz {
  private IpPacketFuzz() {}

  /** Takes what is to be changed in it: a host, a port and a mark; then the packet. */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int host = in.next();
    int port = in.nextShort();
    EcnMark mark = EcnMark.values()[in.next() % EcnMark.values().length];
    byte[] packet = in.rest();
    assertEquals(LabDrop.TRUNCATED, IpPacket.check(packet, packet.length + 1));
    if (IpPacket.check(packet, packet.length) != LabDrop.NONE) {
      return;
    }
    assertTrue(IpPacket.totalBytes(packet) <= packet.length);
    byte[] turned = packet.clone();
    IpPacket.swapAddresses(turned);
    assertEquals(packet[19] & 0xff, IpPacket.sourceHost(turned));
    IpPacket.swapAddresses(turned);
    assertArrayEquals(packet, turned);
    boolean valid = headerSum(packet) == 0xffff;
    IpPacket.setEcn(packet, mark);
    if (mark != EcnMark.UNKNOWN) {
      assertEquals(mark, IpPacket.ecn(packet));
    }
    IpPacket.setSourceHost(packet, host);
    assertEquals(host, IpPacket.sourceHost(packet));
    assertTrue(!valid || headerSum(packet) == 0xffff, "the header's checksum was right");
    assertEquals(LabDrop.NONE, IpPacket.check(packet, packet.length));
    if (!IpPacket.isLaterFragment(packet)) {
      int other = port ^ 1;
      IpPacket.setSourcePort(packet, port);
      assertEquals(port, IpPacket.sourcePort(packet));
      IpPacket.setDestinationPort(packet, other);
      assertEquals(other, IpPacket.destinationPort(packet));
      assertEquals(port, IpPacket.sourcePort(packet));
    }
    assertTrue(IpPacket.identification(packet) >= 0);
    assertTrue(!IpPacket.isFirstFragment(packet) || !IpPacket.isLaterFragment(packet));
  }

  /** The Internet checksum's sum over the header, checksum included: 0xffff if it is right. */
  private static int headerSum(byte[] packet) {
    int sum = 0;
    for (int at = 0; at < IpPacket.headerBytes(packet); at += 2) {
      sum += (packet[at] & 0xff) << 8 | (packet[at + 1] & 0xff);
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    String addresses = "0a000001 0a000002";
    String udp = "0fa0 0fa1 000c 0000 01020304";
    String tcp = "0fa00fa1 00000001 00000000 50100000 1234 0000";
    return List.of(
        hex("05 1234 02 45000020 00010000 401166ca" + addresses + udp),
        hex("05 1234 03 45020020 00010000 401166c8" + addresses + "0fa0 0fa1 000c abcd 01020304"),
        hex("09 0001 01 45000028 00010000 400666cd" + addresses + tcp),
        hex("05 1234 00 45000018 00012000 40110000" + addresses + "0fa00fa1"), // first fragment
        hex("05 1234 00 45000018 00010005 40110000" + addresses + "0fa00fa1"), // a later one
        hex("05 1234 00 46000024 00010000 40110000" + addresses + "00000000" + udp),
        hex("05 1234 00 600000000000"),
        hex("05 1234 00 45000014 00010000 40010000" + addresses));
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replace(" ", ""));
  }
}
