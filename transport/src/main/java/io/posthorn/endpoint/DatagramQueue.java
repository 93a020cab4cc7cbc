package io.posthorn.endpoint;

import io.posthorn.protocol.channel.ReceivedRun;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams that wait in plain mode, in or out, each with its peer: copied one behind the other
 * into slabs, which are used again. What they hold of the heap is counted, and bounded by whoever
 * asks before adding.
 */
final class DatagramQueue {
  /** What a datagram costs beside its bytes: its entries in a slab, and the slab if it is empty. */
  static final int DATAGRAM_COST_BYTES = 128;

  /** Slabs double from the least size to the most, each of which takes any datagram if need be. */
  private static final int LEAST_BYTES = 4 << 10;

  private static final int MOST_BYTES = 64 << 10;

  /**
   * Empty slabs kept: what a lane of small messages holds fits them, and what comes in one look at
   * the network.
   */
  private static final int KEPT_SLABS = 17;

  /** So many bytes, and as many datagrams as are paid for by what each is said to cost. */
  private static final class Slab {
    final byte[] bytes;
    private final int[] ends;
    private final @Nullable InetSocketAddress[] peers;
    private int first;
    private int count;

    /** Bytes at the end that a datagram did not fit. */
    private int leftOver;

    Slab(int capacity) {
      bytes = new byte[capacity];
      ends = new int[capacity / DATAGRAM_COST_BYTES];
      peers = new InetSocketAddress[ends.length];
    }

    boolean isEmpty() {
      return first == count;
    }

    int end() {
      return count == 0 ? 0 : ends[count - 1];
    }

    boolean hasEntry() {
      return count < ends.length;
    }

    boolean takes(int length) {
      return hasEntry() && end() + length <= bytes.length;
    }

    void add(InetSocketAddress peer, int length) {
      ends[count] = end() + length;
      peers[count] = peer;
      count++;
    }

    int from(int index) {
      return index == 0 ? 0 : ends[index - 1];
    }

    int length(int index) {
      return ends[index] - from(index);
    }

    InetSocketAddress peer(int index) {
      InetSocketAddress peer = peers[index];
      if (peer == null) {
        throw new IllegalStateException("no datagram at " + index + " of " + count);
      }
      return peer;
    }

    void clear() {
      first = 0;
      count = 0;
      leftOver = 0;
    }
  }

  /** None is empty. */
  private final ArrayDeque<Slab> slabs = new ArrayDeque<>();

  private final ArrayDeque<Slab> empty = new ArrayDeque<>();
  private int nextBytes = LEAST_BYTES;
  private long heldBytes;

  boolean isEmpty() {
    return slabs.isEmpty();
  }

  /** What the datagrams cost, in bytes of heap. */
  long heldBytes() {
    return heldBytes;
  }

  /** What a datagram of this length would add to {@link #heldBytes}. */
  long costBytes(int length) {
    return leftOverBy(length) + length + (long) DATAGRAM_COST_BYTES;
  }

  /** What would be left unused of the newest slab. */
  private int leftOverBy(int length) {
    Slab newest = slabs.peekLast();
    return newest == null || !newest.hasEntry() || newest.takes(length)
        ? 0
        : newest.bytes.length - newest.end();
  }

  /** Adds a copy of what remains in the buffer, whose position does not move. */
  void add(InetSocketAddress peer, ByteBuffer datagram) {
    int length = datagram.remaining();
    Slab to = slabFor(length);
    datagram.get(datagram.position(), to.bytes, to.end(), length);
    to.add(peer, length);
  }

  /** Adds a copy of part of an array. */
  void add(InetSocketAddress peer, byte[] bytes, int from, int length) {
    Slab to = slabFor(length);
    System.arraycopy(bytes, from, to.bytes, to.end(), length);
    to.add(peer, length);
  }

  private Slab slabFor(int length) {
    heldBytes += costBytes(length);
    Slab newest = slabs.peekLast();
    if (newest != null) {
      if (newest.takes(length)) {
        return newest;
      }
      newest.leftOver = leftOverBy(length);
    }
    Slab next = empty.pollLast();
    if (next == null || next.bytes.length < length) { // a smaller one is not kept
      next = new Slab(Math.max(nextBytes, Integer.highestOneBit(Math.max(1, length - 1)) * 2));
      nextBytes = Math.min(next.bytes.length * 2, MOST_BYTES);
    }
    slabs.addLast(next);
    return next;
  }

  /** Who sent the next datagram, or is to get it; there must be one. */
  InetSocketAddress peer() {
    Slab slab = slabs.element();
    return slab.peer(slab.first);
  }

  /** Length of the next datagram in bytes; there must be one. */
  int length() {
    Slab slab = slabs.element();
    return slab.length(slab.first);
  }

  /** Moves the next datagram; there must be one. */
  void take(byte[] out, int to) {
    Slab slab = slabs.element();
    System.arraycopy(slab.bytes, slab.from(slab.first), out, to, slab.length(slab.first));
    drop(1);
  }

  /** Lends datagrams at the front, where they lie; to be followed by {@link #drop}. */
  void lend(ReceivedRun run, int most) {
    Slab slab = slabs.element();
    run.begin(0, slab.bytes);
    int until = Math.min(slab.count, slab.first + most);
    for (int i = slab.first; i < until; i++) {
      run.add(slab.from(i), slab.length(i), slab.peer(i));
    }
  }

  /** Forgets so many datagrams at the front, all of one slab. */
  void drop(int datagrams) {
    Slab slab = slabs.element();
    for (int i = 0; i < datagrams; i++) {
      heldBytes -= slab.length(slab.first) + (long) DATAGRAM_COST_BYTES;
      slab.peers[slab.first] = null;
      slab.first++;
    }
    if (slab.isEmpty()) {
      heldBytes -= slab.leftOver;
      slabs.remove();
      keep(slab);
    }
  }

  /** Small ones are not kept once there was need of larger ones. */
  private void keep(Slab slab) {
    if (empty.size() < KEPT_SLABS && slab.bytes.length * 2 >= nextBytes) {
      slab.clear();
      empty.addLast(slab);
    }
  }

  /** Forgets all; what is lent stays as it is. */
  void clear() {
    slabs.clear();
    heldBytes = 0;
  }
}
