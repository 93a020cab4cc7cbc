package io.posthorn.endpoint;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one endpoint: by each of the ids that the peers' packets carry (issued here,
 * so nobody chooses where they land), and by handle.
 */
final class ConnectionTable {
  private final Map<Long, ConnectionSlot> byHandle = new LinkedHashMap<>();
  // Open addressing with linear probing; ids are random, so their low bits serve as hash.
  private long[] ids = new long[32];
  private @Nullable ConnectionSlot[] slots = new @Nullable ConnectionSlot[32];
  private int count;
  private long nextHandle;

  /**
   * Makes an empty one.
   *
   * @param handleBase what handles are counted from; the first is above {@link
   *     Endpoint#NO_CONNECTION}
   */
  ConnectionTable(long handleBase) {
    nextHandle = handleBase + Endpoint.NO_CONNECTION + 1;
  }

  /** A handle that no connection has had. */
  long issueHandle() {
    return nextHandle++;
  }

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

  void remove(ConnectionSlot slot) {
    byHandle.remove(slot.connection.handle());
    while (slot.tableIdCount > 0) {
      delete(slot.tableIds[--slot.tableIdCount]);
    }
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
