package io.posthorn.io;

import java.io.IOException;
import java.lang.ref.Reference;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor of a UDP socket of Linux: how it is opened or taken over, its options and its
 * address. Nothing here is called for a datagram. Not thread-safe.
 */
final class LinuxSocket {
  // Where each value lies in the buffer.
  private static final int VALUE = 0;
  private static final int LENGTH = 4;
  private static final int NAME = 8;
  private static final int BUFFER_BYTES = NAME + SocketAddresses.MAX_BYTES;

  private final LinuxCalls calls;
  private final int descriptor;
  private final boolean isIpv6;
  private final boolean wantsIpv6Only;
  private final SocketAddresses names;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder());
  private final long at = LinuxCalls.addressOf(buffer);

  /** Null if the socket was opened here. */
  private @Nullable InheritedOptions inherited;

  private boolean reportsDestinations;

  /** Written under the caller's lock; a thread that waits or wakes holds none. */
  private volatile boolean reportsErrors;

  private LinuxSocket(LinuxCalls calls, int descriptor, boolean isIpv6) {
    this.calls = calls;
    this.isIpv6 = isIpv6;
    this.wantsIpv6Only = false;
    this.names = new SocketAddresses(isIpv6);
    this.descriptor = descriptor;
  }

  /**
   * Asks for a descriptor; last of all: nothing that may fail comes while nobody would close it.
   */
  private LinuxSocket(LinuxCalls calls, boolean isIpv6, boolean wantsIpv6Only) {
    this.calls = calls;
    this.isIpv6 = isIpv6;
    this.wantsIpv6Only = wantsIpv6Only;
    this.names = new SocketAddresses(isIpv6);
    this.descriptor = calls.openDatagramSocket(isIpv6 ? LinuxCalls.AF_INET6 : LinuxCalls.AF_INET);
  }

  /**
   * Opens a socket of the family that an address needs, for IPv4 and IPv6 at once where address,
   * family and machine allow it; it is not bound yet.
   *
   * @param family of IPv4 or IPv6 for that alone; null for both
   * @throws LinuxDatagramPort.RefusedException if the system has none of the kind
   * @throws java.net.SocketException if no descriptor is left
   */
  static LinuxSocket open(LinuxCalls calls, InetSocketAddress bind, @Nullable ProtocolFamily family)
      throws IOException {
    BindAdvice.requireResolved(bind);
    boolean only = family == StandardProtocolFamily.INET6;
    LinuxSocket socket =
        new LinuxSocket(calls, family == null ? isIpv6(bind) : only, /* wantsIpv6Only= */ only);
    boolean both = family == null && bind.getAddress().isAnyLocalAddress();
    if (socket.descriptor < 0 && socket.isIpv6 && both) {
      socket = new LinuxSocket(calls, false, false); // a kernel without IPv6
    }
    return socket.requireOpen();
  }

  /** Says what it hears, whatever the system's default is (net.ipv6.bindv6only). */
  private LinuxSocket requireOpen() throws IOException {
    if (descriptor < 0) {
      throw unavailable(calls, "socket");
    }
    boolean set =
        !isIpv6 || set(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_V6ONLY, wantsIpv6Only ? 1 : 0);
    if (!set && wantsIpv6Only) {
      IOException refused = refused("IPV6_V6ONLY");
      close();
      throw refused;
    }
    return this;
  }

  /**
   * Opens one more socket of the same family; it is not bound yet.
   *
   * @throws IOException as {@link #open} does
   */
  LinuxSocket openAnother() throws IOException {
    return new LinuxSocket(calls, isIpv6, wantsIpv6Only).requireOpen();
  }

  /**
   * Takes a descriptor that the process inherited.
   *
   * @throws LinuxDatagramPort.RefusedException if it is no UDP socket; it stays open then
   */
  static LinuxSocket adopt(LinuxCalls calls, int descriptor)
      throws LinuxDatagramPort.RefusedException {
    LinuxSocket asked = new LinuxSocket(calls, descriptor, false);
    int type = asked.get(LinuxCalls.SO_TYPE);
    int domain = asked.get(LinuxCalls.SO_DOMAIN);
    boolean isIpv6 = domain == LinuxCalls.AF_INET6;
    if (type != LinuxCalls.SOCK_DGRAM || !(isIpv6 || domain == LinuxCalls.AF_INET)) {
      throw new LinuxDatagramPort.RefusedException(
          "file descriptor " + descriptor + " is no UDP socket");
    }
    LinuxSocket taken = isIpv6 ? new LinuxSocket(calls, descriptor, true) : asked;
    taken.inherited = new InheritedOptions(calls, descriptor);
    taken.reportErrors(false); // nobody would take them
    return taken;
  }

  private static boolean isIpv6(InetSocketAddress bind) {
    if (bind.getAddress().isAnyLocalAddress()) {
      return !Boolean.getBoolean("java.net.preferIPv4Stack");
    }
    return !(bind.getAddress() instanceof Inet4Address);
  }

  /** What is short for every port is no reason to try the portable one, which needs more of it. */
  static IOException unavailable(LinuxCalls calls, String what) {
    int error = calls.lastError();
    String words = calls.errorText(error);
    return error == LinuxCalls.EMFILE || error == LinuxCalls.ENFILE
        ? BindAdvice.cannotOpen(words)
        : new LinuxDatagramPort.RefusedException(what + ": " + words);
  }

  private LinuxDatagramPort.RefusedException refused(String what) {
    return new LinuxDatagramPort.RefusedException(what + ": " + calls.errorText(calls.lastError()));
  }

  /** The number by which calls name it. */
  int descriptor() {
    return descriptor;
  }

  /** Raw addresses of its family. */
  SocketAddresses names() {
    return names;
  }

  private boolean set(int level, int option, int value) {
    buffer.putInt(VALUE, value);
    try {
      return calls.setOption(descriptor, level, option, at + VALUE, Integer.BYTES) == 0;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private int get(int option) {
    return get(LinuxCalls.SOL_SOCKET, option);
  }

  private int get(int level, int option) {
    buffer.putInt(LENGTH, Integer.BYTES);
    int result = calls.getOption(descriptor, level, option, at + VALUE, at + LENGTH);
    return result == 0 ? buffer.getInt(VALUE) : -1;
  }

  /** Whether it is of IPv6 and hears nothing of IPv4. */
  boolean isIpv6Only() {
    return isIpv6 && get(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_V6ONLY) != 0;
  }

  /**
   * Has runs of datagrams received whole where the system can.
   *
   * @throws LinuxDatagramPort.RefusedException if it cannot send runs, which all the rest is about
   */
  SegmentationSupport useSegmentation() throws LinuxDatagramPort.RefusedException {
    if (!set(LinuxCalls.SOL_UDP, LinuxCalls.UDP_SEGMENT, 0)) {
      throw refused("UDP_SEGMENT");
    }
    boolean receives = set(LinuxCalls.SOL_UDP, LinuxCalls.UDP_GRO, 1);
    return new SegmentationSupport("", receives ? "" : calls.errorText(calls.lastError()));
  }

  /** Has datagrams lost that are too long for the path, rather than cut up; false if it cannot. */
  boolean dontFragment() {
    boolean ipv4 = set(LinuxCalls.SOL_IP, LinuxCalls.IP_MTU_DISCOVER, LinuxCalls.PMTUDISC_PROBE);
    return isIpv6
        ? set(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_MTU_DISCOVER, LinuxCalls.PMTUDISC_PROBE) && ipv4
        : ipv4;
  }

  /** Has the ECN field of each datagram reported; where the system cannot, it is unknown. */
  void reportMarks() {
    boolean unused = set(LinuxCalls.SOL_IP, LinuxCalls.IP_RECVTOS, 1);
    if (isIpv6) {
      unused = set(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVTCLASS, 1);
    }
  }

  /** Has it told with each datagram how many the system dropped before; where it cannot, none. */
  void reportOverflows() {
    boolean unused = set(LinuxCalls.SOL_SOCKET, LinuxCalls.SO_RXQ_OVFL, 1);
  }

  /**
   * Has the own address reported to which each datagram came; for a socket of all addresses, since
   * another has but one. Where the system cannot, answers leave from where its routes say.
   */
  void reportDestinations() {
    reportsDestinations =
        isIpv6
            ? set(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVPKTINFO, 1)
            : set(LinuxCalls.SOL_IP, LinuxCalls.IP_PKTINFO, 1);
  }

  /** Whether it does so. */
  boolean reportsDestinations() {
    return reportsDestinations;
  }

  /**
   * Has ICMP messages about what it sends come to its error queue, or no more; what is there at the
   * end goes. Meanwhile each of them fails one call, whichever is next and whatever that is about,
   * before the call has done anything. Where the system cannot, nothing comes.
   */
  void reportErrors(boolean wanted) {
    if (wanted) {
      reportsErrors = true; // before the first can fail a call
    }
    int value = wanted ? 1 : 0;
    boolean ipv4 = set(LinuxCalls.SOL_IP, LinuxCalls.IP_RECVERR, value);
    boolean ipv6 = isIpv6 && set(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVERR, value);
    if (!wanted) {
      int unused = get(LinuxCalls.SO_ERROR); // which the end of the queue leaves there
    }
    reportsErrors = wanted && (ipv4 || ipv6);
  }

  /** Whether a call may fail for an ICMP message about another datagram. */
  boolean reportsErrors() {
    return reportsErrors;
  }

  /** Whether it is of IPv6, and IPv4 addresses have their IPv6 form. */
  boolean isIpv6() {
    return isIpv6;
  }

  /** Asks for a buffer of so many bytes, if it is smaller; answers what was granted. */
  int growBuffer(int option, int wantedBytes) {
    if (get(option) / 2 < wantedBytes) {
      boolean unused = set(LinuxCalls.SOL_SOCKET, option, wantedBytes);
    }
    return get(option) / 2; // the kernel doubles it for its own needs
  }

  /**
   * Binds it.
   *
   * @throws BindException naming address, port and what to do
   */
  void bind(InetSocketAddress address) throws BindException {
    int bytes = names.write(address, buffer, NAME);
    if (bytes == 0) {
      throw BindAdvice.noSuchFamily(address);
    }
    if (calls.bindTo(descriptor, at + NAME, bytes) != 0) {
      int error = calls.lastError();
      throw BindAdvice.refused(address, error, calls.errorText(error));
    }
  }

  /** Where it is bound. */
  InetSocketAddress localAddress() throws LinuxDatagramPort.RefusedException {
    buffer.putInt(LENGTH, SocketAddresses.MAX_BYTES);
    if (calls.socketName(descriptor, at + NAME, at + LENGTH) != 0) {
      throw refused("getsockname");
    }
    return names.read(buffer, NAME);
  }

  /**
   * Lets other sockets of this user be bound to the same address.
   *
   * @throws LinuxDatagramPort.RefusedException if the system does not offer that
   */
  void sharePort() throws LinuxDatagramPort.RefusedException {
    if (!set(LinuxCalls.SOL_SOCKET, LinuxCalls.SO_REUSEPORT, 1)) {
      throw refused("SO_REUSEPORT");
    }
  }

  /** Has its address to itself from now on. */
  void unsharePort() {
    boolean unused = set(LinuxCalls.SOL_SOCKET, LinuxCalls.SO_REUSEPORT, 0);
  }

  /**
   * Has a program choose for each datagram which socket at the address gets it.
   *
   * @throws LinuxDatagramPort.RefusedException if the system does not take it
   */
  void steer(ByteBuffer program) throws LinuxDatagramPort.RefusedException {
    if (!attach(LinuxCalls.SO_ATTACH_REUSEPORT_CBPF, program)) {
      throw refused("SO_ATTACH_REUSEPORT_CBPF");
    }
  }

  private boolean attach(int option, ByteBuffer program) {
    long from = LinuxCalls.addressOf(program);
    int bytes = PortSteering.PROGRAM_HEADER_BYTES;
    try {
      return calls.setOption(descriptor, LinuxCalls.SOL_SOCKET, option, from, bytes) == 0;
    } finally {
      Reference.reachabilityFence(program); // whose address alone is passed
    }
  }

  /** Has a program choose which datagrams come in; where the system refuses it, all do. */
  void filter(ByteBuffer program) {
    boolean unused = attach(LinuxCalls.SO_ATTACH_FILTER, program);
  }

  /** Has all datagrams come in again. */
  void endFilter() {
    boolean unused = set(LinuxCalls.SOL_SOCKET, LinuxCalls.SO_DETACH_FILTER, 0);
  }

  /** Makes a socket that the process inherited what it was; it stays open. */
  void giveBack() {
    if (inherited != null) {
      inherited.restore();
    }
  }

  void close() {
    giveBack();
    calls.closeDescriptor(descriptor);
  }
}
