package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.ConnectionRecord;
import io.posthorn.runtime.DriverGroup;
import io.posthorn.runtime.PendingReceipt;
import io.posthorn.runtime.SocketClock;
import io.posthorn.runtime.SocketDriver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a socket's messages reach its drivers: mere bytes by a short way if there is one, all others
 * as an {@link OutgoingMessage}; and none on a channel that carries a stream. For many threads.
 */
final class MessageSending {
  private final DriverGroup drivers;
  private final Refusals refusals;
  private final OpenStreams streams = new OpenStreams();

  MessageSending(DriverGroup drivers, Refusals refusals) {
    this.drivers = drivers;
    this.refusals = refusals;
  }

  /**
   * Sends what remains in the buffer, ordered on channel 0, without an object for the message.
   *
   * @return false if {@link #sendUnreceipted} must be asked
   */
  boolean sendBody(InetSocketAddress peer, ByteBuffer body) throws IOException {
    return sendSmall(peer, body) || sendInStream(peer, body);
  }

  /** A peer under whose address a lane was found was checked when that was made. */
  @SuppressWarnings("ReferenceEquality") // whether it stands for another address
  private boolean sendSmall(InetSocketAddress peer, ByteBuffer body) {
    if (!streams.isEmpty()) {
      return false;
    }
    if (drivers.sendSmall(peer, 0, body)) {
      return true;
    }
    InetSocketAddress meant = SendablePeer.of(peer);
    return meant != peer && drivers.sendSmall(meant, 0, body);
  }

  /** Of an empty message there is nothing to put into a stream but its length. */
  private boolean sendInStream(InetSocketAddress peer, ByteBuffer body) throws IOException {
    return body.hasRemaining()
        && streams.isEmpty()
        && drivers.sendInStream(SendablePeer.of(peer), 0, body);
  }

  /** Sends; waits while there is no room. */
  Receipt send(Message message, @Nullable Connection on) throws IOException {
    PendingReceipt receipt = newReceipt(message, on);
    check(drivers.send(outgoing(message, on, receipt)), message, on);
    return new Receipt(receipt);
  }

  /** Sends if there is room; else answers null. */
  @Nullable Receipt trySend(Message message, @Nullable Connection on) throws IOException {
    PendingReceipt receipt = newReceipt(message, on);
    SendOutcome outcome = drivers.trySend(outgoing(message, on, receipt));
    if (outcome == SendOutcome.BLOCKED) {
      return null;
    }
    check(outcome, message, on);
    return new Receipt(receipt);
  }

  /** As {@link #send}, for those who do not ask what became of it. */
  void sendUnreceipted(Message message, @Nullable Connection on) throws IOException {
    check(drivers.send(outgoing(message, on, null)), message, on);
  }

  /**
   * Takes a channel for a streamed message, which is to begin; {@link #endStream} gives it back.
   */
  MessageOutputStream beginStream(
      ConnectionRecord connection,
      int channel,
      Function<OpenStreams.Claim, MessageOutputStream> make) {
    return streams.open(connection, channel, make);
  }

  void endStream(OpenStreams.Claim claim) {
    streams.release(claim);
  }

  private long handle(Message message, @Nullable Connection on) {
    if (on != null) {
      return on.record().handle();
    }
    if (!message.isSendableBy(drivers)) { // its number names another connection here
      throw new IllegalArgumentException(
          message
              + " belongs to a connection of another socket: send it by Connection.send, or make a"
              + " new one by Message.to");
    }
    return message.connectionHandle();
  }

  /** Whom it goes to, which is not whom it was made for or came from if it is passed on. */
  private static InetSocketAddress peer(Message message, @Nullable Connection on) {
    return on == null ? message.peer() : on.remoteAddress();
  }

  private PendingReceipt newReceipt(Message message, @Nullable Connection on) {
    long handle = handle(message, on);
    InetSocketAddress peer = peer(message, on);
    return new PendingReceipt(drivers.of(handle, peer), peer, handle, isConfirmable(message));
  }

  /** An unreliable message has no name by which it could be confirmed. */
  private static boolean isConfirmable(Message message) {
    return message.isConfirmRequested() && message.delivery().isReliable();
  }

  private OutgoingMessage outgoing(
      Message message, @Nullable Connection on, @Nullable PendingReceipt receipt) {
    long handle = handle(message, on);
    InetSocketAddress peer = peer(message, on);
    if (message.delivery() == Delivery.RELIABLE_ORDERED) {
      streams.requireFree(handle, peer, message.channel());
    }
    if (message.delivery() == Delivery.RELIABLE_LATEST && message.key() < 0) {
      throw new IllegalArgumentException("RELIABLE_LATEST needs a key: call key(...)");
    }
    return new OutgoingMessage(
        handle,
        peer,
        message.channel(),
        message.delivery(),
        message.delivery() == Delivery.RELIABLE_LATEST ? message.key() : -1,
        message.array(),
        false,
        expiry(message.expiresAfter(), drivers.of(handle, peer)),
        isConfirmable(message),
        receipt);
  }

  private static long expiry(@Nullable Duration expiresAfter, SocketDriver by) {
    return expiresAfter == null
        ? Endpoint.NEVER
        : SocketClock.after(by.clock().nowNanos(), SocketClock.nanos(expiresAfter));
  }

  private void check(SendOutcome outcome, Message message, @Nullable Connection on)
      throws IOException {
    if (outcome == SendOutcome.ACCEPTED) {
      return;
    }
    InetSocketAddress peer = peer(message, on);
    if (outcome == SendOutcome.MID_MESSAGE) {
      throw OpenStreams.busy(message.channel(), peer); // begun while this one waited
    }
    throw refusals.refusal(
        outcome, peer, handle(message, on), on == null ? null : on.record(), message.size());
  }
}
