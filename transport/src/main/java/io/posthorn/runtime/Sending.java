package io.posthorn.runtime;

import io.posthorn.Delivery;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.protocol.Deliveries;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * How messages of the application get into the endpoint: small ordered ones through a lane, without
 * the lock; all others, and those that must wait for room, with it.
 */
final class Sending {
  private final SocketDriver driver;
  private final ConnectionRegistry connections;
  private final Condition writable;

  /** How often senders were woken; with the lock. */
  private long writableEvents;

  Sending(SocketDriver driver, ConnectionRegistry connections) {
    this.driver = driver;
    this.connections = connections;
    this.writable = driver.lock.newCondition();
  }

  /** Whoever waits for room looks again; with the lock. */
  void wakeAll() {
    writableEvents++;
    writable.signalAll();
  }

  /**
   * Sends; waits while there is no room.
   *
   * @return any outcome but {@link SendOutcome#BLOCKED}
   * @throws InterruptedIOException if the thread is interrupted while it waits; the message was not
   *     taken
   */
  SendOutcome send(OutgoingMessage message) throws InterruptedIOException {
    driver.lock.lock();
    try {
      while (true) {
        long before = writableEvents;
        SendOutcome outcome = offer(message);
        if (outcome != SendOutcome.BLOCKED) {
          return outcome;
        }
        ConnectionRecord attempt = awaitedAttempt(message);
        while (writableEvents == before && driver.life.isOpen()) {
          driver.waiting.await(writable, Endpoint.NEVER);
        }
        if (attempt != null && hasFailed(attempt, message.peer())) {
          return SendOutcome.CLOSED; // offered again, it would begin the next attempt, without end
        }
      }
    } finally {
      driver.lock.unlock();
    }
  }

  /**
   * Sends if there is room. Where the connection that it was refused for before has never opened,
   * answers once that it is {@link SendOutcome#CLOSED}.
   */
  SendOutcome trySend(OutgoingMessage message) {
    return driver.locked(
        () -> {
          if (isForKnownLimits(message) && hasFailedBefore(message.peer())) {
            return SendOutcome.CLOSED;
          }
          SendOutcome outcome = offer(message);
          ConnectionRecord attempt =
              outcome == SendOutcome.BLOCKED ? awaitedAttempt(message) : null;
          if (attempt != null) {
            attempt.expectFailure(true);
          }
          return outcome;
        });
  }

  /** Whether nobody takes it before the peer has said how large a message may be. */
  private static boolean isForKnownLimits(OutgoingMessage message) {
    return message.connection() == Endpoint.NO_CONNECTION
        && message.body().length > Deliveries.SMALLEST_WHOLE_LIMIT_BYTES;
  }

  /** The attempt to open a connection that must succeed before the message is taken, or null. */
  private @Nullable ConnectionRecord awaitedAttempt(OutgoingMessage message) {
    if (!isForKnownLimits(message)) {
      return null;
    }
    long handle = driver.endpoint.connectionTo(message.peer());
    if (handle == Endpoint.NO_CONNECTION) {
      return null;
    }
    ConnectionRecord record = connections.of(handle, message.peer());
    return record.isConnected() ? null : record;
  }

  /** Whether an attempt has ended without success, and the peer did not come by itself. */
  private boolean hasFailed(ConnectionRecord attempt, InetSocketAddress peer) {
    if (attempt.closed() == null || attempt.isConnected()) {
      return false;
    }
    ConnectionRecord other = connections.find(driver.endpoint.connectionTo(peer));
    return other == null || !other.isConnected();
  }

  /** Whether the last attempt, of which {@link #trySend} waits to hear, has failed; asks once. */
  private boolean hasFailedBefore(InetSocketAddress peer) {
    EndpointEvent.Closed end = connections.lastEnd(peer);
    ConnectionRecord last = end == null ? null : connections.find(end.connection());
    if (last == null || !last.isFailureExpected() || !hasFailed(last, peer)) {
      return false;
    }
    last.expectFailure(false);
    return true;
  }

  /**
   * Has a small ordered message sent without a look at the endpoint, if one like it went to the
   * same peer before; never waits.
   *
   * @return false if {@link #send} must be asked
   */
  boolean sendSmall(InetSocketAddress peer, int channel, ByteBuffer body) {
    SendLane lane = driver.lanes.find(peer, channel);
    if (lane == null || body.remaining() > lane.mostBytes()) {
      return false;
    }
    SendLane.Appended appended = lane.append(body);
    if (appended == SendLane.Appended.FIRST) {
      driver.lanes.announce(lane);
      driver.onAnnounced();
      return true;
    }
    if (appended == SendLane.Appended.CLOSED) {
      driver.lanes.forgetLast(); // there may be a new connection to this peer
    }
    if (appended == SendLane.Appended.BEHIND_OTHERS) {
      driver.onBehindOthers(lane);
      return true;
    }
    return false;
  }

  /**
   * Sends an ordered message that {@link #sendSmall} did not take, for it is too large or the lane
   * is full: copied once, into its stream, or in plain mode into the queue. Waits while there is no
   * room.
   *
   * @return false if {@link #send} must be asked
   * @throws InterruptedIOException if the thread is interrupted while it waits; not sent then
   */
  boolean sendInStream(InetSocketAddress peer, int channel, ByteBuffer body)
      throws InterruptedIOException {
    SendLane lane = driver.lanes.find(peer, channel);
    if (lane == null) {
      return false;
    }
    driver.lock.lock();
    try {
      while (driver.life.isOpen() && !lane.isClosed()) {
        long before = writableEvents;
        long now = driver.clock.now();
        driver.lanes.drain(driver.endpoint, now);
        SendOutcome outcome = SendOutcome.BLOCKED;
        if (!driver.lanes.holdsBack(peer, lane.connection, channel, driver.endpoint, now)) {
          outcome = driver.endpoint.sendBody(lane.connection, peer, channel, body, now);
          if (outcome == SendOutcome.BLOCKED) {
            driver.lanes.onBlocked(peer, lane.connection, channel);
          }
        }
        driver.afterInput(now);
        if (outcome != SendOutcome.BLOCKED) {
          return outcome == SendOutcome.ACCEPTED;
        }
        while (writableEvents == before && driver.life.isOpen()) {
          driver.waiting.await(writable, Endpoint.NEVER);
        }
      }
      return false;
    } finally {
      driver.lock.unlock();
    }
  }

  /** A streamed message that has begun on this channel will not be ended; never waits. */
  void abortStream(ConnectionRecord connection, int channel) {
    driver.lock.lock();
    try {
      if (driver.life.isOpen()) {
        long now = driver.clock.now();
        driver.endpoint.abortMessage(connection.handle(), channel, now);
        driver.afterInput(now);
      }
    } finally {
      driver.lock.unlock();
    }
  }

  private SendOutcome offer(OutgoingMessage message) {
    if (!driver.life.isOpen()) {
      return SendOutcome.CLOSED;
    }
    long now = driver.clock.now();
    boolean ordered = message.delivery() == Delivery.RELIABLE_ORDERED;
    if (message.part()) {
      // What was sent before goes before; between the parts no lane may be there.
      driver.lanes.flushAndClose(message.connection(), message.channel(), driver.endpoint, now);
    }
    if (ordered) {
      driver.lanes.drain(driver.endpoint, now);
      if (driver.lanes.holdsBack(
          message.peer(), message.connection(), message.channel(), driver.endpoint, now)) {
        driver.afterInput(now);
        return SendOutcome.BLOCKED;
      }
    }
    SendOutcome outcome = driver.endpoint.send(message, now);
    if (ordered && outcome == SendOutcome.BLOCKED) {
      driver.lanes.onBlocked(message.peer(), message.connection(), message.channel());
    }
    if (message.connection() == Endpoint.NO_CONNECTION && outcome == SendOutcome.ACCEPTED) {
      onAcceptedByAddress(message, ordered && !message.more());
    }
    if (outcome == SendOutcome.ACCEPTED
        && message.receipt() instanceof PendingReceipt receipt
        && receipt.isConfirmRequested()) {
      connections.awaitConfirmation(receipt); // not before: the oldest may have to give way
    }
    driver.afterInput(now);
    return outcome;
  }

  private void onAcceptedByAddress(OutgoingMessage message, boolean mayTakeLane) {
    long connection = driver.endpoint.connectionTo(message.peer());
    if (message.receipt() instanceof PendingReceipt receipt) {
      receipt.takenFor(connection); // another may go by that address before it is settled
    }
    if (mayTakeLane) {
      if (driver.endpoint instanceof PlainEndpoint) {
        driver.lanes.onPlainPeer(message.peer());
      }
      driver.lanes.onAccepted(message.peer(), connection, message.channel());
    }
  }
}
