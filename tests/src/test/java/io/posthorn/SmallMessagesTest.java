package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.io.GatedPort;
import io.posthorn.io.NioDatagramPort;
import io.posthorn.runtime.SocketDriver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The short way of small messages to peers that are known: the same promises as the long one. */
class SmallMessagesTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static MessageSocketBuilder builder() {
    return MessageSocket.builder().bind(ANY);
  }

  private static ByteBuffer numbered(int thread, int number, int bytes) {
    ByteBuffer body = ByteBuffer.allocate(Math.max(8, bytes));
    body.putInt(0, thread).putInt(4, number);
    return body;
  }

  @ParameterizedTest
  @CsvSource({"false,true", "true,false"})
  void messagesOfEachThreadKeepTheirOrderWhateverTheirSize(boolean portable, boolean bodies)
      throws Exception {
    int threads = 3;
    int each = 4_000;
    try (MessageSocket receiver = builder().portableIo(portable).open();
        MessageSocket sender = builder().portableIo(portable).sendBufferBytes(1 << 16).open()) {
      InetSocketAddress to = receiver.localAddress();
      sender.connect(to);
      int[] next = new int[threads];
      List<String> wrong = new ArrayList<>();
      CountDownLatch all = new CountDownLatch(threads * each);
      BodyHandler check =
          (from, channel, body) -> {
            int thread = body.getInt(body.position());
            int number = body.getInt(body.position() + 4);
            if (next[thread] != number) {
              wrong.add("thread " + thread + ": " + number + " instead of " + next[thread]);
            }
            next[thread] = number + 1;
            all.countDown();
          };
      if (bodies) {
        receiver.onBody(check);
      } else {
        receiver.onMessage(message -> check.onBody(message.from(), 0, message.body()));
      }
      AtomicReference<Throwable> failure = new AtomicReference<>();
      List<Thread> started = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        Thread runs =
            new Thread(
                () -> {
                  try {
                    for (int i = 0; i < each; i++) {
                      if (i % 1_000 == 999) { // the long way, in between
                        sender.send(Message.to(to).body(numbered(thread, i, 70_000)));
                      } else {
                        sender.send(to, numbered(thread, i, i % 200));
                      }
                    }
                  } catch (IOException e) {
                    failure.set(e);
                  }
                });
        runs.start();
        started.add(runs);
      }
      for (Thread runs : started) {
        runs.join();
      }
      assertNull(failure.get());
      assertTrue(all.await(60, TimeUnit.SECONDS), all.getCount() + " did not arrive");
      assertEquals(List.of(), wrong);
      assertEquals(12_000, sender.statistics().messagesSent());
    }
  }

  @Test
  void closeFlushesWhatWasSentAMomentBefore() throws Exception {
    for (int round = 0; round < 20; round++) {
      try (MessageSocket receiver = builder().open()) {
        MessageSocket sender = builder().open();
        sender.send(receiver.localAddress(), "opens".getBytes(UTF_8));
        sender.connect(receiver.localAddress());
        for (int i = 0; i < 100; i++) {
          sender.send(receiver.localAddress(), Integer.toString(i).getBytes(UTF_8));
        }
        sender.close();
        assertNotNull(receiver.receive(LONG));
        for (int i = 0; i < 100; i++) {
          Message message = receiver.receive(LONG);
          assertNotNull(message, "message " + i);
          assertEquals(Integer.toString(i), message.text());
        }
      }
    }
  }

  @Test
  void closingTheConnectionFlushesToo() throws Exception {
    try (MessageSocket receiver = builder().open();
        MessageSocket sender = builder().open()) {
      Connection connection = sender.connect(receiver.localAddress());
      for (int i = 0; i < 500; i++) {
        sender.send(receiver.localAddress(), Integer.toString(i).getBytes(UTF_8));
      }
      var report = connection.close(LONG);
      assertEquals(500, report.acknowledged());
      assertEquals(0, report.unacknowledged());
      for (int i = 0; i < 500; i++) {
        Message message = receiver.receive(LONG);
        assertNotNull(message, "message " + i);
        assertEquals(Integer.toString(i), message.text());
      }
    }
  }

  @Test
  void whatWaitedForAPeerThatFellSilentIsReportedOnce() throws Exception {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    GatedPort gate = new GatedPort(NioDatagramPort.open(ANY));
    gate.openGate();
    SocketDriver driver =
        SocketDriver.start(
            gate, isSelf -> new ReliableEndpoint(options, new SecureRandom(), isSelf), 0);
    MessageSocket receiver = new MessageSocket(options, Duration.ZERO, driver);
    try (MessageSocket sender = builder().idleTimeout(Duration.ofSeconds(1)).open()) {
      InetSocketAddress to = receiver.localAddress();
      sender.send(to, "one".getBytes(UTF_8));
      assertNotNull(receiver.receive(LONG));
      sender.connect(to);
      gate.closeGate();
      assertThrows(
          MessagesLostException.class,
          () -> {
            while (true) {
              sender.send(to, "into the void".getBytes(UTF_8));
            }
          });
      gate.openGate();
      sender.send(to, "said once".getBytes(UTF_8));
    } finally {
      receiver.close(Duration.ZERO);
    }
  }

  @Test
  void bodyIsReadOnlyAndAHandlerThatThrowsIsCounted() throws Exception {
    try (MessageSocket receiver = builder().open();
        MessageSocket sender = builder().open()) {
      CountDownLatch second = new CountDownLatch(2);
      AtomicReference<String> text = new AtomicReference<>();
      receiver.onBody(
          (from, channel, body) -> {
            second.countDown();
            assertEquals(sender.localAddress(), from);
            assertThrows(ReadOnlyBufferException.class, () -> body.put(0, (byte) 1));
            text.set(UTF_8.decode(body).toString());
          });
      assertThrows(IllegalStateException.class, () -> receiver.onBody((from, c, body) -> {}));
      assertThrows(IllegalStateException.class, () -> receiver.onMessage(message -> {}));
      assertThrows(IllegalStateException.class, () -> receiver.receive(Duration.ZERO));
      sender.send(receiver.localAddress(), "first".getBytes(UTF_8));
      sender.send(receiver.localAddress(), "second".getBytes(UTF_8));
      assertTrue(second.await(20, TimeUnit.SECONDS));
      assertEquals(0, sender.statistics().handlerFailures());
    }
    try (MessageSocket streams = builder().streaming(true).open()) {
      assertThrows(IllegalStateException.class, () -> streams.onBody((from, c, body) -> {}));
    }
  }

  @Test
  void everyDeliveryReachesABodyHandler() throws Exception {
    try (MessageSocket receiver = builder().open();
        MessageSocket sender = builder().open()) {
      CountDownLatch all = new CountDownLatch(3 * 50);
      boolean[] wrong = {false};
      receiver.onBody(
          (from, channel, body) -> {
            wrong[0] |= body.remaining() != (channel == 3 ? 100_000 : 10);
            all.countDown();
          });
      for (int i = 0; i < 50; i++) {
        sender.send(receiver.localAddress(), new byte[10]);
        Message.Draft to = Message.to(receiver.localAddress());
        sender.send(to.channel(2).delivery(Delivery.RELIABLE_UNORDERED).body(new byte[10]));
        sender.send(Message.to(receiver.localAddress()).channel(3).body(new byte[100_000]));
      }
      assertTrue(all.await(60, TimeUnit.SECONDS), all.getCount() + " did not arrive");
      assertFalse(wrong[0]);
    }
  }

  @Test
  void bodyHandlerMaySendAndWait() throws Exception {
    try (MessageSocket receiver = builder().open();
        MessageSocket sender = builder().open()) {
      receiver.onBody(
          (from, channel, body) -> {
            try {
              Receipt receipt = receiver.send(Message.to(from).body(body));
              receipt.acknowledged().join();
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      for (int i = 0; i < 20; i++) {
        sender.send(receiver.localAddress(), Integer.toString(i).getBytes(UTF_8));
      }
      for (int i = 0; i < 20; i++) {
        Message message = sender.receive(LONG);
        assertNotNull(message, "message " + i);
        assertEquals(Integer.toString(i), message.text());
      }
    }
  }
}
