package io.posthorn.e2e;

import static io.posthorn.e2e.SocketKind.LONG_MILLIS;
import static io.posthorn.e2e.SocketKind.LOOPBACK;
import static io.posthorn.e2e.SocketKind.receive;
import static io.posthorn.e2e.SocketKind.send;
import static io.posthorn.e2e.SocketKind.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the documentation of {@link DatagramSocket} promises, clause by clause, of the drop-in and
 * of the JDK's own class over the loopback device: packets.
 */
@SuppressWarnings("try") // what close() does in the middle is part of the contract
class DatagramSocketPacketsTest {
  @ParameterizedTest
  @EnumSource
  void packetArrivesWithItsBytesAndItsSendersAddress(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      send(a, b, "question");
      DatagramPacket packet = receive(b);
      assertEquals("question", text(packet));
      assertEquals(LOOPBACK, packet.getAddress());
      assertEquals(a.getLocalPort(), packet.getPort());
      assertEquals(a.getLocalSocketAddress(), packet.getSocketAddress());
      packet.setData("answer".getBytes(UTF_8)); // its address is the one to answer to
      b.send(packet);
      DatagramPacket answer = receive(a);
      assertEquals("answer", text(answer));
      assertEquals(b.getLocalSocketAddress(), answer.getSocketAddress());
    }
  }

  @ParameterizedTest
  @EnumSource
  void offsetsOfBothPacketsAreKept(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      byte[] out = "..middle..".getBytes(UTF_8);
      a.send(new DatagramPacket(out, 2, 6, b.getLocalSocketAddress()));
      byte[] in = new byte[20];
      Arrays.fill(in, (byte) '-');
      DatagramPacket packet = new DatagramPacket(in, 5, 10);
      b.receive(packet);
      assertEquals(5, packet.getOffset());
      assertEquals(6, packet.getLength());
      assertSame(in, packet.getData());
      assertEquals("-----middle---------", new String(in, UTF_8));
    }
  }

  @ParameterizedTest
  @EnumSource
  void senderMayReuseItsPacketAtOnce(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      byte[] bytes = {1};
      DatagramPacket packet = new DatagramPacket(bytes, 1, b.getLocalSocketAddress());
      a.send(packet);
      bytes[0] = 2;
      a.send(packet);
      assertEquals(1, receive(b).getData()[0]);
      assertEquals(2, receive(b).getData()[0]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void messageLongerThanThePacketIsTruncatedAndTheRestIsGone(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      send(a, b, "0123456789");
      send(a, b, "next");
      DatagramPacket packet = new DatagramPacket(new byte[20], 4);
      b.receive(packet);
      assertEquals("0123", text(packet));
      assertEquals(0, packet.getData()[4]);
      assertEquals("next", text(receive(b)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void onePacketServesALoopWithoutBeingResetInBetween(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      for (String message : List.of("short", "a longer message", "", "x", "x", "and the longest")) {
        send(a, b, message);
        b.receive(packet);
        assertEquals(message, text(packet));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void lengthSetInBetweenLimitsTheNextMessage(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      send(a, b, "seven..");
      b.receive(packet);
      packet.setLength(4);
      send(a, b, "0123456789");
      b.receive(packet);
      assertEquals("0123", text(packet));
      send(a, b, "9876543210");
      b.receive(packet);
      assertEquals("9876", text(packet));
      packet.setLength(9);
      send(a, b, "0123456789");
      b.receive(packet);
      assertEquals("012345678", text(packet));
      packet.setData(new byte[3]);
      send(a, b, "0123456789");
      b.receive(packet);
      assertEquals("012", text(packet));
    }
  }

  @ParameterizedTest
  @EnumSource
  void dataSetInBetweenLimitsTheNextMessageEvenIfAsLongAsTheLast(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      send(a, b, "four");
      b.receive(packet);
      packet.setData(new byte[50], 0, 4);
      send(a, b, "0123456789");
      b.receive(packet);
      assertEquals("0123", text(packet));
    }
  }

  @ParameterizedTest
  @EnumSource
  void emptyPacketArrivesEmpty(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      send(a, b, "");
      send(a, b, "after");
      assertEquals(0, receive(b).getLength());
      assertEquals("after", text(receive(b)));
      send(a, b, "does not fit");
      DatagramPacket none = new DatagramPacket(new byte[0], 0);
      b.receive(none);
      assertEquals(0, none.getLength());
      assertEquals(a.getLocalPort(), none.getPort());
    }
  }

  @ParameterizedTest
  @EnumSource
  void largestPacketArrivesWholeAndALargerOneIsRefused(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      byte[] bytes = new byte[65_507];
      new Random(3).nextBytes(bytes);
      a.send(new DatagramPacket(bytes, bytes.length, b.getLocalSocketAddress()));
      DatagramPacket packet = receive(b);
      assertArrayEquals(bytes, Arrays.copyOf(packet.getData(), packet.getLength()));
      assertThrows(
          IOException.class,
          () -> a.send(new DatagramPacket(new byte[65_508], 65_508, b.getLocalSocketAddress())));
      send(a, b, "still usable");
      assertEquals("still usable", text(receive(b)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void socketTalksToItself(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback()) {
      send(a, a, "self");
      DatagramPacket packet = receive(a);
      assertEquals("self", text(packet));
      assertEquals(a.getLocalSocketAddress(), packet.getSocketAddress());
    }
  }

  @ParameterizedTest
  @EnumSource
  void packetWithoutAddressIsRefusedUnlessConnected(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback()) {
      DatagramPacket packet = new DatagramPacket(new byte[1], 1);
      assertThrows(IllegalArgumentException.class, () -> a.send(packet));
      DatagramPacket toPortZero = new DatagramPacket(new byte[1], 1, LOOPBACK, 0);
      assertThrows(SocketException.class, () -> a.send(toPortZero));
      assertThrows(NullPointerException.class, () -> a.send(null));
      assertThrows(NullPointerException.class, () -> a.receive(null));
    }
  }

  @ParameterizedTest
  @EnumSource
  void manyThreadsSendAndReceiveOnOneSocket(SocketKind kind) throws Exception {
    int senders = 4;
    int each = 25; // the JDK's must fit the system's buffer
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      Set<String> received = ConcurrentHashMap.newKeySet();
      CountDownLatch all = new CountDownLatch(senders * each);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        threads.add(
            new Thread(
                () -> {
                  try {
                    while (true) {
                      received.add(text(receive(b)));
                      all.countDown();
                    }
                  } catch (SocketException e) {
                    // closed: done
                  } catch (IOException e) {
                    failure.set(e);
                  }
                }));
      }
      for (int i = 0; i < senders; i++) {
        int sender = i;
        threads.add(
            new Thread(
                () -> {
                  try {
                    for (int n = 0; n < each; n++) {
                      send(a, b, sender + " " + n);
                    }
                  } catch (IOException e) {
                    failure.set(e);
                  }
                }));
      }
      threads.forEach(Thread::start);
      boolean complete = all.await(LONG_MILLIS, TimeUnit.MILLISECONDS);
      b.close();
      for (Thread thread : threads) {
        thread.join();
      }
      assertNull(failure.get());
      assertTrue(complete, "received " + received.size());
      Set<String> expected = new HashSet<>();
      for (int i = 0; i < senders; i++) {
        for (int n = 0; n < each; n++) {
          expected.add(i + " " + n);
        }
      }
      assertEquals(expected, received);
    }
  }
}
