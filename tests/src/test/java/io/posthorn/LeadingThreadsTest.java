package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.PortChoice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads that wait drive the socket in turn with its own thread: nobody is forgotten. */
class LeadingThreadsTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static MessageSocketBuilder builder() {
    return MessageSocket.builder().bind(ANY);
  }

  private static void echo(MessageSocket socket) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  Message message = socket.receive();
                  socket.send(message.from(), message.bytes());
                }
              } catch (IOException e) {
                // The test closed it.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  /** Notes whose waits were none: only who spins looks without one. */
  private static final class WatchedPort extends ForwardingDatagramPort {
    private final Set<Thread> spinning = ConcurrentHashMap.newKeySet();

    WatchedPort() throws IOException {
      super(PortChoice.open(ANY, null, false, true));
    }

    @Override
    public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
      if (timeoutNanos == 0) {
        spinning.add(Thread.currentThread());
      }
      return port.await(timeoutNanos, untilWritable);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 20_000})
  void roundTripsGoOnWhoeverLeadsAndWhoLeadsSpinsIfAskedTo(long spinNanos) throws Exception {
    MessageSocketBuilder builder = builder().spinBeforeBlocking(Duration.ofNanos(spinNanos));
    SocketOpening opening = new SocketOpening(builder, SocketOptions.defaults(Mode.RELIABLE));
    WatchedPort watched = new WatchedPort();
    try (MessageSocket server = builder.open();
        MessageSocket client = opening.open(watched)) {
      echo(server);
      for (int i = 0; i < 3_000; i++) {
        client.send(server.localAddress(), Integer.toString(i).getBytes(UTF_8));
        Message answer = client.receive(LONG);
        assertNotNull(answer, "answer " + i);
        assertEquals(Integer.toString(i), answer.text());
      }
      boolean spins = spinNanos > 0;
      assertEquals(spins, watched.spinning.remove(Thread.currentThread()), "in receive");
      assertEquals(spins, !watched.spinning.isEmpty(), "the socket's own thread");
    }
  }

  @Test
  void timeoutsOfAThreadThatLeadsAreKept() throws Exception {
    try (MessageSocket socket = builder().open()) {
      for (int i = 0; i < 50; i++) {
        Duration timeout = Duration.ofMillis(i % 3);
        long since = System.nanoTime();
        assertNull(socket.receive(timeout));
        long waited = System.nanoTime() - since;
        assertTrue(waited >= timeout.toNanos(), "gave up after " + waited + " ns of " + timeout);
      }
    }
  }

  @Test
  void retransmissionsAndReceiptsGoOnWhenNobodyWaits() throws Exception {
    try (MessageSocket server = builder().open();
        MessageSocket client = builder().impair("loss 40%").impairSeed(3).open()) {
      echo(server);
      List<Receipt> receipts = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        receipts.add(client.send(Message.to(server.localAddress()).body("x")));
        client.receive(Duration.ofMillis(1)); // leads for a moment, and leaves
      }
      for (Receipt receipt : receipts) {
        assertEquals(
            Outcome.Kind.ACKNOWLEDGED, receipt.acknowledged().get(60, TimeUnit.SECONDS).kind());
      }
    }
  }

  @Test
  void manyThreadsShareTheMessages() throws Exception {
    int messages = 2_000;
    try (MessageSocket receiver = builder().open();
        MessageSocket sender = builder().open()) {
      CountDownLatch all = new CountDownLatch(messages);
      for (int i = 0; i < 4; i++) {
        Thread thread =
            new Thread(
                () -> {
                  try {
                    while (true) {
                      receiver.receive();
                      all.countDown();
                    }
                  } catch (IOException e) {
                    // The test closed it.
                  }
                });
        thread.setDaemon(true);
        thread.start();
      }
      for (int i = 0; i < messages; i++) {
        sender.send(receiver.localAddress(), new byte[20]);
      }
      assertTrue(all.await(30, TimeUnit.SECONDS), all.getCount() + " did not arrive");
    }
  }

  @Test
  void interruptEndsTheWaitOfAThreadThatLeads() throws Exception {
    try (MessageSocket server = builder().open();
        MessageSocket client = builder().open()) {
      echo(server);
      for (int i = 0; i < 20; i++) {
        AtomicInteger interrupted = new AtomicInteger();
        Thread thread =
            new Thread(
                () -> {
                  try {
                    client.receive();
                  } catch (IOException e) {
                    interrupted.set(Thread.currentThread().isInterrupted() ? 1 : 2);
                  }
                });
        thread.start();
        thread.interrupt();
        thread.join(20_000);
        assertEquals(1, interrupted.get());
        client.send(server.localAddress(), "still there".getBytes(UTF_8));
        Message answer = client.receive(LONG);
        assertNotNull(answer);
        assertEquals("still there", answer.text());
      }
    }
  }

  @Test
  void handlerTakesOverFromAThreadThatLeads() throws Exception {
    try (MessageSocket receiver = builder().open();
        MessageSocket sender = builder().open()) {
      sender.send(receiver.localAddress(), new byte[1]);
      assertNotNull(receiver.receive(LONG));
      Thread waits = new Thread(() -> assertThrows(Exception.class, () -> receiver.receive(LONG)));
      waits.start();
      AtomicInteger dispatched = new AtomicInteger();
      receiver.onMessage(message -> dispatched.incrementAndGet());
      for (int i = 0; i < 10; i++) {
        sender.send(receiver.localAddress(), new byte[1]);
      }
      while (dispatched.get() < 9) { // the thread that waited may have had one
        Thread.onSpinWait();
      }
      waits.interrupt();
      waits.join();
    }
  }

  /** Executors of platform threads, and of virtual ones where the JDK has them. */
  static List<ExecutorService> executors() throws Exception {
    List<ExecutorService> all = new ArrayList<>();
    all.add(Executors.newCachedThreadPool());
    if (Runtime.version().feature() >= 21) {
      all.add(
          (ExecutorService)
              Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("executors")
  void hundredsOfThreadsBlockInReceiveAndSend(ExecutorService executor) throws Exception {
    int pairs = 60;
    List<MessageSocket> sockets = new ArrayList<>();
    try {
      List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < pairs; i++) {
        MessageSocket a = builder().mode(i % 2 == 0 ? Mode.PLAIN : Mode.RELIABLE).open();
        MessageSocket b = builder().mode(a.mode()).open();
        sockets.add(a);
        sockets.add(b);
        ends.add(
            executor.submit(
                () -> {
                  Message message = a.receive(LONG);
                  a.send(message.from(), message.bytes());
                  return message;
                }));
        ends.add(
            executor.submit(
                () -> {
                  b.send(a.localAddress(), new byte[9]);
                  return b.receive(LONG).size();
                }));
      }
      for (Future<?> end : ends) {
        end.get(40, TimeUnit.SECONDS);
      }
    } finally {
      executor.shutdownNow();
      for (MessageSocket socket : sockets) {
        socket.close(Duration.ZERO);
      }
    }
  }
}
