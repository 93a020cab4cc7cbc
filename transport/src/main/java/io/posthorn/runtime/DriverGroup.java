package io.posthorn.runtime;

import io.posthorn.ConnectionInfo;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.SocketChoice;
import io.posthorn.endpoint.StrayReset;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The drivers of one socket: one, or several at one port, each with its own port, endpoint, lock
 * and I/O thread. What concerns one peer goes to the driver that the kernel gives that peer's
 * datagrams to ({@link SocketChoice}); what concerns all is asked of each in turn. No call ever
 * holds two drivers' locks.
 */
public final class DriverGroup {
  private final SocketDriver[] drivers;

  /** The only one; null if there are several. */
  private final @Nullable SocketDriver only;

  private final CommonInbox inbox = new CommonInbox();
  private final AtomicInteger turns = new AtomicInteger();
  private volatile boolean ending;

  /** Takes drivers that were not started, all of one socket, and starts them, or ends all. */
  public static DriverGroup start(List<SocketDriver> drivers) {
    DriverGroup group = new DriverGroup(drivers);
    if (group.only == null) {
      for (SocketDriver driver : drivers) {
        driver.join(group);
      }
    }
    try {
      for (SocketDriver driver : drivers) {
        driver.begin();
      }
    } catch (Error noThread) {
      group.ending = true;
      for (SocketDriver driver : drivers) {
        driver.life.fail(noThread); // nobody would make a turn to close its port
      }
      throw noThread;
    }
    return group;
  }

  /** The group of a driver that is by itself and was started already. */
  public static DriverGroup of(SocketDriver started) {
    return new DriverGroup(List.of(started));
  }

  private DriverGroup(List<SocketDriver> drivers) {
    this.drivers = drivers.toArray(new SocketDriver[0]);
    this.only = this.drivers.length == 1 ? this.drivers[0] : null;
  }

  /** Each of them. */
  public List<SocketDriver> all() {
    return List.of(drivers);
  }

  /** The one that has, or would have, the connection with this peer. */
  public SocketDriver of(InetSocketAddress peer) {
    SocketDriver single = only;
    if (single != null) {
      return single;
    }
    // Nobody has one with an unknown name, which is refused whoever is asked.
    return drivers[peer.isUnresolved() ? 0 : SocketChoice.ofAddress(peer, drivers.length)];
  }

  /** The one that has this connection. */
  public SocketDriver of(long handle) {
    SocketDriver single = only;
    if (single != null) {
      return single;
    }
    int index = SocketChoice.ofHandle(handle);
    return drivers[index < drivers.length ? index : 0];
  }

  /** The one that has this connection, or if none is named, this peer. */
  public SocketDriver of(long handle, InetSocketAddress peer) {
    return handle == Endpoint.NO_CONNECTION ? of(peer) : of(handle);
  }

  CommonInbox inbox() {
    return inbox;
  }

  /** Each of them is closed by itself: the first that ends is no reason to cut the others short. */
  void expectEnds() {
    ending = true;
  }

  /** One of them has ended; if nobody asked for it, the socket has failed, and the others end. */
  void onEnd(SocketDriver ended) {
    inbox.changed();
    if (ending) {
      return;
    }
    ending = true;
    Thread closer = new Thread(() -> closeAllBut(ended), "posthorn-closing");
    closer.setDaemon(true);
    closer.start(); // the caller holds a driver's lock
  }

  private void closeAllBut(SocketDriver ended) {
    for (SocketDriver driver : drivers) {
      if (driver != ended) {
        driver.life.beginClose(0);
      }
    }
  }

  /** Gives what may be a reset to the others, whose locks the caller must not take. */
  void offerStray(SocketLoop by, StrayReset reset) {
    for (SocketDriver driver : drivers) {
      if (driver != by) {
        driver.strays.give(reset);
      }
    }
  }

  // What goes to one of them.

  /** As {@link Sending#send}. */
  public SendOutcome send(OutgoingMessage message) throws InterruptedIOException {
    return of(message.connection(), message.peer()).sending().send(message);
  }

  /** As {@link Sending#trySend}. */
  public SendOutcome trySend(OutgoingMessage message) {
    return of(message.connection(), message.peer()).sending().trySend(message);
  }

  /** As {@link Sending#sendSmall}. */
  public boolean sendSmall(InetSocketAddress peer, int channel, ByteBuffer body) {
    return of(peer).sending().sendSmall(peer, channel, body);
  }

  /** As {@link Sending#sendInStream}. */
  public boolean sendInStream(InetSocketAddress peer, int channel, ByteBuffer body)
      throws InterruptedIOException {
    return of(peer).sending().sendInStream(peer, channel, body);
  }

  /** As {@link Sending#abortStream}. */
  public void abortStream(ConnectionRecord connection, int channel) {
    of(connection.handle()).sending().abortStream(connection, channel);
  }

  /** As {@link Receiving#receivePart}. */
  public @Nullable ReceivedMessage receivePart(ConnectionRecord connection, int channel)
      throws InterruptedIOException {
    return of(connection.handle()).receiving().receivePart(connection, channel);
  }

  /** As {@link Receiving#receive(ConnectionRecord, long)}. */
  public @Nullable ReceivedMessage receive(ConnectionRecord connection, long timeoutNanos)
      throws InterruptedIOException {
    return of(connection.handle()).receiving().receive(connection, timeoutNanos);
  }

  /** As {@link SocketDriver#connect}. */
  public @Nullable ConnectionRecord connect(InetSocketAddress peer) {
    return of(peer).connect(peer);
  }

  /** As {@link SocketDriver#find}. */
  public @Nullable ConnectionRecord find(long handle) {
    return of(handle).find(handle);
  }

  /** As {@link SocketDriver#lastEnd}. */
  public EndpointEvent.@Nullable Closed lastEnd(InetSocketAddress peer) {
    return of(peer).lastEnd(peer);
  }

  /** As {@link SocketDriver#close(ConnectionRecord, long, String, long)}. */
  public void close(ConnectionRecord connection, long code, String text, long lingerNanos) {
    of(connection.handle()).close(connection, code, text, lingerNanos);
  }

  /** As {@link SocketDriver#awaitEnd}. */
  public EndpointEvent.Closed awaitEnd(ConnectionRecord connection) {
    return of(connection.handle()).awaitEnd(connection);
  }

  /** As {@link SocketDriver#updateKeys}. */
  public void updateKeys(ConnectionRecord connection) {
    of(connection.handle()).updateKeys(connection);
  }

  /** As {@link SocketDriver#confirm}. */
  public void confirm(ReceivedMessage message) {
    of(message.connection()).confirm(message);
  }

  /** Waits until the condition, of this connection, holds; as {@link Waiting#until}. */
  public boolean waitUntil(ConnectionRecord of, BooleanSupplier condition, long timeoutNanos)
      throws InterruptedIOException {
    return of(of.handle()).waiting.until(condition, timeoutNanos);
  }

  // What any of them may answer.

  /** As {@link Receiving#receive(long)}, of whichever has a message first. */
  public @Nullable ReceivedMessage receive(long timeoutNanos) throws InterruptedIOException {
    return only != null
        ? only.receiving().receive(timeoutNanos)
        : first(true, driver -> driver.receiving().receiveNow(), timeoutNanos);
  }

  /** As {@link SocketDriver#accept}, of whichever has a connection first. */
  public @Nullable ConnectionRecord accept(long timeoutNanos) throws InterruptedIOException {
    return only != null
        ? only.accept(timeoutNanos)
        : first(false, SocketDriver::acceptNow, timeoutNanos);
  }

  private <T> @Nullable T first(
      boolean isMessage, Function<SocketDriver, @Nullable T> ask, long timeoutNanos)
      throws InterruptedIOException {
    long deadline = SocketClock.after(nowNanos(), timeoutNanos);
    long since = inbox.enter(isMessage);
    try {
      while (true) {
        if (isMessage && hasHandler()) {
          throw new IllegalStateException("a handler takes the messages of this socket");
        }
        int start = turns.getAndIncrement() & Integer.MAX_VALUE; // or the first would go first
        for (int i = 0; i < drivers.length; i++) {
          T found = ask.apply(drivers[(start + i) % drivers.length]);
          if (found != null) {
            return found;
          }
        }
        long left = deadline - nowNanos();
        if (left <= 0 || isClosing()) {
          return null;
        }
        SocketLoop own = Waiting.openLoopHere();
        if (own != null) {
          own.waiting.driveOnce(left);
        } else {
          inbox.await(since, left);
        }
        since = inbox.changes();
      }
    } finally {
      inbox.leave(isMessage);
      // What was handed over to nobody goes with the next that asks, or to a handler.
    }
  }

  /** The thread's own actions of a loop of this group, if it is one that completes futures. */
  @Nullable Completions completionsHere() {
    for (SocketDriver driver : drivers) {
      if (driver.completions.isHere()) {
        return driver.completions;
      }
    }
    return null;
  }

  // What concerns all of them.

  /** The socket's time, in nanoseconds; of no meaning to a single driver. */
  public long nowNanos() {
    return drivers[0].clock.nowNanos();
  }

  /** As {@link SocketDriver#hasHandler}. */
  public boolean hasHandler() {
    return drivers[0].hasHandler();
  }

  /**
   * As {@link SocketDriver#handler}; called by each I/O thread.
   *
   * @throws IllegalStateException if there is a handler already
   */
  public synchronized void handler(Consumer<ReceivedMessage> to) {
    requireNoHandler();
    for (SocketDriver driver : drivers) {
      driver.handler(to);
    }
    inbox.changed();
  }

  /**
   * As {@link SocketDriver#bodyHandler}, one for each I/O thread.
   *
   * @throws IllegalStateException if there is a handler already
   */
  public synchronized void bodyHandlers(Supplier<SocketDriver.BodyConsumer> to) {
    requireNoHandler();
    for (SocketDriver driver : drivers) {
      driver.bodyHandler(to.get());
    }
    inbox.changed();
  }

  private void requireNoHandler() {
    if (hasHandler()) {
      throw new IllegalStateException("this socket has a handler already");
    }
  }

  /** As {@link SocketDriver#listener}. */
  public void listener(ConnectionEvents events) {
    for (SocketDriver driver : drivers) {
      driver.listener(events);
    }
  }

  /** As {@link SocketDriver#announceRegistrations}. */
  public void announceRegistrations(byte[] fingerprint) {
    for (SocketDriver driver : drivers) {
      driver.announceRegistrations(fingerprint);
    }
  }

  /** The table of active connections. */
  public List<ConnectionInfo> connections() {
    List<ConnectionInfo> rows = new ArrayList<>();
    for (SocketDriver driver : drivers) {
      rows.addAll(driver.connections());
    }
    return rows;
  }

  /** As {@link SocketDriver#info}. */
  public @Nullable ConnectionInfo info(long connection) {
    return of(connection).info(connection);
  }

  /** The address that all are bound to. */
  public InetSocketAddress localAddress() {
    return drivers[0].localAddress();
  }

  /** As {@link SocketLife#isClosing}. */
  public boolean isClosing() {
    for (SocketDriver driver : drivers) {
      if (driver.life.isClosing()) {
        return true;
      }
    }
    return false;
  }

  /** The fault that ended the socket, or null. */
  public @Nullable Throwable failure() {
    for (SocketDriver driver : drivers) {
      Throwable failure = driver.life.failure();
      if (failure != null) {
        return failure;
      }
    }
    return null;
  }

  /** As {@link SocketLife#beginClose}. */
  public void beginClose(long lingerNanos) {
    ending = true;
    for (SocketDriver driver : drivers) {
      driver.life.beginClose(lingerNanos);
    }
  }

  /** As {@link SocketLife#awaitClosed}. */
  public void awaitClosed() {
    SocketLife.awaitClosed(all());
  }

  /** As {@link SocketDriver#acknowledgedByEnd}. */
  public long acknowledgedByEnd() {
    return sum(SocketDriver::acknowledgedByEnd);
  }

  /** As {@link SocketDriver#unacknowledgedByEnd}. */
  public long unacknowledgedByEnd() {
    return sum(SocketDriver::unacknowledgedByEnd);
  }

  private long sum(ToLongFunction<SocketDriver> of) {
    long sum = 0;
    for (SocketDriver driver : drivers) {
      sum += of.applyAsLong(driver);
    }
    return sum;
  }
}
