package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is particular to plain mode: the payload is the datagram. */
@Timeout(120)
class PlainSocketTest {
  private static MessageSocketBuilder plain() {
    return MessageSocket.builder()
        .mode(Mode.PLAIN)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @Test
  void talksToAnyUdpProgram() throws Exception {
    try (MessageSocket socket = plain().open();
        DatagramSocket other = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      other.setSoTimeout(20_000);
      socket.send((InetSocketAddress) other.getLocalSocketAddress(), "to you".getBytes(UTF_8));
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      other.receive(packet);
      assertEquals("to you", new String(packet.getData(), 0, packet.getLength(), UTF_8));
      assertEquals(socket.localAddress(), packet.getSocketAddress());
      other.send(new DatagramPacket(new byte[0], 0, socket.localAddress()));
      Message empty = socket.receive(Duration.ofSeconds(20));
      assertNotNull(empty);
      assertEquals(0, empty.size());
      assertEquals(Delivery.UNRELIABLE, empty.delivery());
    }
  }

  @Test
  void tooLargeMessageIsRefusedNamingTheLimit() throws Exception {
    try (MessageSocket socket = plain().open()) {
      InetSocketAddress peer = socket.localAddress();
      MessageTooLargeException e =
          assertThrows(MessageTooLargeException.class, () -> socket.send(peer, new byte[65_508]));
      assertEquals(65_507, e.limitBytes());
      assertEquals(65_508, e.sizeBytes());
      assertEquals(peer, e.peer());
      assertTrue(String.valueOf(e.getMessage()).contains("65507"), e.getMessage());
      assertEquals(0, socket.statistics().messagesSent());
    }
  }

  @Test
  void tooLongStreamIsRefusedWhenItPassesTheLimit() throws Exception {
    try (MessageSocket socket = plain().open()) {
      MessageOutputStream stream = socket.openStream(socket.localAddress(), 0);
      assertThrows(
          MessageTooLargeException.class,
          () -> {
            for (int i = 0; i < 200; i++) {
              stream.write(new byte[1_000]);
            }
          });
      stream.abort();
      assertEquals(0, socket.statistics().messagesSent());
    }
  }

  @Test
  void receiptIsUnknownAtOnce() throws Exception {
    try (MessageSocket socket = plain().open()) {
      Receipt receipt = socket.send(Message.to(socket.localAddress()).confirm(true).body("x"));
      Outcome outcome = receipt.outcome();
      assertNotNull(outcome);
      assertEquals(Outcome.Kind.UNKNOWN, outcome.kind());
      assertTrue(outcome.mayHaveArrived());
      assertEquals(outcome, receipt.acknowledged().join());
      assertEquals(outcome, receipt.await(Duration.ZERO));
      CompletionException e =
          assertThrows(CompletionException.class, () -> receipt.processed().join());
      assertInstanceOf(TransportException.class, e.getCause());
    }
  }

  @Test
  void nobodyThereChangesNothing() throws Exception {
    InetSocketAddress nobody = Loopback.nobody();
    try (MessageSocket a = plain().open();
        MessageSocket b = plain().open()) {
      for (int i = 0; i < 20; i++) {
        a.send(nobody, new byte[10]);
      }
      b.send(a.localAddress(), "still here".getBytes(UTF_8));
      Message message = a.receive(Duration.ofSeconds(20));
      assertNotNull(message);
      assertEquals("still here", message.text());
    }
  }

  @Test
  void addressThatCannotBeReachedCountsAsLoss() throws Exception {
    try (MessageSocket a = plain().open()) {
      // The loopback device has no way to an address of the outside, so the system refuses.
      a.send(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 9), new byte[10]);
      a.send(new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 9), new byte[10]);
      a.send(a.localAddress(), "fine".getBytes(UTF_8));
      Message message = a.receive(Duration.ofSeconds(20));
      assertNotNull(message);
      assertEquals("fine", message.text());
      assertTrue(a.statistics().sendErrorsTotal() >= 1, a.statistics().toString());
    }
  }

  @Test
  void fullQueueDropsAndCounts() throws Exception {
    try (MessageSocket a = plain().open();
        MessageSocket b = plain().socketReceiveBytes(64 << 10).open()) {
      while (b.statistics().drops("QUEUE_FULL") == 0) {
        a.send(b.localAddress(), new byte[1_000]);
      }
      SocketStatistics seen = b.statistics();
      assertEquals(seen.dropsTotal(), seen.drops("QUEUE_FULL"), seen.toString());
    }
  }

  @Test
  void fault28_portInUseIsNamedWithWhatToDo() throws Exception {
    try (MessageSocket a = plain().open()) {
      int port = a.localAddress().getPort();
      BindException e =
          assertThrows(BindException.class, () -> plain().bind(a.localAddress()).open());
      assertTrue(String.valueOf(e.getMessage()).contains("127.0.0.1:" + port), e.getMessage());
      assertTrue(String.valueOf(e.getMessage()).contains("another port"), e.getMessage());
    }
  }

  @Test
  void fault28_foreignAddressIsNamedWithWhatToDo() throws Exception {
    InetSocketAddress foreign = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 7);
    BindException e = assertThrows(BindException.class, () -> plain().bind(foreign).open());
    assertTrue(String.valueOf(e.getMessage()).contains("192.0.2.1:7"), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains("give a local one"), e.getMessage());
    InetSocketAddress unknown = InetSocketAddress.createUnresolved("no-such-host.invalid", 1);
    BindException u = assertThrows(BindException.class, () -> plain().bind(unknown).open());
    assertTrue(String.valueOf(u.getMessage()).contains("no-such-host.invalid"), u.getMessage());
  }

  @Test
  void failedOpenLeavesNothingBehind() throws Exception {
    try (MessageSocket a = plain().open()) {
      assertThrows(BindException.class, () -> plain().bind(a.localAddress()).open());
      long before = Descriptors.open();
      for (int i = 0; i < 50; i++) {
        assertThrows(BindException.class, () -> plain().bind(a.localAddress()).open());
      }
      assertTrue(Descriptors.open() <= before + 2);
    }
  }

  @Test
  void plainModeHasNoConnections() throws Exception {
    try (MessageSocket a = plain().open()) {
      UnsupportedOperationException e =
          assertThrows(UnsupportedOperationException.class, () -> a.connect(a.localAddress()));
      assertTrue(String.valueOf(e.getMessage()).contains("Mode.RELIABLE"), e.getMessage());
      assertThrows(UnsupportedOperationException.class, a::accept);
      assertTrue(a.connections().isEmpty());
    }
  }

  @Test
  void duplicatedDatagramsArriveTwice() throws Exception {
    try (MessageSocket a = plain().impair("duplicate 100%").impairSeed(1).open();
        MessageSocket b = plain().open()) {
      a.send(b.localAddress(), "twice".getBytes(UTF_8));
      for (int i = 0; i < 2; i++) {
        Message message = b.receive(Duration.ofSeconds(20));
        assertNotNull(message);
        assertEquals("twice", message.text());
      }
      assertEquals(1, a.statistics().impaired("out.duplicated"));
    }
  }

  @Test
  void incomingDirectionIsImpairedToo() throws Exception {
    try (MessageSocket a = plain().open();
        MessageSocket b = plain().impair("loss 100%").open()) {
      while (b.statistics().impaired("in.lost") == 0) {
        a.send(b.localAddress(), new byte[10]);
      }
      assertEquals(0, b.statistics().datagramsReceived());
    }
  }
}
