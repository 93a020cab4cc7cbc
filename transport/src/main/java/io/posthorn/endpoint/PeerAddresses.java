package io.posthorn.endpoint;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which connection goes by which address, and whose peer is where now. A connection goes by the
 * address at which its peer was met, also after the peer has moved, until another peer is met
 * there: a translator gives a port that one host has left to the next. Then what is sent there is
 * for that one, and the connection that had the name goes by the address where its peer is now.
 */
final class PeerAddresses {
  private final EventQueue events;
  private final Map<InetSocketAddress, ConnectionSlot> byName = new HashMap<>();
  private final Map<InetSocketAddress, ConnectionSlot> moved = new HashMap<>();

  /** Who gets a name when the one that has it leaves: the last that was met there meanwhile. */
  private final Map<InetSocketAddress, ConnectionSlot> waiting = new HashMap<>();

  private long proofs;

  PeerAddresses(EventQueue events) {
    this.events = events;
  }

  /** The connection that what is sent to this address goes to, or null. */
  @Nullable ConnectionSlot byName(InetSocketAddress address) {
    return byName.get(address);
  }

  /** The connection whose peer is reached at this address now, or null. */
  @Nullable ConnectionSlot byPath(InetSocketAddress address) {
    ConnectionSlot slot = moved.get(address);
    if (slot != null) {
      return slot;
    }
    slot = byName.get(address);
    return slot != null && slot.connection.address().equals(address) ? slot : null;
  }

  /** This side opens a connection to an address, at which it has none that it can use. */
  void ask(InetSocketAddress peer, ConnectionSlot slot) {
    byName.put(peer, slot);
  }

  /**
   * A peer opened a connection from an address. If the one that goes by it is believed to be there
   * still, the new one waits for the name.
   */
  void meet(InetSocketAddress address, ConnectionSlot slot) {
    slot.proof = ++proofs;
    ConnectionSlot holder = byName.get(address);
    if (holder != null
        && !holder.connection.isOver()
        && holder.connection.address().equals(address)) {
      waiting.put(address, slot);
      return;
    }
    moved.remove(address); // nor is another there any more
    give(address, slot);
  }

  /**
   * The peer has moved, and proved it: it is found where it is now too. One whose name another got
   * while nobody knew where it was goes by that address; one that leaves its name behind gives it
   * up if it is waited for.
   */
  void move(ConnectionSlot slot) {
    leavePath(slot);
    InetSocketAddress now = slot.connection.address();
    slot.movedTo = now;
    slot.proof = ++proofs;
    moved.put(now, slot);
    InetSocketAddress name = slot.connection.alias();
    if (byName.get(name) != slot) {
      waiting.remove(name, slot);
      rename(slot);
      give(now, slot);
      return;
    }
    ConnectionSlot next = waiting.remove(name);
    if (next != null && !next.connection.isOver()) {
      give(name, next);
    }
  }

  /** The connection is over. */
  void leave(ConnectionSlot slot) {
    leavePath(slot);
    InetSocketAddress name = slot.connection.alias();
    waiting.remove(name, slot);
    if (byName.remove(name, slot)) {
      ConnectionSlot next = waiting.remove(name);
      if (next != null && !next.connection.isOver()) {
        byName.put(name, next);
        events.add(new EndpointEvent.Renamed(next.connection.handle(), name, name));
      }
    }
  }

  private void leavePath(ConnectionSlot slot) {
    InetSocketAddress path = slot.movedTo;
    if (path != null) {
      moved.remove(path, slot);
      slot.movedTo = null;
    }
  }

  /** Gives a name away; whoever loses it so goes by where it is, and may take that from another. */
  private void give(InetSocketAddress name, ConnectionSlot to) {
    InetSocketAddress address = name;
    ConnectionSlot slot = to;
    while (true) {
      ConnectionSlot holder = byName.get(address);
      if (holder != null && !holder.connection.isOver() && keeps(holder, address, slot)) {
        waiting.put(address, slot);
        return;
      }
      byName.put(address, slot);
      if (holder == null || holder.connection.isOver()) {
        return;
      }
      if (holder.connection.address().equals(address)) {
        return; // where it went shows when it moves
      }
      rename(holder);
      slot = holder;
      address = holder.connection.address();
    }
  }

  /**
   * Whether a connection keeps its name though another's peer is there: if that was there before,
   * or has a key that says that it is somebody else, who must not get what is sent to this one.
   */
  private static boolean keeps(
      ConnectionSlot holder, InetSocketAddress name, ConnectionSlot other) {
    return holder.connection.address().equals(name)
        && (holder.proof > other.proof || !holder.connection.mayBecome(other.connection.peerKey()));
  }

  private void rename(ConnectionSlot slot) {
    InetSocketAddress before = slot.connection.alias();
    InetSocketAddress now = slot.connection.address();
    slot.connection.rename(now);
    events.add(new EndpointEvent.Renamed(slot.connection.handle(), before, now));
  }
}
