package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.identity.Identity;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One socket over several of the system's, each with a thread of its own. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class IoThreadsTest extends ThreadedSockets {
  @Test
  void saysHowManyThereAre() throws Exception {
    try (MessageSocket socket = listener()) {
      String path = socket.statistics().ioPath();
      assertTrue(path.contains(THREADS + " sockets and I/O threads at one port"), path);
    }
  }

  @Test
  void peersThatChangeTheirAddressAllTheTimeStayWhoTheyAre() throws Exception {
    try (MessageSocket server = listener();
        Relay relay =
            Relay.inFrontOf(server.localAddress())
                .up(LinkConditions.parse("rebind 100ms"))
                .seed(7)
                .start()) {
      server.onMessage(message -> answer(server, message.from(), number(message)));
      List<MessageSocket> peers = open(6);
      Set<InetSocketAddress> addresses = new HashSet<>();
      int rounds = 0;
      while (addresses.size() < 60) {
        for (MessageSocket peer : peers) {
          peer.send(relay.localAddress(), number(rounds));
        }
        for (MessageSocket peer : peers) {
          assertEquals(rounds, number(peer.receive(GUARD)));
        }
        for (ConnectionInfo connection : server.connections()) {
          addresses.add(connection.remote());
        }
        rounds++;
      }
      assertEquals(6, server.statistics().connectionsOpened(), "nobody had to connect again");
      assertEquals(6L * rounds, server.statistics().messagesReceived());
      close(peers);
    }
  }

  @Test
  void oneThreadReceivesWhatComesToAny() throws Exception {
    try (MessageSocket server = listener()) {
      List<MessageSocket> peers = open(PEERS);
      assertNull(server.receive(Duration.ofMillis(1)));
      for (int i = 0; i < PEERS; i++) {
        peers.get(i).send(server.localAddress(), number(i));
      }
      Set<Integer> seen = new HashSet<>();
      while (seen.size() < PEERS) {
        assertTrue(seen.add(number(server.receive(GUARD))));
      }
      for (MessageSocket peer : peers) {
        assertNotNull(server.accept(GUARD));
        server.send(peer.localAddress(), number(1)); // the connection that the peer opened
        assertEquals(1, number(peer.receive(GUARD)));
      }
      assertEquals(PEERS, server.statistics().connectionsOpened());
      assertNull(server.accept(Duration.ZERO));
      close(peers);
    }
  }

  @Test
  void connectionsOpenedHereAnswerToTheirThreadsAndReportOnClosing() throws Exception {
    try (MessageSocket client = listener()) {
      List<MessageSocket> servers = open(PEERS);
      List<Connection> connections = new ArrayList<>();
      for (MessageSocket server : servers) {
        connections.add(client.connect(server.localAddress()));
      }
      for (Connection connection : connections) {
        Receipt receipt = connection.send(Message.to(connection.remoteAddress()).body("hello"));
        assertEquals(Outcome.Kind.ACKNOWLEDGED, receipt.acknowledged().join().kind());
      }
      for (MessageSocket server : servers) {
        Message hello = server.receive(GUARD);
        assertNotNull(hello);
        server.send(hello.from(), number(5));
      }
      for (Connection connection : connections) {
        assertEquals(5, number(connection.receive(GUARD)));
        assertEquals(connection, client.connect(connection.remoteAddress()));
      }
      Connection first = connections.get(0);
      assertEquals(CloseCause.APPLICATION, first.close(GUARD).cause());
      CloseReport rest = client.close(GUARD);
      assertEquals(0, rest.unacknowledged());
      assertThrows(SocketClosedException.class, () -> client.receive(GUARD));
      close(servers);
    }
  }

  /** What answers for a lost connection comes to any of the sockets at the port. */
  @Test
  void aPeerThatRestartsIsFoundByWhicheverThreadHearsOfIt() throws Exception {
    SocketOptions options = builder().security(Security.identity(Identity.generate())).options();
    try (MessageSocket client = listener()) {
      for (int i = 0; i < PEERS; i++) {
        AtomicBoolean dead = new AtomicBoolean();
        MessageSocket server = mortal(ANY, options, dead);
        InetSocketAddress at = server.localAddress();
        Connection connection = client.connect(at);
        dead.set(true);
        server.close(Duration.ZERO);
        // Silent at first, or an acknowledgement of the client could find out before the message.
        AtomicBoolean silent = new AtomicBoolean(true);
        try (MessageSocket again = mortal(at, options, silent)) {
          assertEquals(at, again.localAddress());
          Receipt receipt = client.send(Message.to(at).body(number(i)));
          silent.set(false);
          assertEquals(CloseCause.PEER_RESTARTED, receipt.acknowledged().join().cause());
          assertEquals(CloseCause.PEER_RESTARTED, connection.closed().join().cause());
        }
      }
    }
  }

  /** A socket that sends nothing any more once it is dead, as if its process had died. */
  private static MessageSocket mortal(
      InetSocketAddress bind, SocketOptions options, AtomicBoolean dead) throws IOException {
    return TamperedPort.open(
        bind,
        options,
        (method, arguments) ->
            dead.get() && method.equals("send")
                ? ((TransmitBatch) arguments[0]).segments() - (int) arguments[1]
                : null);
  }

  @Test
  void bothOpenAtOnceAndNothingIsLostOrComesTwice() throws Exception {
    for (int i = 0; i < 10; i++) {
      try (MessageSocket one = listener();
          MessageSocket other = listener()) {
        one.send(other.localAddress(), number(1));
        other.send(one.localAddress(), number(2));
        assertEquals(2, number(one.receive(GUARD)));
        assertEquals(1, number(other.receive(GUARD)));
        assertNull(one.receive(Duration.ZERO));
        one.send(other.localAddress(), number(3));
        assertEquals(3, number(other.receive(GUARD)));
        assertTrue(one.connections().size() <= 2, "one connection, or one each way");
      }
    }
  }

  @Test
  void itReachesItself() throws Exception {
    try (MessageSocket socket = listener()) {
      socket.send(socket.localAddress(), number(3));
      assertEquals(3, number(socket.receive(GUARD)));
    }
  }

  @Test
  void allThreadsAreOneIdentity() throws Exception {
    try (MessageSocket passing = listener();
        MessageSocket lasting =
            builder().security(Security.identity(Identity.generate())).ioThreads(3).open()) {
      for (MessageSocket server : List.of(passing, lasting)) {
        Set<String> fingerprints = new HashSet<>();
        List<MessageSocket> peers = open(PEERS);
        for (MessageSocket peer : peers) {
          fingerprints.add(peer.connect(server.localAddress()).peerFingerprint());
        }
        assertEquals(1, fingerprints.size());
        close(peers);
      }
    }
  }

  @Test
  void anUnknownNameIsRefusedAsByOneThread() throws Exception {
    InetSocketAddress unknown = InetSocketAddress.createUnresolved("nowhere.invalid", 9);
    for (int threads : new int[] {1, THREADS}) {
      try (MessageSocket socket = builder().ioThreads(threads).open()) {
        assertThrows(IllegalArgumentException.class, () -> socket.send(unknown, number(1)));
        assertThrows(IllegalArgumentException.class, () -> socket.connect(unknown));
      }
    }
  }

  @Test
  void closingEndsThoseWhoWait() throws Exception {
    MessageSocket server = listener();
    List<AtomicReference<Throwable>> thrown = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    CountDownLatch begun = new CountDownLatch(2);
    for (String what : List.of("receive", "accept")) {
      AtomicReference<Throwable> caught = new AtomicReference<>();
      thrown.add(caught);
      Thread thread =
          new Thread(
              () -> {
                begun.countDown();
                try {
                  Object unused = what.equals("receive") ? server.receive() : server.accept();
                } catch (IOException e) {
                  caught.set(e);
                }
              });
      thread.start();
      threads.add(thread);
    }
    begun.await();
    server.close();
    for (Thread thread : threads) {
      thread.join();
    }
    for (AtomicReference<Throwable> caught : thrown) {
      assertEquals(SocketClosedException.class, caught.get().getClass());
    }
  }

  @Test
  void theLimitIsSharedOut() throws Exception {
    int each = 2;
    try (MessageSocket server =
        builder().ioThreads(THREADS).maxConnections(each * THREADS).open()) {
      List<MessageSocket> peers = open(each * THREADS + 1);
      ConnectionLimitException full = null;
      for (int i = 0; full == null; i++) {
        try {
          server.connect(peers.get(i).localAddress());
        } catch (ConnectionLimitException e) {
          full = e;
        }
      }
      assertEquals(each, server.drivers().of(full.peer()).connections().size());
      String words = "has 2 connections, its part of the 6 that this socket may have";
      assertTrue(full.getMessage().contains(words), full.getMessage());
      close(peers);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void thePortIsFreeAgain(Mode mode) throws Exception {
    InetSocketAddress at;
    try (MessageSocket server = builder().mode(mode).ioThreads(THREADS).open()) {
      at = server.localAddress();
      assertEquals(at, server.localAddress());
    }
    builder().mode(mode).bind(at).open().close();
  }

  @Test
  void plainModeGoesByAddressAndAnswersFromThePort() throws Exception {
    try (MessageSocket server = builder().mode(Mode.PLAIN).ioThreads(THREADS).open()) {
      for (int i = 0; i < PEERS; i++) {
        try (MessageSocket peer = builder().mode(Mode.PLAIN).open()) {
          peer.send(server.localAddress(), number(i));
          Message message = server.receive(GUARD);
          assertEquals(i, number(message));
          server.send(message.from(), number(-i));
          Message back = peer.receive(GUARD);
          assertEquals(-i, number(back));
          assertEquals(server.localAddress(), back.from());
        }
      }
    }
  }

  @Test
  void whatNeedsOneThreadGetsOneAndSaysWhy(@TempDir Path folder) throws Exception {
    for (MessageSocketBuilder one :
        List.of(
            builder().trace(folder.resolve("trace.qlog")),
            builder().keyLog(folder.resolve("keys")),
            builder().sharedPort(true),
            builder().portableIo(true))) {
      try (MessageSocket socket = one.ioThreads(THREADS).open();
          MessageSocket peer = builder().open()) {
        String path = socket.statistics().ioPath();
        assertTrue(path.contains("one I/O thread and not " + THREADS), path);
        peer.send(socket.localAddress(), number(1));
        assertEquals(1, number(socket.receive(GUARD)));
      }
    }
  }

  /** With a network for each thread a limited rate would be as many times as high. */
  @Test
  void anImpairedSocketHasOneNetworkAndSoOneThread() throws Exception {
    try (MessageSocket server = builder().ioThreads(THREADS).impair("loss 10%").open()) {
      String path = server.statistics().ioPath();
      assertTrue(path.contains("one I/O thread and not " + THREADS + ": a bad network"), path);
      server.onMessage(message -> answer(server, message.from(), number(message)));
      List<MessageSocket> peers = open(6);
      for (int round = 0; round < 40; round++) {
        for (MessageSocket peer : peers) {
          peer.send(server.localAddress(), number(round));
        }
      }
      for (MessageSocket peer : peers) {
        for (int round = 0; round < 40; round++) {
          assertEquals(round, number(peer.receive(GUARD)));
        }
      }
      assertTrue(server.statistics().impaired("in.offered") > 0);
      close(peers);
    }
  }
}
