package io.posthorn.runtime;

import io.posthorn.ConnectionInfo;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.io.DatagramPort;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the application can ask of a socket: each method takes the lock of the {@link SocketLoop},
 * asks the endpoint, sends what may leave and, where it says so, waits.
 */
public final class SocketDriver extends SocketLoop {
  /** Messages given to a handler between two looks at the network. */
  private static final int DISPATCH_LIMIT_MESSAGES = 32;

  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final ConnectionRegistry connections = new ConnectionRegistry(this);
  private final ConnectionReaders connectionReaders = new ConnectionReaders(lock);
  private final long lingerNanos;

  /** Messages taken from the endpoint for threads that were waiting. */
  private final ArrayDeque<ReceivedMessage> handed = new ArrayDeque<>();

  private int receiversWaiting;
  private long writableEvents;
  private volatile @Nullable Consumer<ReceivedMessage> handler;

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
    SocketDriver driver;
    try {
      driver = new SocketDriver(port, makeEndpoint, lingerNanos);
      driver.startThread();
    } catch (RuntimeException | Error e) {
      port.close();
      throw e;
    }
    OpenSockets.add(driver);
    return driver;
  }

  private SocketDriver(
      DatagramPort port,
      Function<Predicate<InetSocketAddress>, Endpoint> makeEndpoint,
      long lingerNanos) {
    super(port, makeEndpoint);
    this.lingerNanos = lingerNanos;
  }

  // Called by the loop.

  @Override
  void on(EndpointEvent event) {
    if (event instanceof EndpointEvent.ReceiptSettled settled) {
      PendingReceipt receipt = (PendingReceipt) settled.receipt();
      receipt.settle(settled.outcome(), settled.reason(), settled.mayHaveArrived());
      if (settled.outcome() != ReceiptOutcome.ACKNOWLEDGED) {
        connections.confirmationEnded(receipt);
      }
    } else if (event instanceof EndpointEvent.ReceiptProcessed processed) {
      PendingReceipt receipt = (PendingReceipt) processed.receipt();
      receipt.confirmed(true);
      connections.confirmationEnded(receipt);
    } else if (event instanceof EndpointEvent.Writable) {
      wakeSenders();
    } else if (event instanceof EndpointEvent.Connected connected) {
      connections.onConnected(connected);
    } else if (event instanceof EndpointEvent.Closed closedEvent) {
      connections.onClosed(closedEvent);
      connectionReaders.wake(closedEvent.connection());
      wakeSenders();
    } else if (event instanceof EndpointEvent.PathChanged pathChanged) {
      connections.onPathChanged(pathChanged);
    }
  }

  private void wakeSenders() {
    writableEvents++;
    writable.signalAll();
  }

  /** Takes as many messages as there are threads that wait for one, and wakes just those. */
  @Override
  void handOverMessages(long now) {
    connectionReaders.wakeReadable(endpoint);
    if (handler != null || receiversWaiting <= handed.size()) {
      return;
    }
    boolean took = false;
    while (receiversWaiting > handed.size()) {
      ReceivedMessage message = endpoint.pollMessage(now);
      if (message == null) {
        break;
      }
      handed.add(message);
      readable.signal();
      took = true;
    }
    if (took) {
      afterInput(now);
    }
  }

  @Override
  boolean dispatchMessages() {
    Consumer<ReceivedMessage> to = handler;
    if (to == null) {
      return false;
    }
    ArrayDeque<ReceivedMessage> messages = takeForHandler();
    if (messages.isEmpty()) {
      return false;
    }
    boolean full = messages.size() == DISPATCH_LIMIT_MESSAGES;
    long turnsBefore = turns();
    while (!messages.isEmpty()) {
      ReceivedMessage message = messages.remove();
      guarded(() -> to.accept(message));
    }
    // An interrupt that a handler left behind would make every later wait of the loop return.
    Thread.interrupted();
    // A handler that waited made turns, and in those more messages may have come.
    return full || turns() != turnsBefore;
  }

  private ArrayDeque<ReceivedMessage> takeForHandler() {
    ArrayDeque<ReceivedMessage> messages = new ArrayDeque<>();
    lock.lock();
    try {
      long now = now();
      while (messages.size() < DISPATCH_LIMIT_MESSAGES) {
        ReceivedMessage message = nextMessage(now);
        if (message == null) {
          break;
        }
        messages.add(message);
      }
      if (!messages.isEmpty()) {
        afterInput(now);
      }
    } finally {
      lock.unlock();
    }
    return messages;
  }

  private @Nullable ReceivedMessage nextMessage(long now) {
    ReceivedMessage message = handed.poll();
    return message != null ? message : endpoint.pollMessage(now);
  }

  @Override
  void wakeAll() {
    wakeSenders();
    readable.signalAll();
    connectionReaders.wakeAll();
  }

  @Override
  void onEnd() {
    OpenSockets.remove(this);
  }

  // What the application asks for.

  /**
   * Sends; waits while there is no room.
   *
   * @return any outcome but {@link SendOutcome#BLOCKED}
   * @throws InterruptedIOException if the thread is interrupted while it waits; the message was not
   *     taken
   */
  public SendOutcome send(OutgoingMessage message) throws InterruptedIOException {
    lock.lock();
    try {
      while (true) {
        long before = writableEvents;
        SendOutcome outcome = offer(message);
        if (outcome != SendOutcome.BLOCKED) {
          return outcome;
        }
        while (writableEvents == before && isOpen()) {
          await(writable, Endpoint.NEVER);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends if there is room. */
  public SendOutcome trySend(OutgoingMessage message) {
    return locked(() -> offer(message));
  }

  private SendOutcome offer(OutgoingMessage message) {
    if (!isOpen()) {
      return SendOutcome.CLOSED;
    }
    long now = now();
    if (message.receipt() instanceof PendingReceipt receipt && receipt.isConfirmRequested()) {
      connections.awaitConfirmation(receipt);
    }
    SendOutcome outcome = endpoint.send(message, now);
    if (outcome != SendOutcome.ACCEPTED && message.receipt() instanceof PendingReceipt receipt) {
      connections.confirmationEnded(receipt);
    }
    afterInput(now);
    return outcome;
  }

  /** The next message, or null if none came in time or the socket is closed. */
  public @Nullable ReceivedMessage receive(long timeoutNanos) throws InterruptedIOException {
    lock.lock();
    try {
      long deadline = after(now(), timeoutNanos);
      while (isOpen()) {
        long now = now();
        boolean wasHanded = !handed.isEmpty();
        ReceivedMessage message = nextMessage(now);
        if (message != null) {
          if (!wasHanded) {
            afterInput(now);
          }
          return message;
        }
        if (now >= deadline) {
          return null;
        }
        receiversWaiting++;
        try {
          await(readable, deadline);
        } finally {
          receiversWaiting--;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next message of one connection; null if none came in time, the connection has ended and all
   * that it brought is taken, or the socket is closed.
   */
  public @Nullable ReceivedMessage receive(ConnectionRecord connection, long timeoutNanos)
      throws InterruptedIOException {
    lock.lock();
    try {
      long deadline = after(now(), timeoutNanos);
      while (isOpen()) {
        long now = now();
        ReceivedMessage message = endpoint.pollMessage(connection.handle(), now);
        if (message != null) {
          afterInput(now);
          return message;
        }
        if (connection.closed() != null || now >= deadline) {
          return null;
        }
        ConnectionReaders.Reader reader = connectionReaders.enter(connection.handle());
        try {
          await(reader.readable(), deadline);
        } finally {
          connectionReaders.leave(reader);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** The next part of a streamed message, or null if the socket or the connection is closed. */
  public @Nullable ReceivedMessage receivePart(ConnectionRecord connection, int channel)
      throws InterruptedIOException {
    lock.lock();
    try {
      while (isOpen()) {
        long now = now();
        ReceivedMessage part = endpoint.pollPart(connection.handle(), channel, now);
        if (part != null) {
          afterInput(now);
          return part;
        }
        if (connection.closed() != null) {
          return null;
        }
        awaitChange(Endpoint.NEVER);
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Starts to open a connection or finds it; null if none may be opened. */
  public @Nullable ConnectionRecord connect(InetSocketAddress peer) {
    lock.lock();
    try {
      if (!isOpen()) {
        return null;
      }
      long now = now();
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
      long deadline = after(now(), timeoutNanos);
      while (isOpen()) {
        ConnectionRecord record = connections.pollAcceptable();
        if (record != null || now() >= deadline) {
          return record;
        }
        awaitChange(deadline);
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

  /** Begins to close one connection; its record tells when that is done. */
  public void close(ConnectionRecord connection, long code, String text, long lingerNanos) {
    lock.lock();
    try {
      if (isOpen() && connection.closed() == null) {
        long now = now();
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
      awaitUninterruptibly(() -> connection.closed() != null);
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

  /** Tells the sender that the application has dealt with the message. */
  public void confirm(ReceivedMessage message) {
    lock.lock();
    try {
      if (isOpen()) {
        long now = now();
        endpoint.confirm(message, now);
        afterInput(now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The table of active connections. */
  public List<ConnectionInfo> connections() {
    return locked(() -> endpoint.connections(now()));
  }

  /** Lets {@code snapshot} read the endpoint's and the port's counters under the lock. */
  public <T> T counters(CountersReader<T> snapshot) {
    return locked(() -> snapshot.read(endpoint.counters(), port, handlerFailures()));
  }

  /** Messages go to {@code to}, on the I/O thread, from now on. */
  public void handler(Consumer<ReceivedMessage> to) {
    lock.lock();
    try {
      handler = to;
      readable.signalAll();
      lookAgain();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a handler takes the messages. */
  public boolean hasHandler() {
    return handler != null;
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

  /** A duration in nanoseconds that saturates. */
  public static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }
}
