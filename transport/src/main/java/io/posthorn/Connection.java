package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.identity.Fingerprint;
import io.posthorn.runtime.ConnectionRecord;
import io.posthorn.runtime.SocketClock;
import io.posthorn.wire.VarInt;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A connection of a socket in reliable mode, asked for by {@link MessageSocket#connect} or {@link
 * MessageSocket#accept}. Messages sent on it never go to another connection, even to the same peer:
 * when it has ended, sending fails. Safe for use by many threads.
 *
 * <pre>{@code
 * Connection connection = socket.connect(peer); // throws if nobody answers
 * connection.send("hello".getBytes(UTF_8));
 * CloseReport report = connection.close(Duration.ofSeconds(3)); // says what was acknowledged
 * }</pre>
 */
public final class Connection implements AutoCloseable {
  private final MessageSocket socket;
  private final ConnectionRecord record;

  Connection(MessageSocket socket, ConnectionRecord record) {
    this.socket = socket;
    this.record = record;
  }

  /** The socket that it belongs to. */
  public MessageSocket socket() {
    return socket;
  }

  /** Where the peer is now; it may move. */
  public InetSocketAddress remoteAddress() {
    return record.peer();
  }

  /**
   * Fingerprint of the peer's key, "SHA256:…"; null with {@link Security#none()} and before the
   * connection is open.
   */
  public @Nullable String peerFingerprint() {
    byte[] key = record.peerKey();
    return key.length == 0 ? null : Fingerprint.of(key).toString();
  }

  /**
   * What the peer's codec knows, as a fingerprint of 32 bytes that {@link
   * MessageSocket#announceRegistrations} gave there; null if it told none, and before the
   * connection is open.
   */
  public byte @Nullable [] peerRegistrationFingerprint() {
    byte[] fingerprint = record.peerRegistrations();
    return fingerprint == null ? null : fingerprint.clone();
  }

  /**
   * Whether the peer has answered and the connection has not ended. While this side closes it, it
   * is still open, for what is on its way; but it takes no more messages.
   */
  public boolean isOpen() {
    return record.isConnected() && record.closed() == null;
  }

  /** A snapshot of its state, or null after its end. */
  public @Nullable ConnectionInfo info() {
    return socket.infoOf(record.handle());
  }

  /** Begins a message on this connection; only its own socket takes it. */
  public Message.Draft message() {
    return new Message.Draft(socket, record.handle(), record.peer());
  }

  /**
   * Sends bytes, reliable and ordered on channel 0; waits only for back-pressure.
   *
   * @throws IOException as {@link MessageSocket#send(Message)}
   */
  public void send(byte[] bytes) throws IOException {
    socket.sending().sendUnreceipted(message().body(bytes), this);
  }

  /**
   * Sends what remains in the buffer, as {@link #send(byte[])}.
   *
   * @throws IOException as {@link MessageSocket#send(Message)}
   */
  public void send(ByteBuffer buffer) throws IOException {
    socket.sending().sendUnreceipted(message().body(buffer), this);
  }

  /**
   * Sends a message on this connection, whatever peer it was made for and whichever socket received
   * it.
   *
   * @throws IOException as {@link MessageSocket#send(Message)}
   */
  public Receipt send(Message message) throws IOException {
    return socket.sending().send(message, this);
  }

  /**
   * Sends a message on this connection if there is room.
   *
   * @return null if there is none
   * @throws IOException as {@link MessageSocket#trySend}
   */
  public @Nullable Receipt trySend(Message message) throws IOException {
    return socket.sending().trySend(message, this);
  }

  /**
   * What the peer's application says it speaks, as {@link MessageSocketBuilder#application} set it
   * there; empty for nothing. It comes from the network: compare it, do not print it as it is.
   */
  public String peerApplication() {
    return record.peerApplication();
  }

  /**
   * Waits for the next message of this connection. Messages that nobody takes hold its peer back
   * and no other, and after its end a place among the connections, until it is {@linkplain #close()
   * closed} here. What {@link MessageSocket#receive()} or a handler takes does not come here, so a
   * program uses the one or the other.
   *
   * @throws TransportException if the connection has ended and all that it brought is taken; its
   *     type tells how
   * @throws SocketClosedException if the socket is closed, now or meanwhile
   * @throws InterruptedIOException if the thread is interrupted
   * @throws IOException as the named ones
   * @throws IllegalStateException if a {@linkplain MessageSocket#onBody body handler} takes the
   *     messages, now or from meanwhile on
   */
  public Message receive() throws IOException {
    Message message = receiveWithin(Endpoint.NEVER);
    if (message == null) {
      throw new IllegalStateException("nothing came although there is no limit");
    }
    return message;
  }

  /**
   * Waits for the next message of this connection for some time; zero or less does not wait.
   *
   * @return null if there is none
   * @throws IOException as {@link #receive()}
   */
  public @Nullable Message receive(Duration timeout) throws IOException {
    return receiveWithin(Math.max(0, SocketClock.nanos(timeout)));
  }

  private @Nullable Message receiveWithin(long timeoutNanos) throws IOException {
    Message message = socket.receive(record, timeoutNanos);
    TransportException ended = message == null ? failure() : null;
    if (ended != null) {
      message = socket.receive(record, 0); // it may have come after the look, right before the end
    }
    if (message == null) {
      socket.refusals().requireOpen();
      if (ended != null) {
        throw ended;
      }
    }
    return message;
  }

  /**
   * Opens one message of any size as a stream, on this connection; see {@link
   * MessageSocket#openStream}.
   *
   * @throws TransportException if the connection has ended; its type tells how
   * @throws IOException as the named one
   */
  public MessageOutputStream openStream(int channel) throws IOException {
    TransportException ended = failure();
    if (ended != null) {
      throw ended;
    }
    return socket.openStream(record, channel);
  }

  /**
   * Has both sides seal what they send with new keys, and erase the old ones: before and after
   * something of weight, say. Keys are replaced by themselves as well, after 2<sup>20</sup> packets
   * and after an hour.
   *
   * <p>Answers at once. The next packet has the new key, and one leaves for that if nothing else is
   * to be sent; not before the last replacement is complete, that is, until the peer has answered
   * under the keys that it brought and then three probe timeouts have passed (RFC 9001 §6). Asked
   * for more often than that, one more follows. No effect with {@link Security#none()} and after
   * the connection's end.
   */
  public void updateKeys() {
    socket.drivers().updateKeys(record);
  }

  /**
   * Closes it after what was sent is acknowledged, or after the socket's linger time.
   *
   * <p>An interrupt does not cut the waiting short; the interrupt status stays set.
   */
  @Override
  public void close() {
    close(socket.linger());
  }

  /** Closes with code 0 and no text, and waits for that at most {@code linger}. */
  public CloseReport close(Duration linger) {
    return close(0, "", linger);
  }

  /**
   * Closes it after what was sent is acknowledged, or after the time given.
   *
   * <p>From then on this side takes no message of the peer any more and acknowledges none, so that
   * none counts as arrived that nobody will receive. So if both sides close while each has messages
   * on their way to the other, these stay unacknowledged, and both wait as long as they were told
   * to: let the side close first that needs nothing more, and the other when it is told of that.
   *
   * <p>What the peer had sent before can still be received. If nobody does so for the {@linkplain
   * MessageSocketBuilder#idleTimeout idle timeout}, and another connection needs the place or the
   * memory, it is given up; but not in a program that has used {@link MessageSocket#receive()} or a
   * handler, which will come to it. So close those too that the peer has closed.
   *
   * @param applicationCode 0 to 2^62 - 1, told to the peer
   * @param text up to 256 bytes in UTF-8, told to the peer
   * @param linger how long unacknowledged messages may still take
   * @return what was acknowledged and what not
   * @throws IllegalArgumentException if the code is another; the connection stays open
   */
  public CloseReport close(long applicationCode, String text, Duration linger) {
    if (applicationCode < 0 || applicationCode > VarInt.MAX_VALUE) {
      throw new IllegalArgumentException(
          "application code " + applicationCode + ": expected 0 to 2^62 - 1");
    }
    Objects.requireNonNull(text, "text");
    EndpointEvent.Closed end = socket.closeAndWait(record, applicationCode, text, linger);
    return Endings.report(end);
  }

  /**
   * Completes when the connection ends, by whomever; never exceptionally. It is the same for all
   * who ask, so nobody can complete or cancel it for the others; {@code orTimeout} and {@code
   * completeOnTimeout} answer a copy with the time limit. What is derived from it stays until the
   * connection ends: derive once, not for each message.
   */
  public CompletableFuture<CloseReport> closed() {
    return record.closedFuture(Endings::report);
  }

  /** How it ended, as an exception; null if it has not. */
  @Nullable TransportException failure() {
    EndpointEvent.Closed end = record.closed();
    return end == null ? null : Endings.exception(end, socket.options());
  }

  ConnectionRecord record() {
    return record;
  }

  /** Waits until it is open. */
  void awaitOpen(Duration timeout) throws IOException {
    boolean known =
        socket.waitUntil(record, () -> record.isConnected() || record.closed() != null, timeout);
    EndpointEvent.Closed end = record.closed();
    if (end != null) {
      throw socket.refusals().ended(end);
    }
    if (!known) {
      socket.refusals().requireOpen();
      throw new ConnectionTimeoutException(
          record.peer(),
          timeout,
          "no answer from "
              + AddressText.of(record.peer())
              + " in "
              + Endings.text(timeout)
              + Endings.words(record.icmpHint()),
          Endings.checkListener(socket.options())
              + ", or wait longer; the attempt goes on for "
              + Endings.text(socket.options().handshakeTimeout()));
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Connection that && record == that.record;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(record);
  }

  @Override
  public String toString() {
    String state = record.closed() != null ? "ended" : record.isConnected() ? "open" : "opening";
    return "Connection[" + record.peer() + ", " + state + "]";
  }
}
