package io.posthorn.runtime;

import io.posthorn.ConnectionInfo;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.io.DatagramPort;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.wire.CloseReason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the application can ask of a socket: each method takes the lock of the {@link SocketLoop},
 * asks the endpoint, sends what may leave and, where it says so, waits.
 */
public final class SocketDriver extends SocketLoop {
  private final ConnectionRegistry connections = new ConnectionRegistry(this);
  private final long lingerNanos;

  private final Dispatch dispatch = new Dispatch(this);
  private final Receiving receiving = new Receiving(this, dispatch);
  private final Sending sending = new Sending(this, connections);
  private final KeyFileWarnings keyFiles = new KeyFileWarnings(this);

  /** Takes the bodies of messages where they lie. */
  public interface BodyConsumer {
    /** One message; the bytes are borrowed for the call. */
    void accept(InetSocketAddress from, int channel, byte[] bytes, int at, int length);
  }

  /**
   * Starts the I/O thread. The driver owns the port from now on, also if this fails.
   *
   * @param makeEndpoint makes the endpoint from the test whether an address is the socket's own
   * @param lingerNanos what the shutdown of the virtual machine allows
   */
  public static SocketDriver start(
      DatagramPort port,
      Function<Predicate<InetSocketAddress>, Endpoint> makeEndpoint,
      long lingerNanos)
      throws IOException {
    SocketDriver driver = prepare(port, makeEndpoint, lingerNanos, 0);
    DriverGroup.start(List.of(driver));
    return driver;
  }

  /**
   * A driver that does nothing before {@link DriverGroup#start}; owns the port, also if this fails.
   */
  public static SocketDriver prepare(
      DatagramPort port,
      Function<Predicate<InetSocketAddress>, Endpoint> makeEndpoint,
      long lingerNanos,
      long spinNanos)
      throws IOException {
    return prepare(port, makeEndpoint, lingerNanos, spinNanos, Thread::new);
  }

  /** As {@link #prepare(DatagramPort, Function, long, long)}, with threads of the caller's. */
  static SocketDriver prepare(
      DatagramPort port,
      Function<Predicate<InetSocketAddress>, Endpoint> makeEndpoint,
      long lingerNanos,
      long spinNanos,
      ThreadFactory threads)
      throws IOException {
    try {
      return new SocketDriver(port, makeEndpoint, lingerNanos, spinNanos, threads);
    } catch (RuntimeException | Error e) {
      port.close();
      throw e;
    }
  }

  /** Whoever closes the socket does this after its end; before the I/O thread starts. */
  public void closesWith(Runnable last) {
    life.closesWith(last);
  }

  /** Starts the I/O thread; if there is none to be had, the caller ends the driver. */
  void begin() {
    OpenSockets.add(this); // before the thread, whose end may come at once, takes it out
    startThread();
    SocketLog.opened(port);
  }

  private SocketDriver(
      DatagramPort port,
      Function<Predicate<InetSocketAddress>, Endpoint> makeEndpoint,
      long lingerNanos,
      long spinNanos,
      ThreadFactory threads) {
    super(port, makeEndpoint, spinNanos, threads);
    this.lingerNanos = lingerNanos;
  }

  // Called by the loop.

  @Override
  void on(EndpointEvent event) {
    if (event instanceof EndpointEvent.ReceiptSettled settled) {
      PendingReceipt receipt = (PendingReceipt) settled.receipt();
      CloseReason reason = settled.reason();
      receipt.settle(
          settled.outcome(), reason == null ? null : reasonOf(reason), settled.mayHaveArrived());
      if (settled.outcome() != ReceiptOutcome.ACKNOWLEDGED) {
        connections.confirmationEnded(receipt);
      }
    } else if (event instanceof EndpointEvent.ReceiptProcessed processed) {
      PendingReceipt receipt = (PendingReceipt) processed.receipt();
      receipt.confirmed(true);
      connections.confirmationEnded(receipt);
    } else if (event instanceof EndpointEvent.Writable) {
      lanes.onWritable(endpoint, clock.now());
      sending.wakeAll();
    } else if (event instanceof EndpointEvent.Connected connected) {
      SocketLog.connected(this, connected);
      connections.onConnected(connected);
      if (endpoint.connectionTo(connected.peer()) == connected.connection()) {
        go(connected.peer(), connected.connection());
      }
      DriverGroup group = group();
      if (group != null) {
        group.inbox().changed();
      }
    } else if (event instanceof EndpointEvent.Closed closedEvent) {
      onClosed(closedEvent);
    } else if (event instanceof EndpointEvent.PathChanged pathChanged) {
      SocketLog.moved(this, pathChanged);
      connections.onPathChanged(pathChanged);
    } else if (event instanceof EndpointEvent.Renamed renamed) {
      onRenamed(renamed);
    } else if (event instanceof EndpointEvent.IcmpHeard heard) {
      SocketLog.icmpHeard(this, heard);
      connections.onIcmpHeard(heard);
    }
  }

  /**
   * What its connections leave over when the socket closes is left over for that. No peer has
   * closed any of them by then: their end was decided when the closing began.
   */
  private CloseReason reasonOf(CloseReason told) {
    return told == CloseReason.APPLICATION && !life.isOpen() ? CloseReason.SOCKET_CLOSED : told;
  }

  private void onRenamed(EndpointEvent.Renamed event) {
    lanes.onRenamed(event.connection(), endpoint, clock.now());
    connections.onRenamed(event);
    for (InetSocketAddress name : List.of(event.before(), event.after())) {
      long connection = endpoint.connectionTo(name);
      if (connection != Endpoint.NO_CONNECTION) {
        go(name, connection);
      }
    }
    sending.wakeAll(); // who waits for room under a name that is another's now
  }

  /** What is sent to this name goes on this connection from now on. */
  private void go(InetSocketAddress name, long connection) {
    if (lanes.onConnected(connection, name, endpoint, clock.now())) {
      sending.wakeAll(); // who waits for room on the connection that had the name
    }
  }

  /**
   * What waited in lanes counts as unacknowledged, as if it had been in the send buffer. It is lost
   * whoever closed: a close by the application empties the lanes, so this one came before that.
   */
  private void onClosed(EndpointEvent.Closed event) {
    long unsent = lanes.onClosed(event.connection());
    if (unsent > 0) {
      endpoint.onUnsent(event.peer());
    }
    EndpointEvent.Closed whole = unsent == 0 ? event : event.withUnacknowledged(unsent);
    SocketLog.closed(this, whole);
    keyFiles.onClosed(whole);
    connections.onClosed(whole);
    receiving.wakeReadersOf(event.connection());
    sending.wakeAll();
  }

  @Override
  boolean mayOthersLead() {
    return !hasHandler() && group() == null;
  }

  @Override
  void handOverMessages(long now) {
    receiving.handOver(now);
  }

  @Override
  boolean dispatchMessages() {
    return dispatch.dispatch();
  }

  @Override
  void wakeAll() {
    sending.wakeAll();
    receiving.wakeAll();
    DriverGroup group = group();
    if (group != null) {
      group.inbox().changed();
    }
  }

  @Override
  void onEnd() {
    OpenSockets.remove(this);
    DriverGroup group = group();
    if (group != null) {
      group.onEnd(this);
    }
  }

  // What the application asks for.

  /** What concerns messages on their way out. */
  Sending sending() {
    return sending;
  }

  /** What concerns messages that threads wait for. */
  Receiving receiving() {
    return receiving;
  }

  /** The oldest connection that a peer opened and nobody has accepted, if there is one. */
  @Nullable ConnectionRecord acceptNow() {
    return locked(connections::pollAcceptable);
  }

  /** Starts to open a connection or finds it; null if none may be opened. */
  public @Nullable ConnectionRecord connect(InetSocketAddress peer) {
    lock.lock();
    try {
      if (!life.isOpen()) {
        return null;
      }
      long now = clock.now();
      long handle = endpoint.connect(peer, now);
      if (handle == Endpoint.NO_CONNECTION) {
        return null;
      }
      ConnectionRecord record = connections.of(handle, peer);
      afterInput(now);
      return record;
    } finally {
      lock.unlock();
    }
  }

  /** The oldest connection that a peer opened and nobody has accepted; null if none in time. */
  public @Nullable ConnectionRecord accept(long timeoutNanos) throws InterruptedIOException {
    lock.lock();
    try {
      long deadline = SocketClock.after(clock.now(), timeoutNanos);
      while (life.isOpen()) {
        ConnectionRecord record = connections.pollAcceptable();
        if (record != null || clock.now() >= deadline) {
          return record;
        }
        waiting.awaitChange(deadline);
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** The connection with this handle, also if it ended lately; null if it is forgotten. */
  public @Nullable ConnectionRecord find(long handle) {
    lock.lock();
    try {
      return connections.find(handle);
    } finally {
      lock.unlock();
    }
  }

  /** How the last connection to this peer ended, if that is remembered. */
  public EndpointEvent.@Nullable Closed lastEnd(InetSocketAddress peer) {
    lock.lock();
    try {
      return connections.lastEnd(peer);
    } finally {
      lock.unlock();
    }
  }

  /** Begins to close one connection, or leaves one that has ended; its record tells the end. */
  public void close(ConnectionRecord connection, long code, String text, long lingerNanos) {
    lock.lock();
    try {
      if (!life.isEnded()) {
        long now = clock.now();
        lanes.flushAndClose(connection.handle(), endpoint, now);
        endpoint.close(connection.handle(), code, text, lingerNanos, now);
        afterInput(now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the connection has ended; an interrupt does not cut it short. */
  public EndpointEvent.Closed awaitEnd(ConnectionRecord connection) {
    lock.lock();
    try {
      waiting.awaitUninterruptibly(() -> connection.closed() != null);
      EndpointEvent.Closed end = connection.closed();
      if (end == null) {
        throw new IllegalStateException(
            "the endpoint closed without a word about " + connection.peer());
      }
      return end;
    } finally {
      lock.unlock();
    }
  }

  /** Has the packets of a connection sealed with the next key, as soon as that may be. */
  public void updateKeys(ConnectionRecord connection) {
    lock.lock();
    try {
      if (life.isOpen() && connection.closed() == null) {
        long now = clock.now();
        endpoint.updateKeys(connection.handle(), now);
        afterInput(now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Tells the sender that the application has dealt with the message. */
  public void confirm(ReceivedMessage message) {
    lock.lock();
    try {
      if (life.isOpen()) {
        long now = clock.now();
        endpoint.confirm(message, now);
        afterInput(now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The table of active connections; empty once the socket is closed. */
  public List<ConnectionInfo> connections() {
    return locked(() -> life.isEnded() ? List.of() : endpoint.connections(clock.now()));
  }

  /** The row of one connection in that table; null if it is not there. */
  public @Nullable ConnectionInfo info(long connection) {
    lock.lock();
    try {
      return life.isEnded() ? null : endpoint.info(connection, clock.now());
    } finally {
      lock.unlock();
    }
  }

  /** Lets {@code snapshot} read the endpoint's and the port's counters under the lock. */
  public <T> T counters(CountersReader<T> snapshot) {
    return locked(() -> snapshot.read(endpoint.counters(), port, handlerFailures.count()));
  }

  /** Messages go to {@code to}, on the I/O thread, from now on. */
  public void handler(Consumer<ReceivedMessage> to) {
    lock.lock();
    try {
      dispatch.to(to);
      receiving.wakeReceivers();
      lookAgain();
    } finally {
      lock.unlock();
    }
  }

  /** The bodies of messages go to {@code to}, on the I/O thread, from now on. */
  public void bodyHandler(BodyConsumer to) {
    lock.lock();
    try {
      dispatch.toBodies(to);
      receiving.wakeAll();
      lookAgain();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a handler takes the messages. */
  public boolean hasHandler() {
    return dispatch.hasHandler();
  }

  /** Peers that are met from now on are told this fingerprint of registrations. */
  public void announceRegistrations(byte[] fingerprint) {
    lock.lock();
    try {
      endpoint.announceRegistrations(fingerprint);
    } finally {
      lock.unlock();
    }
  }

  /** Connections are reported to {@code events} from now on. */
  public void listener(ConnectionEvents events) {
    lock.lock();
    try {
      connections.listener(events);
    } finally {
      lock.unlock();
    }
  }

  /** The address that the socket is bound to. */
  public InetSocketAddress localAddress() {
    return port.localAddress();
  }

  /** What the shutdown of the virtual machine allows for flushing. */
  long lingerNanos() {
    return lingerNanos;
  }

  /** Reliable messages acknowledged over the connections that have ended so far. */
  public long acknowledgedByEnd() {
    return locked(connections::acknowledgedByEnd);
  }

  /** Reliable messages not acknowledged over the connections that have ended so far. */
  public long unacknowledgedByEnd() {
    return locked(connections::unacknowledgedByEnd);
  }
}
