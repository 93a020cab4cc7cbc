package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.nobody;
import static io.posthorn.Loopback.reliable;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.e2e.FreePorts;
import io.posthorn.io.ScriptedPorts;
import io.posthorn.simulation.Relay;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Over loopback the kernel answers each datagram to a port that nobody has by ICMP. A socket of the
 * fast path hears of that while it opens connections, tells it, and does nothing else about it
 * (PROTOCOL.md §8.5).
 */
@EnabledOnOs(OS.LINUX)
@Timeout(100)
class UnreachablePeerTest {
  private static final String HINT =
      "; its host says that no socket is open on that port"
          + " (ICMP port unreachable, which anybody can forge): check that";

  /** What the statistics call such a message. */
  private static final String REFUSED = ScriptedPorts.words(ScriptedPorts.ECONNREFUSED);

  private static long heard(MessageSocket socket) {
    return socket.statistics().receiveErrors().getOrDefault(REFUSED, 0L);
  }

  private static void awaitHeard(MessageSocket socket, long count) {
    while (heard(socket) < count) {
      Thread.onSpinWait();
    }
  }

  private static String failure(MessageSocketBuilder builder, InetSocketAddress peer)
      throws Exception {
    Duration timeout = Duration.ofMillis(300);
    try (MessageSocket socket = builder.handshakeTimeout(timeout).open()) {
      ConnectionTimeoutException e =
          assertThrows(ConnectionTimeoutException.class, () -> socket.connect(peer));
      assertEquals(timeout, e.waited());
      assertEquals(Map.of(), socket.statistics().sendErrors());
      return String.valueOf(e.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1",
    "0.0.0.0, 127.0.0.1",
    "::1, ::1",
    "::, ::1",
    "::, 127.0.0.1",
  })
  void whoeverGetsNoAnswerIsToldWhatTheHostSays(String bind, String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(bind, host);
    InetSocketAddress peer = FreePorts.nobody(host);
    String said = failure(reliable().bind(new InetSocketAddress(bind, 0)), peer);
    assertTrue(said.contains("no answer from " + AddressText.of(peer) + " in 300 ms" + HINT), said);
  }

  /** Ports that lie over the one of the system pass it on. */
  @Test
  void whateverLiesBetweenPassesItOn(@TempDir Path folder) throws Exception {
    List<UnaryOperator<MessageSocketBuilder>> ways =
        List.of(
            builder -> builder.sharedPort(true),
            builder -> builder.impair("delay 1ms"),
            builder -> builder.capture(folder.resolve("all.pcapng")));
    for (UnaryOperator<MessageSocketBuilder> way : ways) {
      String said = failure(way.apply(reliable()), nobody());
      assertTrue(said.contains(HINT), said);
    }
  }

  /** A socket that is there and says nothing is another matter; and the portable path is deaf. */
  @Test
  void whereNothingIsSaidNothingIsTold() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      InetSocketAddress peer = (InetSocketAddress) silent.getLocalSocketAddress();
      String silence = failure(reliable(), peer);
      assertTrue(silence.contains("in 300 ms: check that"), silence);
    }
    String portable = failure(reliable().portableIo(true), nobody());
    assertTrue(portable.contains("in 300 ms: check that"), portable);
  }

  /** Whoever gives up earlier than the attempt is told too, as soon as it is known. */
  @Test
  void whoeverWaitsForLessIsToldAsWell() throws Exception {
    InetSocketAddress peer = nobody();
    try (MessageSocket socket =
        reliable().handshakeTimeout(Duration.ofSeconds(90)).linger(Duration.ZERO).open()) {
      String said = "";
      while (!said.contains(HINT)) {
        said =
            assertThrows(
                    ConnectionTimeoutException.class,
                    () -> socket.connect(peer, Duration.ofMillis(20)))
                .getMessage();
      }
      assertTrue(said.contains(" in 20 ms"), said);
      assertTrue(said.contains("the attempt goes on for 90 s"), said);
      assertEquals(1, socket.connections().size());
    }
  }

  /** FAULTS 12: the port is nobody's, until it is somebody's. */
  @ParameterizedTest
  @CsvSource({"127.0.0.1", "::1"})
  void aPortThatOpensLateIsMet(String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(host);
    InetSocketAddress later = FreePorts.nobody(host);
    MessageSocketBuilder builder =
        reliable().bind(new InetSocketAddress(host, 0)).handshakeTimeout(Duration.ofSeconds(90));
    try (MessageSocket a = builder.linger(Duration.ZERO).open()) {
      Receipt receipt = a.send(Message.to(later).body("patience".getBytes(UTF_8)));
      awaitHeard(a, 2);
      try (MessageSocket b = reliable().bind(later).open()) {
        assertEquals("patience", Loopback.next(b).text());
        Outcome outcome = receipt.await(LONG);
        assertNotNull(outcome);
        assertEquals(Outcome.Kind.ACKNOWLEDGED, outcome.kind());
        assertEquals(Map.of(), a.statistics().sendErrors());
      }
    }
  }

  /** Whoever forges ICMP to an open connection does not even cost it the reading. */
  @Test
  void anOpenConnectionDoesNotListen() throws Exception {
    try (MessageSocket a = reliable().linger(Duration.ZERO).open();
        MessageSocket b = reliable().linger(Duration.ZERO).open()) {
      Connection connection;
      try (Relay relay = Relay.inFrontOf(b.localAddress()).start()) {
        connection = a.connect(relay.localAddress());
      }
      long before = a.statistics().datagramsSent();
      while (a.statistics().datagramsSent() < before + 5) {
        connection.send(new byte[1]); // to a port that is nobody's now
      }
      assertTrue(connection.isOpen());
      assertEquals(Map.of(), a.statistics().receiveErrors());
      assertEquals(Map.of(), a.statistics().sendErrors());
    }
  }

  /** Two peers of one socket: what is said of the one does nothing to the other. */
  @Test
  void whoeverIsThereIsNotDisturbed() throws Exception {
    InetSocketAddress nobody = nobody();
    try (MessageSocket a =
            reliable().handshakeTimeout(Duration.ofSeconds(90)).linger(Duration.ZERO).open();
        MessageSocket b = reliable().open()) {
      Receipt never = a.send(Message.to(nobody).body(new byte[1]));
      Connection connection = a.connect(b.localAddress());
      int count = 0;
      while (heard(a) < 5) {
        connection.send(Integer.toString(count).getBytes(UTF_8));
        assertEquals(Integer.toString(count), Loopback.next(b).text());
        count++;
      }
      assertTrue(connection.isOpen());
      assertEquals(Map.of(), a.statistics().sendErrors());
      assertEquals(Map.of(), b.statistics().receiveErrors(), "a listener does not listen to ICMP");
      assertFalse(never.acknowledged().isDone());
    }
  }
}
