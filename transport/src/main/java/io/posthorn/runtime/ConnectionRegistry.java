package io.posthorn.runtime;

import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.channel.Confirmations;
import io.posthorn.wire.CloseReason;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which connections there are, which wait to be accepted, how the last ones ended. Driver's lock.
 */
final class ConnectionRegistry {
  /**
   * Ends are kept for the words of exceptions; small. Those who still read find theirs beyond that.
   */
  private static final int MAX_ENDS = 1_024;

  private final SocketLoop driver;
  private final Map<Long, ConnectionRecord> open = new HashMap<>();
  private final LinkedHashSet<ConnectionRecord> acceptable = new LinkedHashSet<>();
  private final LinkedHashMap<InetSocketAddress, EndpointEvent.Closed> ends = new LinkedHashMap<>();
  private final LinkedHashMap<Long, ConnectionRecord> ended = new LinkedHashMap<>();

  /** In the order in which they were sent. */
  private final LinkedHashSet<PendingReceipt> unconfirmed = new LinkedHashSet<>();

  /** The same by connection, so that its end need not look at those of all others. */
  private final Map<Long, LinkedHashSet<PendingReceipt>> unconfirmedOf = new HashMap<>();

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
    for (Iterator<ConnectionRecord> oldest = acceptable.iterator(); oldest.hasNext(); ) {
      ConnectionRecord record = oldest.next();
      oldest.remove();
      if (record.closed() == null || isUnread(record)) {
        return record;
      }
    }
    return null;
  }

  private boolean isUnread(ConnectionRecord record) {
    return driver.endpoint.hasMessage(record.handle());
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

  void onIcmpHeard(EndpointEvent.IcmpHeard event) {
    of(event.connection(), event.peer()).markIcmp(event.hint());
  }

  void onClosed(EndpointEvent.Closed event) {
    ConnectionRecord record = of(event.connection(), event.peer());
    open.remove(event.connection());
    boolean closedHere = event.reason() == CloseReason.APPLICATION && !event.byPeer();
    if (closedHere || !isUnread(record)) {
      acceptable.remove(record);
    }
    acknowledgedByEnd += event.acknowledged();
    unacknowledgedByEnd += event.unacknowledged();
    ends.remove(event.peer());
    ends.put(event.peer(), event);
    if (ends.size() > MAX_ENDS) {
      ends.remove(ends.keySet().iterator().next());
    }
    ended.put(event.connection(), record);
    forgetOldest();
    record.markClosed(event);
    giveUpConfirmations(event.connection());
    ConnectionEvents events = listener;
    if (events != null && record.isConnected()) {
      driver.laterToListener(() -> events.closed(record));
    }
  }

  /**
   * Beyond the limit, ends of which nothing is left to read are forgotten. Two are looked at for
   * one that came, so that these are no more than there are connections with something to read.
   */
  private void forgetOldest() {
    for (int looks = 0; looks < 2 && ended.size() > MAX_ENDS; looks++) {
      ConnectionRecord oldest = ended.values().iterator().next();
      ended.remove(oldest.handle());
      if (isUnread(oldest)) {
        ended.put(oldest.handle(), oldest);
      } else {
        acceptable.remove(oldest);
      }
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

  /** The receipt knows its connection. */
  void awaitConfirmation(PendingReceipt receipt) {
    unconfirmed.add(receipt);
    unconfirmedOf
        .computeIfAbsent(receipt.connection(), handle -> new LinkedHashSet<>())
        .add(receipt);
    if (unconfirmed.size() > Confirmations.LIMIT) {
      PendingReceipt oldest = unconfirmed.iterator().next();
      confirmationEnded(oldest);
      oldest.confirmed(false);
    }
  }

  void confirmationEnded(PendingReceipt receipt) {
    if (unconfirmed.remove(receipt)) {
      unconfirmedOf.computeIfPresent(
          receipt.connection(),
          (handle, receipts) -> {
            receipts.remove(receipt);
            return receipts.isEmpty() ? null : receipts;
          });
    }
  }

  private void giveUpConfirmations(long handle) {
    Set<PendingReceipt> receipts = unconfirmedOf.remove(handle);
    if (receipts != null) {
      for (PendingReceipt receipt : receipts) {
        unconfirmed.remove(receipt);
        receipt.confirmed(false);
      }
    }
  }
}
