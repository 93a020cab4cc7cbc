package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.io.SharedPort;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.runtime.ConnectionEvents;
import io.posthorn.runtime.ConnectionRecord;
import io.posthorn.runtime.DriverGroup;
import io.posthorn.runtime.SocketClock;
import io.posthorn.runtime.SocketDriver;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Messages over UDP with any number of peers. In {@link Mode#PLAIN} each message is one datagram
 * and nothing is promised; in {@link Mode#RELIABLE} it arrives once, whole and in order per
 * channel, or an error says so. The same methods serve both.
 *
 * <pre>{@code
 * InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
 * try (MessageSocket server = MessageSocket.builder().bind(here).open();
 *     MessageSocket client = MessageSocket.builder().open()) {
 *   client.send(server.localAddress(), "hello".getBytes(UTF_8)); // opens the connection
 *   Message question = server.receive();
 *   server.send(question.from(), "good day".getBytes(UTF_8));
 *   Message answer = client.receive(Duration.ofSeconds(5)); // null if none came
 * }
 * }</pre>
 *
 * <p><b>Threads.</b> All methods may be called by many threads. Messages are taken either by {@link
 * #receive()} or by one handler. Methods wait only where they say so; an interrupt ends the waiting
 * with an {@link InterruptedIOException}, leaves the interrupt status set and the socket usable.
 *
 * <p><b>Back-pressure.</b> What is sent waits in memory up to {@code sendBufferBytes} for each
 * connection; beyond, {@link #send(Message)} waits and {@link #trySend} answers null. A channel
 * that its peer does not read makes those wait that send on it, and no others. Where a large
 * message found no room, smaller ones of its channel (or of all channels, if they are unordered or
 * unreliable) find none either until there was enough for it.
 *
 * <p><b>Its life.</b> A socket is open from {@link MessageSocketBuilder#open} on, which binds it
 * and starts its threads, and there is nothing to start or to wait for besides. It is {@link
 * Closeable} and belongs into a try statement or to whatever closes resources where it runs. {@link
 * #close()} takes no more messages, flushes within the linger time and ends its threads; what is
 * called afterwards throws {@link SocketClosedException}, and closing again does nothing. A socket
 * that is left open when {@code main} returns is flushed too, by a shutdown hook, for at most three
 * seconds, and its receipts complete, with what waits for them, before the virtual machine ends;
 * its threads do not keep that alive.
 */
public final class MessageSocket implements Closeable {
  private final SocketOptions options;
  private final Duration linger;
  private final DriverGroup drivers;
  private final Refusals refusals;
  private final MessageSending sending;
  private final @Nullable SharedPort sharedPort;

  MessageSocket(SocketOptions options, Duration linger, SocketDriver started) {
    this(options, linger, DriverGroup.of(started), null);
  }

  MessageSocket(
      SocketOptions options,
      Duration linger,
      DriverGroup drivers,
      @Nullable SharedPort sharedPort) {
    this.options = options;
    this.sharedPort = sharedPort;
    this.linger = linger;
    this.drivers = drivers;
    this.refusals = new Refusals(options, drivers);
    this.sending = new MessageSending(drivers, refusals);
  }

  /** The port, if one in plain mode may be opened beside it. */
  @Nullable SharedPort sharedPort() {
    return sharedPort;
  }

  /** Begins a socket: reliable, on any free port of all addresses, unless said otherwise. */
  public static MessageSocketBuilder builder() {
    return new MessageSocketBuilder();
  }

  // Sending.

  /**
   * Sends a copy of the bytes, reliable and ordered on channel 0 in reliable mode, where the first
   * message to a peer opens the connection. Waits only for back-pressure.
   *
   * @throws IOException as {@link #send(Message)}
   */
  public void send(InetSocketAddress peer, byte[] bytes) throws IOException {
    if (!sending.sendBody(peer, ByteBuffer.wrap(bytes))) {
      sending.sendUnreceipted(Message.to(peer).body(bytes), null);
    }
  }

  /**
   * Sends a copy of what remains in the buffer, whose position does not move.
   *
   * @throws IOException as {@link #send(Message)}
   */
  public void send(InetSocketAddress peer, ByteBuffer buffer) throws IOException {
    if (!sending.sendBody(peer, buffer)) {
      sending.sendUnreceipted(Message.to(peer).body(buffer), null);
    }
  }

  /**
   * Sends a message; waits only for back-pressure. One that was received, or begun by {@link
   * Connection#message}, goes on the connection that it came by or was begun on: a received one
   * back to its sender. To pass it on, use {@link Connection#send(Message)}, or make a new one by
   * {@link Message#to}.
   *
   * @return tells what became of it
   * @throws MessageTooLargeException if the mode or the peer does not take one of this size; before
   *     the connection is open nobody knows that, and the receipt tells it
   * @throws MessagesLostException if the last connection to the peer ended with messages
   *     unacknowledged for which nobody holds a receipt; said once, under the address that the peer
   *     went by last, and this message is not sent
   * @throws ConnectionLimitException if the socket has as many connections as it may
   * @throws TransportException as {@link #connect(InetSocketAddress)}, if the message has more than
   *     64 KiB, so that it waits for the connection to open, and that does not
   * @throws SocketClosedException if the socket is closed
   * @throws InterruptedIOException if the thread is interrupted while it waits; not sent then
   * @throws IllegalStateException if the message is ordered and its channel carries a stream, even
   *     one that began while it waited, or if it is a streamed one; not sent then
   * @throws IllegalArgumentException if the message is of a connection of another socket
   * @throws IOException as the named ones, all of which are
   */
  public Receipt send(Message message) throws IOException {
    return sending.send(message, null);
  }

  /**
   * Sends a message if there is room for it; never waits.
   *
   * @return null if there is none, or if a message of more than 64 KiB must wait for the connection
   *     to open; the message was not taken then
   * @throws IOException as {@link #send(Message)}; that the connection did not open is said once
   */
  public @Nullable Receipt trySend(Message message) throws IOException {
    return sending.trySend(message, null);
  }

  /**
   * Opens one message as a stream, ordered on the channel given, which takes no other message until
   * the stream is closed. Waits until the connection is open.
   *
   * @throws IOException as {@link #connect(InetSocketAddress)}
   */
  public MessageOutputStream openStream(InetSocketAddress peer, int channel) throws IOException {
    InetSocketAddress to = SendablePeer.of(peer);
    if (options.mode() == Mode.PLAIN) {
      return new MessageOutputStream(new DatagramParts(this, to));
    }
    return openStream(connect(to).record(), channel);
  }

  MessageOutputStream openStream(ConnectionRecord record, int channel) {
    return sending.beginStream(
        record,
        channel,
        claim -> new MessageOutputStream(new ConnectionParts(this, record, channel, claim)));
  }

  // Receiving.

  /**
   * Waits for the next message of any peer.
   *
   * @throws SocketClosedException if the socket is closed, now or meanwhile
   * @throws InterruptedIOException if the thread is interrupted
   * @throws IOException as the named ones
   * @throws IllegalStateException if a handler takes the messages, now or from meanwhile on
   */
  public Message receive() throws IOException {
    Message message = receiveWithin(Endpoint.NEVER);
    if (message == null) {
      throw refusals.socketClosed();
    }
    return message;
  }

  /**
   * Waits for the next message of any peer for some time; zero or less does not wait.
   *
   * @return null if there is none
   * @throws IOException as {@link #receive()}
   */
  public @Nullable Message receive(Duration timeout) throws IOException {
    return receiveWithin(Math.max(0, SocketClock.nanos(timeout)));
  }

  private @Nullable Message receiveWithin(long timeoutNanos) throws IOException {
    refusals.requireOpen();
    ReceivedMessage received = drivers.receive(timeoutNanos);
    if (received == null) {
      refusals.requireOpen();
      return null;
    }
    return message(received);
  }

  /** The next message of one connection; null if none came in time or will come. */
  @Nullable Message receive(ConnectionRecord on, long timeoutNanos) throws IOException {
    ReceivedMessage received = drivers.receive(on, timeoutNanos);
    return received == null ? null : message(received);
  }

  /**
   * Has each message given to a handler, one at a time, on the I/O thread: quick, and quick it must
   * be. A handler may wait (a send under back-pressure, a receipt, a stream): then the socket goes
   * on, but no further message is dispatched. What it throws goes to the thread's uncaught
   * exception handler and is counted. With {@link MessageSocketBuilder#ioThreads several I/O
   * threads}, each of them calls it.
   *
   * @throws IllegalStateException if there is a handler already
   */
  public void onMessage(Consumer<Message> handler) {
    Objects.requireNonNull(handler, "handler");
    drivers.handler(received -> handler.accept(message(received)));
  }

  /**
   * As {@link #onMessage}, without an object for each message: the handler is given its bytes where
   * they lie, and must be done with them when it returns. For those who take millions a second.
   * Streamed messages are not offered this way.
   *
   * @throws IllegalStateException if there is a handler already, or the socket takes streams
   */
  public void onBody(BodyHandler handler) {
    Objects.requireNonNull(handler, "handler");
    if (options.streaming()) {
      throw new IllegalStateException("a socket that takes streamed messages needs onMessage");
    }
    drivers.bodyHandlers(() -> new BodyViews(handler));
  }

  private Message message(ReceivedMessage received) {
    if (!received.more()) {
      return new Message(this, received, null);
    }
    ConnectionRecord record = drivers.find(received.connection());
    return new Message(this, received, new MessageInputStream(this, record, received));
  }

  // Connections.

  /**
   * Opens a connection, or finds the one there is, and waits until it is open: until the peer has
   * answered under the keys of both, two round trips. A message that is sent to an address which
   * has no connection yet leaves after one, with the last message of the handshake.
   *
   * @throws ConnectionTimeoutException if nobody answers within the handshake timeout
   * @throws ConnectionRefusedException if the peer takes no (more) connections
   * @throws PeerIdentityChangedException if the peer is not who it should be
   * @throws SecurityMismatchException if the two sides ask for different security
   * @throws IOException as the named ones, and as {@link #send(Message)}
   * @throws UnsupportedOperationException in plain mode, which has no connections
   */
  public Connection connect(InetSocketAddress peer) throws IOException {
    // The endpoint ends the attempt at its own timeout; the margin lets its words come first.
    return connect(peer, options.handshakeTimeout().plusSeconds(1));
  }

  /**
   * Opens a connection and waits for it for at most this long; the attempt itself goes on until the
   * handshake timeout, and a later call finds it.
   *
   * @throws IOException as {@link #connect(InetSocketAddress)}
   */
  public Connection connect(InetSocketAddress peer, Duration timeout) throws IOException {
    refusals.requireConnections("connect");
    InetSocketAddress to = SendablePeer.of(peer);
    ConnectionRecord record = drivers.connect(to);
    if (record == null) {
      refusals.requireOpen();
      throw refusals.connectionLimit(to);
    }
    Connection connection = new Connection(this, record);
    connection.awaitOpen(timeout);
    return connection;
  }

  /**
   * Waits for a connection that a peer has opened. Peers may send, and their messages are received,
   * whether or not their connections are accepted. One that the peer has closed again, or that was
   * lost, is accepted as long as there is a message of it to receive.
   *
   * @throws IOException as {@link #receive()}
   * @throws UnsupportedOperationException in plain mode, which has no connections
   */
  public Connection accept() throws IOException {
    Connection connection = acceptWithin(Endpoint.NEVER);
    if (connection == null) {
      throw refusals.socketClosed();
    }
    return connection;
  }

  /**
   * Waits for a connection that a peer has opened, for at most this long.
   *
   * @return null if there is none
   * @throws IOException as {@link #accept()}
   */
  public @Nullable Connection accept(Duration timeout) throws IOException {
    return acceptWithin(Math.max(0, SocketClock.nanos(timeout)));
  }

  private @Nullable Connection acceptWithin(long timeoutNanos) throws IOException {
    refusals.requireConnections("accept");
    refusals.requireOpen();
    ConnectionRecord record = drivers.accept(timeoutNanos);
    if (record == null) {
      refusals.requireOpen();
      return null;
    }
    return new Connection(this, record);
  }

  /**
   * Has peers that connect from now on, in reliable mode, told what this side's codec knows; {@link
   * Connection#peerRegistrationFingerprint} is what they told. {@code TypedSocket} calls it.
   *
   * @param fingerprint 32 bytes, copied
   * @throws IllegalArgumentException if the length is another
   */
  public void announceRegistrations(byte[] fingerprint) {
    if (fingerprint.length != 32) {
      throw new IllegalArgumentException(
          "a registration fingerprint has 32 bytes, not " + fingerprint.length);
    }
    drivers.announceRegistrations(fingerprint);
  }

  /** Has a listener told of connections that open and end from now on; there is one at most. */
  public void onConnection(ConnectionListener listener) {
    Objects.requireNonNull(listener, "listener");
    drivers.listener(
        new ConnectionEvents() {
          @Override
          public void opened(ConnectionRecord record) {
            listener.opened(new Connection(MessageSocket.this, record));
          }

          @Override
          public void closed(ConnectionRecord record) {
            EndpointEvent.Closed end = record.closed();
            if (end != null) {
              listener.closed(new Connection(MessageSocket.this, record), Endings.report(end));
            }
          }
        });
  }

  /** The table of active connections; empty in plain mode. */
  public List<ConnectionInfo> connections() {
    return drivers.connections();
  }

  @Nullable ConnectionInfo infoOf(long connection) {
    return drivers.info(connection);
  }

  @Nullable Connection connectionOf(long handle) {
    ConnectionRecord record = drivers.find(handle);
    return record == null ? null : new Connection(this, record);
  }

  // Questions.

  /** What this socket has done so far. */
  public SocketStatistics statistics() {
    return StatisticsSnapshot.of(options.mode(), drivers.all());
  }

  /** The address that the socket is bound to, with the port number that was given. */
  public InetSocketAddress localAddress() {
    return drivers.localAddress();
  }

  /** Plain or reliable. */
  public Mode mode() {
    return options.mode();
  }

  /** The settings in force. */
  public SocketOptions options() {
    return options;
  }

  /** How long {@link #close()} flushes at most. */
  public Duration linger() {
    return linger;
  }

  // The end.

  /**
   * Closes the socket after what was sent is flushed, or after the linger time. Threads that wait
   * in other methods get a {@link SocketClosedException}. An interrupt does not cut it short. A
   * handler that runs meanwhile is waited for, but not for more than a second.
   */
  @Override
  public void close() {
    close(linger);
  }

  /**
   * Closes the socket after what was sent is flushed, or after the time given. What peers send from
   * then on is not taken and not acknowledged; see {@link Connection#close(long, String, Duration)}
   * for peers that close at the same time.
   *
   * @return what was acknowledged and what not, over the connections that ended by this
   */
  public CloseReport close(Duration linger) {
    long acknowledgedBefore = drivers.acknowledgedByEnd();
    long unacknowledgedBefore = drivers.unacknowledgedByEnd();
    drivers.beginClose(Math.max(0, SocketClock.nanos(linger)));
    drivers.awaitClosed();
    return new CloseReport(
        drivers.acknowledgedByEnd() - acknowledgedBefore,
        drivers.unacknowledgedByEnd() - unacknowledgedBefore,
        refusals.endedByFault() ? CloseCause.INTERNAL : CloseCause.SOCKET_CLOSED,
        false,
        0,
        "");
  }

  /** Whether closing has begun, or a fault ended the socket. */
  public boolean isClosed() {
    return drivers.isClosing();
  }

  EndpointEvent.Closed closeAndWait(
      ConnectionRecord record, long code, String text, Duration linger) {
    drivers.close(record, code, text, Math.max(0, SocketClock.nanos(linger)));
    return drivers.awaitEnd(record);
  }

  /** Waits until a condition of the connection holds. */
  boolean waitUntil(ConnectionRecord of, BooleanSupplier condition, Duration timeout)
      throws IOException {
    return drivers.waitUntil(of, condition, SocketClock.nanos(timeout));
  }

  DriverGroup drivers() {
    return drivers;
  }

  Refusals refusals() {
    return refusals;
  }

  MessageSending sending() {
    return sending;
  }
}
