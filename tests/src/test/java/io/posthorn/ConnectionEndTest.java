package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** How connections on real sockets over loopback end, and who hears of it. */
class ConnectionEndTest {
  @Test
  void closingTellsThePeerCodeAndText() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Connection out = a.connect(b.localAddress());
      Connection in = accept(b);
      for (int i = 0; i < 100; i++) {
        out.send(Integer.toString(i).getBytes(UTF_8));
      }
      CloseReport report = out.close(42, "enough \u001b[2J", LONG);
      assertTrue(report.isComplete(), report.toString());
      assertEquals(100, report.acknowledged());
      assertEquals(CloseCause.APPLICATION, report.cause());
      assertFalse(report.byPeer());
      CloseReport heard = get(in.closed());
      assertEquals(CloseCause.APPLICATION, heard.cause());
      assertTrue(heard.byPeer());
      assertEquals(42, heard.applicationCode());
      assertEquals("enough \u001b[2J", heard.text());
      for (int i = 0; i < 100; i++) {
        assertEquals(Integer.toString(i), next(b).text(), "what was acknowledged is handed over");
      }
      ConnectionClosedException e =
          assertThrows(ConnectionClosedException.class, () -> in.send(new byte[1]));
      assertEquals(42, e.applicationCode());
      assertFalse(
          String.valueOf(e.getMessage()).contains("\u001b"), "no escape reaches a terminal");
      assertThrows(ConnectionClosedException.class, () -> out.send(new byte[1]));
      b.send(a.localAddress(), "a new one opens".getBytes(UTF_8));
      assertEquals("a new one opens", next(a).text());
    }
  }

  @Test
  @SuppressWarnings("NullAway") // the point of the test
  void codeOrTextThatCannotBeToldIsRefusedAndNothingEnds() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().open()) {
      Connection out = a.connect(b.localAddress());
      Connection in = accept(b);
      Connection other = a.connect(c.localAddress());
      for (long code : new long[] {-1, 1L << 62, Long.MIN_VALUE}) {
        assertThrows(IllegalArgumentException.class, () -> out.close(code, "", LONG));
      }
      assertThrows(NullPointerException.class, () -> out.close(0, null, LONG));
      out.send("still there".getBytes(UTF_8));
      other.send("and the other".getBytes(UTF_8));
      assertEquals("still there", next(b).text());
      assertEquals("and the other", next(c).text());
      out.close((1L << 62) - 1, "", LONG);
      assertEquals((1L << 62) - 1, get(in.closed()).applicationCode());
    }
  }

  /** The end of the one future comes on the thread that is to complete the others too. */
  @Test
  void whatDependsOnAFutureMayWaitForOthers() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Connection connection = a.connect(b.localAddress());
      CompletableFuture<Outcome.Kind> last =
          connection
              .closed()
              .thenApply(
                  end -> {
                    try {
                      Message joined = Message.to(b.localAddress()).body("joined");
                      a.send(joined).acknowledged().join();
                      Message got = Message.to(b.localAddress()).body("got");
                      return a.send(got).acknowledged().thenApply(Outcome::kind).get();
                    } catch (Exception e) {
                      throw new CompletionException(e);
                    }
                  });
      connection.close(LONG);
      assertEquals(Outcome.Kind.ACKNOWLEDGED, get(last));
    }
  }

  /** Who sends, receives or waits for a message is told of whom nothing was heard, how long. */
  @Test
  void fault7_silentPeerIsGivenUpAfterTheIdleTimeout() throws Exception {
    MessageSocket b = reliable().open();
    try (MessageSocket a = reliable().idleTimeout(Duration.ofSeconds(1)).open();
        Relay relay = Relay.inFrontOf(b.localAddress()).start()) {
      Connection connection = a.connect(relay.localAddress());
      Connection accepted = accept(b);
      relay.cut(true);
      for (Connection end : List.of(connection, accepted)) { // the smaller timeout is that of both
        CompletableFuture<Message> waits = start(end::receive);
        assertEquals(CloseCause.IDLE_TIMEOUT, get(end.closed()).cause());
        assertTellsOfSilence(end, () -> end.send(new byte[1]));
        assertTellsOfSilence(end, end::receive);
        assertTellsOfSilence(end, () -> end.receive(Duration.ZERO));
        assertTellsOfSilence(
            end,
            () -> {
              throw assertThrows(ExecutionException.class, () -> get(waits)).getCause();
            });
      }
    } finally {
      b.close(Duration.ZERO);
    }
  }

  private static void assertTellsOfSilence(Connection end, Executable use) {
    ConnectionLostException e = assertThrows(ConnectionLostException.class, use);
    assertEquals(CloseCause.IDLE_TIMEOUT, e.closeCause());
    assertEquals(end.remoteAddress(), e.peer());
    assertEquals(
        "heard nothing from " + AddressText.of(end.remoteAddress()) + " for 1 s", e.what());
  }

  /** Its end is known by the address at which it was met, and the message names the later one. */
  @Test
  void theEndOfAConnectionThatMovedIsToldAndNotThatOfTheSocket() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        Relay relay = Relay.inFrontOf(b.localAddress()).start()) {
      Connection connection = a.connect(relay.localAddress());
      Connection accepted = accept(b);
      InetSocketAddress before = accepted.remoteAddress();
      relay.up(LinkConditions.parse("rebind 20ms"));
      while (accepted.remoteAddress().equals(before)) {
        connection.send(new byte[1]);
        next(b);
      }
      relay.up(LinkConditions.NONE);
      Message late = accepted.message().body("late");
      connection.close(7, "", LONG);
      get(accepted.closed());
      ConnectionClosedException e =
          assertThrows(ConnectionClosedException.class, () -> b.send(late));
      assertEquals(7, e.applicationCode());
      assertTrue(e.isByPeer());
      assertFalse(b.isClosed());
    }
  }

  @Test
  void whileAConnectionIsBeingClosedThatIsSaidAndNotThatTheSocketIs() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        Relay relay = Relay.inFrontOf(b.localAddress()).start()) {
      Connection connection = a.connect(relay.localAddress());
      relay.cut(true);
      connection.send(new byte[1]);
      CompletableFuture<CloseReport> closing = start(() -> connection.close(5, "", LONG));
      Message late = connection.message().body("late");
      IOException e =
          assertThrows(
              IOException.class,
              () -> {
                while (true) {
                  a.trySend(late);
                }
              });
      assertInstanceOf(ConnectionClosedException.class, e);
      assertThrows(ConnectionClosedException.class, () -> connection.trySend(late));
      relay.cut(false);
      assertEquals(CloseCause.APPLICATION, get(closing).cause());
    }
  }

  /** One for each question would stay until the connection ends. */
  @Test
  void theEndIsOneFutureThatNobodyElseCompletes() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Connection connection = a.connect(b.localAddress());
      CompletableFuture<CloseReport> closed = connection.closed();
      for (int i = 0; i < 1_000; i++) {
        CompletableFuture<Object> either =
            CompletableFuture.anyOf(connection.closed(), CompletableFuture.completedFuture(i));
        assertEquals(i, either.join());
      }
      assertSame(closed, a.connect(b.localAddress()).closed());
      assertEquals(0, closed.getNumberOfDependents());
      CloseReport forged = new CloseReport(0, 0, CloseCause.INTERNAL, false, 0, "");
      assertFalse(closed.complete(forged));
      assertFalse(closed.completeExceptionally(new IOException()));
      assertFalse(closed.cancel(true));
      assertThrows(UnsupportedOperationException.class, () -> closed.obtrudeValue(forged));
      assertThrows(
          UnsupportedOperationException.class, () -> closed.obtrudeException(new IOException()));
      assertThrows(UnsupportedOperationException.class, () -> closed.completeAsync(() -> forged));
      assertEquals(forged, get(closed.completeOnTimeout(forged, 0, TimeUnit.NANOSECONDS)));
      CompletableFuture<CloseReport> late = closed.orTimeout(0, TimeUnit.NANOSECONDS);
      Throwable why = assertThrows(CompletionException.class, late::join).getCause();
      assertInstanceOf(TimeoutException.class, why);
      assertFalse(closed.isDone());
      assertTrue(closed.copy().complete(forged));
      assertTrue(connection.close(LONG).isComplete());
      assertEquals(CloseCause.APPLICATION, get(closed).cause());
      assertSame(closed, connection.closed());
    }
  }

  @Test
  void closingOneEndTellsTheOther() throws Exception {
    try (MessageSocket a = reliable().open()) {
      MessageSocket b = reliable().open();
      Connection connection = a.connect(b.localAddress());
      b.close();
      CloseReport report = get(connection.closed());
      assertEquals(CloseCause.APPLICATION, report.cause());
      assertTrue(report.byPeer());
      assertFalse(connection.isOpen());
      assertThrows(ConnectionClosedException.class, () -> connection.openStream(0));
    }
  }
}
