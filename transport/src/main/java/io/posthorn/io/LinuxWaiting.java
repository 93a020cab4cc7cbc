package io.posthorn.io;

import io.posthorn.endpoint.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How a thread waits for {@link LinuxDatagramPort} and is woken: by polling the socket and an
 * eventfd, or, where datagrams come soon, inside the call that receives them, which a datagram to
 * self ends. One thread waits at a time; any may wake it.
 */
final class LinuxWaiting {
  private static final long PAUSE_NANOS = ErrorPause.MILLIS * 1_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long SHORT_NANOS = 1_000;

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
  private final LinuxReceiver receiver;
  private final WakeDatagram wake;
  private final DescriptorUsers users;
  private final InterruptWakeup interruption;
  private final ByteBuffer structs =
      ByteBuffer.allocateDirect(STRUCTS_BYTES).order(ByteOrder.nativeOrder());
  private final long structsAt = LinuxCalls.addressOf(structs);
  private final AtomicBoolean wakePending = new AtomicBoolean();

  /** Whether the waiting thread is, or is about to be, inside {@code recvmsg}. */
  private volatile boolean receiving;

  /** A datagram to self could reach another port of a group; and a system may refuse to send it. */
  private volatile boolean canReceiveWaiting;

  // Of the waiting thread.
  private boolean datagramsComeSoon;

  /**
   * Makes one.
   *
   * @param users who is counted while it waits or wakes
   * @param wakeup what an interrupt of the waiting thread does
   * @throws IOException if the system has no eventfd to give
   */
  LinuxWaiting(
      LinuxCalls calls,
      LinuxSocket socket,
      LinuxReceiver receiver,
      WakeDatagram wake,
      DescriptorUsers users,
      Runnable wakeup)
      throws IOException {
    this.calls = calls;
    this.own = socket;
    this.socket = socket.descriptor();
    this.receiver = receiver;
    this.wake = wake;
    this.users = users;
    this.interruption = new InterruptWakeup(wakeup);
    structs.putLong(EVENT_OUT, 1);
    event = calls.openEvent();
    if (event < 0) {
      throw LinuxSocket.unavailable(calls, "eventfd");
    }
  }

  /** The port is alone at its address, so that it may wait inside {@code recvmsg}. */
  void allowReceiveWaiting(InetSocketAddress localAddress) {
    canReceiveWaiting = wake.prepare(localAddress, RECEIVE_WAIT_MICROS);
  }

  /** It is not alone any more, or cannot be woken there. */
  void forbidReceiveWaiting() {
    canReceiveWaiting = false;
  }

  /** Waits, as {@link DatagramPort#await}; the caller is counted among the users. */
  boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    interruption.arm();
    try {
      return wasWoken()
          || (mayReceiveWaiting(timeoutNanos, untilWritable)
              ? awaitRun()
              : poll(timeoutNanos, untilWritable));
    } finally {
      interruption.disarm();
    }
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
    boolean unused = calls.drainEvent(event, structsAt + EVENT_IN);
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

  /**
   * Tries to wake itself by the event, and to wait for nothing; no datagram may be there.
   *
   * @return why it failed, or ""
   * @throws IOException if the system refuses to wait
   */
  String selfTest() throws IOException {
    if (!calls.raiseEvent(event, structsAt + EVENT_OUT)) {
      return "write to an eventfd: " + calls.errorText(calls.lastError());
    }
    if (!poll(NANOS_PER_SECOND, false)) {
      return "an event was not noticed";
    }
    return poll(SHORT_NANOS, false) ? "an event does not end" : "";
  }

  private boolean poll(long timeoutNanos, boolean untilWritable) throws IOException {
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
    if (ready < 0) {
      requireInterruption(calls.lastError());
    }
    if (ready > 0 && structs.getShort(POLL_FDS + LinuxCalls.POLLFD_REVENTS_AT) != 0) {
      wakePending.set(false);
      boolean unused = calls.drainEvent(event, structsAt + EVENT_IN);
    }
    if (pause) {
      receiver.endPause();
    }
    datagramsComeSoon =
        structs.getShort(POLL_FDS + LinuxCalls.POLLFD_BYTES + LinuxCalls.POLLFD_REVENTS_AT) != 0;
    return ready > 0;
  }

  /** What ends every wait at once would make a busy loop of waiting. */
  private void requireInterruption(int error) throws IOException {
    if (error != LinuxCalls.EINTR && error != LinuxCalls.EAGAIN) {
      throw new IOException("ppoll: " + calls.errorText(error));
    }
  }

  private void putPoll(int index, int descriptor, short events) {
    int at = POLL_FDS + index * LinuxCalls.POLLFD_BYTES;
    structs.putInt(at, descriptor);
    structs.putShort(at + LinuxCalls.POLLFD_EVENTS_AT, events);
    structs.putShort(at + LinuxCalls.POLLFD_REVENTS_AT, (short) 0);
  }

  /** Takes note that somebody is to be woken; false if that is so already. */
  boolean beginWake() {
    return wakePending.compareAndSet(false, true);
  }

  /** Ends the wait that is under way, or the next one. */
  void end() {
    if (receiving) {
      if (wake.send()) {
        return;
      }
      // That wait ends by itself in a moment.
      if (!own.reportsErrors()) {
        forbidReceiveWaiting();
      } // else it was a flood of ICMP messages, perhaps
    }
    boolean unused = calls.raiseEvent(event, structsAt + EVENT_OUT);
  }

  void close() {
    calls.closeDescriptor(event);
    interruption.discard();
  }
}
