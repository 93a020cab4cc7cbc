package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.AddressText;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.Transport;
import io.posthorn.cli.session.Application;
import io.posthorn.e2e.FreePorts;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** There and back over the loopback; limits of time are guards only. */
@Timeout(120)
class EchoArenaTest extends BenchLoopback {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private BenchServer plainServer() throws Exception {
    return BenchServer.open(
        ANY,
        null,
        at -> List.of(MessageSocket.builder().mode(Mode.PLAIN).bind(at).open()),
        ended::add);
  }

  private static MessageSocket open(Mode mode, @Nullable ComparePlan plan, int run)
      throws IOException {
    return open(mode, plan, run, Duration.ofSeconds(1));
  }

  private static MessageSocket openPatiently(Mode mode, @Nullable ComparePlan plan, int run)
      throws IOException {
    return open(mode, plan, run, PATIENCE);
  }

  private static MessageSocket open(
      Mode mode, @Nullable ComparePlan plan, int run, Duration handshake) throws IOException {
    MessageSocketBuilder builder = MessageSocket.builder().mode(mode).handshakeTimeout(handshake);
    if (plan != null) {
      // Copies of messages in other packets would leave next to nothing to send again.
      builder.impair(plan.conditions()).impairSeed(plan.seed(run)).redundancy(false);
    }
    return builder.open();
  }

  private static ComparePlan plan(String conditions) {
    return new ComparePlan(LinkConditions.parse(conditions), 150, 100, 800_000, 1, 5);
  }

  private static Measurement run(EchoArena arena, Transport transport, ComparePlan plan)
      throws Exception {
    return arena.run(transport, plan, 0, (sent, delivered) -> {});
  }

  @Test
  void allThreeTransportsComeBackWhole() throws Exception {
    int runs = 0;
    try (BenchServer server = server();
        EchoArena arena =
            EchoArena.open(server.localAddress(), EchoArenaTest::openPatiently, false, PATIENCE)) {
      assertTrue(ended.isEmpty(), "a server that was only asked has served nobody");
      for (Transport transport : Transport.values()) {
        assertEquals("", arena.whyNot(transport));
        Measurement measured = run(arena, transport, plan("none"));
        runs++;
        // Nothing says of plain datagrams that more will come: a machine held up looks like loss.
        while (transport == Transport.PLAIN && !measured.isPerfect() && runs < 5) {
          measured = run(arena, transport, plan("none"));
          runs++;
        }
        assertEquals("", measured.failure());
        assertTrue(measured.isPerfect(), transport + ": " + measured);
        if (transport != Transport.TCP) {
          // Where messages wait for acknowledgements, several share a datagram.
          int least = transport == Transport.PLAIN ? 300 : 2;
          assertTrue(measured.datagrams() >= least, "there and back: " + measured);
        }
      }
      for (int i = 0; i < runs; i++) {
        // The server's threads tell of a stream after the client has heard the end of it.
        assertNotNull(ended.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS), i + " of " + runs);
      }
    }
    assertTrue(ended.isEmpty(), "one stream is told of once");
  }

  @Test
  void badNetworkLiesUnderTheSocketsAndNotUnderTcp() throws Exception {
    try (BenchServer server = server();
        EchoArena arena =
            EchoArena.open(server.localAddress(), EchoArenaTest::openPatiently, true, PATIENCE)) {
      assertFalse(arena.whyNot(Transport.TCP).isEmpty());
      ComparePlan bad = plan("loss 15% delay 1ms");
      Measurement plain = run(arena, Transport.PLAIN, bad);
      assertTrue(plain.summary().lost() > 10, plain::toString);
      Measurement reliable = run(arena, Transport.RELIABLE, bad);
      assertTrue(reliable.isPerfect(), reliable::toString);
      assertTrue(reliable.retransmissions() > 0, reliable::toString);
    }
  }

  @Test
  void whatTheServerDoesNotServeIsNotAvailable() throws Exception {
    try (BenchServer server = plainServer();
        EchoArena arena =
            EchoArena.open(server.localAddress(), EchoArenaTest::open, false, PATIENCE)) {
      assertEquals("", arena.whyNot(Transport.PLAIN));
      assertEquals("", arena.whyNot(Transport.TCP));
      assertFalse(arena.whyNot(Transport.RELIABLE).isEmpty());
    }
  }

  /** Nobody who compares programs a library. */
  @Test
  void aServerThatEndsIsSaidSoWithoutAdviceForProgrammers() throws Exception {
    try (MessageSocket server =
            MessageSocket.builder().bind(ANY).application(Application.BENCH.words()).open();
        EchoArena arena =
            EchoArena.open(
                answering(server), EchoArenaTest::openPatiently, true, Duration.ofMillis(300))) {
      Measurement measured = run(arena, Transport.RELIABLE, plan("none"));
      assertEquals(
          AddressText.of(server.localAddress()) + " closed the connection", measured.failure());
    }
  }

  /** Has a server agree to every test and end those that begin. */
  private static InetSocketAddress answering(MessageSocket server) {
    server.onMessage(
        message -> {
          byte type = BenchMessage.type(MessageLink.bytes(message));
          try {
            if (type == BenchMessage.REQUEST) {
              server.send(message.from(), BenchMessage.control(BenchMessage.READY, 1, 0));
            } else if (type == BenchMessage.START) {
              server.send(message.from(), BenchMessage.control(BenchMessage.STARTED, 1, 0));
            } else if (type == BenchMessage.DATA) {
              message.connection().close(Duration.ZERO);
            }
          } catch (IOException gone) {
            throw new UncheckedIOException(gone);
          }
        });
    return server.localAddress();
  }

  @Test
  void nobodyThereIsAnErrorThatSaysSo() throws Exception {
    InetSocketAddress nowhere = FreePorts.nobody("127.0.0.1");
    BenchException thrown =
        assertThrows(
            BenchException.class,
            () -> EchoArena.open(nowhere, EchoArenaTest::open, true, Duration.ofMillis(300)));
    assertEquals(BenchException.Kind.NO_ANSWER, thrown.kind());
    assertEquals(
        "no bench server answers at " + AddressText.of(nowhere) + " in 300 ms",
        thrown.getMessage());
  }

  /** Plain datagrams would have to be waited for, and show up at whoever takes them. */
  @Test
  void whoeverSaysToBeNoBenchServerIsAskedNoFurther() throws Exception {
    List<Mode> asked = new ArrayList<>();
    try (MessageSocket listener =
        MessageSocket.builder().bind(ANY).application(Application.LISTEN.words()).open()) {
      BenchException thrown =
          assertThrows(
              BenchException.class,
              () ->
                  EchoArena.open(
                      listener.localAddress(),
                      (mode, plan, run) -> {
                        asked.add(mode);
                        return openPatiently(mode, plan, run);
                      },
                      false,
                      Duration.ofMillis(300)));
      assertEquals(BenchException.Kind.FOREIGN, thrown.kind());
    }
    assertEquals(List.of(Mode.RELIABLE), asked);
  }

  /** A client that does not read makes the server keep so much and no more. */
  @Test
  void echoesThatNobodyTakesAreBounded() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    EchoQueue queue = new EchoQueue(new StuckLink(stuck, release), new EchoBudget());
    queue.start();
    byte[] message = new byte[1 << 20];
    assertTrue(queue.offer(message));
    stuck.await(); // in the link, no longer in the queue
    int taken = 0;
    while (queue.offer(message)) {
      taken++;
    }
    assertEquals(16, taken);
    queue.close();
    assertFalse(queue.offer(message), "what is closed takes nothing");
    release.countDown();
  }

  private record StuckLink(CountDownLatch stuck, CountDownLatch release) implements BenchLink {
    @Override
    public boolean isReliable() {
      return true;
    }

    @Override
    public void send(byte[] message) throws IOException {
      stuck.countDown();
      try {
        release.await();
      } catch (InterruptedException interrupted) {
        throw new IOException(interrupted);
      }
    }

    @Override
    public void flush() {}

    @Override
    public long blockedNanos(long nowNanos) {
      return 0;
    }

    @Override
    public LinkState state() {
      return LinkState.UNKNOWN;
    }

    @Override
    public void close() {}
  }
}
