package io.posthorn;

import static io.posthorn.Loopback.next;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What both modes promise of messages alike, whichever way datagrams take, over the loopback
 * device, where plain ones arrive too.
 */
class SocketContractTest {
  /** A mode, on the way that datagrams take by default and on the portable one. */
  enum Kind {
    PLAIN(Mode.PLAIN, false),
    RELIABLE(Mode.RELIABLE, false),
    PLAIN_PORTABLE(Mode.PLAIN, true),
    RELIABLE_PORTABLE(Mode.RELIABLE, true);

    private final Mode mode;
    private final boolean portable;

    Kind(Mode mode, boolean portable) {
      this.mode = mode;
      this.portable = portable;
    }

    private MessageSocketBuilder socket() {
      return Loopback.socket(mode).portableIo(portable);
    }

    private MessageSocketBuilder ofAllAddresses() {
      return MessageSocket.builder().mode(mode).portableIo(portable);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void messageArrivesWithItsBytesAndItsSender(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      byte[] bytes = new byte[1_000];
      new Random(1).nextBytes(bytes);
      a.send(b.localAddress(), bytes);
      Message message = next(b);
      assertArrayEquals(bytes, message.bytes());
      assertEquals(a.localAddress(), message.from());
      assertEquals(ByteBuffer.wrap(bytes), message.body());
      assertTrue(message.body().isReadOnly());
      assertFalse(message.isStreamed());
      assertArrayEquals(bytes, message.stream().readAllBytes());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void senderMayChangeItsBytesAfterSending(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      byte[] bytes = "before".getBytes(UTF_8);
      ByteBuffer buffer = ByteBuffer.wrap("[buffer]".getBytes(UTF_8), 1, 6);
      a.send(b.localAddress(), bytes);
      a.send(b.localAddress(), buffer);
      bytes[0] = 'x';
      buffer.put(1, (byte) 'x');
      assertEquals("before", next(b).text());
      assertEquals("buffer", next(b).text());
      assertEquals(1, buffer.position());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void emptyMessageArrivesEmpty(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      a.send(b.localAddress(), new byte[0]);
      assertEquals(0, next(b).size());
      a.send(b.localAddress(), new byte[] {1});
      assertEquals(1, next(b).size());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void largestDatagramArrivesWhole(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      byte[] bytes = new byte[65_507];
      new Random(2).nextBytes(bytes);
      a.send(b.localAddress(), bytes);
      assertArrayEquals(bytes, next(b).bytes());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void socketTalksToItself(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open()) {
      a.send(a.localAddress(), "self".getBytes(UTF_8));
      Message message = next(a);
      assertEquals("self", message.text());
      assertEquals(a.localAddress(), message.from());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void wildcardAddressMeansThisMachine(Kind kind) throws Exception {
    try (MessageSocket a = kind.ofAllAddresses().open();
        MessageSocket b = kind.ofAllAddresses().open()) {
      a.send(new InetSocketAddress(b.localAddress().getPort()), "here".getBytes(UTF_8));
      Message message = next(b);
      assertTrue(message.from().getAddress().isLoopbackAddress());
      b.send(message.from(), "there".getBytes(UTF_8));
      assertEquals("there", next(a).text());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void oneSocketServesIpv4AndIpv6(Kind kind) throws Exception {
    Ipv6Loopback.assumeThere();
    byte[] ipv6Loopback = new byte[16];
    ipv6Loopback[15] = 1;
    InetAddress v6 = InetAddress.getByAddress(ipv6Loopback);
    InetAddress v4 = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    try (MessageSocket server = kind.ofAllAddresses().open();
        MessageSocket a = kind.ofAllAddresses().bind(new InetSocketAddress(v4, 0)).open();
        MessageSocket b = kind.ofAllAddresses().bind(new InetSocketAddress(v6, 0)).open()) {
      int port = server.localAddress().getPort();
      a.send(new InetSocketAddress(v4, port), "four".getBytes(UTF_8));
      Message four = next(server);
      assertInstanceOf(Inet4Address.class, four.from().getAddress(), "IPv4 stays IPv4");
      assertEquals(a.localAddress(), four.from());
      b.send(new InetSocketAddress(v6, port), "six".getBytes(UTF_8));
      Message six = next(server);
      assertEquals(b.localAddress(), six.from());
      server.send(four.from(), "back4".getBytes(UTF_8));
      server.send(six.from(), "back6".getBytes(UTF_8));
      assertEquals("back4", next(a).text());
      assertEquals("back6", next(b).text());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void manyPeersOnOneSocketAreToldApart(Kind kind) throws Exception {
    int peers = kind.portable ? 20 : 200; // each a selector more
    List<MessageSocket> clients = new ArrayList<>();
    try (MessageSocket server = kind.socket().open()) {
      for (int i = 0; i < peers; i++) {
        MessageSocket client = kind.socket().open();
        clients.add(client);
        client.send(server.localAddress(), ("hello " + i).getBytes(UTF_8));
      }
      Map<String, InetSocketAddress> heard = new TreeMap<>();
      for (int i = 0; i < peers; i++) {
        Message message = next(server);
        heard.put(message.text(), message.from());
        server.send(message.from(), ("re: " + message.text()).getBytes(UTF_8));
      }
      for (int i = 0; i < peers; i++) {
        assertEquals(clients.get(i).localAddress(), heard.get("hello " + i));
        assertEquals("re: hello " + i, next(clients.get(i)).text());
      }
    } finally {
      for (MessageSocket client : clients) {
        client.close(Duration.ZERO);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void receiveAnswersNullWhenNothingComes(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open()) {
      assertNull(a.receive(Duration.ZERO));
      assertNull(a.receive(Duration.ofMillis(5)));
      assertNull(a.receive(Duration.ofSeconds(-5)));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void manyReceiversShareTheMessages(Kind kind) throws Exception {
    int messages = 400;
    BlockingQueue<String> taken = new LinkedBlockingQueue<>();
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      for (int i = 0; i < 4; i++) {
        spawn(
            () -> {
              while (true) {
                taken.add(b.receive().text());
              }
            });
      }
      for (int i = 0; i < messages; i++) {
        a.send(b.localAddress(), Integer.toString(i).getBytes(UTF_8));
        if (kind.mode == Mode.PLAIN) { // the kernel's buffer is all the flow control there is
          assertNotNull(taken.poll(20, TimeUnit.SECONDS), "message " + i);
        }
      }
      if (kind.mode == Mode.RELIABLE) {
        TreeMap<Integer, Integer> seen = new TreeMap<>();
        for (int i = 0; i < messages; i++) {
          String text = taken.poll(20, TimeUnit.SECONDS);
          assertNotNull(text, "message " + i);
          seen.merge(Integer.valueOf(text), 1, Integer::sum);
        }
        assertEquals(messages, seen.size());
      }
      assertTrue(taken.isEmpty());
    }
  }

  private static void spawn(Loopback.Task<?> task) {
    assertFalse(Loopback.start(task).isCancelled());
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void streamedMessageUpToADatagramArrives(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      byte[] bytes = new byte[60_000];
      new Random(3).nextBytes(bytes);
      try (MessageOutputStream out = a.openStream(b.localAddress(), 2)) {
        for (int i = 0; i < bytes.length; i += 1_000) {
          out.write(bytes, i, 1_000);
        }
        assertEquals(bytes.length, out.writtenBytes());
      }
      assertArrayEquals(bytes, next(b).bytes());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void impairedSocketLosesAndCounts(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().impair("loss 100%").impairSeed(7).open();
        MessageSocket b = kind.socket().open()) {
      a.send(b.localAddress(), "gone".getBytes(UTF_8));
      b.send(b.localAddress(), "marker".getBytes(UTF_8));
      assertEquals("marker", next(b).text());
      long lost = a.statistics().impaired("out.lost");
      assertTrue(
          kind.mode == Mode.PLAIN ? lost == 1 : lost >= 1, "a handshake is begun again: " + lost);
      assertTrue(a.statistics().ioPath().contains("loss 100%"), a.statistics().ioPath());
      a.close(Duration.ZERO);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void statisticsCountMessagesAndDatagrams(Kind kind) throws Exception {
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      a.send(b.localAddress(), new byte[100]);
      next(b);
      SocketStatistics sent = a.statistics();
      SocketStatistics received = b.statistics();
      assertEquals(kind.mode, sent.mode());
      assertEquals(1, sent.messagesSent());
      assertEquals(1, received.messagesReceived());
      assertTrue(sent.datagramsSent() >= 1);
      assertTrue(received.bytesReceived() >= 100);
      assertTrue(received.grantedReceiveBufferBytes() > 0);
      assertTrue(received.grantedSendBufferBytes() > 0);
      assertEquals(0, received.dropsTotal());
      assertEquals(0, sent.sendErrorsTotal());
      assertFalse(sent.ioPath().isEmpty());
      if (kind.portable) {
        assertTrue(sent.ioPath().startsWith("portable"), sent.ioPath());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void manyThreadsSendAndOneReceivesAll(Kind kind) throws Exception {
    int threads = 4;
    int each = 50;
    CountDownLatch credit = new CountDownLatch(threads * each);
    try (MessageSocket a = kind.socket().open();
        MessageSocket b = kind.socket().open()) {
      BlockingQueue<String> handled = new LinkedBlockingQueue<>();
      b.onMessage(
          message -> {
            handled.add(message.text());
            credit.countDown();
          });
      for (int t = 0; t < threads; t++) {
        int thread = t;
        spawn(
            () -> {
              for (int i = 0; i < each; i++) {
                a.send(b.localAddress(), (thread + "/" + i).getBytes(UTF_8));
              }
              return null;
            });
      }
      assertTrue(credit.await(20, TimeUnit.SECONDS), "still missing " + credit.getCount());
      assertEquals(new HashSet<>(handled).size(), threads * each);
    }
  }
}
