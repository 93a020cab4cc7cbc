package io.posthorn.endpoint;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one endpoint: by each of the ids that the peers' packets carry (issued here,
 * so nobody chooses where they land), by handle, by the address at which a peer was met, which
 * stays its alias for life, and by the address where it is now, if that is another.
 */
final class ConnectionTable {
  private final Map<Long, ConnectionSlot> byHandle = new LinkedHashMap<>();
  private final Map<InetSocketAddress, ConnectionSlot> byAddress = new HashMap<>();
  private final Map<InetSocketAddress, ConnectionSlot> moved = new HashMap<>();
  // Open addressing with linear probing; ids are random, so their low bits serve as hash.
  private long[] ids = new long[32];
  private @Nullable ConnectionSlot[] slots = new @Nullable ConnectionSlot[32];
  private int count;

  @Nullable ConnectionSlot byId(long id) {
    int mask = ids.length - 1;
    for (int at = (int) id & mask; ; at = (at + 1) & mask) {
      ConnectionSlot slot = slots[at];
      if (slot == null) {
        return null;
      }
      if (ids[at] == id) {
        return slot;
      }
    }
  }

  @Nullable ConnectionSlot byHandle(long handle) {
    return byHandle.get(handle);
  }

  @Nullable ConnectionSlot byAddress(InetSocketAddress address) {
    return byAddress.get(address);
  }

  Collection<ConnectionSlot> all() {
    return byHandle.values();
  }

  int size() {
    return byHandle.size();
  }

  void add(ConnectionSlot slot) {
    byHandle.put(slot.connection.handle(), slot);
    addId(slot, slot.connection.localConnectionId());
  }

  /** From now on this id leads to the connection as well. */
  void addId(ConnectionSlot slot, long id) {
    if (slot.tableIdCount == slot.tableIds.length) {
      slot.tableIds = Arrays.copyOf(slot.tableIds, 2 * slot.tableIdCount);
    }
    slot.tableIds[slot.tableIdCount++] = id;
    insert(id, slot);
  }

  /** This id leads to the connection no more. */
  void removeId(ConnectionSlot slot, long id) {
    for (int i = 0; i < slot.tableIdCount; i++) {
      if (slot.tableIds[i] == id) {
        slot.tableIds[i] = slot.tableIds[--slot.tableIdCount];
        delete(id);
        return;
      }
    }
  }

  /** The connection's own id changed. */
  void rekey(ConnectionSlot slot) {
    removeId(slot, slot.tableIds[0]);
    addId(slot, slot.connection.localConnectionId());
  }

  void alias(InetSocketAddress address, ConnectionSlot slot) {
    byAddress.put(address, slot);
  }

  void remove(ConnectionSlot slot) {
    byHandle.remove(slot.connection.handle());
    while (slot.tableIdCount > 0) {
      delete(slot.tableIds[--slot.tableIdCount]);
    }
  }

  void unalias(InetSocketAddress address, ConnectionSlot slot) {
    byAddress.remove(address, slot);
    moved.remove(address, slot);
  }

  /** The peer has moved: it is found at its address of now too, though not for sending. */
  void move(InetSocketAddress before, InetSocketAddress now, ConnectionSlot slot) {
    moved.remove(before, slot);
    moved.put(now, slot);
  }

  /** The connection whose peer is reached at this address now, or null. */
  @Nullable ConnectionSlot byPath(InetSocketAddress address) {
    ConnectionSlot slot = moved.get(address);
    if (slot != null) {
      return slot;
    }
    slot = byAddress.get(address);
    return slot != null && slot.connection.address().equals(address) ? slot : null;
  }

  private void insert(long id, ConnectionSlot slot) {
    if (2 * (count + 1) > ids.length) {
      grow();
    }
    place(id, slot);
    count++;
  }

  private void place(long id, ConnectionSlot slot) {
    int mask = ids.length - 1;
    int at = (int) id & mask;
    while (slots[at] != null) {
      at = (at + 1) & mask;
    }
    ids[at] = id;
    slots[at] = slot;
  }

  private void grow() {
    @Nullable ConnectionSlot[] old = slots;
    long[] oldIds = ids;
    ids = new long[old.length * 2];
    slots = new @Nullable ConnectionSlot[old.length * 2];
    for (int i = 0; i < old.length; i++) {
      ConnectionSlot slot = old[i];
      if (slot != null) {
        place(oldIds[i], slot);
      }
    }
  }

  private void delete(long id) {
    int mask = ids.length - 1;
    int at = (int) id & mask;
    while (slots[at] != null && ids[at] != id) {
      at = (at + 1) & mask;
    }
    if (slots[at] == null) {
      return;
    }
    count--;
    slots[at] = null;
    // Close the hole: move back what probing had pushed past it.
    for (int next = (at + 1) & mask; ; next = (next + 1) & mask) {
      ConnectionSlot slot = slots[next];
      if (slot == null) {
        return;
      }
      int home = (int) ids[next] & mask;
      if (((next - home) & mask) >= ((next - at) & mask)) {
        slots[at] = slot;
        ids[at] = ids[next];
        slots[next] = null;
        at = next;
      }
    }
  }
}
