package io.posthorn.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** Code that blocks on UDP sockets, in virtual time. */
class SimulatedDatagramSocketTest {
  private static final long MILLI = 1_000_000;

  private static void send(DatagramSocket from, SocketAddress to, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    from.send(new DatagramPacket(bytes, bytes.length, to));
  }

  private static String receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[1_000], 1_000);
    socket.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), UTF_8);
  }

  private static void echo(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[1_000], 1_000);
    while (true) {
      socket.receive(packet);
      socket.send(packet);
    }
  }

  @Test
  void timeoutOfAnHourIsOverAtOnceAndExactInVirtualTime() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket socket = network.socket()) {
      socket.setSoTimeout(3_600_000);
      assertThrows(SocketTimeoutException.class, () -> receive(socket));
      assertEquals(3_600_000 * MILLI, network.nowNanos());
    }
  }

  @Test
  void whatWasSentBeforeClosingArrives() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 40ms"));
    try (DatagramSocket server = network.socket()) {
      server.setSoTimeout(1_000);
      try (DatagramSocket client = network.socket()) {
        send(client, server.getLocalSocketAddress(), "a last word");
        send(client, server.getLocalSocketAddress(), "and another");
      }
      assertEquals("a last word", receive(server));
      assertEquals("and another", receive(server));
      assertThrows(SocketTimeoutException.class, () -> receive(server));
    }
  }

  @Test
  void whatWasSentIsUnderWayWhateverComesThen() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 10ms"));
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      InetSocketAddress to = (InetSocketAddress) server.getLocalSocketAddress();
      InetSocketAddress from = (InetSocketAddress) client.getLocalSocketAddress();
      server.setSoTimeout(1_000);
      send(client, to, "before the cut");
      assertEquals(1, network.counters(from, to).offered());
      network.cut(from, to);
      assertEquals("before the cut", receive(server));
      network.mend(from, to);
      send(client, to, "before the loss");
      network.link(LinkConditions.parse("loss 100%"));
      assertEquals("before the loss", receive(server));
      assertEquals(0, network.counters().outageDropped());
    }
  }

  /** While a datagram leaves, and the network is not done with it. */
  @Test
  void whatAHookSendsLeavesAfterWhatItLooksAt() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.intercept(
          (from, to, number, datagram) -> {
            if (from.equals(client.getLocalSocketAddress())) {
              try {
                send(server, from, "seen");
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            }
            return Interception.DELIVER;
          });
      send(client, server.getLocalSocketAddress(), "hello");
      client.setSoTimeout(10);
      server.setSoTimeout(10);
      assertEquals("seen", receive(client));
      assertEquals("hello", receive(server));
    }
  }

  @Test
  void whoAsksForEverIsToldThatNothingGetsThrough() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("loss 100%"));
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      SocketException fault = new SocketException("no such socket");
      network.start(
          () -> {
            throw fault;
          });
      client.setSoTimeout(200);
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () -> {
                while (true) {
                  send(client, server.getLocalSocketAddress(), "hello");
                  try {
                    receive(client);
                  } catch (SocketTimeoutException nothing) {
                    // asks again
                  }
                }
              });
      assertTrue(thrown.getMessage().contains("100000 receives in a row"), thrown.getMessage());
      assertArrayEquals(new Throwable[] {fault}, thrown.getSuppressed());
    }
  }

  @Test
  void answerTakesTheLinksTimeBothWays() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 40ms"));
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(() -> echo(server));
      client.setSoTimeout(10_000);
      send(client, server.getLocalSocketAddress(), "hello");
      assertEquals("hello", receive(client));
      assertEquals(80 * MILLI, network.nowNanos());
      client.setSoTimeout(79);
      send(client, server.getLocalSocketAddress(), "late");
      assertThrows(SocketTimeoutException.class, () -> receive(client));
      client.setSoTimeout(1);
      assertEquals("late", receive(client));
    }
  }

  /** A client as people write it: ask, wait, ask again. */
  private static byte[] traceOfARun(long seed) throws IOException {
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed)
            .link(LinkConditions.parse("delay 10ms 5ms loss 20% duplicate 5%"))
            .recordTrace();
    try (DatagramSocket server = network.socket();
        DatagramSocket first = network.socket();
        DatagramSocket second = network.socket()) {
      SocketAddress at = server.getLocalSocketAddress();
      network.start(() -> echo(server));
      network.start(() -> ask(first, at, 20));
      ask(second, at, 20);
      network.sleep(Duration.ofMinutes(1));
    }
    return network.trace();
  }

  private static void ask(DatagramSocket socket, SocketAddress server, int questions)
      throws IOException {
    socket.setSoTimeout(50);
    for (int i = 0; i < questions; i++) {
      String answer = "";
      while (!answer.equals("question " + i)) {
        send(socket, server, "question " + i);
        try {
          answer = receive(socket);
        } catch (SocketTimeoutException e) {
          // again
        }
      }
    }
  }

  @Test
  void oneSeedGivesOneRunWithSeveralThreads() throws Exception {
    byte[] trace = traceOfARun(7);
    assertTrue(trace.length > 2_000);
    for (int i = 0; i < 10; i++) {
      assertArrayEquals(trace, traceOfARun(7));
    }
    assertNotEquals(new String(trace, UTF_8), new String(traceOfARun(8), UTF_8));
  }

  @Test
  void sleepingThreadsWakeInTheOrderOfTheirTimes() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    List<String> order = new ArrayList<>();
    network.start(
        () -> {
          network.sleep(Duration.ofSeconds(2));
          order.add("2 s at " + network.nowNanos() / MILLI);
        });
    network.start(
        () -> {
          network.sleep(Duration.ofSeconds(1));
          order.add("1 s at " + network.nowNanos() / MILLI);
        });
    network.sleep(Duration.ofSeconds(3));
    assertEquals(List.of("1 s at 1000", "2 s at 2000"), order);
  }

  @Test
  void closeEndsTheProgramThatWaits() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    AtomicReference<Thread> program = new AtomicReference<>();
    AtomicReference<Exception> end = new AtomicReference<>();
    DatagramSocket server = network.socket();
    network.start(
        () -> {
          program.set(Thread.currentThread());
          end.set(assertThrows(SocketException.class, () -> receive(server)));
        });
    network.sleep(Duration.ofMillis(1));
    server.close();
    program.get().join(20_000);
    assertFalse(program.get().isAlive());
    assertTrue(end.get().getMessage().contains("closed"), end.get().toString());
    assertTrue(server.isClosed());
    assertThrows(SocketException.class, () -> receive(server));
    assertThrows(SocketException.class, () -> send(server, new InetSocketAddress(1), "late"));
  }

  @Test
  void failureOfAProgramIsTold() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket client = network.socket()) {
      IllegalStateException fault = new IllegalStateException("no such word");
      network.start(
          () -> {
            throw fault;
          });
      IllegalStateException told = assertThrows(IllegalStateException.class, () -> receive(client));
      assertSame(fault, told.getCause());
    }
  }

  /** It may be the end of a socket, and in order: so it is told where something else is wrong. */
  @Test
  void socketExceptionThatEndedAProgramIsToldToWhoWaitsInVain() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    SocketException fault = new SocketException("no such socket");
    try (DatagramSocket client = network.socket()) {
      network.start(
          () -> {
            throw fault;
          });
      IllegalStateException told = assertThrows(IllegalStateException.class, () -> receive(client));
      assertArrayEquals(new Throwable[] {fault}, told.getSuppressed());
    }
  }

  @Test
  void waitingForEverIsSaid() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("loss 100%"));
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(() -> echo(server));
      send(client, server.getLocalSocketAddress(), "lost");
      IllegalStateException told = assertThrows(IllegalStateException.class, () -> receive(client));
      assertTrue(told.getMessage().contains("waits for ever"), told.getMessage());
    } catch (IllegalStateException ofTheServer) {
      assertTrue(ofTheServer.getMessage().contains("waits for ever"), ofTheServer.getMessage());
    }
  }

  /** Wakes each hour, and says nothing. */
  private static final class Hourly implements SimulatedHost {
    private long next;

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {}

    @Override
    public void onTimeout(long nowNanos) {
      next = nowNanos + 3_600_000 * MILLI;
    }

    @Override
    public long nextTimeoutNanos() {
      return next;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {}
  }

  @Test
  void daysAreNotForEver() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    network.attach(new InetSocketAddress("192.0.2.7", 7), new Hourly());
    try (DatagramSocket socket = network.socket()) {
      socket.setSoTimeout(3 * 86_400_000);
      assertThrows(SocketTimeoutException.class, () -> receive(socket));
      network.sleep(Duration.ofDays(30));
      assertEquals(Duration.ofDays(33).toNanos(), network.nowNanos());
      socket.setSoTimeout(0);
      assertThrows(IllegalStateException.class, () -> receive(socket));
    }
  }

  @Test
  void whoWaitedForEverMaySendAndWaitAgain() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket a = network.socket();
        DatagramSocket b = network.socket()) {
      assertThrows(IllegalStateException.class, () -> receive(a));
      send(b, a.getLocalSocketAddress(), "at last");
      assertEquals("at last", receive(a));
    }
  }

  @Test
  void threadsOfOthersTakePartAndMayBeWaitedFor() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 5ms"));
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(() -> echo(server));
      client.setSoTimeout(1_000);
      CompletableFuture<String> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  send(client, server.getLocalSocketAddress(), "from a pool");
                  return receive(client);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      assertEquals("from a pool", answer.get(20, TimeUnit.SECONDS));
      send(client, server.getLocalSocketAddress(), "and from here");
      assertEquals("and from here", receive(client));
    }
  }

  @Test
  void oneThatWaitsForAMonitorHoldsNobodyUp() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 5ms"));
    Object monitor = new Object();
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(() -> echo(server));
      client.setSoTimeout(1_000);
      List<String> answers = new ArrayList<>();
      SimulatedProgram program =
          () -> {
            synchronized (monitor) {
              send(client, server.getLocalSocketAddress(), "hello");
              answers.add(receive(client));
            }
          };
      network.start(program).start(program);
      while (answers.size() < 2) {
        network.sleep(Duration.ofMillis(10));
      }
      assertEquals(List.of("hello", "hello"), answers);
    }
  }

  @Test
  void connectedSocketHearsItsPeerAlone() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket a = network.socket();
        DatagramSocket peer = network.socket();
        DatagramSocket stranger = network.socket()) {
      a.setSoTimeout(100);
      send(stranger, a.getLocalSocketAddress(), "before");
      network.sleep(Duration.ofMillis(1));
      a.connect(peer.getLocalSocketAddress());
      send(stranger, a.getLocalSocketAddress(), "meanwhile");
      send(peer, a.getLocalSocketAddress(), "heard");
      assertEquals("heard", receive(a));
      assertThrows(SocketTimeoutException.class, () -> receive(a));
      assertThrows(
          IllegalArgumentException.class, () -> send(a, stranger.getLocalSocketAddress(), "no"));
      a.disconnect();
      send(stranger, a.getLocalSocketAddress(), "after");
      assertEquals("after", receive(a));
    }
  }

  @Test
  void fullReceiveBufferDropsAsThatOfASystemDoes() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket a = network.socket();
        DatagramSocket b = network.socket()) {
      b.setReceiveBufferSize(10_000);
      b.setSoTimeout(1);
      for (int i = 0; i < 100; i++) {
        send(a, b.getLocalSocketAddress(), "x".repeat(232));
      }
      int received = 0;
      try {
        while (true) {
          receive(b);
          received++;
        }
      } catch (SocketTimeoutException e) {
        // that was all
      }
      assertEquals(11, received);
    }
  }

  @Test
  void whatConnectThrowsAwayTakesNoRoom() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    try (DatagramSocket a = network.socket();
        DatagramSocket peer = network.socket();
        DatagramSocket stranger = network.socket()) {
      a.setReceiveBufferSize(10_000);
      a.setSoTimeout(100);
      send(stranger, a.getLocalSocketAddress(), "x".repeat(6_000));
      send(stranger, a.getLocalSocketAddress(), "x".repeat(6_000));
      network.sleep(Duration.ofMillis(1));
      a.connect(peer.getLocalSocketAddress());
      send(peer, a.getLocalSocketAddress(), "heard");
      assertEquals("heard", receive(a));
    }
  }

  @Test
  void addressHasOneSocketAtATime() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    InetSocketAddress address = new InetSocketAddress("192.0.2.1", 53);
    DatagramSocket first = network.socket(address);
    assertThrows(IllegalStateException.class, () -> network.socket(address));
    first.close();
    try (DatagramSocket second = network.socket(address)) {
      assertEquals(53, second.getLocalPort());
      assertThrows(SocketException.class, () -> second.bind(null));
    }
  }

  @Test
  void hostsWithoutThreadsArePeersToo() throws Exception {
    SimulatedNetwork network = SimulatedNetwork.seeded(3).link(LinkConditions.parse("loss 30%"));
    InetSocketAddress at = new InetSocketAddress("192.0.2.7", 7);
    StopAndWait receiver = new StopAndWait(null, 0);
    network.attach(at, receiver);
    try (DatagramSocket socket = network.socket()) {
      send(socket, at, "not of its protocol");
      socket.setSoTimeout(1_000);
      assertThrows(SocketTimeoutException.class, () -> receive(socket));
      assertTrue(receiver.received.isEmpty());
    }
  }
}
