package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.ReceivedMessage;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * How messages get out of the endpoint to threads of the application that wait for them: of any
 * peer, of one connection, or part by part. What a handler takes is a matter of {@link Dispatch}.
 * The driver's lock guards all fields.
 */
final class Receiving {
  private final SocketDriver driver;
  private final Dispatch dispatch;
  private final Condition readable;
  private final ConnectionReaders connectionReaders;

  /** Messages taken from the endpoint for threads that were waiting. */
  private final ArrayDeque<ReceivedMessage> handed = new ArrayDeque<>();

  private int receiversWaiting;

  Receiving(SocketDriver driver, Dispatch dispatch) {
    this.driver = driver;
    this.dispatch = dispatch;
    this.readable = driver.lock.newCondition();
    this.connectionReaders = new ConnectionReaders(driver.lock);
  }

  // With the lock.

  /** Takes as many messages as there are threads that wait for one, and wakes just those. */
  void handOver(long now) {
    connectionReaders.wakeReadable(driver.endpoint);
    DriverGroup group = driver.group();
    if (group != null) {
      handOverToAny(group.inbox(), now);
      return;
    }
    if (dispatch.hasHandler() || receiversWaiting <= handed.size()) {
      return;
    }
    boolean took = false;
    while (receiversWaiting > handed.size()) {
      ReceivedMessage message = driver.endpoint.pollMessage(now);
      if (message == null) {
        break;
      }
      handed.add(message);
      readable.signal();
      took = true;
    }
    driver.afterLook(took, now);
  }

  private void handOverToAny(CommonInbox inbox, long now) {
    boolean took = false;
    while (!dispatch.hasHandler() && inbox.wanted() > 0) {
      ReceivedMessage message = driver.endpoint.pollMessage(now);
      if (message == null) {
        break;
      }
      handed.add(message);
      inbox.onHanded();
      took = true;
    }
    driver.afterLook(took, now);
  }

  /** Takes the next message, whoever it was meant for. */
  @Nullable ReceivedMessage nextMessage(long now) {
    ReceivedMessage message = handedMessage();
    return message != null ? message : driver.endpoint.pollMessage(now);
  }

  /** Takes the next message that was meant for a thread and that none has taken. */
  @Nullable ReceivedMessage handedMessage() {
    ReceivedMessage message = handed.poll();
    DriverGroup group = driver.group();
    if (message != null && group != null) {
      group.inbox().onTaken();
    }
    return message;
  }

  /** Wakes those who wait for a message of any peer. */
  void wakeReceivers() {
    readable.signalAll();
  }

  /** Wakes those who wait for a message of a connection that has ended. */
  void wakeReadersOf(long connection) {
    connectionReaders.wake(connection);
  }

  /** Wakes all who wait for a message. */
  void wakeAll() {
    readable.signalAll();
    connectionReaders.wakeAll();
  }

  // Without it.

  /**
   * The next message, or null if none came in time or the socket is closed.
   *
   * @throws IllegalStateException if a handler takes the messages, perhaps from now on
   */
  @Nullable ReceivedMessage receive(long timeoutNanos) throws InterruptedIOException {
    driver.lock.lock();
    try {
      long deadline = SocketClock.after(driver.clock.now(), timeoutNanos);
      while (driver.life.isOpen()) {
        if (dispatch.hasHandler()) {
          throw new IllegalStateException("a handler takes the messages of this socket");
        }
        long now = driver.clock.now();
        boolean wasHanded = !handed.isEmpty();
        ReceivedMessage message = nextMessage(now);
        if (message != null) {
          if (!wasHanded) {
            driver.afterInput(now);
          }
          return message;
        }
        driver.afterLook(false, now);
        if (now >= deadline || !driver.life.isOpen()) {
          return null;
        }
        receiversWaiting++;
        try {
          driver.waiting.await(readable, deadline);
        } finally {
          receiversWaiting--;
        }
      }
      return null;
    } finally {
      driver.lock.unlock();
    }
  }

  /** The next message if there is one, and no handler for it. */
  @Nullable ReceivedMessage receiveNow() {
    driver.lock.lock();
    try {
      if (!driver.life.isOpen() || dispatch.hasHandler()) {
        return null;
      }
      long now = driver.clock.now();
      ReceivedMessage message = nextMessage(now);
      driver.afterLook(message != null, now);
      return message;
    } finally {
      driver.lock.unlock();
    }
  }

  /**
   * The next message of one connection; null if none came in time, the connection has ended and all
   * that it brought is taken, or the socket is closed.
   */
  @Nullable ReceivedMessage receive(ConnectionRecord connection, long timeoutNanos)
      throws InterruptedIOException {
    driver.lock.lock();
    try {
      long deadline = SocketClock.after(driver.clock.now(), timeoutNanos);
      while (driver.life.isOpen()) {
        long now = driver.clock.now();
        if (dispatch.hasBodyHandler()) {
          throw new IllegalStateException("a body handler takes the messages of this socket");
        }
        ReceivedMessage message = driver.endpoint.pollMessage(connection.handle(), now);
        driver.afterLook(message != null, now);
        if (message != null) {
          return message;
        }
        if (connection.closed() != null || now >= deadline || !driver.life.isOpen()) {
          return null;
        }
        ConnectionReaders.Reader reader = connectionReaders.enter(connection.handle());
        try {
          driver.waiting.await(reader.readable(), deadline);
        } finally {
          connectionReaders.leave(reader);
        }
      }
      return null;
    } finally {
      driver.lock.unlock();
    }
  }

  /** The next part of a streamed message, or null if the socket or the connection is closed. */
  @Nullable ReceivedMessage receivePart(ConnectionRecord connection, int channel)
      throws InterruptedIOException {
    driver.lock.lock();
    try {
      while (driver.life.isOpen()) {
        long now = driver.clock.now();
        ReceivedMessage part = driver.endpoint.pollPart(connection.handle(), channel, now);
        if (part != null) {
          driver.afterInput(now);
          if (!part.more() && driver.endpoint.hasMessage(connection.handle())) {
            driver.lookAgain(); // the one behind can be read now, and no datagram need come for it
          }
          return part;
        }
        if (connection.closed() != null) {
          return null;
        }
        driver.waiting.awaitChange(Endpoint.NEVER);
      }
      return null;
    } finally {
      driver.lock.unlock();
    }
  }
}
