package io.posthorn.capture;

import io.posthorn.EcnMark;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Finds the UDP datagram in a frame of a link: Ethernet, Linux "any", loopback, or bare IP. */
final class FrameParser {
  private static final int NULL_LOOPBACK = 0;
  private static final int ETHERNET = 1;
  private static final int RAW = 101;
  private static final int LOOPBACK = 108;
  private static final int LINUX_COOKED = 113;
  private static final int RAW_IPV4 = 228;
  private static final int RAW_IPV6 = 229;
  private static final int LINUX_COOKED_2 = 276;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int VLAN = 0x8100;
  private static final int UDP = 17;

  private FrameParser() {}

  /** The datagram; null if there is none, or not all of it. */
  static @Nullable CapturedDatagram datagram(ByteBuffer frame, int linkType, long nanos) {
    ByteBuffer in = frame.slice().order(ByteOrder.BIG_ENDIAN);
    int ip = ipAt(in, linkType);
    if (ip < 0 || ip >= in.limit()) {
      return null;
    }
    int version = (in.get(ip) & 0xf0) >>> 4;
    if (version == 4) {
      return ipv4(in, ip, nanos);
    }
    return version == 6 ? ipv6(in, ip, nanos) : null;
  }

  private static int ipAt(ByteBuffer in, int linkType) {
    return switch (linkType) {
      case RAW, RAW_IPV4, RAW_IPV6 -> 0;
      case NULL_LOOPBACK, LOOPBACK -> 4;
      case ETHERNET -> afterType(in, 12);
      case LINUX_COOKED -> afterType(in, 14);
      case LINUX_COOKED_2 -> in.limit() >= 20 && isIp(in.getShort(0) & 0xffff) ? 20 : -1;
      default -> -1;
    };
  }

  private static boolean isIp(int type) {
    return type == IPV4 || type == IPV6;
  }

  private static int afterType(ByteBuffer in, int typeAt) {
    int at = typeAt;
    while (at + 2 <= in.limit()) {
      int type = in.getShort(at) & 0xffff;
      if (isIp(type)) {
        return at + 2;
      }
      if (type != VLAN) {
        return -1;
      }
      at += 4;
    }
    return -1;
  }

  private static @Nullable CapturedDatagram ipv4(ByteBuffer in, int ip, long nanos) {
    int headerBytes = 4 * (in.get(ip) & 0xf);
    if (headerBytes < 20 || ip + headerBytes + 8 > in.limit()) {
      return null;
    }
    boolean fragment = (in.getShort(ip + 6) & 0x3fff) != 0;
    if (fragment || in.get(ip + 9) != UDP) {
      return null;
    }
    return udp(in, ip + headerBytes, ip + 12, 4, EcnMark.ofCodepoint(in.get(ip + 1)), nanos);
  }

  private static @Nullable CapturedDatagram ipv6(ByteBuffer in, int ip, long nanos) {
    if (ip + 48 > in.limit() || in.get(ip + 6) != UDP) {
      return null; // extension headers are for fragments, mostly
    }
    return udp(in, ip + 40, ip + 8, 16, EcnMark.ofCodepoint(in.get(ip + 1) >>> 4), nanos);
  }

  private static @Nullable CapturedDatagram udp(
      ByteBuffer in, int at, int addressesAt, int addressBytes, EcnMark ecn, long nanos) {
    // Where the system cuts what it sends into datagrams only later, a capture has them in one,
    // which may be longer than its header can say.
    int said = in.getShort(at + 4) & 0xffff;
    int length = said == 0 ? in.limit() - at : said;
    if (length < 8 || at + length > in.limit()) {
      return null;
    }
    byte[] payload = new byte[length - 8];
    in.get(at + 8, payload);
    InetSocketAddress from = address(in, addressesAt, addressBytes, in.getShort(at));
    InetSocketAddress to =
        address(in, addressesAt + addressBytes, addressBytes, in.getShort(at + 2));
    return new CapturedDatagram(nanos, from, to, ecn, payload, "");
  }

  private static InetSocketAddress address(ByteBuffer in, int at, int bytes, short port) {
    byte[] address = new byte[bytes];
    in.get(at, address);
    try {
      // By itself the JDK takes an IPv4 address in an IPv6 one for IPv4: another packet.
      InetAddress host =
          bytes == 4
              ? InetAddress.getByAddress(address)
              : Inet6Address.getByAddress(null, address, -1);
      return new InetSocketAddress(host, port & 0xffff);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 or 16 bytes are an address", impossible);
    }
  }
}
