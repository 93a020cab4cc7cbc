package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.socket;
import static io.posthorn.Loopback.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.io.DatagramPort;
import io.posthorn.io.GatedPort;
import io.posthorn.io.PortChoice;
import io.posthorn.io.ScriptedPorts;
import io.posthorn.protocol.PortLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes on, and what does not, while a handler holds the I/O thread. */
@Timeout(40)
class BusyHandlerTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void letTheHandlerGo() {
    release.countDown();
  }

  private static MessageSocket open(DatagramPort port) throws IOException {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    PortLimits limits = new PortLimits(port::largestDatagramBytes, 1_200);
    return Loopback.over(port, options, limits);
  }

  /** Has the handler of {@code busy} called, which returns when it is let go. */
  private void occupy(MessageSocket busy, MessageSocket by) throws Exception {
    busy.onMessage(
        message -> {
          entered.countDown();
          awaitRelease();
        });
    by.send(busy.localAddress(), new byte[1]);
    assertTrue(entered.await(LONG.toSeconds(), TimeUnit.SECONDS));
  }

  private void awaitRelease() {
    try {
      assertTrue(release.await(LONG.toSeconds() * 3, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void closingFlushesMeanwhile(Mode mode) throws Exception {
    try (MessageSocket peer = socket(mode).open();
        MessageSocket busy = socket(mode).open()) {
      occupy(busy, peer);
      busy.send(peer.localAddress(), new byte[10_000]);
      assertTrue(get(start(() -> busy.close(LONG))).isComplete());
      assertEquals(1, release.getCount());
      assertEquals(10_000, next(peer).size());
    }
  }

  @Test
  void closingEndsAfterTheLingerTime() throws Exception {
    try (GatedPorts ports = new GatedPorts()) {
      try (MessageSocket peer = open(ports.gated);
          MessageSocket busy = reliable().open()) {
        occupy(busy, peer);
        ports.gated.closeGate();
        busy.send(peer.localAddress(), new byte[10]);
        assertFalse(get(start(() -> busy.close(Duration.ofMillis(20)))).isComplete());
        assertEquals(1, release.getCount());
      }
    }
  }

  /** A port that lets datagrams through until its gate is closed. */
  private static final class GatedPorts implements AutoCloseable {
    final GatedPort gated = new GatedPort(PortChoice.open(ANY, null, false, true));

    GatedPorts() throws IOException {
      gated.openGate();
    }

    @Override
    public void close() throws IOException {
      gated.close();
    }
  }

  @Test
  void aConnectionIsClosedMeanwhile() throws Exception {
    try (MessageSocket peer = reliable().open();
        MessageSocket other = reliable().open();
        MessageSocket busy = reliable().open()) {
      Connection connection = busy.connect(other.localAddress());
      occupy(busy, peer);
      connection.send(new byte[10_000]);
      assertTrue(get(start(() -> connection.close(LONG))).isComplete());
      assertEquals(1, release.getCount());
      assertEquals(10_000, next(other).size());
    }
  }

  @Test
  void aHandlerThatWaitsTakesTheTurnsBackFromTheThreadThatCloses() throws Exception {
    try (GatedPorts ports = new GatedPorts()) {
      try (MessageSocket peer = reliable().open();
          MessageSocket silent = open(ports.gated);
          MessageSocket busy = reliable().open()) {
        Connection connection = busy.connect(silent.localAddress());
        List<Outcome.Kind> outcomes = new ArrayList<>();
        CompletableFuture<Void> done = new CompletableFuture<>();
        busy.onMessage(
            message -> {
              entered.countDown();
              awaitRelease();
              try {
                for (int i = 0; i < 100; i++) {
                  Receipt receipt = busy.send(Message.to(message.from()).body("re"));
                  outcomes.add(receipt.acknowledged().get().kind());
                }
                done.complete(null);
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
        peer.send(busy.localAddress(), new byte[1]);
        assertTrue(entered.await(LONG.toSeconds(), TimeUnit.SECONDS));
        ports.gated.closeGate();
        connection.send(new byte[10_000]);
        CompletableFuture<CloseReport> report = start(() -> connection.close(LONG));
        release.countDown();
        get(done);
        assertEquals(100, outcomes.stream().filter(Outcome.Kind.ACKNOWLEDGED::equals).count());
        ports.gated.openGate();
        assertTrue(get(report).isComplete());
        assertEquals(10_000, next(silent).size());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void whatOtherThreadsSendLeavesMeanwhile(Mode mode) throws Exception {
    try (MessageSocket peer = socket(mode).open();
        MessageSocket busy = socket(mode).open()) {
      busy.send(peer.localAddress(), new byte[64]);
      next(peer);
      occupy(busy, peer);
      for (int i = 0; i < 2; i++) {
        busy.send(peer.localAddress(), new byte[64]);
        assertEquals(64, next(peer).size());
      }
      assertEquals(1, release.getCount());
    }
  }

  /** What the handler sent itself waits in the lane until it returns, or another comes. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void whatOtherThreadsSendLeavesAlsoBehindWhatTheHandlerSent(Mode mode) throws Exception {
    try (MessageSocket peer = socket(mode).open();
        MessageSocket busy = socket(mode).open()) {
      for (int i = 0; i < 2; i++) { // the second makes the lane
        busy.send(peer.localAddress(), new byte[64]);
        next(peer);
      }
      busy.onMessage(
          message -> {
            try {
              busy.send(peer.localAddress(), new byte[64]);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            entered.countDown();
            awaitRelease();
          });
      peer.send(busy.localAddress(), new byte[1]);
      assertTrue(entered.await(LONG.toSeconds(), TimeUnit.SECONDS));
      busy.send(peer.localAddress(), new byte[65]);
      assertEquals(64, next(peer).size());
      assertEquals(65, next(peer).size());
      assertEquals(1, release.getCount());
    }
  }

  @Test
  void aHandlerThatWaitsDoesNotSpin() throws Exception {
    int batch = 32;
    AtomicInteger looks = new AtomicInteger();
    ScriptedPorts.Script counting =
        new ScriptedPorts.Script() {
          @Override
          public int onReceive() {
            looks.incrementAndGet();
            return 0;
          }
        };
    try (DatagramSocket silent = new DatagramSocket(ANY);
        MessageSocket peer = reliable().open();
        MessageSocket busy =
            open(
                ScriptedPorts.open(
                    ScriptedPorts.Way.PORTABLE, ANY, counting, new AtomicInteger()))) {
      for (int i = 0; i < batch + 1; i++) {
        Receipt receipt = peer.send(Message.to(busy.localAddress()).body("x"));
        get(receipt.acknowledged());
      }
      AtomicInteger handled = new AtomicInteger();
      CompletableFuture<Integer> waited = new CompletableFuture<>();
      busy.onMessage(
          message -> {
            if (handled.incrementAndGet() <= batch) {
              return;
            }
            try {
              int before = looks.get();
              InetSocketAddress nowhere = (InetSocketAddress) silent.getLocalSocketAddress();
              busy.send(Message.to(nowhere).body("y")).await(Duration.ofMillis(200));
              waited.complete(looks.get() - before);
            } catch (IOException e) {
              waited.completeExceptionally(e);
            }
          });
      int times = get(waited);
      assertTrue(times < 1_000, times + " looks at the network");
    }
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void theNextBodyHandlerDoesNotFindTheInterruptOfTheLast(Delivery delivery) throws Exception {
    try (MessageSocket peer = reliable().open();
        MessageSocket busy = reliable().open()) {
      List<Boolean> found = new ArrayList<>();
      CountDownLatch first = new CountDownLatch(1);
      CountDownLatch second = new CountDownLatch(2);
      busy.onBody(
          (from, channel, body) -> {
            found.add(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
            first.countDown();
            second.countDown();
          });
      Message.Draft draft = Message.to(busy.localAddress()).delivery(delivery).key(1);
      peer.send(draft.body("x"));
      assertTrue(first.await(LONG.toSeconds(), TimeUnit.SECONDS));
      peer.send(draft.body("x"));
      assertTrue(second.await(LONG.toSeconds(), TimeUnit.SECONDS));
      assertEquals(List.of(false, false), found);
    }
  }

  @Test
  void anInterruptFromOutsideIsForgotten() throws Exception {
    try (MessageSocket peer = reliable().open();
        MessageSocket busy = reliable().open()) {
      String name = "posthorn-" + busy.localAddress().getPort();
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().equals(name)) {
          thread.interrupt();
        }
      }
      CompletableFuture<Boolean> found = new CompletableFuture<>();
      busy.onMessage(message -> found.complete(Thread.currentThread().isInterrupted()));
      peer.send(busy.localAddress(), new byte[1]);
      assertFalse(get(found));
    }
  }
}
