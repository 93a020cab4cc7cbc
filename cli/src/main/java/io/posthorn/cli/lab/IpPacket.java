package io.posthorn.cli.lab;

import io.posthorn.EcnMark;
import java.util.Arrays;

/**
 * Reads the fields of an IPv4 packet (RFC 791) that the pump needs, and turns the packet round.
 *
 * <p>{@link #check} comes first; the other methods hold for packets that passed it. Nothing here
 * trusts the packet: whatever the bytes are, the answer is a value.
 */
final class IpPacket {
  static final int TCP = 6;
  static final int UDP = 17;

  private static final int MINIMUM_HEADER_BYTES = 20;
  private static final int TRAFFIC_CLASS_AT = 1;
  private static final int TOTAL_LENGTH_AT = 2;
  private static final int IDENTIFICATION_AT = 4;
  private static final int FRAGMENT_AT = 6;
  private static final int PROTOCOL_AT = 9;
  private static final int HEADER_CHECKSUM_AT = 10;
  private static final int SOURCE_AT = 12;
  private static final int DESTINATION_AT = 16;
  private static final int ADDRESS_BYTES = 4;
  private static final int FRAGMENT_OFFSET_MASK = 0x1fff;
  private static final int MORE_FRAGMENTS = 0x2000;

  /** Both TCP and UDP begin with source port and destination port. */
  private static final int PORTS_BYTES = 4;

  private static final int UDP_CHECKSUM_AT = 6;
  private static final int TCP_CHECKSUM_AT = 16;

  private static final EcnMark[] MARKS = {
    EcnMark.NOT_ECT, EcnMark.ECT_1, EcnMark.ECT_0, EcnMark.CE
  };

  private IpPacket() {}

  /**
   * Whether the bytes are a TCP or UDP packet over IPv4, or a fragment of one.
   *
   * @param packet the bytes
   * @param lengthBytes how many of them count
   * @return {@link LabDrop#NONE}, or what is wrong
   */
  static LabDrop check(byte[] packet, int lengthBytes) {
    if (lengthBytes < 1 || lengthBytes > packet.length) {
      return LabDrop.TRUNCATED;
    }
    if (packet[0] >>> 4 != 4) {
      return LabDrop.NOT_IPV4;
    }
    if (lengthBytes < MINIMUM_HEADER_BYTES) {
      return LabDrop.TRUNCATED;
    }
    int headerBytes = headerBytes(packet);
    int totalBytes = totalBytes(packet);
    if (headerBytes < MINIMUM_HEADER_BYTES || totalBytes < headerBytes) {
      return LabDrop.BAD_HEADER;
    }
    if (totalBytes > lengthBytes) {
      return LabDrop.TRUNCATED;
    }
    int protocol = protocol(packet);
    if (protocol != TCP && protocol != UDP) {
      return LabDrop.OTHER_PROTOCOL;
    }
    if (!isLaterFragment(packet) && totalBytes - headerBytes < PORTS_BYTES) {
      return LabDrop.TRUNCATED;
    }
    return LabDrop.NONE;
  }

  /** Swaps source and destination address. Every checksum stays valid: sums do not know order. */
  static void swapAddresses(byte[] packet) {
    for (int at = 0; at < ADDRESS_BYTES; at++) {
      byte source = packet[SOURCE_AT + at];
      packet[SOURCE_AT + at] = packet[DESTINATION_AT + at];
      packet[DESTINATION_AT + at] = source;
    }
  }

  static int headerBytes(byte[] packet) {
    return (packet[0] & 0x0f) * 4;
  }

  static int totalBytes(byte[] packet) {
    return unsignedShort(packet, TOTAL_LENGTH_AT);
  }

  static int protocol(byte[] packet) {
    return packet[PROTOCOL_AT] & 0xff;
  }

  static int identification(byte[] packet) {
    return unsignedShort(packet, IDENTIFICATION_AT);
  }

  /** Whether this is a fragment other than the first, which has no ports. */
  static boolean isLaterFragment(byte[] packet) {
    return (unsignedShort(packet, FRAGMENT_AT) & FRAGMENT_OFFSET_MASK) != 0;
  }

  /** Whether this is the first of several fragments. */
  static boolean isFirstFragment(byte[] packet) {
    int fragment = unsignedShort(packet, FRAGMENT_AT);
    return (fragment & FRAGMENT_OFFSET_MASK) == 0 && (fragment & MORE_FRAGMENTS) != 0;
  }

  static int sourcePort(byte[] packet) {
    return unsignedShort(packet, headerBytes(packet));
  }

  static int destinationPort(byte[] packet) {
    return unsignedShort(packet, headerBytes(packet) + 2);
  }

  /** The ECN field (RFC 3168 §5): the lower two bits of the second byte. */
  static EcnMark ecn(byte[] packet) {
    return MARKS[packet[TRAFFIC_CLASS_AT] & 3];
  }

  /** Changes the ECN field, and the checksum that covers it; an unknown one leaves it alone. */
  static void setEcn(byte[] packet, EcnMark mark) {
    int field = Arrays.asList(MARKS).indexOf(mark);
    int before = unsignedShort(packet, TRAFFIC_CLASS_AT - 1);
    int after = (before & ~3) | field;
    if (field < 0 || after == before) {
      return;
    }
    setShort(packet, TRAFFIC_CLASS_AT - 1, after);
    setShort(
        packet,
        HEADER_CHECKSUM_AT,
        updated(unsignedShort(packet, HEADER_CHECKSUM_AT), before, after));
  }

  /** The last byte of the source address. */
  static int sourceHost(byte[] packet) {
    return packet[SOURCE_AT + ADDRESS_BYTES - 1] & 0xff;
  }

  /** Changes the last byte of the source address, and every checksum that covers it. */
  static void setSourceHost(byte[] packet, int host) {
    int at = SOURCE_AT + ADDRESS_BYTES - 2;
    int before = unsignedShort(packet, at);
    int after = (before & 0xff00) | (host & 0xff);
    setShort(packet, at, after);
    setShort(
        packet,
        HEADER_CHECKSUM_AT,
        updated(unsignedShort(packet, HEADER_CHECKSUM_AT), before, after));
    updateTransportChecksum(packet, before, after);
  }

  /** Changes the source port of a packet that has one, and the checksum that covers it. */
  static void setSourcePort(byte[] packet, int port) {
    setPort(packet, headerBytes(packet), port);
  }

  /** Changes the destination port of a packet that has one, and the checksum that covers it. */
  static void setDestinationPort(byte[] packet, int port) {
    setPort(packet, headerBytes(packet) + 2, port);
  }

  private static void setPort(byte[] packet, int at, int port) {
    int before = unsignedShort(packet, at);
    setShort(packet, at, port);
    updateTransportChecksum(packet, before, port);
  }

  private static void updateTransportChecksum(byte[] packet, int before, int after) {
    boolean udp = protocol(packet) == UDP;
    int at = headerBytes(packet) + (udp ? UDP_CHECKSUM_AT : TCP_CHECKSUM_AT);
    if (isLaterFragment(packet) || totalBytes(packet) < at + 2) {
      return;
    }
    int checksum = unsignedShort(packet, at);
    if (udp && checksum == 0) {
      return; // RFC 768: the sender made none
    }
    int sum = updated(checksum, before, after);
    setShort(packet, at, udp && sum == 0 ? 0xffff : sum);
  }

  /** The Internet checksum after one 16-bit word of what it covers has changed (RFC 1624). */
  private static int updated(int checksum, int before, int after) {
    int sum = (~checksum & 0xffff) + (~before & 0xffff) + after;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }

  private static void setShort(byte[] packet, int at, int value) {
    packet[at] = (byte) (value >>> 8);
    packet[at + 1] = (byte) value;
  }

  private static int unsignedShort(byte[] packet, int at) {
    return ((packet[at] & 0xff) << 8) | (packet[at + 1] & 0xff);
  }
}
