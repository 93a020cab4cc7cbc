package io.posthorn.runtime;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.OwnAddresses;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Drives one endpoint on one port: owns its threads, its lock and its clock.
 *
 * <p><b>Threads.</b> One daemon I/O thread waits in {@link DatagramPort#await}, receives, fires
 * timers and runs the message handler. An application thread that sends does the system call
 * itself. A second thread, there only while there is work, completes futures and tells listeners.
 *
 * <p><b>What guards what.</b> {@code lock} guards the endpoint, the port's {@code send} and {@code
 * receive}, and every field here that is not final or volatile. Under the lock nobody waits, other
 * than on its conditions, and no code of the application runs. What an endpoint says in an event is
 * noted under the lock; whoever is to be told is told by the second thread.
 *
 * <p><b>Waking.</b> Before the I/O thread sleeps it notes, under the lock, until when; whoever
 * makes a deadline earlier compares and wakes it. The port remembers a wake-up that comes before
 * the wait.
 *
 * <p><b>Handlers may wait.</b> A message handler runs on the I/O thread without the lock. If it
 * waits for anything here, waiting is done by further turns of the loop, which do all but dispatch
 * messages.
 */
public final class SocketDriver {
  /** Datagrams taken in one turn under the lock, so that senders get their turn. */
  private static final int RECEIVE_LIMIT_DATAGRAMS = 64;

  /** Messages given to a handler between two looks at the network. */
  private static final int DISPATCH_LIMIT_MESSAGES = 32;

  /** What closing may take beyond the linger time before the port is closed regardless. */
  private static final long CLOSE_GRACE_NANOS = 500_000_000L;

  /** How often a handler that waits for a future looks whether another thread completed it. */
  private static final long FUTURE_POLL_NANOS = 10_000_000L;

  private static final long AWAKE = Long.MIN_VALUE;

  private enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final Condition changed = lock.newCondition();
  private final long originNanos = System.nanoTime();

  private final DatagramPort port;
  private final Endpoint endpoint;
  private final ConnectionRegistry connections = new ConnectionRegistry(this);
  private final Completions completions;
  private final Thread ioThread;
  private final long lingerNanos;
  private final AtomicLong handlerFailures = new AtomicLong();

  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private final TransmitBatch batch = new TransmitBatch();
  private int batchSegments;
  private int batchSent;
  private boolean sendBufferFull;

  private final ArrayDeque<ReceivedMessage> handed = new ArrayDeque<>();
  private int receiversWaiting;
  private int othersWaiting;
  private long writableEvents;

  private long lastNowNanos;
  private long sleepingUntilNanos = AWAKE;
  private boolean sleepingUntilWritable;
  private boolean backlog = true;
  private State state = State.OPEN;
  private long closeDeadlineNanos = Endpoint.NEVER;
  private @Nullable Throwable failure;

  private volatile boolean closed;
  private volatile @Nullable Consumer<ReceivedMessage> handler;
  private final AtomicInteger futuresDriven = new AtomicInteger();

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
      driver.ioThread.start();
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
    this.port = port;
    this.lingerNanos = lingerNanos;
    endpoint = makeEndpoint.apply(new OwnAddresses(port.localAddress(), this::clockNanos));
    String name = "posthorn-" + port.localAddress().getPort();
    completions = new Completions(name + "-completion");
    ioThread = new Thread(this::run, name);
    ioThread.setDaemon(true);
  }

  // Time: the only reader of System.nanoTime.

  private long clockNanos() {
    return System.nanoTime() - originNanos;
  }

  /** The socket's time, in nanoseconds since it was opened. */
  public long nowNanos() {
    return clockNanos();
  }

  /** Never goes back, since all callers hold the lock. */
  private long now() {
    lastNowNanos = Math.max(lastNowNanos, clockNanos());
    return lastNowNanos;
  }

  /** A deadline that saturates. */
  public static long after(long nowNanos, long delayNanos) {
    return delayNanos >= Endpoint.NEVER - nowNanos ? Endpoint.NEVER : nowNanos + delayNanos;
  }

  // The loop, on the I/O thread.

  private void run() {
    try {
      while (turn(Endpoint.NEVER)) {
        dispatchMessages();
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    }
  }

  /** Waits and does everything once; false when the socket is closed. */
  private boolean turn(long untilNanos) throws IOException {
    long timeoutNanos;
    boolean untilWritable;
    lock.lock();
    try {
      if (state == State.CLOSED) {
        return false;
      }
      long now = now();
      long wakeNanos = Math.min(Math.min(untilNanos, closeDeadlineNanos), nextTimeoutNanos());
      timeoutNanos =
          backlog ? 0 : wakeNanos == Endpoint.NEVER ? Endpoint.NEVER : Math.max(0, wakeNanos - now);
      untilWritable = sendBufferFull;
      sleepingUntilNanos = timeoutNanos == 0 ? AWAKE : wakeNanos;
      sleepingUntilWritable = untilWritable;
    } finally {
      lock.unlock();
    }
    if (timeoutNanos > 0) {
      port.await(timeoutNanos, untilWritable);
    } else if (lock.hasQueuedThreads()) {
      letOthersIn();
    }
    lock.lock();
    try {
      if (state == State.CLOSED) {
        return false;
      }
      sleepingUntilNanos = AWAKE;
      receiveDatagrams();
      long now = now();
      if (endpoint.nextTimeoutNanos() <= now) {
        endpoint.onTimeout(now);
      }
      afterInput(now);
      handOverMessages(now);
      if (othersWaiting > 0) {
        changed.signalAll();
      }
      finishClose(now);
      return state != State.CLOSED;
    } finally {
      lock.unlock();
    }
  }

  /** The lock is not fair: under a flood of datagrams this thread would take it each time. */
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  private static void letOthersIn() {
    Thread.yield();
  }

  private long nextTimeoutNanos() {
    return Math.min(endpoint.nextTimeoutNanos(), port.nextTimeoutNanos());
  }

  private void receiveDatagrams() throws IOException {
    int count = 0;
    for (; count < RECEIVE_LIMIT_DATAGRAMS; count++) {
      long now = now();
      InetSocketAddress from = port.receive(slab, now);
      if (from == null) {
        break;
      }
      endpoint.onDatagram(slab, from, EcnMark.UNKNOWN, now);
    }
    backlog = count == RECEIVE_LIMIT_DATAGRAMS;
  }

  /** Sends what may leave, takes note of what happened, and sees that deadlines are kept. */
  private void afterInput(long now) {
    try {
      transmit(now);
    } catch (IOException e) {
      fail(e);
    }
    for (EndpointEvent event = endpoint.pollEvent(); event != null; event = endpoint.pollEvent()) {
      on(event);
    }
    boolean asleep = sleepingUntilNanos != AWAKE;
    if (asleep
        && (nextTimeoutNanos() < sleepingUntilNanos
            || (sendBufferFull && !sleepingUntilWritable))) {
      wake();
    }
  }

  private void wake() {
    sleepingUntilNanos = AWAKE;
    port.wakeup();
  }

  private void transmit(long now) throws IOException {
    while (true) {
      if (batchSent < batchSegments) {
        batchSent += port.send(batch, batchSent, now);
        sendBufferFull = batchSent < batchSegments;
        if (sendBufferFull) {
          return;
        }
      }
      if (!endpoint.pollTransmit(batch, now)) {
        return;
      }
      batchSent = 0;
      batchSegments = batch.segments();
    }
  }

  private void on(EndpointEvent event) {
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
      wakeSenders();
    } else if (event instanceof EndpointEvent.PathChanged pathChanged) {
      connections.onPathChanged(pathChanged);
    }
    if (othersWaiting > 0) {
      changed.signalAll();
    }
  }

  private void wakeSenders() {
    writableEvents++;
    writable.signalAll();
  }

  /** Takes as many messages as there are threads that wait for one, and wakes just those. */
  private void handOverMessages(long now) {
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

  private void dispatchMessages() {
    Consumer<ReceivedMessage> to = handler;
    if (to == null) {
      return;
    }
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
      backlog |= messages.size() == DISPATCH_LIMIT_MESSAGES;
    } finally {
      lock.unlock();
    }
    while (!messages.isEmpty()) {
      ReceivedMessage message = messages.remove();
      guarded(() -> to.accept(message));
    }
    // An interrupt that a handler left behind would make every later wait of the loop return.
    Thread.interrupted();
  }

  private @Nullable ReceivedMessage nextMessage(long now) {
    ReceivedMessage message = handed.poll();
    return message != null ? message : endpoint.pollMessage(now);
  }

  /** Runs code of the application; what it throws is told to the thread's handler and counted. */
  private void guarded(Runnable foreign) {
    try {
      foreign.run();
    } catch (RuntimeException | Error e) {
      handlerFailures.incrementAndGet();
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  /** Has something done outside the lock, off the I/O thread, in the order of the calls. */
  void later(Runnable action) {
    completions.add(
        () -> {
          guarded(action);
          if (futuresDriven.get() > 0) {
            port.wakeup();
          }
        });
  }

  <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  // Waiting.

  private boolean isIoThread() {
    return Thread.currentThread() == ioThread;
  }

  /** Waits for a signal, once, with the lock held; on the I/O thread does a turn instead. */
  @SuppressWarnings("WaitNotInLoop") // each caller loops: a turn is as good as a signal
  private void await(Condition condition, long deadlineNanos) throws InterruptedIOException {
    if (isIoThread()) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted();
      }
      unlockedTurn(deadlineNanos);
      return;
    }
    try {
      if (deadlineNanos == Endpoint.NEVER) {
        condition.await();
      } else {
        long left = condition.awaitNanos(deadlineNanos - now());
        assert left <= deadlineNanos;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  private void unlockedTurn(long deadlineNanos) {
    if (lock.getHoldCount() != 1) {
      throw new IllegalStateException("waiting under the lock");
    }
    lock.unlock();
    try {
      turn(deadlineNanos);
    } catch (IOException e) {
      fail(e);
    } finally {
      lock.lock();
    }
  }

  private static InterruptedIOException interrupted() {
    return new InterruptedIOException(
        "interrupted while waiting; the socket stays open and the interrupt status set");
  }

  /** Waits until the condition holds, time is up or the socket is closed; says if it holds. */
  public boolean waitUntil(BooleanSupplier condition, long timeoutNanos)
      throws InterruptedIOException {
    lock.lock();
    try {
      long deadline = after(now(), timeoutNanos);
      while (!condition.getAsBoolean()) {
        if (state == State.CLOSED || now() >= deadline) {
          return false;
        }
        awaitChange(deadline);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void awaitChange(long deadlineNanos) throws InterruptedIOException {
    othersWaiting++;
    try {
      await(changed, deadlineNanos);
    } finally {
      othersWaiting--;
    }
  }

  /** On the I/O thread drives the socket until done or time is up; elsewhere does nothing. */
  boolean driveUntil(BooleanSupplier done, long timeoutNanos) throws InterruptedException {
    if (!isIoThread()) {
      return false;
    }
    long deadline = after(clockNanos(), timeoutNanos);
    futuresDriven.incrementAndGet();
    try {
      while (!done.getAsBoolean() && clockNanos() < deadline && !closed) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        turn(Math.min(deadline, after(clockNanos(), FUTURE_POLL_NANOS)));
      }
    } catch (IOException e) {
      fail(e);
    } finally {
      futuresDriven.decrementAndGet();
    }
    return true;
  }

  void driveUntilUninterruptibly(BooleanSupplier done) {
    boolean wasInterrupted = false;
    while (true) {
      try {
        driveUntil(done, Endpoint.NEVER);
        break;
      } catch (InterruptedException e) {
        wasInterrupted = true;
      }
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
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
        while (writableEvents == before && state == State.OPEN) {
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
    if (state != State.OPEN) {
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
      while (state == State.OPEN) {
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

  /** The next part of a streamed message, or null if the socket or the connection is closed. */
  public @Nullable ReceivedMessage receivePart(ConnectionRecord connection, int channel)
      throws InterruptedIOException {
    lock.lock();
    try {
      while (state == State.OPEN) {
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
      if (state != State.OPEN) {
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
      while (state == State.OPEN) {
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

  /** The open connection with this handle, or null. */
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
      if (state == State.OPEN && connection.closed() == null) {
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
      othersWaiting++;
      EndpointEvent.Closed end = connection.closed();
      while (end == null) {
        if (state == State.CLOSED) {
          throw new IllegalStateException(
              "the endpoint closed without a word about " + connection.peer());
        }
        if (isIoThread()) {
          unlockedTurn(Endpoint.NEVER);
        } else {
          changed.awaitUninterruptibly();
        }
        end = connection.closed();
      }
      return end;
    } finally {
      othersWaiting--;
      lock.unlock();
    }
  }

  /** Tells the sender that the application has dealt with the message. */
  public void confirm(ReceivedMessage message) {
    lock.lock();
    try {
      if (state == State.OPEN) {
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
    return locked(() -> snapshot.read(endpoint.counters(), port, handlerFailures.get()));
  }

  /** Messages go to {@code to}, on the I/O thread, from now on. */
  public void handler(Consumer<ReceivedMessage> to) {
    lock.lock();
    try {
      handler = to;
      backlog = true;
      readable.signalAll();
      wake();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a handler takes the messages. */
  public boolean hasHandler() {
    return handler != null;
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

  // The end.

  /** Whether closing has begun. */
  public boolean isClosing() {
    return locked(() -> state != State.OPEN);
  }

  /** The fault that ended the socket, or null if it is open or was closed in order. */
  public @Nullable Throwable failure() {
    lock.lock();
    try {
      return failure;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more, and flushes for at most this long; does not wait. */
  public void beginClose(long lingerNanos) {
    lock.lock();
    try {
      if (state != State.OPEN) {
        return;
      }
      state = State.CLOSING;
      long now = now();
      closeDeadlineNanos = after(now, after(CLOSE_GRACE_NANOS, lingerNanos));
      endpoint.closeAll(lingerNanos, now);
      afterInput(now);
      wakeSenders();
      readable.signalAll();
      changed.signalAll();
      wake();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the socket is closed and its thread gone; an interrupt does not cut it short. */
  public void awaitClosed() {
    lock.lock();
    try {
      othersWaiting++;
      while (state != State.CLOSED) {
        if (isIoThread()) {
          unlockedTurn(Endpoint.NEVER);
        } else {
          changed.awaitUninterruptibly();
        }
      }
      othersWaiting--;
    } finally {
      lock.unlock();
    }
    if (!isIoThread()) {
      completions.joinUninterruptibly(ioThread);
    }
  }

  /** Reliable messages acknowledged over the connections that have ended so far. */
  public long acknowledgedByEnd() {
    return locked(connections::acknowledgedByEnd);
  }

  /** Reliable messages not acknowledged over the connections that have ended so far. */
  public long unacknowledgedByEnd() {
    return locked(connections::unacknowledgedByEnd);
  }

  private void finishClose(long now) {
    if (state != State.CLOSING) {
      return;
    }
    boolean flushed = endpoint.isClosed() && batchSent == batchSegments && !port.hasUnsent();
    if (flushed || now >= closeDeadlineNanos) {
      end(now);
    }
  }

  private void fail(Throwable cause) {
    lock.lock();
    try {
      if (state != State.CLOSED) {
        failure = cause;
        end(now());
      }
    } finally {
      lock.unlock();
    }
  }

  /** Closes the port and lets everybody go; what was not flushed is reported as such. */
  private void end(long now) {
    state = State.CLOSED;
    closed = true;
    try {
      endpoint.closeAll(0, now);
      for (EndpointEvent e = endpoint.pollEvent(); e != null; e = endpoint.pollEvent()) {
        on(e);
      }
    } catch (RuntimeException e) {
      noteFailure(e);
    }
    try {
      port.close();
    } catch (IOException e) {
      noteFailure(e);
    }
    readable.signalAll();
    wakeSenders();
    changed.signalAll();
    completions.finish();
    OpenSockets.remove(this);
  }

  private void noteFailure(Throwable e) {
    Throwable first = failure;
    if (first == null) {
      failure = e;
    } else if (first != e) {
      first.addSuppressed(e);
    }
  }

  /** Waits on behalf of tests and of {@code Duration} arguments: nanoseconds that saturate. */
  public static long nanos(java.time.Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }
}
