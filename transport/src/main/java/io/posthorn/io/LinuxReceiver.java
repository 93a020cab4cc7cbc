package io.posthorn.io;

import io.posthorn.EcnMark;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of {@link LinuxDatagramPort}: a run of datagrams comes in with one {@code
 * recvmsg} with {@code UDP_GRO} and is handed out one by one. Every struct lies in one direct
 * buffer made at the start; no call makes an object.
 *
 * <p>Used under the caller's lock, or by the thread that waits, which holds none but is the only
 * one to receive meanwhile.
 */
final class LinuxReceiver {
  /** There is nothing to be taken from a run, not even an empty datagram. */
  private static final int NOTHING = -1;

  /** No datagram takes less room in the kernel: its data stand in a block of at least so much. */
  static final int LEAST_QUEUED_BYTES = 512;

  // Where each struct lies in the buffer.
  private static final int HEADER = 0;
  private static final int VECTOR = 64;
  private static final int CONTROL = 80;
  private static final int NAME = 232;
  private static final int CONTROL_BYTES = NAME - CONTROL;
  private static final int STRUCTS_BYTES = NAME + SocketAddresses.MAX_BYTES;

  private final LinuxCalls calls;
  private final LinuxSocket own;
  private final int socket;
  private final SocketAddresses names;
  private final PortCounters counters;
  private final WakeDatagram wake;
  private final ByteBuffer structs =
      ByteBuffer.allocateDirect(STRUCTS_BYTES).order(ByteOrder.nativeOrder());
  private final ByteBuffer slab = ByteBuffer.allocateDirect(DatagramPort.SLAB_BYTES);
  private final long structsAt = LinuxCalls.addressOf(structs);

  // The run of datagrams that was received last, and how much of it was taken.
  private int runBytes;
  private int runAt;
  private int runSegmentBytes;
  private @Nullable InetSocketAddress runFrom;
  private EcnMark ecn = EcnMark.UNKNOWN;

  // Where it came to, as PeerAddress has it; 0 and 0 if that is not reported.
  private long localHigh;
  private long localLow;

  /** What the system says it has dropped so far, in 32 bits. */
  private int overflows;

  /** Errors that ICMP messages may have been, which are still to be read. */
  private int perhapsIcmp;

  /** Written under the caller's lock, read by the waiting thread, which may be late by one turn. */
  private volatile boolean pausing;

  /**
   * Makes one.
   *
   * @param wake the datagram to self, which is not handed out
   */
  LinuxReceiver(LinuxCalls calls, LinuxSocket socket, PortCounters counters, WakeDatagram wake) {
    this.calls = calls;
    this.own = socket;
    this.socket = socket.descriptor();
    this.names = socket.names();
    this.counters = counters;
    this.wake = wake;
    structs.putLong(HEADER + LinuxCalls.MSG_NAME_AT, structsAt + NAME);
    structs.putLong(HEADER + LinuxCalls.MSG_IOV_AT, structsAt + VECTOR);
    structs.putLong(HEADER + LinuxCalls.MSG_IOVLEN_AT, 1);
    structs.putLong(HEADER + LinuxCalls.MSG_CONTROL_AT, structsAt + CONTROL);
    structs.putLong(VECTOR, LinuxCalls.addressOf(slab));
    structs.putLong(VECTOR + LinuxCalls.IOV_LEN_AT, DatagramPort.SLAB_BYTES);
  }

  /** As {@link DatagramPort#receive}. */
  @Nullable InetSocketAddress receive(ByteBuffer into) {
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
      if (wake.is(slab, at, length)) {
        continue;
      }
      slab.get(at, into.array(), into.arrayOffset(), length);
      into.clear().limit(length);
      return from;
    }
  }

  /** As {@link DatagramPort#ecn}. */
  EcnMark ecn() {
    return ecn;
  }

  /** Whether datagrams were received that nobody has taken. */
  boolean hasRun() {
    return runFrom != null;
  }

  /**
   * Drops what has come so far, and no more of what goes on coming than there is room for.
   *
   * @param bufferBytes granted for what waits to be read; the kernel takes twice as much for its
   *     own
   */
  void discard(int bufferBytes) {
    for (long left = 2L * bufferBytes; left >= 0 && receiveRun() != null; ) {
      left -= Math.max(runBytes, LEAST_QUEUED_BYTES);
      runFrom = null;
    }
  }

  /** Whether reading failed so often that it pauses. */
  boolean isPausing() {
    return pausing;
  }

  /** The pause is over. */
  void endPause() {
    pausing = false;
  }

  /** Takes the next run from the system; null if none is waiting. */
  private @Nullable InetSocketAddress receiveRun() {
    for (int errors = 0; errors < ErrorPause.ERRORS; ) {
      prepare();
      long bytes = calls.receive(socket, structsAt + HEADER);
      if (bytes >= 0) {
        beginRun((int) bytes);
        return runFrom;
      }
      int error = calls.lastError();
      if (error == LinuxCalls.EAGAIN) {
        return null;
      }
      if (error != LinuxCalls.EINTR) {
        count(error);
        errors++;
      }
    }
    pausing = true;
    return null;
  }

  /**
   * Waits for a run inside the call that receives it, no longer than the socket's own limit.
   *
   * @return bytes received, for {@link #beginRun}; negative, errno, if none came
   */
  long awaitRun() {
    prepare();
    long bytes = calls.awaitAndReceive(socket, structsAt + HEADER);
    return bytes >= 0 ? bytes : -calls.lastError();
  }

  /** A wait ended with an error that is none of the usual ends. */
  void onWaitError(int error) {
    count(error);
  }

  private void count(int error) {
    counters.receiveError(calls.errorText(error));
    if (own.reportsErrors()) {
      perhapsIcmp++;
    }
  }

  /** Whether an ICMP message has been counted already, as the error of a call; asked for each. */
  boolean pollCounted() {
    boolean counted = perhapsIcmp > 0;
    if (counted) {
      perhapsIcmp--;
    }
    return counted;
  }

  /** There is no message: the errors counted so far were none's, or have been asked for. */
  void endCounted() {
    perhapsIcmp = 0;
  }

  /** Whether the run that has begun is the datagram to self alone. */
  boolean isWakeup() {
    return wake.is(slab, 0, runBytes);
  }

  private void prepare() {
    structs.putInt(HEADER + LinuxCalls.MSG_NAMELEN_AT, SocketAddresses.MAX_BYTES);
    structs.putLong(HEADER + LinuxCalls.MSG_CONTROLLEN_AT, CONTROL_BYTES);
  }

  /** Makes ready to hand out what was received. */
  void beginRun(int bytes) {
    if (pausing) {
      pausing = false;
    }
    runBytes = bytes;
    runAt = 0;
    readControl();
    if ((structs.getInt(HEADER + LinuxCalls.MSG_FLAGS_AT) & LinuxCalls.MSG_TRUNC) != 0) {
      dropCutDatagram();
    }
    runFrom = names.read(structs, NAME, localHigh, localLow);
  }

  /** The last datagram of the run is not whole, or cannot be told from one that is. */
  private void dropCutDatagram() {
    counters.receiveError("longer than the buffer");
    int whole = (runBytes - 1) / Math.max(1, runSegmentBytes);
    runBytes = whole * runSegmentBytes;
    runAt = whole == 0 ? NOTHING : 0;
  }

  /**
   * Reads the length of each datagram, mark and destination of all, and what was dropped before.
   */
  private void readControl() {
    runSegmentBytes = runBytes;
    ecn = EcnMark.UNKNOWN;
    localHigh = 0;
    localLow = 0;
    int end = CONTROL + (int) structs.getLong(HEADER + LinuxCalls.MSG_CONTROLLEN_AT);
    int at = CONTROL;
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
        ecn = EcnMark.ofCodepoint(structs.get(data));
      } else if (level == LinuxCalls.SOL_IPV6 && type == LinuxCalls.IPV6_PKTINFO) {
        localHigh = structs.getLong(data);
        localLow = structs.getLong(data + Long.BYTES);
      } else if (level == LinuxCalls.SOL_IP && type == LinuxCalls.IP_PKTINFO) {
        int own = structs.getInt(data + LinuxCalls.PKTINFO_OWN_AT);
        localLow = own == 0 ? 0 : SocketAddresses.mapped(own);
      } else if (level == LinuxCalls.SOL_SOCKET && type == LinuxCalls.SO_RXQ_OVFL) {
        countOverflows(structs.getInt(data));
      }
      at += (length + Long.BYTES - 1) & -Long.BYTES;
    }
  }

  private void countOverflows(int soFar) {
    int more = soFar - overflows;
    if (more > 0) {
      overflows = soFar;
      counters.receiveOverflowed(more);
    }
  }
}
