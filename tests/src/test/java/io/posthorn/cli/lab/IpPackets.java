package io.posthorn.cli.lab;

/** Builds IP packets for tests, and sums them up by the book (RFC 1071). */
final class IpPackets {
  static final int OWN = 0x0ad2_0001;
  static final int PEER = 0x0ad2_0002;

  private IpPackets() {}

  static byte[] udp(int from, int fromPort, int to, int toPort, int payloadBytes) {
    byte[] packet = new byte[28 + payloadBytes];
    header(packet, IpPacket.UDP, from, to);
    putShort(packet, 20, fromPort);
    putShort(packet, 22, toPort);
    putShort(packet, 24, 8 + payloadBytes);
    fill(packet, 28);
    putShort(packet, 26, transportSum(packet));
    return packet;
  }

  static byte[] tcp(int from, int fromPort, int to, int toPort, int payloadBytes) {
    byte[] packet = new byte[40 + payloadBytes];
    header(packet, IpPacket.TCP, from, to);
    putShort(packet, 20, fromPort);
    putShort(packet, 22, toPort);
    packet[32] = 0x50;
    fill(packet, 40);
    putShort(packet, 36, transportSum(packet));
    return packet;
  }

  /** Marks a packet as a fragment, offset in units of 8 bytes, and mends the header's sum. */
  static byte[] fragment(byte[] packet, int identification, int offset, boolean more) {
    putShort(packet, 4, identification);
    putShort(packet, 6, offset | (more ? 0x2000 : 0));
    putShort(packet, 10, 0);
    putShort(packet, 10, ~sum(packet, 0, 20, 0));
    return packet;
  }

  private static void header(byte[] packet, int protocol, int from, int to) {
    packet[0] = 0x45;
    putShort(packet, 2, packet.length);
    packet[8] = 64;
    packet[9] = (byte) protocol;
    putShort(packet, 12, from >>> 16);
    putShort(packet, 14, from);
    putShort(packet, 16, to >>> 16);
    putShort(packet, 18, to);
    putShort(packet, 10, ~sum(packet, 0, 20, 0));
  }

  private static void fill(byte[] packet, int from) {
    for (int at = from; at < packet.length; at++) {
      packet[at] = (byte) (at * 37);
    }
  }

  private static int transportSum(byte[] packet) {
    int checksum = ~transportTotal(packet) & 0xffff;
    return checksum == 0 ? 0xffff : checksum;
  }

  /** Whether a receiver would find the header's and the transport's checksum right. */
  static boolean checksumsHold(byte[] packet) {
    return sum(packet, 0, 20, 0) == 0xffff && transportTotal(packet) == 0xffff;
  }

  private static int transportTotal(byte[] packet) {
    int pseudo = sum(packet, 12, 20, (packet[9] & 0xff) + packet.length - 20);
    return sum(packet, 20, packet.length, pseudo);
  }

  private static int sum(byte[] packet, int from, int to, int start) {
    int sum = start;
    for (int at = from; at < to; at += 2) {
      int low = at + 1 < to ? packet[at + 1] & 0xff : 0;
      sum += ((packet[at] & 0xff) << 8) + low;
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  static void putShort(byte[] packet, int at, int value) {
    packet[at] = (byte) (value >>> 8);
    packet[at + 1] = (byte) value;
  }

  static int getInt(byte[] packet, int at) {
    return ((packet[at] & 0xff) << 24)
        | ((packet[at + 1] & 0xff) << 16)
        | ((packet[at + 2] & 0xff) << 8)
        | (packet[at + 3] & 0xff);
  }
}
