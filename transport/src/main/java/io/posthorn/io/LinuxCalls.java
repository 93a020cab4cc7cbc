package io.posthorn.io;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The C functions, kernel numbers and struct layouts behind {@link LinuxDatagramPort}, and nothing
 * else. They are those of Linux on x86-64 and aarch64, which agree in all of them; addresses are
 * passed as numbers, so that a call makes no object. Instance methods, so that a test can refuse
 * one of them.
 */
class LinuxCalls {
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_CLOEXEC = 0x80000;

  static final int SOL_IP = 0;
  static final int SOL_SOCKET = 1;
  static final int SOL_UDP = 17;
  static final int SOL_IPV6 = 41;

  static final int SO_TYPE = 3;
  static final int SO_DOMAIN = 39;

  /** Of asm-generic/socket.h: takes the error that the next call would fail with. */
  static final int SO_ERROR = 4;

  static final int SO_SNDBUF = 7;
  static final int SO_RCVBUF = 8;

  /** Of asm-generic/socket.h, since 3.9 and 4.5. */
  static final int SO_REUSEPORT = 15;

  static final int SO_ATTACH_REUSEPORT_CBPF = 51;

  /** Of asm-generic/socket.h, since 2.2. */
  static final int SO_ATTACH_FILTER = 26;

  static final int SO_DETACH_FILTER = 27;

  /** Of asm-generic/socket.h, since 2.6.33. */
  static final int SO_RXQ_OVFL = 40;

  /** Of linux/in.h and linux/in6.h, since 2.2. */
  static final int IP_RECVERR = 11;

  static final int IPV6_RECVERR = 25;

  static final int IP_TOS = 1;
  static final int IP_PKTINFO = 8;
  static final int IP_MTU_DISCOVER = 10;
  static final int IP_RECVTOS = 13;
  static final int IPV6_MTU_DISCOVER = 23;
  static final int IPV6_V6ONLY = 26;
  static final int IPV6_RECVPKTINFO = 49;
  static final int IPV6_PKTINFO = 50;
  static final int IPV6_RECVTCLASS = 66;
  static final int IPV6_TCLASS = 67;

  /** Sets DF and ignores what the kernel believes of the path, linux/in.h. */
  static final int PMTUDISC_PROBE = 3;

  /** linux/udp.h, since 4.18 and 5.0. */
  static final int UDP_SEGMENT = 103;

  static final int UDP_GRO = 104;

  /** Of the C library's struct timeval: two longs. */
  static final int SO_RCVTIMEO = 20;

  static final int TIMEVAL_BYTES = 16;

  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_NOSIGNAL = 0x4000;

  /** Of linux/socket.h: takes from the error queue. */
  static final int MSG_ERRQUEUE = 0x2000;

  static final int EFD_NONBLOCK = 0x800;
  static final int EFD_CLOEXEC = 0x80000;
  static final short POLLIN = 1;
  static final short POLLOUT = 4;

  static final int EPERM = 1;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EINVAL = 22;
  static final int ENFILE = 23;
  static final int EMFILE = 24;
  static final int ENOSYS = 38;
  static final int EMSGSIZE = 90;
  static final int ENOPROTOOPT = 92;
  static final int EOPNOTSUPP = 95;
  static final int EADDRINUSE = 98;
  static final int EADDRNOTAVAIL = 99;
  static final int ENETUNREACH = 101;
  static final int ENOBUFS = 105;

  /** struct msghdr. */
  static final int MSGHDR_BYTES = 56;

  static final int MSG_NAME_AT = 0;
  static final int MSG_NAMELEN_AT = 8;
  static final int MSG_IOV_AT = 16;
  static final int MSG_IOVLEN_AT = 24;
  static final int MSG_CONTROL_AT = 32;
  static final int MSG_CONTROLLEN_AT = 40;
  static final int MSG_FLAGS_AT = 48;

  /** Of the flags: the datagrams were longer than the buffer. */
  static final int MSG_TRUNC = 0x20;

  /** struct iovec. */
  static final int IOVEC_BYTES = 16;

  static final int IOV_LEN_AT = 8;

  /** struct cmsghdr: length, level, type; the data follows, padded to 8 bytes. */
  static final int CMSG_HEADER_BYTES = 16;

  static final int CMSG_LEVEL_AT = 8;
  static final int CMSG_TYPE_AT = 12;

  /** struct in_pktinfo: interface, own address (ipi_spec_dst), destination. */
  static final int PKTINFO_BYTES = 12;

  static final int PKTINFO_OWN_AT = 4;

  /** struct in6_pktinfo: own address, interface. */
  static final int PKTINFO6_BYTES = 20;

  static final int PKTINFO6_INTERFACE_AT = 16;

  /**
   * struct sock_extended_err of linux/errqueue.h: errno, origin, ICMP's type and code, and more.
   */
  static final int EXTENDED_ERROR_BYTES = 16;

  static final int EE_ORIGIN_AT = 4;
  static final int EE_TYPE_AT = 5;
  static final int EE_CODE_AT = 6;

  /** Of the origins there. */
  static final int EE_ORIGIN_ICMP = 2;

  static final int EE_ORIGIN_ICMP6 = 3;

  /** struct pollfd, and struct timespec. */
  static final int POLLFD_BYTES = 8;

  static final int POLLFD_EVENTS_AT = 4;
  static final int POLLFD_REVENTS_AT = 6;
  static final int TIMESPEC_BYTES = 16;
  static final int TIMESPEC_NANOS_AT = 8;

  static {
    Native.register(LinuxCalls.class, NativeLibrary.getProcess());
    if (Native.POINTER_SIZE != Long.BYTES
        || Native.LONG_SIZE != Long.BYTES
        || Native.SIZE_T_SIZE != Long.BYTES
        || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedOperationException("not a 64-bit little-endian Linux");
    }
  }

  LinuxCalls() {}

  private static native int socket(int domain, int type, int protocol);

  private static native int bind(int fd, long address, int addressBytes);

  private static native int getsockname(int fd, long address, long addressBytes);

  private static native int setsockopt(int fd, int level, int option, long value, int valueBytes);

  private static native int getsockopt(int fd, int level, int option, long value, long valueBytes);

  private static native long sendmsg(int fd, long message, int flags);

  private static native long recvmsg(int fd, long message, int flags);

  private static native int ppoll(long pollFds, long count, long timeout, long signals);

  private static native int eventfd(int initial, int flags);

  private static native long read(int fd, long into, long bytes);

  private static native long write(int fd, long from, long bytes);

  private static native int close(int fd);

  private static native String strerror(int errno);

  /** Where a direct buffer lies. */
  static long addressOf(ByteBuffer direct) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
  }

  int openDatagramSocket(int domain) {
    return socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }

  int bindTo(int fd, long address, int addressBytes) {
    return bind(fd, address, addressBytes);
  }

  int socketName(int fd, long address, long addressBytes) {
    return getsockname(fd, address, addressBytes);
  }

  int setOption(int fd, int level, int option, long value, int valueBytes) {
    return setsockopt(fd, level, option, value, valueBytes);
  }

  int getOption(int fd, int level, int option, long value, long valueBytes) {
    return getsockopt(fd, level, option, value, valueBytes);
  }

  long send(int fd, long message) {
    return sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  long receive(int fd, long message) {
    return recvmsg(fd, message, MSG_DONTWAIT);
  }

  /** Takes from the error queue; EAGAIN if it is empty. */
  long receiveError(int fd, long message) {
    return recvmsg(fd, message, MSG_ERRQUEUE | MSG_DONTWAIT);
  }

  /** Waits for a datagram as long as {@link #SO_RCVTIMEO} says; EAGAIN if none came. */
  long awaitAndReceive(int fd, long message) {
    return recvmsg(fd, message, 0);
  }

  int poll(long pollFds, int count, long timeout) {
    return ppoll(pollFds, count, timeout, 0);
  }

  int openEvent() {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  }

  /** Moves eight bytes from or to an eventfd; the counter's value does not matter here. */
  boolean drainEvent(int fd, long eightBytes) {
    return read(fd, eightBytes, Long.BYTES) == Long.BYTES;
  }

  boolean raiseEvent(int fd, long eightBytes) {
    return write(fd, eightBytes, Long.BYTES) == Long.BYTES;
  }

  void closeDescriptor(int fd) {
    int result = close(fd);
    assert result == 0 : "close: " + lastError();
  }

  /** errno of this thread's last call. */
  int lastError() {
    return Native.getLastError();
  }

  String errorText(int errno) {
    return strerror(errno);
  }
}
