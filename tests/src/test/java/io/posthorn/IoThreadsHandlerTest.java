package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers of one socket over several of the system's, each with a thread of its own. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class IoThreadsHandlerTest extends ThreadedSockets {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void manyPeersAreAnsweredInOrderByHandlersOfEachThread(boolean bodies) throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    try (MessageSocket server = listener()) {
      if (bodies) {
        server.onBody(
            (from, channel, body) -> {
              threads.add(Thread.currentThread());
              answer(server, from, body.getInt(body.position()));
            });
      } else {
        server.onMessage(
            message -> {
              threads.add(Thread.currentThread());
              answer(server, message.from(), number(message));
            });
      }
      List<MessageSocket> peers = open(PEERS);
      for (int round = 0; round < 50; round++) {
        for (MessageSocket peer : peers) {
          peer.send(server.localAddress(), number(round));
        }
      }
      for (MessageSocket peer : peers) {
        for (int round = 0; round < 50; round++) {
          assertEquals(round, number(peer.receive(GUARD)));
        }
      }
      assertEquals(PEERS, server.connections().size());
      assertEquals(PEERS, server.statistics().connectionsOpened());
      assertEquals(PEERS * 50L, server.statistics().messagesReceived());
      assertTrue(threads.size() > 1, "16 addresses and 3 threads, of which 1 had all the work");
      close(peers);
    }
  }

  @Test
  void handlersThatWaitForPeersOfOtherThreadsStopNobody() throws Exception {
    try (MessageSocket server = listener()) {
      List<MessageSocket> peers = open(PEERS);
      // Each message goes on to all, and the handler waits until all have it.
      server.onMessage(
          message -> {
            List<Receipt> receipts = new ArrayList<>();
            for (MessageSocket peer : peers) {
              receipts.add(sendTo(server, peer.localAddress(), message.bytes()));
            }
            for (Receipt receipt : receipts) {
              assertEquals(
                  Outcome.Kind.ACKNOWLEDGED, receipt.acknowledged().join().kind(), "delivered");
            }
          });
      for (int i = 0; i < PEERS; i++) {
        peers.get(i).send(server.localAddress(), number(i));
      }
      for (MessageSocket peer : peers) {
        Set<Integer> seen = new HashSet<>();
        while (seen.size() < PEERS) {
          assertTrue(seen.add(number(peer.receive(GUARD))));
        }
      }
      assertEquals(0, server.statistics().handlerFailures());
      close(peers);
    }
  }

  private static Receipt sendTo(MessageSocket server, InetSocketAddress to, byte[] bytes) {
    try {
      return server.send(Message.to(to).body(bytes));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aHandlerMayCloseTheSocket() throws Exception {
    MessageSocket server = listener();
    CountDownLatch closed = new CountDownLatch(1);
    server.onMessage(
        message -> {
          server.close();
          closed.countDown();
        });
    List<MessageSocket> peers = open(PEERS);
    for (MessageSocket peer : peers) {
      peer.send(server.localAddress(), number(1));
    }
    closed.await();
    server.close();
    assertTrue(server.isClosed());
    for (MessageSocket peer : peers) {
      peer.close(Duration.ZERO); // whom nobody answers any more would wait for it
    }
  }

  @Test
  void whoWaitsForAMessageWhenAHandlerIsSetIsToldSo() throws Exception {
    for (boolean bodies : new boolean[] {false, true}) {
      try (MessageSocket server = listener();
          MessageSocket peer = builder().open()) {
        CompletableFuture<Thread> waiter = new CompletableFuture<>();
        CompletableFuture<Message> waiting =
            Loopback.start(
                () -> {
                  waiter.complete(Thread.currentThread());
                  return server.receive();
                });
        Loopback.awaitWaiting(waiter.get());
        CompletableFuture<InetSocketAddress> handled = new CompletableFuture<>();
        if (bodies) {
          server.onBody((from, channel, body) -> handled.complete(from));
        } else {
          server.onMessage(message -> handled.complete(message.from()));
        }
        ExecutionException e = assertThrows(ExecutionException.class, waiting::get);
        assertEquals(IllegalStateException.class, e.getCause().getClass());
        peer.send(server.localAddress(), number(1));
        assertEquals(peer.localAddress(), handled.get());
      }
    }
  }

  /** Its own thread has nothing more to do, while another still waits for somebody. */
  @Test
  void aHandlerThatClosesTheSocketWaitsForTheOtherThreadsAndDoesNotSpin() throws Exception {
    try (MessageSocket server = listener();
        MessageSocket peer = builder().open()) {
      CompletableFuture<Long> usedNanos = new CompletableFuture<>();
      server.onMessage(
          message -> {
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadCpuTime();
            server.close(Duration.ofSeconds(2));
            usedNanos.complete(threads.getCurrentThreadCpuTime() - before);
          });
      InetSocketAddress silent;
      do {
        silent = Loopback.nobody();
      } while (server.drivers().of(silent) == server.drivers().of(peer.localAddress()));
      server.send(silent, number(1));
      peer.send(server.localAddress(), number(2));
      long millis = usedNanos.get() / 1_000_000;
      assertTrue(millis < 100, millis + " ms of processor time in 2 s of waiting");
    }
  }
}
