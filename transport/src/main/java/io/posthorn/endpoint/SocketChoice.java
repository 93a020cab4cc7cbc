package io.posthorn.endpoint;

import io.posthorn.wire.BigEndian;
import java.net.InetSocketAddress;

/**
 * Which of several system sockets at one port a packet belongs to, where each has an endpoint of
 * its own. Packets that name a connection issued here go by its id, so that a peer may change its
 * address; all others by the address that they come from, so that all that two addresses say to
 * each other before there is a connection meets in one endpoint. The kernel computes the same from
 * the packet (io, {@code PortSteering}).
 *
 * @param index of this endpoint, 0 to {@code count} - 1
 * @param count how many there are, 1 to {@value #MAX_COUNT}
 */
public record SocketChoice(int index, int count) {
  /**
   * More would leave too little of an id to chance, and would want a machine of that many cores.
   */
  public static final int MAX_COUNT = 64;

  /** The only one. */
  public static final SocketChoice ONLY = new SocketChoice(0, 1);

  /** Spreads addresses that differ in few bits: 2^32 divided by the golden ratio, made odd. */
  public static final int MULTIPLIER = 0x9E3779B1;

  /** How far the product is shifted: its low bits know little of the high ones. */
  public static final int SHIFT = 16;

  /** Where the endpoint's number stands in a connection's handle. */
  private static final int HANDLE_SHIFT = 48;

  /** Whether packets to this connection id come to this endpoint. */
  public boolean isOwn(long connectionId) {
    return Integer.remainderUnsigned((int) connectionId, count) == index;
  }

  /** What the handles of this endpoint's connections count from, so that no two have the same. */
  public long handleBase() {
    return (long) index << HANDLE_SHIFT;
  }

  /** The endpoint that has the connection with this handle. */
  public static int ofHandle(long handle) {
    return (int) (handle >>> HANDLE_SHIFT);
  }

  /** The endpoint that whatever comes from this address, and names no connection, belongs to. */
  public static int ofAddress(InetSocketAddress address, int count) {
    byte[] bytes = address.getAddress().getAddress();
    int mixed = address.getPort();
    for (int at = 0; at < bytes.length; at += Integer.BYTES) {
      mixed ^= BigEndian.getInt(bytes, at);
    }
    return ((mixed * MULTIPLIER) >>> SHIFT) % count;
  }
}
