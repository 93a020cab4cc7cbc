package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.io.OwnerClosedException;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.ConnectionRecord;
import io.posthorn.runtime.DriverGroup;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Why a socket does not do what it was asked for, as the exception to throw. */
final class Refusals {
  private final SocketOptions options;
  private final DriverGroup drivers;

  Refusals(SocketOptions options, DriverGroup drivers) {
    this.options = options;
    this.drivers = drivers;
  }

  /**
   * Why a message was not taken.
   *
   * @param connection the one that it was for, or {@link Endpoint#NO_CONNECTION} if it went by
   *     address
   * @param record of that connection, if the caller has it: it may be forgotten here
   */
  IOException refusal(
      SendOutcome outcome,
      InetSocketAddress peer,
      long connection,
      @Nullable ConnectionRecord record,
      long size) {
    return switch (outcome) {
      case ACCEPTED, BLOCKED, MID_MESSAGE, TOO_SMALL ->
          throw new IllegalStateException(outcome + " is no refusal");
      case TOO_LARGE -> tooLarge(peer, size);
      case MESSAGES_LOST -> Endings.messagesLost(peer, drivers.lastEnd(peer), options);
      case CONNECTION_LIMIT -> connectionLimit(peer);
      case CHANNEL_LIMIT ->
          new ChannelLimitException(
              peer,
              AddressText.of(peer) + " takes no messages on this channel",
              "use a lower channel number");
      case CLOSED ->
          connection == Endpoint.NO_CONNECTION
              ? closedByAddress(peer)
              : closed(peer, connection, record);
    };
  }

  ConnectionLimitException connectionLimit(InetSocketAddress peer) {
    int threads = drivers.all().size();
    int most = options.maxConnections();
    String full =
        threads == 1
            ? "this socket has " + most + " connections, as many as it may"
            : "the I/O thread that this peer belongs to has "
                + options.dividedBy(threads).maxConnections()
                + " connections, its part of the "
                + most
                + " that this socket may have";
    return new ConnectionLimitException(
        peer,
        "no connection to " + AddressText.of(peer) + ": " + full,
        "close some or raise maxConnections");
  }

  private MessageTooLargeException tooLarge(InetSocketAddress peer, long size) {
    if (options.mode() == Mode.PLAIN) {
      int limit = WireLimits.MAX_DATAGRAM_BYTES;
      return new MessageTooLargeException(
          peer,
          size,
          limit,
          "message of "
              + size
              + " bytes to "
              + AddressText.of(peer)
              + ": plain mode takes at most "
              + limit
              + ", one datagram",
          "cut it up or use Mode.RELIABLE");
    }
    return new MessageTooLargeException(
        peer,
        size,
        -1,
        "message of " + size + " bytes is larger than " + AddressText.of(peer) + " takes this way",
        "ordered ones it takes in one piece up to its maxWholeMessageBytes, and of any size if it"
            + " was opened with streaming(true); unordered ones must fit its receive buffer,"
            + " unreliable ones a packet");
  }

  private IOException closedByAddress(InetSocketAddress peer) {
    EndpointEvent.Closed end = drivers.lastEnd(peer);
    return drivers.isClosing() || end == null ? socketClosed() : ended(end);
  }

  /** The peer may have moved, and another may have its address: the end is the connection's own. */
  private IOException closed(
      InetSocketAddress peer, long connection, @Nullable ConnectionRecord known) {
    if (known == null && drivers.isClosing()) {
      return socketClosed();
    }
    ConnectionRecord record = known != null ? known : drivers.find(connection);
    EndpointEvent.Closed end = record == null ? null : record.closed();
    if (end != null) {
      return ended(end);
    }
    if (drivers.isClosing()) {
      return socketClosed();
    }
    return new ConnectionClosedException(
        peer,
        0,
        false,
        "the connection to "
            + AddressText.of(peer)
            + (record == null ? " ended long ago" : " is being closed on this side"),
        "connect again if more is to be said");
  }

  /**
   * For somebody who wanted to use a connection that ended like this. Once the socket is closed, an
   * end by this side is the socket's: there is nothing to connect again.
   */
  TransportException ended(EndpointEvent.Closed end) {
    CloseCause cause = Endings.cause(end.reason());
    boolean closedHere =
        cause == CloseCause.SOCKET_CLOSED || (cause == CloseCause.APPLICATION && !end.byPeer());
    return closedHere && drivers.isClosing() ? socketClosed() : Endings.exception(end, options);
  }

  SocketClosedException socketClosed() {
    Throwable failure = drivers.failure();
    String socket = "the socket on " + AddressText.of(drivers.localAddress());
    if (endedByFault()) {
      return new SocketClosedException(socket + " was ended by a fault: " + failure, "", failure);
    }
    String why = failure == null ? "" : ", for " + failure.getMessage();
    return new SocketClosedException(socket + " is closed" + why, "open a new one", failure);
  }

  /** Whether the socket ended otherwise than by being closed, or the one that it is beside. */
  boolean endedByFault() {
    Throwable failure = drivers.failure();
    return failure != null && !(failure instanceof OwnerClosedException);
  }

  void requireOpen() throws SocketClosedException {
    if (drivers.isClosing()) {
      throw socketClosed();
    }
  }

  void requireConnections(String what) {
    if (options.mode() == Mode.PLAIN) {
      throw new UnsupportedOperationException(
          what + ": plain mode has no connections; use Mode.RELIABLE");
    }
  }
}
