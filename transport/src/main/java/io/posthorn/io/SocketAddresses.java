package io.posthorn.io;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's {@code sockaddr_in} and {@code sockaddr_in6}, and the objects they stand for. A
 * sender is recognised by its raw bytes: for one that was seen lately no object is made. Not
 * thread-safe; one for each direction.
 */
final class SocketAddresses {
  /** struct sockaddr_in6; sockaddr_in is shorter. */
  static final int MAX_BYTES = 28;

  static final int INET_BYTES = 16;
  private static final int PORT_AT = 2;
  private static final int INET_HOST_AT = 4;
  private static final int INET6_HOST_AT = 8;
  private static final int INET6_SCOPE_AT = 24;
  private static final int INET_HOST_BYTES = 4;
  private static final int INET6_HOST_BYTES = 16;
  private static final int MAPPED_PREFIX = 0xffff;

  /** The four bytes before an IPv4 address in its IPv6 form, in native order. */
  private static final long MAPPED = 0xffff0000L;

  private static final int CACHE_SLOTS = 1024;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private final boolean isIpv6;

  /** By the hash of the raw bytes; a newcomer takes the place of whoever had it. */
  private final @Nullable InetSocketAddress[] cached = new InetSocketAddress[CACHE_SLOTS];

  private final long[] cachedHigh = new long[CACHE_SLOTS];
  private final long[] cachedLow = new long[CACHE_SLOTS];
  private final long[] cachedPort = new long[CACHE_SLOTS];

  SocketAddresses(boolean isIpv6) {
    this.isIpv6 = isIpv6;
  }

  /**
   * Writes an address as the socket's family has it.
   *
   * @param out in native order
   * @return bytes written, 0 if the family cannot express it
   */
  int write(InetSocketAddress address, ByteBuffer out, int at) {
    InetAddress host = address.getAddress();
    if (host == null) {
      return 0;
    }
    byte[] bytes = host.getAddress();
    int port = address.getPort();
    out.put(at + PORT_AT, (byte) (port >>> 8));
    out.put(at + PORT_AT + 1, (byte) port);
    if (!isIpv6) {
      if (!(host instanceof Inet4Address)) {
        return 0;
      }
      out.putShort(at, (short) LinuxCalls.AF_INET);
      out.put(at + INET_HOST_AT, bytes);
      out.putLong(at + INET_HOST_AT + INET_HOST_BYTES, 0);
      return INET_BYTES;
    }
    out.putShort(at, (short) LinuxCalls.AF_INET6);
    out.putInt(at + INET_HOST_AT, 0);
    out.putInt(at + INET6_SCOPE_AT, 0);
    if (host instanceof Inet6Address ipv6) {
      out.put(at + INET6_HOST_AT, bytes);
      out.putInt(at + INET6_SCOPE_AT, ipv6.getScopeId());
    } else {
      out.putLong(at + INET6_HOST_AT, 0);
      if (host.isAnyLocalAddress()) {
        out.putLong(at + INET6_HOST_AT + Long.BYTES, 0);
      } else {
        out.putShort(at + INET6_HOST_AT + Long.BYTES, (short) 0);
        out.putShort(at + INET6_HOST_AT + 10, (short) MAPPED_PREFIX);
        out.put(at + INET6_HOST_AT + 12, bytes);
      }
    }
    return MAX_BYTES;
  }

  /** The last eight bytes of an IPv4 address in its IPv6 form; all in native order. */
  static long mapped(int ipv4) {
    return (long) ipv4 << 32 | MAPPED;
  }

  /** Whether these are the last eight bytes of an IPv4 address. */
  static boolean isMapped(long high, long low) {
    return high == 0 && (low & 0xffffffffL) == MAPPED;
  }

  /** The address whose raw bytes these are; IPv4 addresses never in their IPv6 form. */
  InetSocketAddress read(ByteBuffer in, int at) {
    return read(in, at, 0, 0);
  }

  /**
   * The address of a sender whose raw bytes these are, as above.
   *
   * @param localHigh where it wrote to, as {@link PeerAddress} has it; 0 and 0 if that is not known
   */
  InetSocketAddress read(ByteBuffer in, int at, long localHigh, long localLow) {
    long high;
    long low;
    long port = in.getShort(at + PORT_AT) & 0xffffL;
    if (isIpv6) {
      high = in.getLong(at + INET6_HOST_AT);
      low = in.getLong(at + INET6_HOST_AT + Long.BYTES);
      port |= (long) in.getInt(at + INET6_SCOPE_AT) << 16;
    } else {
      high = 0;
      low = in.getInt(at + INET_HOST_AT);
    }
    int slot = (int) ((((high * GOLDEN + low) * GOLDEN + port) * GOLDEN) >>> 54);
    InetSocketAddress known = cached[slot];
    if (known == null
        || cachedLow[slot] != low
        || cachedPort[slot] != port
        || cachedHigh[slot] != high
        || !wroteTo(known, localHigh, localLow)) {
      known = decode(in, at, localHigh, localLow);
      cached[slot] = known;
      cachedHigh[slot] = high;
      cachedLow[slot] = low;
      cachedPort[slot] = port;
    }
    return known;
  }

  private static boolean wroteTo(InetSocketAddress known, long localHigh, long localLow) {
    return (localHigh | localLow) == 0
        || (known instanceof PeerAddress peer && peer.wroteTo(localHigh, localLow));
  }

  private InetSocketAddress decode(ByteBuffer in, int at, long localHigh, long localLow) {
    int port = (in.get(at + PORT_AT) & 0xff) << 8 | (in.get(at + PORT_AT + 1) & 0xff);
    byte[] host = new byte[isIpv6 ? INET6_HOST_BYTES : INET_HOST_BYTES];
    in.get(at + (isIpv6 ? INET6_HOST_AT : INET_HOST_AT), host);
    try {
      InetAddress address = InetAddress.getByAddress(host); // an IPv4 one if it is mapped
      int scope = isIpv6 ? in.getInt(at + INET6_SCOPE_AT) : 0;
      if (scope != 0 && address instanceof Inet6Address) {
        address = Inet6Address.getByAddress(null, host, scope);
      }
      return (localHigh | localLow) == 0
          ? new InetSocketAddress(address, port)
          : new PeerAddress(address, port, localHigh, localLow);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + host.length + " bytes", e);
    }
  }
}
