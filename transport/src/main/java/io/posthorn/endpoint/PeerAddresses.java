package io.posthorn.endpoint;

import io.posthorn.protocol.AddressZone;
import io.posthorn.protocol.PeerConnection;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which connection goes by which address, and whose peer is where now. A connection goes by the
 * address at which its peer was met, also after the peer has moved, until another peer is met
 * there: a translator gives a port that one host has left to the next. Then what is sent there is
 * for that one, and the connection that had the name goes by the address where its peer is now. One
 * that takes no messages any more keeps no name from another, and takes none.
 */
final class PeerAddresses {
  private final EventQueue events;
  private final Map<ZonedAddress, ConnectionSlot> byName = new HashMap<>();
  private final Map<ZonedAddress, ConnectionSlot> moved = new HashMap<>();

  /** Who gets a name when the one that has it leaves: by proof, so that the last is there. */
  private final Map<ZonedAddress, TreeMap<Long, ConnectionSlot>> waiting = new HashMap<>();

  private final ZonedAddress sought = new ZonedAddress();

  private long proofs;

  PeerAddresses(EventQueue events) {
    this.events = events;
  }

  /** The connection that what is sent to this address goes to, or null. */
  @Nullable ConnectionSlot byName(InetSocketAddress address) {
    return byName.get(sought.set(address));
  }

  /** The connection whose peer is reached at this address now, or null. */
  @Nullable ConnectionSlot byPath(InetSocketAddress address) {
    ConnectionSlot slot = moved.get(sought.set(address));
    if (slot != null) {
      return slot;
    }
    slot = byName.get(sought.set(address));
    return slot != null && AddressZone.isSame(slot.connection.address(), address) ? slot : null;
  }

  /** The connection that was met last of those that wait for this name, or null. */
  @Nullable ConnectionSlot newestWaiting(InetSocketAddress name) {
    TreeMap<Long, ConnectionSlot> queue = waiting.get(sought.set(name));
    return queue == null ? null : queue.get(queue.lastKey());
  }

  /** This side opens a connection to an address, at which it has none that it can use. */
  void ask(InetSocketAddress peer, ConnectionSlot slot) {
    byName.put(new ZonedAddress(peer), slot);
  }

  /** The peer that this side asked for has answered: it is there, whoever was before. */
  void answer(ConnectionSlot slot) {
    InetSocketAddress name = slot.connection.peer().alias();
    if (!AddressZone.isSame(slot.connection.address(), name)) {
      return; // it answered from elsewhere, and has yet to prove that it is there
    }
    if (byName.get(sought.set(name)) == slot) {
      slot.proof = ++proofs;
      moved.remove(sought.set(name));
    } else {
      meet(name, slot);
    }
  }

  /**
   * A peer opened a connection from an address. If the one that goes by it is believed to be there
   * still, the new one waits for the name.
   */
  void meet(InetSocketAddress address, ConnectionSlot slot) {
    slot.proof = ++proofs;
    ConnectionSlot holder = byName.get(sought.set(address));
    if (holder != null
        && holder.connection.isSendable()
        && AddressZone.isSame(holder.connection.address(), address)) {
      await(address, slot);
      return;
    }
    moved.remove(sought.set(address)); // nor is another there any more
    give(address, slot);
  }

  /**
   * The peer has moved, and proved it: it is found where it is now too. One whose name another got
   * while nobody knew where it was goes by that address; one that leaves its name behind gives it
   * up if it is waited for.
   */
  void move(ConnectionSlot slot) {
    leavePath(slot);
    PeerConnection connection = slot.connection;
    InetSocketAddress now = connection.address();
    if (!connection.isSendable()) {
      if (!connection.isOver() && byPath(now) == null) {
        slot.movedTo = now;
        moved.put(new ZonedAddress(now), slot);
      }
      return;
    }
    InetSocketAddress name = connection.peer().alias();
    boolean isNamed = byName.get(sought.set(name)) == slot;
    if (!isNamed) {
      awaitNoMore(name, slot);
    }
    slot.movedTo = now;
    slot.proof = ++proofs;
    moved.put(new ZonedAddress(now), slot);
    if (!isNamed) {
      rename(slot);
      give(now, slot);
      return;
    }
    ConnectionSlot next = pollWaiting(name);
    if (next != null) {
      give(name, next);
    }
  }

  /** The connection takes no messages any more: whoever waits for its name can have it. */
  void close(ConnectionSlot slot) {
    InetSocketAddress name = slot.connection.peer().alias();
    if (!waiting.isEmpty() && byName.get(sought.set(name)) == slot) {
      letNextIn(name);
    }
  }

  /** The connection is over. */
  void leave(ConnectionSlot slot) {
    leavePath(slot);
    InetSocketAddress name = slot.connection.peer().alias();
    awaitNoMore(name, slot);
    if (byName.remove(sought.set(name), slot)) {
      letNextIn(name);
    }
  }

  private void letNextIn(InetSocketAddress name) {
    ConnectionSlot next = pollWaiting(name);
    if (next != null) {
      byName.put(new ZonedAddress(name), next);
      events.add(new EndpointEvent.Renamed(next.connection.handle(), name, name));
    }
  }

  private void leavePath(ConnectionSlot slot) {
    InetSocketAddress path = slot.movedTo;
    if (path != null) {
      moved.remove(sought.set(path), slot);
      slot.movedTo = null;
    }
  }

  private void await(InetSocketAddress name, ConnectionSlot slot) {
    waiting.computeIfAbsent(new ZonedAddress(name), none -> new TreeMap<>()).put(slot.proof, slot);
  }

  private void awaitNoMore(InetSocketAddress name, ConnectionSlot slot) {
    TreeMap<Long, ConnectionSlot> queue = waiting.get(sought.set(name));
    if (queue != null && queue.remove(slot.proof, slot) && queue.isEmpty()) {
      waiting.remove(sought.set(name));
    }
  }

  /** Takes the one that was met last of those that wait for this name, or null. */
  private @Nullable ConnectionSlot pollWaiting(InetSocketAddress name) {
    TreeMap<Long, ConnectionSlot> queue = waiting.get(sought.set(name));
    ConnectionSlot found = null;
    while (queue != null && found == null) {
      ConnectionSlot last = queue.remove(queue.lastKey());
      found = last != null && last.connection.isSendable() ? last : null;
      if (queue.isEmpty()) {
        waiting.remove(sought.set(name));
        queue = null;
      }
    }
    return found;
  }

  /**
   * Gives a name away; whoever loses it so goes by where it is, and may take that from another. A
   * loss that nobody was told of under the name was that peer's, and goes with it.
   */
  private void give(InetSocketAddress name, ConnectionSlot to) {
    InetSocketAddress address = name;
    ConnectionSlot slot = to;
    boolean lost = false;
    while (slot != null) {
      ConnectionSlot loser = take(address, slot);
      boolean losersLoss = loser != null && events.pollLost(address);
      if (lost) {
        events.noteLost(address);
      }
      if (loser != null) {
        rename(loser);
        address = loser.connection.address();
      }
      slot = loser;
      lost = losersLoss;
    }
  }

  /**
   * Gives a name to a connection, or has it wait. Returns the one that has lost it and is known to
   * be elsewhere, or null; where one went that is believed to be there still shows when it moves.
   */
  private @Nullable ConnectionSlot take(InetSocketAddress name, ConnectionSlot slot) {
    ConnectionSlot holder = byName.get(sought.set(name));
    if (holder == null || !holder.connection.isSendable()) {
      byName.put(new ZonedAddress(name), slot);
      return null;
    }
    if (keeps(holder, name, slot)) {
      await(name, slot);
      return null;
    }
    byName.put(new ZonedAddress(name), slot);
    return AddressZone.isSame(holder.connection.address(), name) ? null : holder;
  }

  /**
   * Whether a connection keeps its name though another's peer is there: if that was there before,
   * or has a key that says that it is somebody else, who must not get what is sent to this one.
   */
  private static boolean keeps(
      ConnectionSlot holder, InetSocketAddress name, ConnectionSlot other) {
    return AddressZone.isSame(holder.connection.address(), name)
        && (holder.proof > other.proof
            || !holder.connection.peer().mayBecome(other.connection.peer().key()));
  }

  private void rename(ConnectionSlot slot) {
    InetSocketAddress before = slot.connection.peer().alias();
    InetSocketAddress now = slot.connection.address();
    slot.connection.peer().rename(now);
    events.add(new EndpointEvent.Renamed(slot.connection.handle(), before, now));
  }
}
