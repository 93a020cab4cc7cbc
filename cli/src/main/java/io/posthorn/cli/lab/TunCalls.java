package io.posthorn.cli.lab;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The C functions and kernel numbers behind {@link TunDevice} and {@link TcpDescriptor}.
 *
 * <p>The numbers are those of Linux on 64-bit processors with the generic ioctl encoding; {@link
 * LabProbe} refuses others. After a call that failed, {@link Native#getLastError()} holds errno.
 */
final class TunCalls {
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;
  static final int AF_INET = 2;
  static final int AF_NETLINK = 16;
  static final int SOCK_STREAM = 1;
  static final int SOCK_DGRAM = 2;
  static final int SOL_SOCKET = 1;
  static final int SO_TYPE = 3;
  static final int IPPROTO_TCP = 6;
  static final int TCP_INFO = 11;
  static final int TCP_CONGESTION = 13;
  static final short POLLIN = 1;

  static final int EINTR = 4;
  static final int EAGAIN = 11;

  /** _IOW('T', 202, int), linux/if_tun.h. */
  static final long TUNSETIFF = 0x400454caL;

  static final long SIOCGIFFLAGS = 0x8913;
  static final long SIOCSIFFLAGS = 0x8914;
  static final long SIOCSIFADDR = 0x8916;
  static final long SIOCSIFNETMASK = 0x891c;
  static final long SIOCSIFMTU = 0x8922;
  static final long SIOCGIFINDEX = 0x8933;

  static final short IFF_UP = 1;
  static final short IFF_RUNNING = 0x40;
  static final short IFF_TUN = 1;
  static final short IFF_NO_PI = 0x1000;

  /** struct ifreq: the interface's name, then a union of 24 bytes. */
  static final int IFREQ_BYTES = 40;

  static final int IFREQ_NAME_BYTES = 16;
  static final int IFREQ_VALUE_AT = 16;

  /** struct pollfd: fd, events, revents. */
  static final int POLLFD_BYTES = 8;

  static final int POLLFD_EVENTS_AT = 4;

  /** struct timespec: seconds, nanoseconds. */
  static final int TIMESPEC_BYTES = 16;

  static final int TIMESPEC_NANOS_AT = 8;

  /** struct nlmsghdr, struct ifinfomsg and one attribute of 4 bytes, linux/rtnetlink.h. */
  static final int LINK_CHANGE_BYTES = 40;

  static final int NLMSG_TYPE_AT = 4;
  static final int NLMSG_FLAGS_AT = 6;
  static final int IFINFO_INDEX_AT = 20;
  static final int ATTRIBUTE_AT = 32;

  /** The answer: struct nlmsghdr, then a negative errno or 0. */
  static final int NLMSGERR_AT = 16;

  static final int NLMSGERR_BYTES = 20;
  static final short RTM_NEWLINK = 16;
  static final short NLM_F_REQUEST_ACK = 5;
  static final short IFLA_TXQLEN = 13;

  static final int PR_SET_TIMERSLACK = 29;
  static final int PRIO_PROCESS = 0;
  static final int SCHED_OTHER = 0;
  static final int SCHED_FIFO = 1;

  static {
    Native.register(TunCalls.class, NativeLibrary.getProcess());
  }

  private TunCalls() {}

  static native int open(String path, int flags);

  static native int close(int fd);

  static native int socket(int domain, int type, int protocol);

  static native int getsockname(int fd, Pointer address, Pointer lengthBytes);

  static native int getsockopt(int fd, int level, int option, Pointer value, Pointer lengthBytes);

  static native int setsockopt(int fd, int level, int option, Pointer value, int lengthBytes);

  static native int ioctl(int fd, long request, Pointer argument);

  static native long read(int fd, Pointer into, long bytes);

  static native long write(int fd, Pointer from, long bytes);

  static native int ppoll(Pointer pollFds, long count, Pointer timeout, long signalMask);

  static native int prctl(int option, long a, long b, long c, long d);

  static native int sched_setscheduler(int pid, int policy, Pointer parameter);

  static native int setpriority(int which, int who, int priority);

  static native String strerror(int errno);
}
