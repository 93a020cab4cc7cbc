package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.AddressText;
import io.posthorn.ConnectionClosedException;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.session.Application;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Client and server of a test over the loopback; limits of time are guards only. */
@Timeout(120)
class BenchTest extends BenchLoopback {
  /** What waits for something else may not do so in the common pool: it may have one thread. */
  private static final Executor OWN_THREAD = task -> new Thread(task).start();

  @Test
  void reliableAndTcpCarryAllBothWaysOnParallelStreams() throws Exception {
    try (BenchServer server = server()) {
      for (BenchTransport transport : List.of(BenchTransport.RELIABLE, BenchTransport.TCP)) {
        try (BenchRun run =
            run(transport, plan(true, true, 500, 300, 0), 3, server.localAddress())) {
          assertNull(run.failure());
          for (int stream = 0; stream < 3; stream++) {
            assertWhole(run.up(stream), 300);
            assertWhole(run.down(stream), 300);
          }
          assertWhole(run.sum(true), 900);
          String told = ended.take().text();
          assertTrue(told.matches("[^ ]+: received .*; sent .*") && !told.contains(": sent"), told);
          assertEquals(900 * 500, run.sum(false).received().bytes());
        }
      }
    }
  }

  @Test
  void allThreeTransportsAtOnceAtOnePort() throws Exception {
    try (BenchServer server = server()) {
      List<BenchRun> runs = new ArrayList<>();
      for (BenchTransport transport : BenchTransport.values()) {
        for (int client = 0; client < 3; client++) {
          runs.add(
              BenchRun.open(
                  plan(true, false, 400, 150, 640_000),
                  2,
                  server.localAddress(),
                  opener(transport),
                  Duration.ofSeconds(20)));
        }
      }
      for (BenchRun run : runs) {
        run.start();
      }
      for (BenchRun run : runs) {
        assertTrue(run.await(GUARD));
        assertNull(run.failure());
        for (int stream = 0; stream < 2; stream++) {
          DirectionResult up = run.up(stream);
          assertNotNull(up);
          assertEquals(150, up.sent());
          assertEquals(150, up.received().unique() + up.lost());
        }
        run.close();
      }
    }
  }

  @Test
  void plainLossIsCountedFromTheNumbers() throws Exception {
    LinkConditions bad = LinkConditions.parse("loss 10% duplicate 5% reorder 10% 3ms delay 1ms");
    try (BenchServer server = server();
        Relay relay = Relay.inFrontOf(server.localAddress()).up(bad).down(bad).seed(3).start();
        BenchRun run =
            run(
                BenchTransport.PLAIN,
                plan(true, true, 200, 400, 3_200_000),
                2,
                relay.localAddress())) {
      assertNull(run.failure());
      for (int stream = 0; stream < 2; stream++) {
        for (DirectionResult result : List.of(run.up(stream), run.down(stream))) {
          assertEquals(400, result.sent());
          assertEquals(400, result.received().unique() + result.lost());
          assertTrue(result.lost() > 5, result.text());
          assertTrue(result.received().duplicates() > 1, result.text());
        }
      }
    }
  }

  @Test
  void manyClientsAreServedAtOnce() throws Exception {
    List<BenchRun> runs = new ArrayList<>();
    try (BenchServer server = server()) {
      for (int i = 0; i < 12; i++) {
        BenchTransport transport = i % 2 == 0 ? BenchTransport.RELIABLE : BenchTransport.TCP;
        BenchRun run =
            BenchRun.open(
                plan(true, i % 3 == 0, 1_000, 50, 0),
                1,
                server.localAddress(),
                opener(transport),
                Duration.ofSeconds(20));
        runs.add(run);
      }
      for (BenchRun run : runs) {
        run.start();
      }
      for (BenchRun run : runs) {
        assertTrue(run.await(GUARD));
        assertNull(run.failure());
        assertWhole(run.up(0), 50);
      }
    } finally {
      runs.forEach(BenchRun::close);
    }
    for (int i = 0; i < 12; i++) {
      // The server's threads tell of a stream after the client has heard the end of it.
      assertNotNull(ended.poll(GUARD.toSeconds(), TimeUnit.SECONDS), i + " of 12");
    }
    assertTrue(ended.isEmpty(), "one stream is told of once");
  }

  @Test
  void aTestThatIsStoppedStillTellsItsFigures() throws Exception {
    for (Mode mode : Mode.values()) {
      BenchTransport transport =
          mode == Mode.PLAIN ? BenchTransport.PLAIN : BenchTransport.RELIABLE;
      try (BenchServer server = server();
          BenchRun run =
              BenchRun.open(
                  new BenchPlan(true, true, 100, 3_600, 0, 80_000),
                  1,
                  server.localAddress(),
                  opener(transport),
                  Duration.ofSeconds(20))) {
        run.start();
        while (run.sample(0).received().unique() < 5 || run.sample(0).sent() == 0) {
          Thread.onSpinWait();
        }
        run.stop();
        assertTrue(run.await(GUARD));
        assertNull(run.failure());
        DirectionResult down = run.down(0);
        assertEquals(down.sent(), down.received().unique() + down.lost());
        assertTrue(run.up(0).sent() > 0);
      }
    }
  }

  @Test
  void nobodyThereIsSaidSo() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(ANY)) {
      BenchException nobody =
          assertThrows(
              BenchException.class,
              () ->
                  BenchRun.open(
                      plan(true, false, 100, 1, 0),
                      1,
                      (InetSocketAddress) silent.getLocalSocketAddress(),
                      opener(BenchTransport.PLAIN),
                      Duration.ofMillis(300)));
      assertEquals(BenchException.Kind.NO_ANSWER, nobody.kind());
    }
  }

  @Test
  void aTcpPortThatSomebodyHasIsSaidToBeTcps() throws Exception {
    try (ServerSocket tcp = new ServerSocket()) {
      InetSocketAddress aPort = new InetSocketAddress(ANY.getAddress(), 9); // not 0: tried once
      assertThrows(
          TcpBindException.class,
          () ->
              BenchServer.open(
                  aPort,
                  null,
                  at -> {
                    MessageSocket udp = MessageSocket.builder().bind(ANY).open();
                    try {
                      tcp.bind(udp.localAddress());
                    } catch (IOException another) {
                      assertFalse(tcp.isBound()); // has it, which is as well
                    }
                    return List.of(udp);
                  },
                  ended::add));
    }
  }

  @Test
  void whoeverIsNoBenchServerIsSentNothing() throws Exception {
    try (MessageSocket listener =
        MessageSocket.builder().bind(ANY).application(Application.LISTEN.words()).open()) {
      BenchException told =
          assertThrows(
              BenchException.class,
              () ->
                  BenchRun.open(
                      plan(true, false, 1_000, 10, 0),
                      1,
                      listener.localAddress(),
                      opener(BenchTransport.RELIABLE),
                      Duration.ofSeconds(1)));
      assertEquals(BenchException.Kind.FOREIGN, told.kind());
      assertTrue(told.getMessage().endsWith("but speaks posthorn-listen/1"), told.getMessage());
      assertEquals(0, listener.statistics().messagesReceived());
    }
  }

  /** Over TCP a sender waits for as long as nothing is taken, which may be for ever. */
  @Test
  void serverThatTakesNothingAnyMoreEndsTheTest() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, ANY.getAddress())) {
      CompletableFuture<Socket> stalled = CompletableFuture.supplyAsync(() -> stall(server));
      BenchPlan endless = plan(true, false, 1 << 20, 1_000_000, 0);
      InetSocketAddress at = (InetSocketAddress) server.getLocalSocketAddress();
      try (BenchRun run = BenchRun.open(endless, 1, at, null, GUARD)) {
        run.start();
        while (!run.await(Duration.ofMillis(1))) {
          run.endStalled(System.nanoTime() + 10_000_000_000L);
        }
        BenchException told = assertInstanceOf(BenchException.class, run.failure());
        assertEquals(BenchException.Kind.SILENT, told.kind());
        assertTrue(told.getMessage().contains("has taken nothing for 10 s"), told.getMessage());
      } finally {
        stalled.get().close();
      }
    }
  }

  @Test
  void reliableServerThatTakesNothingAnyMoreEndsTheTest() throws Exception {
    try (MessageSocket server =
        MessageSocket.builder().bind(ANY).application(Application.BENCH.words()).open()) {
      CompletableFuture<Void> stalled = CompletableFuture.runAsync(() -> stall(server), OWN_THREAD);
      BenchPlan endless = plan(true, false, 1 << 16, 1_000_000, 0);
      try (BenchRun run =
          BenchRun.open(
              endless, 1, server.localAddress(), opener(BenchTransport.RELIABLE), GUARD)) {
        run.start();
        stalled.get();
        while (!run.await(Duration.ofMillis(1))) {
          run.endStalled(System.nanoTime() + 10_000_000_000L);
        }
        BenchException told = assertInstanceOf(BenchException.class, run.failure());
        assertEquals(BenchException.Kind.SILENT, told.kind());
      }
    }
  }

  /** Agrees to a test and takes no more. */
  private static void stall(MessageSocket server) {
    try {
      for (byte answer : new byte[] {BenchMessage.READY, BenchMessage.STARTED}) {
        Message asked = server.receive();
        server.send(asked.from(), BenchMessage.control(answer, 1, 0));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Agrees to a test and reads no more. */
  private static Socket stall(ServerSocket server) {
    try {
      Socket socket = server.accept();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      for (byte answer : new byte[] {BenchMessage.READY, BenchMessage.STARTED}) {
        in.readFully(new byte[in.readInt()]);
        byte[] message = BenchMessage.control(answer, 1, 0);
        out.writeInt(message.length);
        out.write(message);
        out.flush();
      }
      return socket;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Test
  void aServerThatEndsIsSaidSo() throws Exception {
    BenchServer server = server();
    InetSocketAddress at = server.localAddress();
    try (BenchRun run =
        BenchRun.open(
            new BenchPlan(false, true, 100, 3_600, 0, 80_000),
            1,
            at,
            opener(BenchTransport.RELIABLE),
            GUARD)) {
      run.start();
      while (run.sample(0).received().unique() == 0) {
        Thread.onSpinWait();
      }
      server.close();
      assertTrue(run.await(GUARD));
      var told = assertInstanceOf(ConnectionClosedException.class, run.failure());
      assertEquals(AddressText.of(at) + " closed the connection", told.what());
    } finally {
      server.close();
    }
  }

  /** One after the other they would begin a round trip apart, and the first end before the last. */
  @Test
  void allStreamsBeginTogether() throws Exception {
    BenchPlan one = plan(false, true, 100, 1, 0);
    try (DatagramSocket server = new DatagramSocket(ANY)) {
      CompletableFuture<List<SocketAddress>> asked =
          CompletableFuture.supplyAsync(() -> admit(server, 2), OWN_THREAD);
      try (BenchRun run =
          BenchRun.open(
              one,
              2,
              (InetSocketAddress) server.getLocalSocketAddress(),
              opener(BenchTransport.PLAIN),
              GUARD)) {
        CompletableFuture<Void> begun = CompletableFuture.runAsync(() -> start(run), OWN_THREAD);
        List<SocketAddress> streams = asked.get(); // both have asked before one is answered
        for (int stream = 0; stream < 2; stream++) {
          for (byte type : new byte[] {BenchMessage.STARTED, BenchMessage.DATA, BenchMessage.END}) {
            byte[] message = BenchMessage.control(type, 1, type == BenchMessage.END ? 1 : 0);
            server.send(new DatagramPacket(message, message.length, streams.get(stream)));
          }
          while (run.sample(0).received().unique() + run.sample(1).received().unique() <= stream) {
            Thread.onSpinWait();
          }
        }
        begun.get();
        assertTrue(run.await(GUARD));
        assertNull(run.failure());
        long apart = run.down(0).received().elapsedNanos() + run.down(1).received().elapsedNanos();
        DirectionResult sum = run.sum(false);
        assertEquals(2, sum.received().unique());
        assertTrue(sum.received().elapsedNanos() >= apart, "one after the other");
      }
    }
  }

  /** Says yes to as many streams as are to come; answers where those are that want to begin. */
  private static List<SocketAddress> admit(DatagramSocket server, int streams) {
    try {
      Set<SocketAddress> starting = new LinkedHashSet<>();
      while (starting.size() < streams) {
        DatagramPacket packet = new DatagramPacket(new byte[1_000], 1_000);
        server.receive(packet);
        byte[] message = Arrays.copyOf(packet.getData(), packet.getLength());
        if (BenchMessage.type(message) == BenchMessage.START) {
          starting.add(packet.getSocketAddress());
        } else {
          byte[] ready = BenchMessage.control(BenchMessage.READY, 1, 0);
          server.send(new DatagramPacket(ready, ready.length, packet.getSocketAddress()));
        }
      }
      return List.copyOf(starting);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static void start(BenchRun run) {
    try {
      run.start();
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  @Test
  void aReceiverThatBoastsIsNotBelieved() {
    FlowReport boast = new FlowReport(50, 1, -1, 0, 0, 0, 5);
    DirectionResult result = DirectionResult.of(20, 7, 100, boast);
    assertEquals(20, result.received().unique());
    assertEquals(0, result.lost());
    assertEquals(2_000, result.received().bytes());
    assertEquals(0, result.received().duplicates());
  }
}
