package io.posthorn.io;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/**
 * A datagram that a socket sends to itself, to end a wait inside {@code recvmsg}. Its content is
 * random, so nobody else can make one.
 */
final class WakeDatagram {
  private static final int BYTES = 16;

  // Where each struct lies in the buffer.
  private static final int HEADER = 0;
  private static final int VECTOR = 56;
  private static final int NAME = 72;
  private static final int TOKEN = 104;
  private static final int TIMEVAL = 120;
  private static final int STRUCTS_BYTES = TIMEVAL + LinuxCalls.TIMEVAL_BYTES;

  private final LinuxCalls calls;
  private final LinuxSocket socket;
  private final ByteBuffer structs =
      ByteBuffer.allocateDirect(STRUCTS_BYTES).order(ByteOrder.nativeOrder());
  private final long structsAt = LinuxCalls.addressOf(structs);
  private final long firstHalf;
  private final long secondHalf;

  /** Makes one for a socket, which may not be bound yet. */
  WakeDatagram(LinuxCalls calls, LinuxSocket socket) {
    this.calls = calls;
    this.socket = socket;
    byte[] token = new byte[BYTES];
    new SecureRandom().nextBytes(token);
    token[0] = 0; // no first message, which could be steered to another socket
    structs.put(TOKEN, token);
    // In the byte order of the slabs, which they have by default.
    firstHalf = ByteBuffer.wrap(token).getLong(0);
    secondHalf = ByteBuffer.wrap(token).getLong(Long.BYTES);
  }

  /**
   * Addresses it, and bounds each wait, should it get lost.
   *
   * @param local where the socket is bound
   * @return false if a wait inside {@code recvmsg} cannot be bounded
   */
  boolean prepare(InetSocketAddress local, int longestWaitMicros) {
    InetAddress host = local.getAddress();
    InetSocketAddress self =
        host.isAnyLocalAddress()
            ? new InetSocketAddress(
                loopback(host instanceof Inet6Address && socket.isIpv6Only()), local.getPort())
            : local;
    int nameBytes = socket.names().write(self, structs, NAME);
    structs.putLong(HEADER + LinuxCalls.MSG_NAME_AT, structsAt + NAME);
    structs.putInt(HEADER + LinuxCalls.MSG_NAMELEN_AT, nameBytes);
    structs.putLong(HEADER + LinuxCalls.MSG_IOV_AT, structsAt + VECTOR);
    structs.putLong(HEADER + LinuxCalls.MSG_IOVLEN_AT, 1);
    structs.putLong(VECTOR, structsAt + TOKEN);
    structs.putLong(VECTOR + LinuxCalls.IOV_LEN_AT, BYTES);
    structs.putLong(TIMEVAL + Long.BYTES, longestWaitMicros);
    return calls.setOption(
            socket.descriptor(),
            LinuxCalls.SOL_SOCKET,
            LinuxCalls.SO_RCVTIMEO,
            structsAt + TIMEVAL,
            LinuxCalls.TIMEVAL_BYTES)
        == 0;
  }

  /**
   * The address at which a socket of all addresses reaches itself: that of IPv4 if it hears it, for
   * the one of IPv6 may be missing where sockets of IPv6 can be opened all the same.
   */
  private static InetAddress loopback(boolean ofIpv6) {
    byte[] bytes = ofIpv6 ? new byte[16] : new byte[] {127, 0, 0, 0};
    bytes[bytes.length - 1] = 1;
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  /**
   * Sends it; any thread. A full buffer keeps it back, which passes, and so does an ICMP message
   * about another datagram.
   *
   * @return false if the system refuses it
   */
  boolean send() {
    return trySend() || (socket.reportsErrors() && trySend());
  }

  private boolean trySend() {
    return calls.send(socket.descriptor(), structsAt + HEADER) == BYTES
        || calls.lastError() == LinuxCalls.EAGAIN;
  }

  /** Whether what was received is one. */
  boolean is(ByteBuffer slab, int at, int length) {
    return length == BYTES
        && slab.getLong(at) == firstHalf
        && slab.getLong(at + Long.BYTES) == secondHalf;
  }
}
