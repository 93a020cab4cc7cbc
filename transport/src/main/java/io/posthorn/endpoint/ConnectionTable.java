package io.posthorn.endpoint;

import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one endpoint: by the id that the peers' packets carry (issued here, so nobody
 * chooses where it lands), by handle, and by the address at which a peer was met, which stays its
 * alias for life.
 */
final class ConnectionTable {
  private final Map<Long, ConnectionSlot> byHandle = new LinkedHashMap<>();
  private final Map<InetSocketAddress, ConnectionSlot> byAddress = new HashMap<>();
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
    insert(slot);
  }

  /** The connection's own id changed. */
  void rekey(ConnectionSlot slot) {
    delete(slot.tableId);
    slot.tableId = slot.connection.localConnectionId();
    insert(slot);
  }

  void alias(InetSocketAddress address, ConnectionSlot slot) {
    byAddress.put(address, slot);
  }

  void remove(ConnectionSlot slot) {
    byHandle.remove(slot.connection.handle());
    delete(slot.tableId);
  }

  void unalias(InetSocketAddress address, ConnectionSlot slot) {
    byAddress.remove(address, slot);
  }

  private void insert(ConnectionSlot slot) {
    if (2 * (count + 1) > ids.length) {
      grow();
    }
    place(slot);
    count++;
  }

  private void place(ConnectionSlot slot) {
    int mask = ids.length - 1;
    int at = (int) slot.tableId & mask;
    while (slots[at] != null) {
      at = (at + 1) & mask;
    }
    ids[at] = slot.tableId;
    slots[at] = slot;
  }

  private void grow() {
    @Nullable ConnectionSlot[] old = slots;
    ids = new long[old.length * 2];
    slots = new @Nullable ConnectionSlot[old.length * 2];
    for (ConnectionSlot slot : old) {
      if (slot != null) {
        place(slot);
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
