package io.posthorn.runtime;

import io.posthorn.endpoint.EndpointEvent;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which connections there are, which wait to be accepted, how the last ones ended. Driver's lock.
 */
final class ConnectionRegistry {
  /** Ends are kept for those who still read, and for the words of exceptions; small. */
  private static final int MAX_ENDS = 1_024;

  /** As many confirmations as the protocol keeps open; beyond, the oldest is given up. */
  private static final int MAX_UNCONFIRMED = 65_536;

  private final SocketLoop driver;
  private final Map<Long, ConnectionRecord> open = new HashMap<>();
  private final LinkedHashSet<ConnectionRecord> acceptable = new LinkedHashSet<>();
  private final LinkedHashMap<InetSocketAddress, EndpointEvent.Closed> ends = new LinkedHashMap<>();
  private final LinkedHashMap<Long, ConnectionRecord> ended = new LinkedHashMap<>();
  private final LinkedHashSet<PendingReceipt> unconfirmed = new LinkedHashSet<>();
  private @Nullable ConnectionEvents listener;
  private long acknowledgedByEnd;
  private long unacknowledgedByEnd;

  ConnectionRegistry(SocketLoop driver) {
    this.driver = driver;
  }

  void listener(ConnectionEvents events) {
    listener = events;
  }

  ConnectionRecord of(long handle, InetSocketAddress peer) {
    return open.computeIfAbsent(handle, h -> new ConnectionRecord(driver, h, peer));
  }

  @Nullable ConnectionRecord find(long handle) {
    ConnectionRecord record = open.get(handle);
    return record != null ? record : ended.get(handle);
  }

  @Nullable ConnectionRecord pollAcceptable() {
    Iterator<ConnectionRecord> oldest = acceptable.iterator();
    if (!oldest.hasNext()) {
      return null;
    }
    ConnectionRecord record = oldest.next();
    oldest.remove();
    return record;
  }

  boolean hasAcceptable() {
    return !acceptable.isEmpty();
  }

  EndpointEvent.@Nullable Closed lastEnd(InetSocketAddress peer) {
    return ends.get(peer);
  }

  long acknowledgedByEnd() {
    return acknowledgedByEnd;
  }

  long unacknowledgedByEnd() {
    return unacknowledgedByEnd;
  }

  void onConnected(EndpointEvent.Connected event) {
    ConnectionRecord record = of(event.connection(), event.peer());
    if (!record.markConnected(event)) {
      return; // connect() found it open
    }
    if (!event.openedHere()) {
      acceptable.add(record);
    }
    ConnectionEvents events = listener;
    if (events != null) {
      driver.laterToListener(() -> events.opened(record));
    }
  }

  void onClosed(EndpointEvent.Closed event) {
    ConnectionRecord record = of(event.connection(), event.peer());
    open.remove(event.connection());
    acceptable.remove(record);
    acknowledgedByEnd += event.acknowledged();
    unacknowledgedByEnd += event.unacknowledged();
    ends.remove(event.peer());
    ends.put(event.peer(), event);
    if (ends.size() > MAX_ENDS) {
      ends.remove(ends.keySet().iterator().next());
    }
    ended.put(event.connection(), record);
    if (ended.size() > MAX_ENDS) {
      ended.remove(ended.keySet().iterator().next());
    }
    record.markClosed(event);
    giveUpConfirmations(record);
    ConnectionEvents events = listener;
    if (events != null && record.isConnected()) {
      driver.laterToListener(() -> events.closed(record));
    }
  }

  void onPathChanged(EndpointEvent.PathChanged event) {
    ConnectionRecord record = open.get(event.connection());
    if (record != null) {
      record.moved(event.after());
    }
  }

  void onRenamed(EndpointEvent.Renamed event) {
    ConnectionRecord record = open.get(event.connection());
    if (record != null) {
      record.renamed(event.after());
    }
  }

  void awaitConfirmation(PendingReceipt receipt) {
    unconfirmed.add(receipt);
    if (unconfirmed.size() > MAX_UNCONFIRMED) {
      Iterator<PendingReceipt> oldest = unconfirmed.iterator();
      PendingReceipt givenUp = oldest.next();
      oldest.remove();
      givenUp.confirmed(false);
    }
  }

  void confirmationEnded(PendingReceipt receipt) {
    unconfirmed.remove(receipt);
  }

  private void giveUpConfirmations(ConnectionRecord record) {
    for (Iterator<PendingReceipt> each = unconfirmed.iterator(); each.hasNext(); ) {
      PendingReceipt receipt = each.next();
      if (receipt.belongsTo(record)) {
        each.remove();
        receipt.confirmed(false);
      }
    }
  }
}
