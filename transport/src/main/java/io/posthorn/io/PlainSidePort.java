package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The side of plain mode at a {@link SharedPort}: what is for it waits in a queue until its socket
 * takes it, and is dropped and counted beyond that, as the system does at a port of its own.
 */
final class PlainSidePort implements DatagramPort {
  /** As much as a port asks of the system. */
  private static final int MOST_BYTES = 4 << 20;

  /** What a datagram costs beside its bytes, so that many small ones are bounded too. */
  private static final int OVERHEAD_BYTES = 128;

  /** The queue cannot see when the system has room again, so it looks. */
  private static final long LOOK_AGAIN_NANOS = 1_000_000;

  /** A datagram that waits. */
  private record Waiting(byte[] bytes, InetSocketAddress from, EcnMark ecn) {}

  private final SharedPort shared;
  private final LongSupplier sharedClock;
  private final PortCounters counters = new PortCounters();
  private EcnMark ecn = EcnMark.UNKNOWN; // of the caller

  // Guarded by this object.
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private int queuedBytes;
  private int dropped;
  private boolean woken;
  private boolean closed;

  PlainSidePort(SharedPort shared, LongSupplier sharedClock) {
    this.shared = shared;
    this.sharedClock = sharedClock;
  }

  /** Takes a copy of a datagram that came for this side. */
  synchronized void take(ByteBuffer datagram, InetSocketAddress from, EcnMark mark) {
    int bytes = datagram.remaining() + OVERHEAD_BYTES;
    if (closed || queuedBytes + bytes > MOST_BYTES) {
      dropped++;
      return;
    }
    byte[] copy = new byte[datagram.remaining()];
    datagram.get(copy);
    queue.add(new Waiting(copy, from, mark));
    queuedBytes += bytes;
    if (queue.size() == 1) {
      notifyAll();
    }
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    // This side's time counts from when its own socket was opened.
    return shared.sendPlain(batch, firstSegment, sharedClock.getAsLong(), counters);
  }

  @Override
  public synchronized @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos)
      throws IOException {
    if (closed) {
      throw new OwnerClosedException();
    }
    Waiting next = queue.poll();
    if (next == null) {
      return null;
    }
    queuedBytes -= next.bytes.length + OVERHEAD_BYTES;
    ecn = next.ecn;
    into.clear();
    into.put(next.bytes);
    into.flip();
    return next.from;
  }

  @Override
  public EcnMark ecn() {
    return ecn;
  }

  @Override
  public boolean hasUnsent() {
    return false;
  }

  @Override
  public long nextTimeoutNanos() {
    return Endpoint.NEVER;
  }

  @Override
  public synchronized boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    long leftNanos = untilWritable ? Math.min(timeoutNanos, LOOK_AGAIN_NANOS) : timeoutNanos;
    long endNanos = System.nanoTime() + Math.min(leftNanos, Long.MAX_VALUE / 2);
    try {
      while (queue.isEmpty() && !woken && !closed && leftNanos > 0) {
        if (leftNanos >= Long.MAX_VALUE / 2) {
          wait();
        } else {
          wait(leftNanos / 1_000_000, (int) (leftNanos % 1_000_000));
        }
        leftNanos = endNanos - System.nanoTime();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt(); // ends the wait, and does the port no harm
    }
    if (closed) {
      throw new OwnerClosedException();
    }
    boolean something = woken || !queue.isEmpty();
    woken = false;
    return something;
  }

  @Override
  public synchronized void wakeup() {
    woken = true;
    notifyAll();
  }

  @Override
  public InetSocketAddress localAddress() {
    return shared.localAddress();
  }

  @Override
  public PortCounters counters() {
    synchronized (this) {
      if (dropped > 0) {
        counters.receiveError("queue of the plain side full", dropped);
        dropped = 0;
      }
    }
    return counters;
  }

  @Override
  public String description() {
    return shared.description() + "; shared with reliable mode";
  }

  @Override
  public int grantedReceiveBufferBytes() {
    return Math.min(MOST_BYTES, shared.grantedReceiveBufferBytes());
  }

  @Override
  public int grantedSendBufferBytes() {
    return shared.grantedSendBufferBytes();
  }

  @Override
  public int largestDatagramBytes(InetSocketAddress to) {
    return shared.largestDatagramBytes(to);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      queue.clear();
      queuedBytes = 0;
      notifyAll();
    }
    shared.onPlainSideClosed();
  }
}
