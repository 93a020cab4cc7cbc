package io.posthorn.cli.compare;

import io.posthorn.CongestionControl;
import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.SocketStatistics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Posthorn in either mode: two sockets, one message each time, ordered on one channel. */
public final class SocketCarrier implements Carrier {
  private static final long QUEUE_BYTES = 64L << 20;
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private final MessageSocket sender;
  private final MessageSocket receiver;
  private final InetSocketAddress peer;
  private final boolean resends;
  private @Nullable Connection connection;
  private volatile int messageBytes = 1;

  private SocketCarrier(
      MessageSocket sender, MessageSocket receiver, InetSocketAddress peer, boolean resends) {
    this.sender = sender;
    this.receiver = receiver;
    this.peer = peer;
    this.resends = resends;
  }

  /**
   * Opens both ends; in reliable mode the connection too.
   *
   * @param mode plain or reliable
   * @param listen where the receiving end listens
   * @param target the address under which the sending end reaches it, at the same port
   * @param timeoutNanos how long the connection may take to open
   * @param control the sending end's congestion control; without meaning in plain mode
   * @return the open carrier
   * @throws IOException if it could not be opened
   */
  public static SocketCarrier open(
      Mode mode,
      InetSocketAddress listen,
      InetAddress target,
      long timeoutNanos,
      CongestionControl control)
      throws IOException {
    MessageSocket receiver = openReceiver(mode, listen);
    SocketCarrier carrier =
        prepare(
            mode,
            receiver,
            new InetSocketAddress(target, receiver.localAddress().getPort()),
            timeoutNanos,
            control);
    try {
      carrier.connect();
      return carrier;
    } catch (IOException failed) {
      carrier.close();
      throw failed;
    }
  }

  /**
   * Opens the receiving end alone.
   *
   * @param mode plain or reliable
   * @param listen where
   * @return the open socket
   * @throws IOException if it could not be opened
   */
  public static MessageSocket openReceiver(Mode mode, InetSocketAddress listen) throws IOException {
    return MessageSocket.builder().mode(mode).bind(listen).socketReceiveBytes(QUEUE_BYTES).open();
  }

  /**
   * Adds the sending end, without a connection yet.
   *
   * @param mode that of the receiver
   * @param receiver belongs to the carrier from now on
   * @param peer the address under which the sending end reaches it
   * @param timeoutNanos how long the connection may take to open
   * @param control the sending end's congestion control; without meaning in plain mode
   * @return the carrier, to be connected before it is used
   * @throws IOException if the socket could not be opened; the receiver is closed then
   */
  public static SocketCarrier prepare(
      Mode mode,
      MessageSocket receiver,
      InetSocketAddress peer,
      long timeoutNanos,
      CongestionControl control)
      throws IOException {
    try {
      MessageSocket sender =
          MessageSocket.builder()
              .mode(mode)
              .congestionControl(control)
              .handshakeTimeout(within(Duration.ofNanos(timeoutNanos)))
              .open();
      return of(mode, sender, receiver, peer);
    } catch (IOException failed) {
      receiver.close(Duration.ZERO);
      throw failed;
    }
  }

  /**
   * Takes both ends as they are, without a connection yet.
   *
   * @param mode that of both
   * @param sender belongs to the carrier from now on
   * @param receiver as well
   * @param peer the address under which the sending end reaches the receiver
   * @return the carrier, to be connected before it is used
   */
  public static SocketCarrier of(
      Mode mode, MessageSocket sender, MessageSocket receiver, InetSocketAddress peer) {
    return new SocketCarrier(sender, receiver, peer, mode == Mode.RELIABLE);
  }

  /**
   * Opens the connection; does nothing in plain mode, which has none. What both ends have sent can
   * be told also when it fails.
   *
   * @throws IOException if it did not open, which leaves the carrier to be closed by the caller
   */
  public void connect() throws IOException {
    if (resends) {
      connection = sender.connect(peer);
    }
  }

  /**
   * The connection, for whoever sends otherwise than {@link #send} does.
   *
   * @return the open connection; null in plain mode and before {@link #connect}
   */
  public @Nullable Connection connection() {
    return connection;
  }

  private static Duration within(Duration timeout) {
    if (timeout.compareTo(SHORTEST) < 0) {
      return SHORTEST;
    }
    return timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout;
  }

  @Override
  public void send(byte[] message, int lengthBytes) throws IOException {
    messageBytes = Math.max(1, lengthBytes);
    byte[] body = message.length == lengthBytes ? message : Arrays.copyOf(message, lengthBytes);
    Connection on = connection;
    if (on == null) {
      sender.send(peer, body);
    } else {
      on.send(body);
    }
  }

  @Override
  public int receive(byte[] into, long timeoutNanos) throws IOException {
    Message message = receiver.receive(Duration.ofNanos(timeoutNanos));
    if (message == null) {
      return NOTHING;
    }
    ByteBuffer body = message.body();
    int lengthBytes = Math.min(into.length, body.remaining());
    body.get(into, 0, lengthBytes);
    return lengthBytes;
  }

  @Override
  public boolean resends() {
    return resends;
  }

  /** The messages' worth of bytes that were sent again. */
  @Override
  public long retransmissions() {
    long bytes = sender.statistics().bytesRetransmitted();
    return (bytes + messageBytes - 1) / messageBytes;
  }

  @Override
  public String congestionController() {
    return resends ? sender.options().congestionControl().name().toLowerCase(Locale.ROOT) : "";
  }

  /**
   * UDP datagrams that both ends have sent.
   *
   * @return the number
   */
  public long datagrams() {
    return sender.statistics().datagramsSent() + receiver.statistics().datagramsSent();
  }

  /**
   * The bytes of the datagrams that both ends have sent.
   *
   * @param headerBytes of IP and UDP, added for each
   * @return bytes
   */
  public long wireBytes(int headerBytes) {
    SocketStatistics up = sender.statistics();
    SocketStatistics down = receiver.statistics();
    return up.bytesSent()
        + down.bytesSent()
        + headerBytes * (up.datagramsSent() + down.datagramsSent());
  }

  /** Closes both ends at once: whatever was to be measured has been. */
  @Override
  public void close() {
    sender.close(Duration.ZERO);
    receiver.close(Duration.ZERO);
  }
}
