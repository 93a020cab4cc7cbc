package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.wire.PacketHeader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A second socket at the address of a port, open while very many first messages (M1) come: the
 * kernel steers them to it (those that carry a cookie have been answered before and stay, unless
 * very many do), so that a flood of them overflows a buffer of its own and not the one in which the
 * packets of connections wait. It is read for a share of the time only, so that those keep the
 * processor as well; if more come than that is enough for, {@link AddressTurns} has parts of the
 * senders heard by turns.
 *
 * <p>Used by the thread that receives alone, under the caller's lock.
 */
final class FirstMessageSocket {
  /** From so many in a window on, they get a socket of their own. */
  static final int MANY = 500;

  static final long WINDOW_NANOS = 100_000_000;

  /** How long there must not have been many before it is closed again. */
  static final long QUIET_NANOS = 2_000_000_000L;

  /** Its budget is renewed so often; until then they wait, or get lost where there is no room. */
  static final long SLICE_NANOS = 1_000_000;

  /**
   * Read in a slice beside packets of connections: each costs some microseconds, its answer too.
   */
  static final int BUSY_BUDGET = 64;

  /** Read in a slice if nothing else came in the one before. */
  static final int IDLE_BUDGET = 150;

  /** Some milliseconds of a flood: it is soon through when others are to be heard. */
  private static final int BUFFER_BYTES = 1 << 19;

  private final LinuxCalls calls;
  private final LinuxSocket main;
  private final LinuxReceiver mainReceiver;
  private final InetSocketAddress address;
  private final PortCounters counters;
  private final WakeDatagram wake;
  private final AddressTurns turns = new AddressTurns();

  /** Why the system did not let it be when last asked; null if it does, or was not asked. */
  private @Nullable String refusal;

  /** Whether that was for want of something that may be there the next time. */
  private boolean mayAskAgain = true;

  private @Nullable LinuxSocket own;
  private @Nullable LinuxReceiver receiver;

  private long windowBeganNanos;
  private int inWindow;
  private int withCookie;
  private boolean cookiesToo;
  private long manyNanos;

  private long sliceBeganNanos;
  private int budget;
  private int wholeBudget;
  private int heard;
  private boolean othersCame;
  private boolean ownTurn;
  private boolean cameApart;

  /**
   * Makes one, closed.
   *
   * @param main the port's socket, which is bound
   * @param mainReceiver reads from it
   * @param address where
   */
  FirstMessageSocket(
      LinuxCalls calls,
      LinuxSocket main,
      LinuxReceiver mainReceiver,
      InetSocketAddress address,
      PortCounters counters,
      WakeDatagram wake) {
    this.calls = calls;
    this.main = main;
    this.mainReceiver = mainReceiver;
    this.address = address;
    this.counters = counters;
    this.wake = wake;
  }

  /** What people are to know of it; "" while it is closed. */
  String description() {
    if (refusal != null) {
      return "; no socket of their own for very many first messages: " + refusal;
    }
    return receiver != null ? "; first messages come in by a socket of their own" : "";
  }

  /** Takes a datagram of either socket, as {@link DatagramPort#receive}. */
  @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) {
    InetSocketAddress from = isTurn(nowNanos) ? receiveApart(into) : null;
    cameApart = from != null;
    if (from == null) {
      from = mainReceiver.receive(into);
    }
    if (from == null) {
      from = receiveApart(into);
      cameApart = from != null;
    }
    if (from != null) {
      note(into, nowNanos);
    }
    return from;
  }

  /** As {@link DatagramPort#ecn}. */
  EcnMark ecn() {
    LinuxReceiver open = receiver;
    return cameApart && open != null ? open.ecn() : mainReceiver.ecn();
  }

  /** Whether this socket is to be read before the port's own: the two take turns. */
  private boolean isTurn(long nowNanos) {
    if (receiver == null) {
      return false;
    }
    if (nowNanos - sliceBeganNanos >= SLICE_NANOS) {
      if (nowNanos - manyNanos >= QUIET_NANOS) {
        close();
        return false;
      }
      endSlice(nowNanos);
      beginSlice(nowNanos);
    }
    ownTurn = !ownTurn;
    return ownTurn;
  }

  /** Takes a first message; null if none is waiting, or others come first. */
  private @Nullable InetSocketAddress receiveApart(ByteBuffer into) {
    LinuxReceiver open = receiver;
    if (open == null || budget == 0) {
      return null;
    }
    InetSocketAddress from = open.receive(into);
    if (from == null) {
      budget = 0;
    } else {
      budget--;
      heard++;
    }
    return from;
  }

  /** Takes note of a datagram; too many first messages open this socket. */
  private void note(ByteBuffer datagram, long nowNanos) {
    boolean isFirst =
        datagram.hasRemaining()
            && datagram.get(datagram.position() + PacketHeader.TYPE_AT)
                == PacketHeader.FIRST_MESSAGE;
    if (!isFirst) {
      othersCame = true;
      return;
    }
    if (nowNanos - windowBeganNanos >= WINDOW_NANOS) {
      windowBeganNanos = nowNanos;
      inWindow = 0;
      withCookie = 0;
    }
    inWindow++;
    if (!cameApart && receiver != null && !cookiesToo && ++withCookie == MANY) {
      steerAll();
    }
    if (inWindow == MANY) {
      manyNanos = nowNanos;
      if (receiver == null && mayAskAgain) {
        open();
        turns.begin(nowNanos);
        beginSlice(nowNanos);
      }
    }
  }

  /** Where the system does not take it, or has no memory for it, all goes on with one socket. */
  private void open() {
    LinuxSocket another = null;
    try {
      another = main.openAnother();
      LinuxReceiver reads = new LinuxReceiver(calls, another, counters, wake);
      another.reportMarks();
      another.reportOverflows();
      if (main.reportsDestinations()) {
        another.reportDestinations();
      }
      int unused = another.growBuffer(LinuxCalls.SO_RCVBUF, BUFFER_BYTES);
      another.sharePort();
      main.sharePort();
      another.bind(address);
      main.steer(PortSteering.firstMessagesApart(false));
      cookiesToo = false;
      receiver = reads;
      own = another;
      refusal = null;
    } catch (IOException | OutOfMemoryError why) {
      refuse(why);
      if (another != null) {
        another.close();
      }
      main.unsharePort();
    }
  }

  /** So many carry a cookie that they cannot all be true ones. */
  private void steerAll() {
    try {
      main.steer(PortSteering.firstMessagesApart(true));
      cookiesToo = true;
    } catch (IOException why) {
      close(); // the system has changed its mind
      refuse(why);
    }
  }

  private void refuse(Throwable why) {
    refusal = why.getMessage();
    mayAskAgain = !(why instanceof LinuxDatagramPort.RefusedException);
  }

  private void endSlice(long nowNanos) {
    LinuxSocket open = own;
    if (open == null || !turns.onSlice(heard, wholeBudget, nowNanos)) {
      return;
    }
    if (turns.parts() == 1) {
      open.endFilter();
    } else {
      open.filter(PortSteering.onlyPart(turns.part(), turns.parts()));
    }
  }

  private void beginSlice(long nowNanos) {
    sliceBeganNanos = nowNanos;
    budget = othersCame ? BUSY_BUDGET : IDLE_BUDGET;
    wholeBudget = budget;
    heard = 0;
    othersCame = false;
  }

  /** When to look into it again; {@link Endpoint#NEVER} while it is closed. */
  long nextTimeoutNanos() {
    return receiver == null ? Endpoint.NEVER : sliceBeganNanos + SLICE_NANOS;
  }

  /** First messages come by the port's own socket again. */
  void close() {
    LinuxSocket open = own;
    if (open != null) {
      open.close();
      main.unsharePort();
      own = null;
      receiver = null;
    }
  }
}
