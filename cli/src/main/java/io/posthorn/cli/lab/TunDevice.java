package io.posthorn.cli.lab;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.io.Closeable;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;

/**
 * A TUN device: a network interface whose other end is this program.
 *
 * <p>What the kernel sends to the interface's network is read here as whole IP packets, and what is
 * written here arrives at the kernel from the interface. Segmentation offload is not asked for, so
 * no packet is larger than the MTU and each carries its final checksum.
 *
 * <p>Reading, writing and waiting belong to one thread. The device goes away with {@link #close} or
 * the process.
 */
final class TunDevice implements Closeable {
  private static final String DEVICE_NODE = "/dev/net/tun";
  private static final int PACKET_LIMIT_BYTES = 65_536;

  private final int fd;
  private final Memory readBuffer = new Memory(PACKET_LIMIT_BYTES);
  private final Memory writeBuffer = new Memory(PACKET_LIMIT_BYTES);
  private final Memory pollFd = new Memory(TunCalls.POLLFD_BYTES);
  private final Memory timeout = new Memory(TunCalls.TIMESPEC_BYTES);
  private boolean closed;

  private TunDevice(int fd) {
    this.fd = fd;
    pollFd.clear();
    pollFd.setInt(0, fd);
    pollFd.setShort(TunCalls.POLLFD_EVENTS_AT, TunCalls.POLLIN);
  }

  /**
   * Makes a TUN device, gives it an address and switches it on.
   *
   * @param name the interface's name, at most 15 ASCII characters
   * @param address the interface's address
   * @param prefixBits the length of its network's prefix, 1 to 30; the rest of the network lies
   *     behind the device
   * @param mtuBytes the largest IP packet, 576 to 65,535
   * @param queuePackets how many packets the kernel may hold until they are read
   * @return the device
   * @throws IOException naming the step that failed and why
   */
  static TunDevice open(
      String name, Inet4Address address, int prefixBits, int mtuBytes, int queuePackets)
      throws IOException {
    int fd = TunCalls.open(DEVICE_NODE, TunCalls.O_RDWR | TunCalls.O_NONBLOCK | TunCalls.O_CLOEXEC);
    if (fd < 0) {
      throw failure("open " + DEVICE_NODE);
    }
    try {
      Memory request = request(name);
      request.setShort(TunCalls.IFREQ_VALUE_AT, (short) (TunCalls.IFF_TUN | TunCalls.IFF_NO_PI));
      check(TunCalls.ioctl(fd, TunCalls.TUNSETIFF, request), "make the TUN device " + name);
      configure(name, address, prefixBits, mtuBytes, queuePackets);
      return new TunDevice(fd);
    } catch (IOException failed) {
      TunCalls.close(fd);
      throw failed;
    }
  }

  /**
   * Switches on the loopback interface of a fresh network namespace.
   *
   * @throws IOException if the kernel refuses
   */
  static void raiseLoopback() throws IOException {
    int control = openControl();
    try {
      raise(control, "lo");
    } finally {
      TunCalls.close(control);
    }
  }

  private static void configure(
      String name, Inet4Address address, int prefixBits, int mtuBytes, int queuePackets)
      throws IOException {
    int control = openControl();
    try {
      Memory request = request(name);
      request.setInt(TunCalls.IFREQ_VALUE_AT, mtuBytes);
      check(TunCalls.ioctl(control, TunCalls.SIOCSIFMTU, request), "set the MTU of " + name);
      request = request(name);
      check(TunCalls.ioctl(control, TunCalls.SIOCGIFINDEX, request), "find " + name);
      setQueue(request.getInt(TunCalls.IFREQ_VALUE_AT), queuePackets);
      request = request(name);
      setAddress(request, address.getAddress());
      check(TunCalls.ioctl(control, TunCalls.SIOCSIFADDR, request), "set the address of " + name);
      int mask = -1 << (32 - prefixBits);
      request = request(name);
      setAddress(
          request,
          new byte[] {(byte) (mask >> 24), (byte) (mask >> 16), (byte) (mask >> 8), (byte) mask});
      check(
          TunCalls.ioctl(control, TunCalls.SIOCSIFNETMASK, request), "set the netmask of " + name);
      raise(control, name);
    } finally {
      TunCalls.close(control);
    }
  }

  /** By netlink: the ioctl for it is refused to root of a user namespace. */
  private static void setQueue(int interfaceIndex, int queuePackets) throws IOException {
    int route = TunCalls.socket(TunCalls.AF_NETLINK, TunCalls.SOCK_DGRAM | TunCalls.O_CLOEXEC, 0);
    if (route < 0) {
      throw failure("open a netlink socket");
    }
    try (Memory message = new Memory(PACKET_LIMIT_BYTES)) {
      message.clear();
      message.setInt(0, TunCalls.LINK_CHANGE_BYTES);
      message.setShort(TunCalls.NLMSG_TYPE_AT, TunCalls.RTM_NEWLINK);
      message.setShort(TunCalls.NLMSG_FLAGS_AT, TunCalls.NLM_F_REQUEST_ACK);
      message.setInt(TunCalls.IFINFO_INDEX_AT, interfaceIndex);
      message.setShort(
          TunCalls.ATTRIBUTE_AT, (short) (TunCalls.LINK_CHANGE_BYTES - TunCalls.ATTRIBUTE_AT));
      message.setShort(TunCalls.ATTRIBUTE_AT + 2, TunCalls.IFLA_TXQLEN);
      message.setInt(TunCalls.ATTRIBUTE_AT + 4, queuePackets);
      if (TunCalls.write(route, message, TunCalls.LINK_CHANGE_BYTES) < 0
          || TunCalls.read(route, message, PACKET_LIMIT_BYTES) < TunCalls.NLMSGERR_BYTES) {
        throw failure("set the queue of the TUN device");
      }
      int errno = -message.getInt(TunCalls.NLMSGERR_AT);
      if (errno != 0) {
        throw new IOException(
            "cannot set the queue of the TUN device: " + TunCalls.strerror(errno));
      }
    } finally {
      TunCalls.close(route);
    }
  }

  private static int openControl() throws IOException {
    int control = TunCalls.socket(TunCalls.AF_INET, TunCalls.SOCK_DGRAM | TunCalls.O_CLOEXEC, 0);
    if (control < 0) {
      throw failure("open a control socket");
    }
    return control;
  }

  private static void raise(int control, String name) throws IOException {
    Memory request = request(name);
    check(TunCalls.ioctl(control, TunCalls.SIOCGIFFLAGS, request), "read the flags of " + name);
    short flags = request.getShort(TunCalls.IFREQ_VALUE_AT);
    request.setShort(
        TunCalls.IFREQ_VALUE_AT, (short) (flags | TunCalls.IFF_UP | TunCalls.IFF_RUNNING));
    check(TunCalls.ioctl(control, TunCalls.SIOCSIFFLAGS, request), "switch on " + name);
  }

  private static Memory request(String name) {
    byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
    if (ascii.length >= TunCalls.IFREQ_NAME_BYTES) {
      throw new IllegalArgumentException("interface name longer than 15 characters: " + name);
    }
    Memory request = new Memory(TunCalls.IFREQ_BYTES);
    request.clear();
    request.write(0, ascii, 0, ascii.length);
    return request;
  }

  /** Writes a struct sockaddr_in with port 0. */
  private static void setAddress(Memory request, byte[] address) {
    request.setShort(TunCalls.IFREQ_VALUE_AT, (short) TunCalls.AF_INET);
    request.write(TunCalls.IFREQ_VALUE_AT + 4, address, 0, address.length);
  }

  /**
   * Waits until a packet can be read or the time has passed.
   *
   * @param timeoutNanos how long at most, 0 or more
   * @return whether a packet waits
   * @throws IOException if the device failed
   */
  boolean awaitPacket(long timeoutNanos) throws IOException {
    timeout.setLong(0, timeoutNanos / 1_000_000_000L);
    timeout.setLong(TunCalls.TIMESPEC_NANOS_AT, timeoutNanos % 1_000_000_000L);
    int ready = TunCalls.ppoll(pollFd, 1, timeout, 0);
    if (ready < 0 && Native.getLastError() != TunCalls.EINTR) {
      throw failure("wait for the TUN device");
    }
    return ready > 0;
  }

  /**
   * Reads one packet without waiting.
   *
   * @param into where to, with room for the MTU
   * @return its length in bytes; 0 if none waits
   * @throws IOException if the device failed
   */
  int read(byte[] into) throws IOException {
    long count = TunCalls.read(fd, readBuffer, Math.min(into.length, PACKET_LIMIT_BYTES));
    if (count < 0) {
      int errno = Native.getLastError();
      if (errno == TunCalls.EAGAIN || errno == TunCalls.EINTR) {
        return 0;
      }
      throw failure("read from the TUN device");
    }
    int length = (int) count;
    readBuffer.read(0, into, 0, length);
    return length;
  }

  /**
   * Hands one packet to the kernel.
   *
   * @param packet a whole IP packet
   * @param offset where it begins
   * @param lengthBytes its length
   * @return whether the kernel took it
   */
  boolean write(byte[] packet, int offset, int lengthBytes) {
    writeBuffer.write(0, packet, offset, lengthBytes);
    return TunCalls.write(fd, writeBuffer, lengthBytes) == lengthBytes;
  }

  /**
   * Asks the kernel to wake the calling thread on time and before others. Only a wish: without the
   * right to it, priority stays as it is.
   */
  static void preferThisThread() {
    TunCalls.prctl(TunCalls.PR_SET_TIMERSLACK, 1, 0, 0, 0);
    TunCalls.setpriority(TunCalls.PRIO_PROCESS, 0, -19);
  }

  /**
   * Asks the kernel to let the calling thread run before all ordinary ones, or no longer so. Only a
   * wish, likewise.
   *
   * @param realTime whether it should
   */
  static void runBeforeOthers(boolean realTime) {
    try (Memory priority = new Memory(Integer.BYTES)) {
      priority.setInt(0, realTime ? 1 : 0);
      TunCalls.sched_setscheduler(
          0, realTime ? TunCalls.SCHED_FIFO : TunCalls.SCHED_OTHER, priority);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      TunCalls.close(fd);
    }
  }

  private static void check(int result, String step) throws IOException {
    if (result < 0) {
      throw failure(step);
    }
  }

  private static IOException failure(String step) {
    int errno = Native.getLastError();
    return new IOException("cannot " + step + ": " + TunCalls.strerror(errno));
  }
}
