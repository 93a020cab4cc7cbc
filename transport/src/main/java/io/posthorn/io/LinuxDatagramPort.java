package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.IcmpHint;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The fast port of Linux: a run of datagrams leaves in one system call ({@link LinuxSender}) and
 * comes in with one ({@link LinuxReceiver}); {@link LinuxWaiting} waits for them, and {@link
 * LinuxErrorQueue} tells what ICMP says of those that left. The descriptors' end is here.
 *
 * <p>Descriptors are closed by whoever leaves last: {@link #close} or the thread that waits.
 */
public final class LinuxDatagramPort implements DatagramPort {
  private final LinuxCalls calls;
  private final LinuxSocket own;
  private final SegmentationSupport segmentation;
  private final boolean setsDontFragment;
  private final InetSocketAddress localAddress;
  private final int grantedReceiveBufferBytes;
  private final int grantedSendBufferBytes;
  private final PortCounters counters = new PortCounters();

  private final LinuxSender sender;
  private final LinuxReceiver receiver;
  private final LinuxErrorQueue errors;
  private final WakeDatagram wake;
  private final LinuxWaiting waiting;
  private final boolean forPackets;

  /** Which other ports are at the same address; null if it is alone. */
  private @Nullable PortGroup group;

  /** Null where first messages are never kept apart. */
  private @Nullable FirstMessageSocket firstMessages;

  /** What else people are to know of this port; "" for nothing. */
  private String remark = "";

  /** Threads that use the descriptors without the caller's lock. */
  private final DescriptorUsers users = new DescriptorUsers();

  /** The system does not offer what the fast path is made of; the portable one is to be taken. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String why) {
      super(why);
    }
  }

  private LinuxDatagramPort(
      LinuxCalls calls,
      LinuxSocket own,
      @Nullable InetSocketAddress bind,
      boolean forPackets,
      @Nullable PortGroup group)
      throws IOException {
    this.calls = calls;
    this.own = own;
    segmentation = own.useSegmentation();
    wake = new WakeDatagram(calls, own);
    sender = new LinuxSender(calls, own, segmentation, counters);
    receiver = new LinuxReceiver(calls, own, counters, wake);
    errors = new LinuxErrorQueue(calls, own, receiver, counters);
    setsDontFragment = forPackets && own.dontFragment();
    own.reportMarks();
    own.reportOverflows();
    grantedReceiveBufferBytes = own.growBuffer(LinuxCalls.SO_RCVBUF, WantedBuffers.BYTES);
    grantedSendBufferBytes = own.growBuffer(LinuxCalls.SO_SNDBUF, WantedBuffers.BYTES);
    this.forPackets = forPackets;
    this.group = group;
    if (group != null) {
      own.sharePort();
    }
    if (bind != null) {
      own.bind(bind);
    }
    localAddress = own.localAddress();
    if (localAddress.getAddress().isAnyLocalAddress()) {
      own.reportDestinations();
    }
    waiting = new LinuxWaiting(calls, own, receiver, wake, users, this::wakeup);
    if (group == null) {
      try {
        beAlone();
      } catch (RuntimeException | Error e) {
        waiting.close();
        throw e;
      }
    }
  }

  /**
   * Opens and binds a port: for IPv4 and IPv6 at once where address, family and machine allow it.
   *
   * @param family of IPv4 or IPv6 for that alone; null for both
   * @param forPackets whether packets of the protocol go here: what is too long for the path is
   *     lost then rather than cut up by routers, and very many first messages are kept apart
   * @throws BindException naming address, port and what to do
   * @throws RefusedException if the system does not offer what this port needs
   * @throws java.net.SocketException if no descriptor is left
   */
  static LinuxDatagramPort open(
      LinuxCalls calls, InetSocketAddress bind, @Nullable ProtocolFamily family, boolean forPackets)
      throws IOException {
    return open(calls, bind, family, forPackets, null);
  }

  /**
   * Opens one more port at the address of another one.
   *
   * @param family as above
   * @param forPackets as above
   * @param group closes the descriptors of all of them at once; null for a port by itself
   */
  static LinuxDatagramPort open(
      LinuxCalls calls,
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean forPackets,
      @Nullable PortGroup group)
      throws IOException {
    LinuxSocket socket = LinuxSocket.open(calls, bind, family);
    try {
      return new LinuxDatagramPort(calls, socket, bind, forPackets, group);
    } catch (IOException | RuntimeException | Error e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Takes a datagram socket that is open and bound already, and owns it from now on.
   *
   * @param socket a file descriptor that the process inherited
   * @throws RefusedException if it is no UDP socket, or the system does not offer what this port
   *     needs; the descriptor stays open then, as it was
   */
  static LinuxDatagramPort adopt(LinuxCalls calls, int socket, boolean forPackets)
      throws IOException {
    LinuxSocket taken = LinuxSocket.adopt(calls, socket);
    try {
      return new LinuxDatagramPort(calls, taken, null, forPackets, null);
    } catch (IOException | RuntimeException | Error e) {
      taken.giveBack();
      throw e;
    }
  }

  // Sending and receiving.

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    users.requireOpen();
    return sender.send(batch, firstSegment);
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    users.requireOpen();
    FirstMessageSocket apart = firstMessages;
    return apart == null ? receiver.receive(into) : apart.receive(into, nowNanos);
  }

  @Override
  public EcnMark ecn() {
    FirstMessageSocket apart = firstMessages;
    return apart == null ? receiver.ecn() : apart.ecn();
  }

  @Override
  public void hearIcmp(boolean wanted) {
    if (!users.isEnded()) {
      errors.hear(wanted);
    }
  }

  @Override
  public boolean takeIcmp(BiConsumer<InetSocketAddress, IcmpHint> to) {
    return !users.isEnded() && errors.take(to);
  }

  // Waiting.

  @Override
  public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    if (receiver.hasRun()) {
      return true;
    }
    if (!users.enter()) {
      throw new ClosedChannelException();
    }
    boolean ready;
    try {
      ready = waiting.await(timeoutNanos, untilWritable);
    } finally {
      leave();
    }
    users.requireOpen();
    return ready;
  }

  /** As {@link LinuxWaiting#selfTest}. */
  String selfTestWaiting() throws IOException {
    return waiting.selfTest();
  }

  @Override
  public void wakeup() {
    if (!waiting.beginWake() || !users.enter()) {
      return;
    }
    try {
      waiting.end();
    } finally {
      leave();
    }
  }

  private void leave() {
    if (users.leave()) {
      release();
    }
  }

  @Override
  public void close() {
    if (!users.enter()) {
      return;
    }
    if (users.end()) {
      waiting.end(); // not before the mark is set, or a thread could wait once more
    }
    leave();
  }

  private void release() {
    PortGroup others = group;
    if (others == null) {
      FirstMessageSocket apart = firstMessages;
      if (apart != null) {
        apart.close();
      }
      own.close();
    } else {
      others.leave();
    }
    waiting.close();
  }

  // Beside other ports at the same address.

  /**
   * Lets other sockets of this user be bound to the same address. Not before this one is bound
   * without them: a port that somebody else has is refused as ever.
   *
   * @throws RefusedException if the system does not offer that
   */
  void share(PortGroup with) throws RefusedException {
    own.sharePort();
    group = with;
    firstMessages = null;
    waiting.forbidReceiveWaiting();
  }

  /** The port is alone at its address again, or for ever. */
  void unshare(String why) {
    own.unsharePort();
    group = null;
    beAlone();
    remark = why;
  }

  private void beAlone() {
    waiting.allowReceiveWaiting(localAddress);
    firstMessages =
        forPackets
            ? new FirstMessageSocket(calls, own, receiver, localAddress, counters, wake)
            : null;
  }

  /**
   * Has a program choose for each datagram which port of the group gets it.
   *
   * @throws RefusedException if the system does not take it
   */
  void steer(ByteBuffer program, String words) throws RefusedException {
    own.steer(program);
    remark = words;
  }

  void remark(String words) {
    remark = words;
  }

  /** Drops what has come so far. */
  void discardReceived() {
    receiver.discard(grantedReceiveBufferBytes);
  }

  void closeSocket() {
    own.close();
  }

  // Questions.

  @Override
  public boolean hasUnsent() {
    return false;
  }

  @Override
  public long nextTimeoutNanos() {
    FirstMessageSocket apart = firstMessages;
    return apart == null ? Endpoint.NEVER : apart.nextTimeoutNanos();
  }

  @Override
  public InetSocketAddress localAddress() {
    return localAddress;
  }

  @Override
  public InetSocketAddress localAddress(InetSocketAddress peer) {
    return peer instanceof PeerAddress known
        ? new InetSocketAddress(known.local(), localAddress.getPort())
        : localAddress;
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  /** Whether what is too long for the path is lost rather than cut up. */
  boolean setsDontFragment() {
    return setsDontFragment;
  }

  @Override
  public String description() {
    return "Linux: "
        + segmentation.description()
        + remark
        + apartWords()
        + WantedBuffers.cut(grantedReceiveBufferBytes, grantedSendBufferBytes);
  }

  private String apartWords() {
    FirstMessageSocket apart = firstMessages;
    return apart == null ? "" : apart.description();
  }

  @Override
  public int grantedReceiveBufferBytes() {
    return grantedReceiveBufferBytes;
  }

  @Override
  public int grantedSendBufferBytes() {
    return grantedSendBufferBytes;
  }
}
