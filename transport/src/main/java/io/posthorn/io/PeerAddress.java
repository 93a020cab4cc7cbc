package io.posthorn.io;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The address of a sender that knows to which of the machine's addresses it wrote, so that the
 * answer can leave from there: the routes may name another one, whose datagrams the sender, or what
 * stands before it, takes for a stranger's. It rides along with whoever keeps the sender's address,
 * so there is no table of them, which strangers could fill. Equal to any other of the same host and
 * port.
 */
final class PeerAddress extends InetSocketAddress {
  private static final long serialVersionUID = 1L;

  private final transient long localHigh;
  private final transient long localLow;

  /**
   * Makes one.
   *
   * @param localHigh of the machine's address in its IPv6 form, the first eight bytes in native
   *     order
   * @param localLow the last eight
   */
  PeerAddress(InetAddress host, int port, long localHigh, long localLow) {
    super(host, port);
    this.localHigh = localHigh;
    this.localLow = localLow;
  }

  /** Where it wrote to. */
  InetAddress local() {
    byte[] bytes =
        ByteBuffer.allocate(2 * Long.BYTES)
            .order(ByteOrder.nativeOrder())
            .putLong(localHigh)
            .putLong(localLow)
            .array();
    try {
      return InetAddress.getByAddress(bytes); // an IPv4 one if it is mapped
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
    }
  }

  long localHigh() {
    return localHigh;
  }

  long localLow() {
    return localLow;
  }

  /** Whether it wrote to this address. */
  boolean wroteTo(long high, long low) {
    return localLow == low && localHigh == high;
  }

  /** Nobody else's business. */
  private Object writeReplace() {
    return new InetSocketAddress(getAddress(), getPort());
  }
}
