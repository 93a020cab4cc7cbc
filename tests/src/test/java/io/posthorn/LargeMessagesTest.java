package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages of several chunks, which go straight into the stream and are lent put together. */
class LargeMessagesTest {
  private static final int[] SIZES = {0, 64, 65_507, 65_536, 65_537, 1_000, 400_000, 3 << 20};
  private static final int COUNT = 64;
  private static final int WAITING_COUNT = 1_000;
  private static final int SMALL_BUFFER_BYTES = 256 << 10;

  /** What a ring takes that doubles up to what the small buffer asks for, with much to spare. */
  private static final long RINGS_BYTES = 8 << 20;

  private static MessageSocket open(Security security) throws IOException {
    return MessageSocket.builder()
        .security(security)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .open();
  }

  private static byte[] body(int number) {
    byte[] bytes = new byte[SIZES[number % SIZES.length]];
    new Random(number).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({"clear,true", "clear,false", "sealed,true", "sealed,false"})
  void allSizesArriveWholeAndInOrder(String security, boolean bodies) throws Exception {
    Security same = security.equals("clear") ? Security.none() : Security.ephemeral();
    try (MessageSocket receiver = open(same);
        MessageSocket sender = open(same)) {
      List<String> wrong = new ArrayList<>();
      CountDownLatch all = new CountDownLatch(COUNT);
      BodyHandler check =
          (from, channel, body) -> {
            int number = COUNT - (int) all.getCount();
            if (!body.equals(ByteBuffer.wrap(body(number)))) {
              wrong.add("message " + number + " of " + body.remaining() + " bytes");
            }
            all.countDown();
          };
      if (bodies) {
        receiver.onBody(check);
      } else {
        receiver.onMessage(message -> check.onBody(message.from(), 0, message.body()));
      }
      sender.connect(receiver.localAddress());
      for (int i = 0; i < COUNT; i++) {
        byte[] body = body(i);
        if (i % 3 == 0) {
          ByteBuffer direct = ByteBuffer.allocateDirect(body.length + 5);
          direct.position(5);
          direct.put(5, body);
          sender.send(receiver.localAddress(), direct);
          assertEquals(5, direct.position(), "the buffer stays as it is");
        } else {
          sender.send(receiver.localAddress(), body);
        }
      }
      assertTrue(all.await(60, TimeUnit.SECONDS), all.getCount() + " did not arrive");
      assertEquals(List.of(), wrong);
      SocketStatistics sent = sender.statistics();
      assertEquals(COUNT, sent.messagesSent());
      assertTrue(
          sent.bytesSent() > sent.datagramsSent() * 1_100L,
          "datagrams of a long flow are full: " + sent);
    }
  }

  /** 64 KiB is the longest message that a lane may take; the lane is full most of the time here. */
  @Test
  void aSenderThatWaitsForRoomMakesNoArrayForItsMessage() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (MessageSocket receiver = open(Security.none());
        MessageSocket sender =
            MessageSocket.builder()
                .security(Security.none())
                .sendBufferBytes(SMALL_BUFFER_BYTES)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .open()) {
      CountDownLatch all = new CountDownLatch(WAITING_COUNT);
      receiver.onBody((from, channel, body) -> all.countDown());
      sender.connect(receiver.localAddress());
      ByteBuffer body = ByteBuffer.allocate(64 << 10);
      sender.send(receiver.localAddress(), body);
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 1; i < WAITING_COUNT; i++) {
        sender.send(receiver.localAddress(), body);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(all.await(60, TimeUnit.SECONDS), all.getCount() + " did not arrive");
      assertTrue(allocated <= RINGS_BYTES, allocated + " bytes");
    }
  }
}
