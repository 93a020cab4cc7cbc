package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever ends a socket, and however late, each receipt and each connection has its end. */
@Timeout(60)
class SocketEndTest {
  private static final Duration MINUTES = Duration.ofMinutes(5);

  private static Message to(InetSocketAddress peer) {
    return Message.to(peer).confirm(true).body(new byte[10]);
  }

  private static Outcome outcome(Receipt receipt) throws Exception {
    CompletableFuture<Void> processed = receipt.processed();
    assertThrows(ExecutionException.class, () -> processed.get(LONG.toSeconds(), TimeUnit.SECONDS));
    return receipt.acknowledged().get(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  /** The peer says nothing any more, since its handler does not come back. */
  @Test
  void aSocketThatClosesUnderAConnectionThatClosesEndsIt() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    CountDownLatch silent = new CountDownLatch(1);
    try (MessageSocket peer = reliable().open();
        MessageSocket socket = reliable().open()) {
      Connection connection = socket.connect(peer.localAddress());
      accept(peer);
      try {
        peer.onMessage(
            message -> {
              silent.countDown();
              try {
                over.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
        connection.send(new byte[1]);
        silent.await();
        Receipt receipt = socket.send(to(peer.localAddress()));
        CompletableFuture<CloseReport> closing =
            CompletableFuture.supplyAsync(() -> connection.close(MINUTES));
        while (socket.connections().get(0).state() != ConnectionInfo.State.CLOSING) {
          Thread.onSpinWait();
        }
        assertTrue(socket.close(Duration.ZERO).unacknowledged() > 0);
        assertEquals(Outcome.Kind.CLOSED, outcome(receipt).kind());
        assertTrue(closing.get(LONG.toSeconds(), TimeUnit.SECONDS).unacknowledged() > 0);
      } finally {
        over.countDown();
      }
    }
  }

  /** Whoever waited for the answer led, so that the I/O thread stands by and is only called. */
  @Test
  void aSocketThatNobodyAnsweredClosesAtOnce() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < 5; i++) {
        MessageSocket socket = reliable().handshakeTimeout(Duration.ofMillis(100)).open();
        InetSocketAddress nobody = (InetSocketAddress) silent.getLocalSocketAddress();
        assertThrows(ConnectionTimeoutException.class, () -> socket.connect(nobody));
        assertEquals(0, socket.close(MINUTES).unacknowledged());
      }
    }
  }

  @Test
  void aSocketThatFailsTellsEachOfItsConnectionsAndReceipts() throws Exception {
    AtomicBoolean mute = new AtomicBoolean();
    AtomicBoolean broken = new AtomicBoolean();
    try (MessageSocket peer = reliable().open()) {
      MessageSocket socket = open(mute, broken);
      Connection connection = socket.connect(peer.localAddress());
      connection.send(new byte[1]);
      next(peer);
      // Nothing arrives any more, so the message is taken and not acknowledged when all ends.
      mute.set(true);
      Receipt receipt = socket.send(to(peer.localAddress()));
      broken.set(true);
      Outcome outcome = outcome(receipt);
      assertEquals(Outcome.Kind.CLOSED, outcome.kind());
      assertEquals(CloseCause.SOCKET_CLOSED, outcome.cause());
      CloseReport report = connection.closed().get(LONG.toSeconds(), TimeUnit.SECONDS);
      assertEquals(CloseCause.SOCKET_CLOSED, report.cause());
      assertTrue(report.unacknowledged() > 0);
      assertEquals(report, connection.close(MINUTES));
      assertEquals(CloseCause.INTERNAL, socket.close(Duration.ZERO).cause());
    }
  }

  /** A socket whose datagrams get lost from some moment on, and whose system socket is gone. */
  private static MessageSocket open(AtomicBoolean mute, AtomicBoolean broken) throws IOException {
    return TamperedPort.open(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        SocketOptions.defaults(Mode.RELIABLE),
        (method, arguments) -> {
          if (broken.get() && method.equals("receive")) {
            throw new IOException("it is gone");
          }
          if (mute.get() && method.equals("send")) {
            return ((TransmitBatch) arguments[0]).segments() - (int) arguments[1];
          }
          return null;
        });
  }
}
