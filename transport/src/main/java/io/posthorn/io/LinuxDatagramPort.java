package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The fast port of Linux: a run of datagrams leaves in one system call ({@link LinuxSender}) and
 * comes in with one ({@link LinuxReceiver}). Waiting, waking and the descriptors' end are here.
 *
 * <p>Descriptors are closed by whoever leaves last: {@link #close} or the thread that waits.
 */
public final class LinuxDatagramPort implements DatagramPort {
  /** A burst of some milliseconds at 10 Gbit/s; the system grants what it is allowed to. */
  private static final int WANTED_BUFFER_BYTES = 4 << 20;

  private static final long PAUSE_NANOS = 10_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /**
   * How long a wait inside {@code recvmsg} lasts, which saves a call for each datagram that comes
   * soon; the system rounds it up by some milliseconds. Waits that end sooner are made by polling.
   */
  private static final int RECEIVE_WAIT_MICROS = 6_000;

  private static final long LEAST_RECEIVE_WAIT_NANOS = 10_000_000;

  // Where each struct lies in the buffer.
  private static final int POLL_FDS = 0;
  private static final int POLL_TIMEOUT = 16;
  private static final int EVENT_OUT = 32;
  private static final int EVENT_IN = 40;
  private static final int STRUCTS_BYTES = 48;

  private final LinuxCalls calls;
  private final LinuxSocket own;
  private final int socket;
  private final int event;
  private final SegmentationSupport segmentation;
  private final boolean setsDontFragment;
  private final InetSocketAddress localAddress;
  private final int grantedReceiveBufferBytes;
  private final int grantedSendBufferBytes;
  private final PortCounters counters = new PortCounters();

  private final ByteBuffer structs =
      ByteBuffer.allocateDirect(STRUCTS_BYTES).order(ByteOrder.nativeOrder());
  private final long structsAt;
  private final LinuxSender sender;
  private final LinuxReceiver receiver;
  private final WakeDatagram wake;
  private final boolean forPackets;

  private final InterruptWakeup interruption = new InterruptWakeup(this::wakeup);

  private final AtomicBoolean wakePending = new AtomicBoolean();

  /** Whether the waiting thread is, or is about to be, inside {@code recvmsg}. */
  private volatile boolean receiving;

  /** Which other ports are at the same address; null if it is alone. */
  private @Nullable PortGroup group;

  /** Null where first messages are never kept apart. */
  private @Nullable FirstMessageSocket firstMessages;

  /** What the last datagram came by, the port's own socket or that of first messages. */
  private boolean cameApart;

  /** What else people are to know of this port; "" for nothing. */
  private String remark = "";

  /** A datagram to self could reach another port of the group. */
  private boolean canReceiveWaiting;

  // Of the waiting thread.
  private boolean datagramsComeSoon;

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
    socket = own.descriptor();
    structsAt = LinuxCalls.addressOf(structs);
    segmentation = own.useSegmentation();
    wake = new WakeDatagram(calls, own);
    sender = new LinuxSender(calls, own, segmentation, counters);
    receiver = new LinuxReceiver(calls, own, counters, wake);
    setsDontFragment = forPackets && own.dontFragment();
    own.reportMarks();
    grantedReceiveBufferBytes = own.growBuffer(LinuxCalls.SO_RCVBUF, WANTED_BUFFER_BYTES);
    grantedSendBufferBytes = own.growBuffer(LinuxCalls.SO_SNDBUF, WANTED_BUFFER_BYTES);
    this.forPackets = forPackets;
    this.group = group;
    if (group != null) {
      own.sharePort();
    }
    if (bind != null) {
      own.bind(bind);
    }
    localAddress = own.localAddress();
    structs.putLong(EVENT_OUT, 1);
    canReceiveWaiting = group == null && wake.prepare(localAddress, RECEIVE_WAIT_MICROS);
    firstMessages = group == null ? keptApart() : null;
    event = calls.openEvent();
    if (event < 0) {
      throw LinuxSocket.unavailable(calls, "eventfd");
    }
  }

  /**
   * Opens and binds a port: for IPv4 and IPv6 at once where address and machine allow it.
   *
   * @param forPackets whether packets of the protocol go here: what is too long for the path is
   *     lost then rather than cut up by routers, and very many first messages are kept apart
   * @throws BindException naming address, port and what to do
   * @throws RefusedException if the system does not offer what this port needs
   * @throws java.net.SocketException if no descriptor is left
   */
  static LinuxDatagramPort open(LinuxCalls calls, InetSocketAddress bind, boolean forPackets)
      throws IOException {
    return open(calls, bind, forPackets, null);
  }

  /**
   * Opens one more port at the address of another one.
   *
   * @param forPackets as above
   * @param group closes the descriptors of all of them at once; null for a port by itself
   */
  static LinuxDatagramPort open(
      LinuxCalls calls, InetSocketAddress bind, boolean forPackets, @Nullable PortGroup group)
      throws IOException {
    LinuxSocket socket = LinuxSocket.open(calls, bind);
    try {
      return new LinuxDatagramPort(calls, socket, bind, forPackets, group);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Takes a datagram socket that is open and bound already, and owns it from now on.
   *
   * @param socket a file descriptor that the process inherited
   * @throws RefusedException if it is no UDP socket, or the system does not offer what this port
   *     needs; the descriptor stays open then
   */
  static LinuxDatagramPort adopt(LinuxCalls calls, int socket, boolean forPackets)
      throws IOException {
    LinuxSocket taken = LinuxSocket.adopt(calls, socket);
    return new LinuxDatagramPort(calls, taken, null, forPackets, null);
  }

  private @Nullable FirstMessageSocket keptApart() {
    return forPackets ? new FirstMessageSocket(calls, own, localAddress, counters, wake) : null;
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
    if (apart == null) {
      return receiver.receive(into);
    }
    InetSocketAddress from = apart.isFirst(nowNanos) ? apart.receive(into) : null;
    cameApart = from != null;
    if (from == null) {
      from = receiver.receive(into);
    }
    if (from == null) {
      from = apart.receive(into);
      cameApart = from != null;
    }
    if (from != null) {
      apart.note(into, cameApart, nowNanos);
    }
    return from;
  }

  @Override
  public EcnMark ecn() {
    FirstMessageSocket apart = firstMessages;
    return cameApart && apart != null ? apart.ecn() : receiver.ecn();
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
    interruption.arm();
    try {
      ready =
          wasWoken()
              || (mayReceiveWaiting(timeoutNanos, untilWritable)
                  ? awaitRun()
                  : poll(timeoutNanos, untilWritable));
    } finally {
      interruption.disarm();
      leave();
    }
    users.requireOpen();
    return ready;
  }

  /**
   * Whether this thread was to be woken while it did not wait. The datagram to self may have come
   * behind another one, or got lost: then nothing else tells of it, and as long as it counts as
   * pending no other wake-up is sent.
   */
  private boolean wasWoken() {
    if (!wakePending.get()) {
      return false;
    }
    wakePending.set(false);
    calls.drainEvent(event, structsAt + EVENT_IN);
    return true;
  }

  private boolean mayReceiveWaiting(long timeoutNanos, boolean untilWritable) {
    return datagramsComeSoon
        && canReceiveWaiting
        && !untilWritable
        && timeoutNanos >= LEAST_RECEIVE_WAIT_NANOS
        && !receiver.isPausing();
  }

  /**
   * Waits for a run inside the call that receives it. Whoever wakes this thread sees {@code
   * receiving} and sends a datagram to self; or it comes before that, and is seen here. Should that
   * datagram get lost, the wait is short all the same, and the next one ends at once.
   */
  private boolean awaitRun() {
    receiving = true;
    if (wasWoken() || users.isEnded()) {
      receiving = false;
      return true;
    }
    long bytes = receiver.awaitRun();
    receiving = false;
    if (bytes >= 0) {
      receiver.beginRun((int) bytes);
      if (receiver.isWakeup()) {
        wakePending.set(false);
      }
      return true;
    }
    datagramsComeSoon = false;
    int error = (int) -bytes;
    if (error == LinuxCalls.EAGAIN || error == LinuxCalls.EINTR) {
      return false;
    }
    receiver.onWaitError(error);
    return true;
  }

  private boolean poll(long timeoutNanos, boolean untilWritable) {
    boolean pause = receiver.isPausing();
    int count = pause && !untilWritable ? 1 : 2;
    long nanos = pause ? Math.min(timeoutNanos, PAUSE_NANOS) : timeoutNanos;
    putPoll(0, event, LinuxCalls.POLLIN);
    putPoll(
        1,
        socket,
        (short) ((pause ? 0 : LinuxCalls.POLLIN) | (untilWritable ? LinuxCalls.POLLOUT : 0)));
    long timeout = 0;
    if (nanos != Endpoint.NEVER) {
      structs.putLong(POLL_TIMEOUT, Math.max(0, nanos) / NANOS_PER_SECOND);
      structs.putLong(
          POLL_TIMEOUT + LinuxCalls.TIMESPEC_NANOS_AT, Math.max(0, nanos) % NANOS_PER_SECOND);
      timeout = structsAt + POLL_TIMEOUT;
    }
    int ready = calls.poll(structsAt + POLL_FDS, count, timeout);
    if (ready > 0 && structs.getShort(POLL_FDS + LinuxCalls.POLLFD_REVENTS_AT) != 0) {
      wakePending.set(false);
      calls.drainEvent(event, structsAt + EVENT_IN);
    }
    if (pause) {
      receiver.endPause();
    }
    datagramsComeSoon =
        structs.getShort(POLL_FDS + LinuxCalls.POLLFD_BYTES + LinuxCalls.POLLFD_REVENTS_AT) != 0;
    return ready > 0;
  }

  private void putPoll(int index, int descriptor, short events) {
    int at = POLL_FDS + index * LinuxCalls.POLLFD_BYTES;
    structs.putInt(at, descriptor);
    structs.putShort(at + LinuxCalls.POLLFD_EVENTS_AT, events);
    structs.putShort(at + LinuxCalls.POLLFD_REVENTS_AT, (short) 0);
  }

  @Override
  public void wakeup() {
    if (!wakePending.compareAndSet(false, true) || !users.enter()) {
      return;
    }
    try {
      endWait();
    } finally {
      leave();
    }
  }

  private void endWait() {
    if (receiving) {
      wake.send();
    } else {
      calls.raiseEvent(event, structsAt + EVENT_OUT);
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
      endWait(); // not before the mark is set, or a thread could wait once more
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
    calls.closeDescriptor(event);
    interruption.discard();
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
    canReceiveWaiting = false;
  }

  /** The port is alone at its address again, or for ever. */
  void unshare(String why) {
    own.unsharePort();
    group = null;
    firstMessages = keptApart();
    canReceiveWaiting = wake.prepare(localAddress, RECEIVE_WAIT_MICROS);
    remark = why;
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
    receiver.discard();
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
  public PortCounters counters() {
    return counters;
  }

  /** Whether what is too long for the path is lost rather than cut up. */
  boolean setsDontFragment() {
    return setsDontFragment;
  }

  @Override
  public String description() {
    return "Linux: " + segmentation.description() + remark + apartWords() + cutBuffers();
  }

  private String apartWords() {
    FirstMessageSocket apart = firstMessages;
    return apart == null ? "" : apart.description();
  }

  private String cutBuffers() {
    return cutBuffer("receive", grantedReceiveBufferBytes, "net.core.rmem_max")
        + cutBuffer("send", grantedSendBufferBytes, "net.core.wmem_max");
  }

  private static String cutBuffer(String which, int grantedBytes, String ceiling) {
    return grantedBytes >= WANTED_BUFFER_BYTES
        ? ""
        : "; the "
            + which
            + " buffer is cut to "
            + grantedBytes
            + " bytes by the kernel's ceiling, bursts beyond it are lost: sysctl -w "
            + ceiling
            + "="
            + WANTED_BUFFER_BYTES;
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
