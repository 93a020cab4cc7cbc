package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The fast port of Linux: a run of datagrams leaves in one {@code sendmsg} with {@code UDP_SEGMENT}
 * and comes in with one {@code recvmsg} with {@code UDP_GRO}. Every struct lies in one direct
 * buffer made at the start; no call makes an object.
 *
 * <p>Descriptors are closed by whoever leaves last: {@link #close} or the thread that waits.
 */
public final class LinuxDatagramPort implements DatagramPort {
  /** A burst of some milliseconds at 10 Gbit/s; the system grants what it is allowed to. */
  private static final int WANTED_BUFFER_BYTES = 4 << 20;

  /** Errors in a row after which reading pauses, lest a broken interface become a busy loop. */
  private static final int PAUSE_AFTER_ERRORS = 16;

  private static final long PAUSE_NANOS = 10_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /**
   * How long a wait inside {@code recvmsg} lasts, which saves a call for each datagram that comes
   * soon; the system rounds it up by some milliseconds. Waits that end sooner are made by polling.
   */
  private static final int RECEIVE_WAIT_MICROS = 6_000;

  private static final long LEAST_RECEIVE_WAIT_NANOS = 10_000_000;

  /** There is nothing to be taken from a run, not even an empty datagram. */
  private static final int NOTHING = -1;

  // Where each struct lies in the buffer.
  private static final int SEND_HEADER = 0;
  private static final int SEND_VECTOR = 64;
  private static final int SEND_CONTROL = 80;
  private static final int SEND_SEGMENT = 104;
  private static final int SEND_NAME = 128;
  private static final int RECEIVE_HEADER = 192;
  private static final int RECEIVE_VECTOR = 256;
  private static final int RECEIVE_CONTROL = 272;
  private static final int RECEIVE_NAME = 400;
  private static final int POLL_FDS = 448;
  private static final int POLL_TIMEOUT = 464;
  private static final int EVENT_OUT = 480;
  private static final int EVENT_IN = 488;
  private static final int WAKE_HEADER = 512;
  private static final int WAKE_VECTOR = 568;
  private static final int WAKE_NAME = 584;
  private static final int WAKE_TOKEN = 616;
  private static final int TIMEVAL = 632;
  private static final int STRUCTS_BYTES = 648;

  /**
   * Length of the datagram to self that ends a wait inside {@code recvmsg}; nobody can guess it.
   */
  private static final int WAKE_BYTES = 16;

  /** Of either control message, the mark's and the segments'. */
  private static final int SEND_CONTROL_BYTES = 24;

  private static final int RECEIVE_CONTROL_BYTES = RECEIVE_NAME - RECEIVE_CONTROL;

  private static final EcnMark[] MARKS = {
    EcnMark.NOT_ECT, EcnMark.ECT_1, EcnMark.ECT_0, EcnMark.CE
  };

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
  private final ByteBuffer sendSlab = ByteBuffer.allocateDirect(SLAB_BYTES);
  private final ByteBuffer receiveSlab = ByteBuffer.allocateDirect(SLAB_BYTES);
  private final long structsAt;
  private final long sendSlabAt;
  private final SocketAddresses names;

  // The peer whose raw address stands in the send header.
  private @Nullable InetSocketAddress namedPeer;
  private int namedBytes;
  private boolean namedIsIpv4;
  private boolean someSinglesFailed;

  /**
   * Whether the system takes the ECN field of a datagram from its sender; true until it refused.
   */
  private boolean setsMarks = true;

  // The run of datagrams that was received last, and how much of it was taken.
  private int runBytes;
  private int runAt;
  private int runSegmentBytes;
  private @Nullable InetSocketAddress runFrom;
  private EcnMark ecn = EcnMark.UNKNOWN;

  /** Written under the caller's lock, read by the waiting thread, which may be late by one turn. */
  private volatile int receiveErrorsInARow;

  private final InterruptWakeup interruption = new InterruptWakeup(this::wakeup);

  private final AtomicBoolean wakePending = new AtomicBoolean();

  /** Whether the waiting thread is, or is about to be, inside {@code recvmsg}. */
  private volatile boolean receiving;

  /** Which other ports are at the same address; null if it is alone. */
  private @Nullable PortGroup group;

  /** What else people are to know of this port; "" for nothing. */
  private String remark = "";

  /** A datagram to self could reach another port of the group. */
  private boolean canReceiveWaiting;

  // Of the waiting thread.
  private boolean datagramsComeSoon;
  private int waitError;

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
      boolean dontFragment,
      @Nullable PortGroup group)
      throws IOException {
    this.calls = calls;
    this.own = own;
    socket = own.descriptor();
    names = own.names();
    structsAt = LinuxCalls.addressOf(structs);
    sendSlabAt = LinuxCalls.addressOf(sendSlab);
    segmentation = own.useSegmentation();
    setsDontFragment = dontFragment && own.dontFragment();
    own.reportMarks();
    grantedReceiveBufferBytes = own.growBuffer(LinuxCalls.SO_RCVBUF, WANTED_BUFFER_BYTES);
    grantedSendBufferBytes = own.growBuffer(LinuxCalls.SO_SNDBUF, WANTED_BUFFER_BYTES);
    this.group = group;
    if (group != null) {
      own.sharePort();
    }
    if (bind != null) {
      own.bind(bind);
    }
    localAddress = own.localAddress();
    layOut();
    canReceiveWaiting = group == null && layOutWake();
    event = calls.openEvent();
    if (event < 0) {
      throw LinuxSocket.unavailable(calls, "eventfd");
    }
  }

  /**
   * Opens and binds a port: for IPv4 and IPv6 at once where address and machine allow it.
   *
   * @param dontFragment whether datagrams that are too long for the path are to be lost rather than
   *     cut up by routers
   * @throws BindException naming address, port and what to do
   * @throws RefusedException if the system does not offer what this port needs
   * @throws java.net.SocketException if no descriptor is left
   */
  static LinuxDatagramPort open(LinuxCalls calls, InetSocketAddress bind, boolean dontFragment)
      throws IOException {
    return open(calls, bind, dontFragment, null);
  }

  /**
   * Opens one more port at the address of another one.
   *
   * @param group closes the descriptors of all of them at once; null for a port by itself
   */
  static LinuxDatagramPort open(
      LinuxCalls calls, InetSocketAddress bind, boolean dontFragment, @Nullable PortGroup group)
      throws IOException {
    LinuxSocket socket = LinuxSocket.open(calls, bind);
    try {
      return new LinuxDatagramPort(calls, socket, bind, dontFragment, group);
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
  static LinuxDatagramPort adopt(LinuxCalls calls, int socket, boolean dontFragment)
      throws IOException {
    LinuxSocket taken = LinuxSocket.adopt(calls, socket);
    return new LinuxDatagramPort(calls, taken, null, dontFragment, null);
  }

  /** Fills in all that never changes. */
  private void layOut() {
    structs.putLong(SEND_HEADER + LinuxCalls.MSG_NAME_AT, structsAt + SEND_NAME);
    structs.putLong(SEND_HEADER + LinuxCalls.MSG_IOV_AT, structsAt + SEND_VECTOR);
    structs.putLong(SEND_HEADER + LinuxCalls.MSG_IOVLEN_AT, 1);
    structs.putLong(SEND_CONTROL, LinuxCalls.CMSG_HEADER_BYTES + Integer.BYTES);
    structs.putLong(SEND_SEGMENT, LinuxCalls.CMSG_HEADER_BYTES + Short.BYTES);
    structs.putInt(SEND_SEGMENT + LinuxCalls.CMSG_LEVEL_AT, LinuxCalls.SOL_UDP);
    structs.putInt(SEND_SEGMENT + LinuxCalls.CMSG_TYPE_AT, LinuxCalls.UDP_SEGMENT);
    structs.putLong(RECEIVE_HEADER + LinuxCalls.MSG_NAME_AT, structsAt + RECEIVE_NAME);
    structs.putLong(RECEIVE_HEADER + LinuxCalls.MSG_IOV_AT, structsAt + RECEIVE_VECTOR);
    structs.putLong(RECEIVE_HEADER + LinuxCalls.MSG_IOVLEN_AT, 1);
    structs.putLong(RECEIVE_HEADER + LinuxCalls.MSG_CONTROL_AT, structsAt + RECEIVE_CONTROL);
    structs.putLong(RECEIVE_VECTOR, LinuxCalls.addressOf(receiveSlab));
    structs.putLong(RECEIVE_VECTOR + LinuxCalls.IOV_LEN_AT, SLAB_BYTES);
    structs.putLong(EVENT_OUT, 1);
  }

  /** Prepares the datagram to self; false if a wait inside {@code recvmsg} cannot be bounded. */
  private boolean layOutWake() {
    byte[] token = new byte[WAKE_BYTES];
    new SecureRandom().nextBytes(token);
    structs.put(WAKE_TOKEN, token);
    InetAddress host = localAddress.getAddress();
    InetSocketAddress self =
        host.isAnyLocalAddress()
            ? new InetSocketAddress(loopbackLike(host), localAddress.getPort())
            : localAddress;
    structs.putLong(WAKE_HEADER + LinuxCalls.MSG_NAME_AT, structsAt + WAKE_NAME);
    structs.putInt(WAKE_HEADER + LinuxCalls.MSG_NAMELEN_AT, names.write(self, structs, WAKE_NAME));
    structs.putLong(WAKE_HEADER + LinuxCalls.MSG_IOV_AT, structsAt + WAKE_VECTOR);
    structs.putLong(WAKE_HEADER + LinuxCalls.MSG_IOVLEN_AT, 1);
    structs.putLong(WAKE_VECTOR, structsAt + WAKE_TOKEN);
    structs.putLong(WAKE_VECTOR + LinuxCalls.IOV_LEN_AT, WAKE_BYTES);
    structs.putLong(TIMEVAL + Long.BYTES, RECEIVE_WAIT_MICROS);
    return calls.setOption(
            socket,
            LinuxCalls.SOL_SOCKET,
            LinuxCalls.SO_RCVTIMEO,
            structsAt + TIMEVAL,
            LinuxCalls.TIMEVAL_BYTES)
        == 0;
  }

  /** The address at which this host reaches itself, of the family of a wildcard. */
  private static InetAddress loopbackLike(InetAddress any) {
    byte[] bytes = new byte[any.getAddress().length];
    bytes[bytes.length - 1] = 1;
    if (bytes.length == Integer.BYTES) {
      bytes[0] = 127;
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  // Sending.

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    users.requireOpen();
    int segmentBytes = batch.segmentBytes();
    int from = firstSegment * segmentBytes;
    int length = batch.lengthBytes() - from;
    int segments = batch.segments() - firstSegment;
    if (!name(batch.peer())) {
      counters.sendError("the address family is not the socket's", segments);
      return segments;
    }
    sendSlab.put(0, batch.bytes(), from, length);
    EcnMark mark = batch.mark();
    if (segments > 1 && segmentation.sendsRuns()) {
      int error = sendMessage(0, length, segmentBytes, mark);
      if (error == 0) {
        segmentation.onRunSent();
        return segments;
      }
      if (error == LinuxCalls.EAGAIN) {
        counters.sendBlocked();
        return 0;
      }
      String words = calls.errorText(error);
      if (!SegmentationSupport.mayBeTheRuns(error)) {
        counters.sendError(words, segments);
        return segments;
      }
      int sent = sendSingly(length, segmentBytes, segments, mark);
      if (sent > 0 && !someSinglesFailed) {
        segmentation.onRunRefused(error, words);
      }
      return sent;
    }
    return sendSingly(length, segmentBytes, segments, mark);
  }

  private int sendSingly(int length, int segmentBytes, int segments, EcnMark mark) {
    someSinglesFailed = false;
    for (int i = 0; i < segments; i++) {
      int at = i * segmentBytes;
      int error = sendMessage(at, Math.min(segmentBytes, length - at), 0, mark);
      if (error == LinuxCalls.EAGAIN) {
        counters.sendBlocked();
        return i;
      }
      if (error != 0) {
        counters.sendError(calls.errorText(error), 1);
        someSinglesFailed = true;
      }
    }
    return segments;
  }

  /** Puts the peer's raw address into the header; false if the socket cannot reach its family. */
  @SuppressWarnings("ReferenceEquality") // an equal one that is another object is written anew
  private boolean name(InetSocketAddress peer) {
    if (peer != namedPeer) {
      namedBytes = names.write(peer, structs, SEND_NAME);
      structs.putInt(SEND_HEADER + LinuxCalls.MSG_NAMELEN_AT, namedBytes);
      namedPeer = peer;
      namedIsIpv4 = peer.getAddress() instanceof Inet4Address;
    }
    return namedBytes != 0;
  }

  /**
   * Sends a part of the slab; answers errno, 0 if all went well. A system that does not let the ECN
   * field be set is not asked again: the peer will report no mark, and none is expected from then
   * on.
   */
  private int sendMessage(int from, int length, int segmentBytes, EcnMark mark) {
    int field = setsMarks ? field(mark) : 0;
    int error = sendMessage(from, length, segmentBytes, field);
    if (field == 0 || !SegmentationSupport.mayBeTheRuns(error)) {
      return error;
    }
    int unmarked = sendMessage(from, length, segmentBytes, 0);
    setsMarks = unmarked != 0;
    return unmarked;
  }

  private static int field(EcnMark mark) {
    return switch (mark) {
      case NOT_ECT, UNKNOWN -> 0;
      case ECT_1 -> 1;
      case ECT_0 -> 2;
      case CE -> 3;
    };
  }

  private int sendMessage(int from, int length, int segmentBytes, int ecnField) {
    structs.putLong(SEND_VECTOR, sendSlabAt + from);
    structs.putLong(SEND_VECTOR + LinuxCalls.IOV_LEN_AT, length);
    int control = ecnField == 0 ? SEND_SEGMENT : SEND_CONTROL;
    int controlEnd = SEND_SEGMENT + (segmentBytes == 0 ? 0 : SEND_CONTROL_BYTES);
    structs.putLong(SEND_HEADER + LinuxCalls.MSG_CONTROL_AT, structsAt + control);
    structs.putLong(SEND_HEADER + LinuxCalls.MSG_CONTROLLEN_AT, controlEnd - control);
    structs.putShort(SEND_SEGMENT + LinuxCalls.CMSG_HEADER_BYTES, (short) segmentBytes);
    if (ecnField != 0) {
      structs.putInt(
          SEND_CONTROL + LinuxCalls.CMSG_LEVEL_AT,
          namedIsIpv4 ? LinuxCalls.SOL_IP : LinuxCalls.SOL_IPV6);
      structs.putInt(
          SEND_CONTROL + LinuxCalls.CMSG_TYPE_AT,
          namedIsIpv4 ? LinuxCalls.IP_TOS : LinuxCalls.IPV6_TCLASS);
      structs.putInt(SEND_CONTROL + LinuxCalls.CMSG_HEADER_BYTES, ecnField);
    }
    while (calls.send(socket, structsAt + SEND_HEADER) < 0) {
      int error = calls.lastError();
      if (error != LinuxCalls.EINTR) {
        return error;
      }
    }
    return 0;
  }

  // Receiving.

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    users.requireOpen();
    while (true) {
      InetSocketAddress from = runFrom;
      if (from == null) {
        from = receiveRun();
        if (from == null) {
          return null;
        }
      }
      int at = runAt;
      if (at == NOTHING) {
        runFrom = null;
        continue;
      }
      int length = Math.min(runSegmentBytes, runBytes - at);
      runAt += length;
      runFrom = runAt < runBytes ? from : null;
      if (isWakeup(at, length)) {
        continue;
      }
      receiveSlab.get(at, into.array(), into.arrayOffset(), length);
      into.clear().limit(length);
      return from;
    }
  }

  private boolean isWakeup(int at, int length) {
    return length == WAKE_BYTES
        && receiveSlab.getLong(at) == wakeToken(0)
        && receiveSlab.getLong(at + Long.BYTES) == wakeToken(Long.BYTES);
  }

  /** In the byte order of the slab. */
  private long wakeToken(int at) {
    return Long.reverseBytes(structs.getLong(WAKE_TOKEN + at));
  }

  @Override
  public EcnMark ecn() {
    return ecn;
  }

  /** Takes the next run from the system; null if none is waiting. */
  private @Nullable InetSocketAddress receiveRun() {
    if (waitError != 0) {
      counters.receiveError(calls.errorText(waitError));
      waitError = 0;
    }
    for (int errors = 0; errors < PAUSE_AFTER_ERRORS; ) {
      prepareReceive();
      long bytes = calls.receive(socket, structsAt + RECEIVE_HEADER);
      if (bytes >= 0) {
        return beginRun((int) bytes);
      }
      int error = calls.lastError();
      if (error == LinuxCalls.EAGAIN) {
        return null;
      }
      if (error != LinuxCalls.EINTR) {
        counters.receiveError(calls.errorText(error));
        errors++;
      }
    }
    receiveErrorsInARow = PAUSE_AFTER_ERRORS;
    return null;
  }

  private void prepareReceive() {
    structs.putInt(RECEIVE_HEADER + LinuxCalls.MSG_NAMELEN_AT, SocketAddresses.MAX_BYTES);
    structs.putLong(RECEIVE_HEADER + LinuxCalls.MSG_CONTROLLEN_AT, RECEIVE_CONTROL_BYTES);
  }

  private InetSocketAddress beginRun(int bytes) {
    if (receiveErrorsInARow != 0) {
      receiveErrorsInARow = 0;
    }
    runBytes = bytes;
    runAt = 0;
    readControl();
    if ((structs.getInt(RECEIVE_HEADER + LinuxCalls.MSG_FLAGS_AT) & LinuxCalls.MSG_TRUNC) != 0) {
      dropCutDatagram();
    }
    InetSocketAddress from = names.read(structs, RECEIVE_NAME);
    runFrom = from;
    return from;
  }

  /** The last datagram of the run is not whole, or cannot be told from one that is. */
  private void dropCutDatagram() {
    counters.receiveError("longer than the buffer");
    int whole = (runBytes - 1) / Math.max(1, runSegmentBytes);
    runBytes = whole * runSegmentBytes;
    runAt = whole == 0 ? NOTHING : 0;
  }

  /** Reads the length of each datagram and the mark of all from the control messages. */
  private void readControl() {
    runSegmentBytes = runBytes;
    ecn = EcnMark.UNKNOWN;
    int end =
        RECEIVE_CONTROL + (int) structs.getLong(RECEIVE_HEADER + LinuxCalls.MSG_CONTROLLEN_AT);
    int at = RECEIVE_CONTROL;
    while (at + LinuxCalls.CMSG_HEADER_BYTES <= end) {
      int length = (int) structs.getLong(at);
      if (length < LinuxCalls.CMSG_HEADER_BYTES || at + length > end) {
        return;
      }
      int level = structs.getInt(at + LinuxCalls.CMSG_LEVEL_AT);
      int type = structs.getInt(at + LinuxCalls.CMSG_TYPE_AT);
      int data = at + LinuxCalls.CMSG_HEADER_BYTES;
      if (level == LinuxCalls.SOL_UDP && type == LinuxCalls.UDP_GRO) {
        int segment = structs.getInt(data);
        runSegmentBytes = segment > 0 ? segment : runBytes;
      } else if ((level == LinuxCalls.SOL_IP && type == LinuxCalls.IP_TOS)
          || (level == LinuxCalls.SOL_IPV6 && type == LinuxCalls.IPV6_TCLASS)) {
        ecn = MARKS[structs.get(data) & 3];
      }
      at += (length + Long.BYTES - 1) & -Long.BYTES;
    }
  }

  // Waiting.

  @Override
  public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    if (runFrom != null) {
      return true;
    }
    if (!users.enter()) {
      throw new ClosedChannelException();
    }
    boolean ready;
    interruption.arm();
    try {
      ready =
          mayReceiveWaiting(timeoutNanos, untilWritable)
              ? awaitRun()
              : poll(timeoutNanos, untilWritable);
    } finally {
      interruption.disarm();
      leave();
    }
    users.requireOpen();
    return ready;
  }

  private boolean mayReceiveWaiting(long timeoutNanos, boolean untilWritable) {
    return datagramsComeSoon
        && canReceiveWaiting
        && !untilWritable
        && timeoutNanos >= LEAST_RECEIVE_WAIT_NANOS
        && receiveErrorsInARow < PAUSE_AFTER_ERRORS;
  }

  /**
   * Waits for a run inside the call that receives it. Whoever wakes this thread sees {@code
   * receiving} and sends a datagram to self; or it comes before that, and is seen here. Should that
   * datagram get lost, the wait is short all the same.
   */
  private boolean awaitRun() {
    receiving = true;
    if (wakePending.get() || users.isEnded()) {
      receiving = false;
      wakePending.set(false);
      calls.drainEvent(event, structsAt + EVENT_IN);
      return true;
    }
    prepareReceive();
    long bytes = calls.awaitAndReceive(socket, structsAt + RECEIVE_HEADER);
    int error = bytes < 0 ? calls.lastError() : 0;
    receiving = false;
    if (bytes >= 0) {
      InetSocketAddress from = beginRun((int) bytes);
      if (isWakeup(0, (int) bytes)) {
        wakePending.set(false);
      }
      return from != null;
    }
    datagramsComeSoon = false;
    if (error != LinuxCalls.EAGAIN && error != LinuxCalls.EINTR) {
      waitError = error;
    }
    return waitError != 0;
  }

  private boolean poll(long timeoutNanos, boolean untilWritable) {
    boolean pause = receiveErrorsInARow >= PAUSE_AFTER_ERRORS;
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
      receiveErrorsInARow = 0;
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
      long sent = calls.send(socket, structsAt + WAKE_HEADER);
      assert sent == WAKE_BYTES || sent < 0;
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
    canReceiveWaiting = false;
  }

  /** The port is alone at its address again, or for ever. */
  void unshare(String why) {
    own.unsharePort();
    group = null;
    canReceiveWaiting = layOutWake();
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
    while (receiveRun() != null) {
      runFrom = null;
    }
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
    return Endpoint.NEVER;
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
    return "Linux: " + segmentation.description() + remark + cutBuffers();
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
