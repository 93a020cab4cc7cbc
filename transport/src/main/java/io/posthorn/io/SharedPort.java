package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.IcmpHint;
import io.posthorn.wire.PacketHeader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One UDP port for both modes: its first byte tells of each datagram that comes whether it may be a
 * packet of the protocol (PROTOCOL.md §2.2); the others go to the {@link PlainSidePort}, if there
 * is one. This object is the reliable side, which alone reads from the system.
 *
 * <p>Each side's caller holds a lock of its own. Here one lock guards the port below, taken after
 * the callers' and never held while one of them is woken. The port below knows one time, which is
 * the reliable side's and never goes back, whichever of the two read the clock first.
 */
public final class SharedPort extends ForwardingDatagramPort {
  /** Plain datagrams passed on in one call, lest a flood of them keep the reliable side waiting. */
  private static final int TURN_DATAGRAMS = 64;

  private final ReentrantLock lock = new ReentrantLock();
  private final PortCounters portCounters;
  private EcnMark ecn = EcnMark.UNKNOWN; // of the reliable side's caller
  private volatile boolean closed;
  private volatile @Nullable PlainSidePort plainSide;

  /** The newest time that the port below was told; with the lock. */
  private long toldNanos = Long.MIN_VALUE;

  /** Shares a port, which it owns from now on. */
  public SharedPort(DatagramPort port) {
    super(port);
    portCounters = port.counters();
  }

  /**
   * The side of plain mode, for one socket at a time.
   *
   * @param clock the time of the reliable side's socket, in nanoseconds; for any thread
   * @throws IOException if there is one already, or the port is closed
   */
  public DatagramPort openPlainSide(LongSupplier clock) throws IOException {
    lock.lock();
    try {
      if (closed) {
        throw new OwnerClosedException();
      }
      if (plainSide != null) {
        throw new IOException("port " + localAddress().getPort() + " has a plain side already");
      }
      PlainSidePort side = new PlainSidePort(this, clock);
      plainSide = side;
      return side;
    } finally {
      lock.unlock();
    }
  }

  /** The plain side is no more: what would go to it is the reliable side's to drop and count. */
  void onPlainSideClosed() {
    plainSide = null;
  }

  private long tell(long nowNanos) {
    toldNanos = Math.max(toldNanos, nowNanos);
    return toldNanos;
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    lock.lock();
    try {
      return port.send(batch, firstSegment, tell(nowNanos));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends for the plain side, whose refusals are its own; the reliable side's thread sees to what
   * the port holds back.
   *
   * @param nowNanos by the reliable side's clock
   */
  int sendPlain(TransmitBatch batch, int firstSegment, long nowNanos, PortCounters counters)
      throws IOException {
    int sent;
    boolean holdsBack;
    lock.lock();
    try {
      if (closed) {
        throw new OwnerClosedException();
      }
      portCounters.sendingFor(counters);
      try {
        sent = port.send(batch, firstSegment, tell(nowNanos));
      } finally {
        portCounters.sendingFor(null);
      }
      holdsBack = port.hasUnsent();
    } finally {
      lock.unlock();
    }
    if (holdsBack) {
      port.wakeup();
    }
    return sent;
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    for (int passedOn = 0; passedOn < TURN_DATAGRAMS; passedOn++) {
      InetSocketAddress from;
      lock.lock();
      try {
        from = port.receive(into, tell(nowNanos));
        ecn = port.ecn();
      } finally {
        lock.unlock();
      }
      PlainSidePort plain = plainSide;
      if (from == null || plain == null || isPacket(into)) {
        return from;
      }
      plain.take(into, from, ecn);
    }
    return null;
  }

  private static boolean isPacket(ByteBuffer datagram) {
    return datagram.hasRemaining()
        && PacketHeader.kind(datagram.get(datagram.position())) != PacketHeader.UNKNOWN;
  }

  @Override
  public EcnMark ecn() {
    return ecn;
  }

  @Override
  public void hearIcmp(boolean wanted) {
    lock.lock();
    try {
      port.hearIcmp(wanted);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean takeIcmp(BiConsumer<InetSocketAddress, IcmpHint> to) {
    lock.lock();
    try {
      return port.takeIcmp(to);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean hasUnsent() {
    lock.lock();
    try {
      return port.hasUnsent();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long nextTimeoutNanos() {
    lock.lock();
    try {
      return port.nextTimeoutNanos();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    PlainSidePort plain;
    lock.lock();
    try {
      closed = true;
      plain = plainSide;
    } finally {
      lock.unlock();
    }
    if (plain != null) {
      plain.close();
    }
    port.close();
  }
}
