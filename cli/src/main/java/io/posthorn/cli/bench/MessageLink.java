package io.posthorn.cli.bench;

import io.posthorn.Connection;
import io.posthorn.ConnectionInfo;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Receipt;
import io.posthorn.cli.session.ConnectionEnd;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A link over a message socket: plain datagrams, or one reliable connection. */
final class MessageLink implements BenchLink {
  private final MessageSocket socket;
  private final InetSocketAddress peer;
  private final @Nullable Connection connection;
  private final boolean ownsSocket;
  private final AtomicInteger sending = new AtomicInteger();

  /** When the first of those that send began, or the newest was done. */
  private volatile long sinceNanos;

  private volatile int largestBytes;

  /**
   * A link.
   *
   * @param connection null in plain mode
   * @param ownsSocket whether the socket is closed with it
   */
  MessageLink(
      MessageSocket socket,
      InetSocketAddress peer,
      @Nullable Connection connection,
      boolean ownsSocket) {
    this.socket = socket;
    this.peer = peer;
    this.connection = connection;
    this.ownsSocket = ownsSocket;
  }

  @Override
  public boolean isReliable() {
    return socket.mode() == Mode.RELIABLE;
  }

  @Override
  public void send(byte[] message) throws IOException {
    if (sending.getAndIncrement() == 0) {
      sinceNanos = System.nanoTime();
    }
    if (message.length > largestBytes) {
      largestBytes = message.length;
    }
    try {
      Connection open = connection;
      if (open != null) {
        open.send(message);
      } else {
        socket.send(peer, message);
      }
    } finally {
      sinceNanos = System.nanoTime();
      sending.decrementAndGet();
    }
  }

  @Override
  public boolean trySend(byte[] message) throws IOException {
    Connection open = connection;
    Receipt receipt =
        open != null
            ? open.trySend(open.message().body(message))
            : socket.trySend(Message.to(peer).body(message));
    return receipt != null;
  }

  @Override
  public void flush() {
    // A message socket holds nothing back.
  }

  @Override
  public LinkState state() {
    Connection open = connection;
    ConnectionInfo info = open == null ? null : open.info();
    return info == null
        ? LinkState.UNKNOWN
        : new LinkState(
            info.smoothedRtt().toNanos(),
            info.congestionWindowBytes(),
            info.bytesRetransmitted(),
            info.limitedBy().name().toLowerCase(Locale.ROOT).replace('_', ' '));
  }

  @Override
  public long blockedNanos(long nowNanos) {
    if (sending.get() == 0) {
      return 0;
    }
    // There is room for a message when another of its size has been taken whole.
    return Math.max(0, nowNanos - sinceNanos - BenchPlan.slowNanos(largestBytes));
  }

  /** Sees that a sink gets the messages of a socket that this link alone uses. */
  void deliverTo(Sink sink) {
    socket.onMessage(message -> sink.onMessage(bytes(message)));
    whenEnded(sink::onEnd);
  }

  /** Sees that somebody is told of the end of the connection, if there is one. */
  void whenEnded(Consumer<IOException> listener) {
    Connection open = connection;
    if (open != null) {
      var unused = open.closed().thenAccept(report -> listener.accept(ConnectionEnd.of(open)));
    }
  }

  /** The whole of a message; none for one in parts, which no test sends. */
  static byte[] bytes(Message message) {
    return message.isStreamed() ? new byte[0] : message.bytes();
  }

  @Override
  public void close() {
    Connection open = connection;
    if (ownsSocket) {
      socket.close();
    } else if (open != null) {
      open.close(Duration.ZERO); // whoever does not take what comes would have it linger
    }
  }
}
