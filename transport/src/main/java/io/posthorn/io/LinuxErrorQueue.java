package io.posthorn.io;

import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.BiConsumer;

/**
 * What ICMP messages say of datagrams that a socket of Linux sent: its error queue (ip(7), ipv6(7),
 * {@code IP_RECVERR}), which is filled while {@link LinuxSocket#reportErrors} asks for it. Every
 * struct lies in one direct buffer made at the start. Used as {@link LinuxReceiver} is.
 */
final class LinuxErrorQueue {
  /** Taken in one call, so that a flood of them keeps nobody waiting. */
  static final int MOST_AT_ONCE = 64;

  /** A control message that is cut, or none that tells of an error. */
  static final String NONSENSE = "an entry of the error queue makes no sense";

  // Where each struct lies in the buffer. There is room for all that the socket may have asked to
  // be told of a datagram: 160 bytes of a socket of both families, and more of an inherited one.
  private static final int HEADER = 0;
  private static final int NAME = 56;
  private static final int CONTROL = 88;
  private static final int CONTROL_BYTES = 512;
  private static final int STRUCTS_BYTES = CONTROL + CONTROL_BYTES;

  private final LinuxCalls calls;
  private final LinuxSocket socket;
  private final LinuxReceiver receiver;
  private final PortCounters counters;
  private final ByteBuffer structs =
      ByteBuffer.allocateDirect(STRUCTS_BYTES).order(ByteOrder.nativeOrder());
  private final long structsAt = LinuxCalls.addressOf(structs);

  // The error that was worded last.
  private int wordedError;
  private String words = "";

  /**
   * Makes one, of which nobody has asked anything yet.
   *
   * @param receiver which may have counted a message as the error of one of its calls
   */
  LinuxErrorQueue(
      LinuxCalls calls, LinuxSocket socket, LinuxReceiver receiver, PortCounters counters) {
    this.calls = calls;
    this.socket = socket;
    this.receiver = receiver;
    this.counters = counters;
    structs.putLong(HEADER + LinuxCalls.MSG_NAME_AT, structsAt + NAME);
    structs.putLong(HEADER + LinuxCalls.MSG_CONTROL_AT, structsAt + CONTROL);
  }

  /** As {@link DatagramPort#hearIcmp}. */
  void hear(boolean wanted) {
    if (wanted != socket.reportsErrors()) {
      socket.reportErrors(wanted);
      receiver.endCounted();
    }
  }

  /** As {@link DatagramPort#takeIcmp}. */
  boolean take(BiConsumer<InetSocketAddress, IcmpHint> to) {
    if (!socket.reportsErrors()) {
      return false;
    }
    for (int i = 0; i < MOST_AT_ONCE; i++) {
      structs.putInt(HEADER + LinuxCalls.MSG_NAMELEN_AT, SocketAddresses.MAX_BYTES);
      structs.putLong(HEADER + LinuxCalls.MSG_CONTROLLEN_AT, CONTROL_BYTES);
      if (calls.receiveError(socket.descriptor(), structsAt + HEADER) < 0) {
        receiver.endCounted(); // for the queue is empty
        return false;
      }
      read(to);
    }
    return true;
  }

  private void read(BiConsumer<InetSocketAddress, IcmpHint> to) {
    int error = extendedError();
    if (error == 0) {
      counters.receiveError(NONSENSE);
      return;
    }
    int origin = structs.get(error + LinuxCalls.EE_ORIGIN_AT);
    boolean isIcmp6 = origin == LinuxCalls.EE_ORIGIN_ICMP6;
    if (!isIcmp6 && origin != LinuxCalls.EE_ORIGIN_ICMP) {
      return; // this machine says why a call failed, and that is counted
    }
    if (!receiver.pollCounted()) {
      counters.receiveError(words(structs.getInt(error)));
    }
    int type = structs.get(error + LinuxCalls.EE_TYPE_AT) & 0xff;
    int code = structs.get(error + LinuxCalls.EE_CODE_AT) & 0xff;
    IcmpHint hint = IcmpHint.of(isIcmp6, type, code);
    if (hint != null && isNamed()) {
      to.accept(socket.names().read(structs, NAME), hint);
    }
  }

  /** The same comes again and again. */
  private String words(int errno) {
    if (errno != wordedError) {
      words = calls.errorText(errno);
      wordedError = errno;
    }
    return words;
  }

  /** Where the struct sock_extended_err lies; 0 if there is none that is whole. */
  private int extendedError() {
    long controlBytes = structs.getLong(HEADER + LinuxCalls.MSG_CONTROLLEN_AT);
    int end = CONTROL + (int) Math.max(0, Math.min(controlBytes, CONTROL_BYTES));
    int at = CONTROL;
    while (at + LinuxCalls.CMSG_HEADER_BYTES <= end) {
      long length = structs.getLong(at);
      if (length < LinuxCalls.CMSG_HEADER_BYTES || length > end - at) {
        return 0;
      }
      int level = structs.getInt(at + LinuxCalls.CMSG_LEVEL_AT);
      int type = structs.getInt(at + LinuxCalls.CMSG_TYPE_AT);
      if ((level == LinuxCalls.SOL_IP && type == LinuxCalls.IP_RECVERR)
          || (level == LinuxCalls.SOL_IPV6 && type == LinuxCalls.IPV6_RECVERR)) {
        boolean isWhole = length >= LinuxCalls.CMSG_HEADER_BYTES + LinuxCalls.EXTENDED_ERROR_BYTES;
        return isWhole ? at + LinuxCalls.CMSG_HEADER_BYTES : 0;
      }
      at += ((int) length + Long.BYTES - 1) & -Long.BYTES;
    }
    return 0;
  }

  /** Whether the system says where the datagram was sent to. */
  private boolean isNamed() {
    boolean isIpv6 = socket.isIpv6();
    return structs.getInt(HEADER + LinuxCalls.MSG_NAMELEN_AT)
            == (isIpv6 ? SocketAddresses.MAX_BYTES : SocketAddresses.INET_BYTES)
        && structs.getShort(NAME) == (isIpv6 ? LinuxCalls.AF_INET6 : LinuxCalls.AF_INET);
  }
}
