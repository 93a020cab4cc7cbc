package io.posthorn.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ReliableDatagramSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
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
 * What the documentation of {@link DatagramSocket} promises, clause by clause, of the drop-in and,
 * as the control of the tests themselves, of the JDK's own class over the loopback device.
 */
@SuppressWarnings("try") // what close() does in the middle is part of the contract
class DatagramSocketContractTest {
  private static final int LONG_MILLIS = 20_000;
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  enum Kind {
    JDK {
      @Override
      DatagramSocket open() throws SocketException {
        return new DatagramSocket();
      }

      @Override
      DatagramSocket open(int port) throws SocketException {
        return new DatagramSocket(port);
      }

      @Override
      DatagramSocket open(int port, InetAddress address) throws SocketException {
        return new DatagramSocket(port, address);
      }

      @Override
      DatagramSocket open(SocketAddress address) throws SocketException {
        return new DatagramSocket(address);
      }
    },
    RELIABLE {
      @Override
      DatagramSocket open() throws SocketException {
        return new ReliableDatagramSocket();
      }

      @Override
      DatagramSocket open(int port) throws SocketException {
        return new ReliableDatagramSocket(port);
      }

      @Override
      DatagramSocket open(int port, InetAddress address) throws SocketException {
        return new ReliableDatagramSocket(port, address);
      }

      @Override
      DatagramSocket open(SocketAddress address) throws SocketException {
        return new ReliableDatagramSocket(address);
      }
    };

    abstract DatagramSocket open() throws SocketException;

    abstract DatagramSocket open(int port) throws SocketException;

    abstract DatagramSocket open(int port, InetAddress address) throws SocketException;

    abstract DatagramSocket open(SocketAddress address) throws SocketException;

    DatagramSocket onLoopback() throws SocketException {
      DatagramSocket socket = open(0, LOOPBACK);
      socket.setSoTimeout(LONG_MILLIS);
      return socket;
    }

    DatagramSocket unbound() throws SocketException {
      return open((SocketAddress) null);
    }
  }

  private static void send(DatagramSocket from, DatagramSocket to, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    from.send(new DatagramPacket(bytes, bytes.length, LOOPBACK, to.getLocalPort()));
  }

  private static DatagramPacket receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
    socket.receive(packet);
    return packet;
  }

  private static String text(DatagramPacket packet) {
    return new String(packet.getData(), packet.getOffset(), packet.getLength(), UTF_8);
  }

  // Constructors and binding.

  @ParameterizedTest
  @EnumSource
  void constructorsBindToWhatTheyAreGiven(Kind kind) throws Exception {
    try (DatagramSocket any = kind.open();
        DatagramSocket zero = kind.open(0);
        DatagramSocket loopback = kind.open(0, LOOPBACK);
        DatagramSocket everywhere = kind.open(0, null);
        DatagramSocket address = kind.open(new InetSocketAddress(LOOPBACK, 0))) {
      for (DatagramSocket socket : List.of(any, zero, loopback, everywhere, address)) {
        assertTrue(socket.isBound());
        assertFalse(socket.isConnected());
        assertFalse(socket.isClosed());
        assertNotEquals(0, socket.getLocalPort());
        assertEquals(
            new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort()),
            socket.getLocalSocketAddress());
      }
      assertTrue(any.getLocalAddress().isAnyLocalAddress());
      assertTrue(zero.getLocalAddress().isAnyLocalAddress());
      assertTrue(everywhere.getLocalAddress().isAnyLocalAddress());
      assertEquals(LOOPBACK, loopback.getLocalAddress());
      assertEquals(LOOPBACK, address.getLocalAddress());
    }
  }

  @ParameterizedTest
  @EnumSource
  void constructorsRefuseWhatCannotBeBound(Kind kind) throws Exception {
    assertThrows(IllegalArgumentException.class, () -> kind.open(-1));
    assertThrows(IllegalArgumentException.class, () -> kind.open(65_536));
    assertThrows(IllegalArgumentException.class, () -> kind.open(65_536, LOOPBACK));
    assertThrows(IllegalArgumentException.class, () -> kind.open(new OtherAddress()));
    InetAddress notHere = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
    assertThrows(SocketException.class, () -> kind.open(0, notHere));
    try (DatagramSocket first = kind.onLoopback()) {
      assertThrows(SocketException.class, () -> kind.open(first.getLocalPort(), LOOPBACK));
    }
  }

  private static final class OtherAddress extends SocketAddress {
    private static final long serialVersionUID = 1L;
  }

  @ParameterizedTest
  @EnumSource
  void portGivenIsThePortBound(Kind kind) throws Exception {
    int port;
    try (DatagramSocket first = kind.open()) {
      port = first.getLocalPort();
    }
    try (DatagramSocket second = kind.open(port)) {
      assertEquals(port, second.getLocalPort());
    }
  }

  @ParameterizedTest
  @EnumSource
  void nullAddressLeavesTheSocketUnbound(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      assertFalse(socket.isBound());
      assertEquals(0, socket.getLocalPort());
      assertTrue(socket.getLocalAddress().isAnyLocalAddress());
      assertNull(socket.getLocalSocketAddress());
      socket.bind(new InetSocketAddress(LOOPBACK, 0));
      assertTrue(socket.isBound());
      assertEquals(LOOPBACK, socket.getLocalAddress());
      assertNotEquals(0, socket.getLocalPort());
      assertThrows(SocketException.class, () -> socket.bind(new InetSocketAddress(LOOPBACK, 0)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void bindTakesNullForAnyAddressAndRefusesOthers(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      assertThrows(IllegalArgumentException.class, () -> socket.bind(new OtherAddress()));
      assertThrows(
          SocketException.class,
          () -> socket.bind(InetSocketAddress.createUnresolved("nowhere.invalid", 0)));
      assertFalse(socket.isBound());
      socket.bind(null);
      assertTrue(socket.isBound());
      assertTrue(socket.getLocalAddress().isAnyLocalAddress());
    }
    DatagramSocket closed = kind.unbound();
    closed.close();
    assertThrows(SocketException.class, () -> closed.bind(null));
  }

  @ParameterizedTest
  @EnumSource
  void unboundSocketIsBoundByItsFirstUse(Kind kind) throws Exception {
    try (DatagramSocket peer = kind.onLoopback();
        DatagramSocket sends = kind.unbound();
        DatagramSocket receives = kind.unbound();
        DatagramSocket connects = kind.unbound()) {
      send(sends, peer, "bound by send");
      assertTrue(sends.isBound());
      assertEquals(sends.getLocalPort(), receive(peer).getPort());
      connects.connect(peer.getLocalSocketAddress());
      assertTrue(connects.isBound());
      receives.setSoTimeout(1);
      assertThrows(SocketTimeoutException.class, () -> receive(receives));
      assertTrue(receives.isBound());
    }
  }

  @ParameterizedTest
  @EnumSource
  void blockedReceiverHindersNobody(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.open(0, LOOPBACK);
        DatagramSocket peer = kind.onLoopback()) {
      Receiving receiving = new Receiving(socket);
      assertEquals(-1, socket.getPort());
      assertEquals(0, socket.getSoTimeout());
      assertTrue(socket.getReceiveBufferSize() > 0);
      send(socket, peer, "sent meanwhile");
      assertEquals("sent meanwhile", text(receive(peer)));
      socket.close();
      assertInstanceOf(SocketException.class, receiving.end());
    }
  }

  // Packets.

  @ParameterizedTest
  @EnumSource
  void packetArrivesWithItsBytesAndItsSendersAddress(Kind kind) throws Exception {
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
  void offsetsOfBothPacketsAreKept(Kind kind) throws Exception {
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
  void senderMayReuseItsPacketAtOnce(Kind kind) throws Exception {
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
  void messageLongerThanThePacketIsTruncatedAndTheRestIsGone(Kind kind) throws Exception {
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
  void onePacketServesALoopWithoutBeingResetInBetween(Kind kind) throws Exception {
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
  void lengthSetInBetweenLimitsTheNextMessage(Kind kind) throws Exception {
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
  void dataSetInBetweenLimitsTheNextMessageEvenIfAsLongAsTheLast(Kind kind) throws Exception {
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
  void emptyPacketArrivesEmpty(Kind kind) throws Exception {
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
  void largestPacketArrivesWholeAndALargerOneIsRefused(Kind kind) throws Exception {
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
  void socketTalksToItself(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback()) {
      send(a, a, "self");
      DatagramPacket packet = receive(a);
      assertEquals("self", text(packet));
      assertEquals(a.getLocalSocketAddress(), packet.getSocketAddress());
    }
  }

  @ParameterizedTest
  @EnumSource
  void packetWithoutAddressIsRefusedUnlessConnected(Kind kind) throws Exception {
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
  void manyThreadsSendAndReceiveOnOneSocket(Kind kind) throws Exception {
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

  // Time-outs and interrupts.

  @ParameterizedTest
  @EnumSource
  void timeoutEndsReceiveAndLeavesTheSocketUsable(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      b.setSoTimeout(30);
      assertEquals(30, b.getSoTimeout());
      DatagramPacket packet = new DatagramPacket(new byte[7], 7);
      long before = System.nanoTime();
      assertThrows(SocketTimeoutException.class, () -> b.receive(packet));
      assertTrue(System.nanoTime() - before >= 29_000_000, "too early");
      assertEquals(7, packet.getLength());
      b.setSoTimeout(LONG_MILLIS);
      send(a, b, "late");
      b.receive(packet);
      assertEquals("late", text(packet));
      assertThrows(IllegalArgumentException.class, () -> b.setSoTimeout(-1));
      b.setSoTimeout(0);
      assertEquals(0, b.getSoTimeout());
    }
  }

  @ParameterizedTest
  @EnumSource
  void interruptDoesNotEndReceiveAndStaysSet(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      Receiving receiving = new Receiving(b);
      receiving.thread.interrupt();
      send(a, b, "after the interrupt");
      assertNull(receiving.end());
      assertEquals("after the interrupt", text(receiving.packet));
      assertTrue(receiving.wasInterrupted);
      send(a, b, "still open");
      assertEquals("still open", text(receive(b)));
    }
  }

  /** A thread that receives one packet; made when it waits. */
  private static final class Receiving {
    final DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    final Thread thread;
    private volatile Throwable end;
    volatile boolean wasInterrupted;

    Receiving(DatagramSocket socket) throws InterruptedException {
      thread =
          new Thread(
              () -> {
                try {
                  socket.receive(packet);
                } catch (IOException e) {
                  end = e;
                }
                wasInterrupted = Thread.currentThread().isInterrupted();
              });
      thread.start();
      // No state tells that a thread is inside a system call: a while after its start it is.
      thread.join(50);
    }

    Throwable end() throws InterruptedException {
      thread.join(LONG_MILLIS);
      assertFalse(thread.isAlive(), "the receiver still waits");
      return end;
    }
  }

  // Connecting.

  @ParameterizedTest
  @EnumSource
  void connectedSocketHearsAndSpeaksToItsPeerAlone(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket peer = kind.onLoopback();
        DatagramSocket stranger = kind.onLoopback()) {
      a.connect(LOOPBACK, peer.getLocalPort());
      assertTrue(a.isConnected());
      assertEquals(LOOPBACK, a.getInetAddress());
      assertEquals(peer.getLocalPort(), a.getPort());
      assertEquals(peer.getLocalSocketAddress(), a.getRemoteSocketAddress());
      assertThrows(IllegalArgumentException.class, () -> send(a, stranger, "not to you"));
      DatagramPacket unaddressed = new DatagramPacket("to you".getBytes(UTF_8), 6);
      a.send(unaddressed);
      assertEquals("to you", text(receive(peer)));
      assertEquals(peer.getLocalSocketAddress(), unaddressed.getSocketAddress());
      send(a, peer, "and you");
      assertEquals("and you", text(receive(peer)));
      send(stranger, a, "unheard");
      send(peer, a, "heard");
      assertEquals("heard", text(receive(a)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void disconnectedSocketHearsEverybodyAgainButNotWhatWasSentMeanwhile(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket peer = kind.onLoopback();
        DatagramSocket stranger = kind.onLoopback()) {
      a.connect(peer.getLocalSocketAddress());
      send(stranger, a, "unheard");
      send(peer, a, "first");
      assertEquals("first", text(receive(a)));
      send(peer, a, "second");
      send(stranger, peer, "by now the other has arrived");
      receive(peer);
      a.disconnect();
      assertFalse(a.isConnected());
      assertNull(a.getInetAddress());
      assertEquals(-1, a.getPort());
      assertNull(a.getRemoteSocketAddress());
      a.disconnect();
      send(stranger, a, "heard");
      Set<String> heard = new HashSet<>();
      while (!heard.contains("heard")) { // the second may have been discarded
        heard.add(text(receive(a)));
      }
      assertFalse(heard.contains("unheard"), heard.toString());
      send(a, stranger, "free again");
      assertEquals("free again", text(receive(stranger)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectAgainChangesThePeer(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket first = kind.onLoopback();
        DatagramSocket second = kind.onLoopback()) {
      a.connect(first.getLocalSocketAddress());
      a.connect(second.getLocalSocketAddress());
      assertEquals(second.getLocalPort(), a.getPort());
      send(first, a, "unheard");
      send(second, a, "heard");
      assertEquals("heard", text(receive(a)));
      assertThrows(IllegalArgumentException.class, () -> send(a, first, "no more"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectRefusesWhatIsNoPeer(Kind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback()) {
      assertThrows(IllegalArgumentException.class, () -> a.connect(null));
      assertThrows(IllegalArgumentException.class, () -> a.connect(null, 1));
      assertThrows(IllegalArgumentException.class, () -> a.connect(LOOPBACK, -1));
      assertThrows(IllegalArgumentException.class, () -> a.connect(LOOPBACK, 65_536));
      assertThrows(IllegalArgumentException.class, () -> a.connect(new OtherAddress()));
      assertThrows(
          SocketException.class,
          () -> a.connect(InetSocketAddress.createUnresolved("nowhere.invalid", 1)));
      assertThrows(UncheckedIOException.class, () -> a.connect(LOOPBACK, 0));
    }
  }

  // Options.

  @ParameterizedTest
  @EnumSource
  void bufferSizesAreHints(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      socket.setSendBufferSize(200_000);
      socket.setReceiveBufferSize(300_000);
      assertTrue(socket.getSendBufferSize() > 0);
      assertTrue(socket.getReceiveBufferSize() > 0);
      assertThrows(IllegalArgumentException.class, () -> socket.setSendBufferSize(0));
      assertThrows(IllegalArgumentException.class, () -> socket.setReceiveBufferSize(-1));
      socket.bind(null);
      socket.setSendBufferSize(100_000);
      assertEquals(socket.getSendBufferSize(), socket.getOption(StandardSocketOptions.SO_SNDBUF));
      assertEquals(
          socket.getReceiveBufferSize(), socket.getOption(StandardSocketOptions.SO_RCVBUF));
    }
  }

  @ParameterizedTest
  @EnumSource
  void optionsOfTheContractAreSupported(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      Set<SocketOption<?>> supported = socket.supportedOptions();
      assertTrue(
          supported.containsAll(
              Set.of(
                  StandardSocketOptions.SO_SNDBUF,
                  StandardSocketOptions.SO_RCVBUF,
                  StandardSocketOptions.SO_REUSEADDR,
                  StandardSocketOptions.SO_BROADCAST,
                  StandardSocketOptions.IP_TOS)));
      assertSame(socket, socket.setOption(StandardSocketOptions.SO_SNDBUF, 150_000));
      socket.setOption(StandardSocketOptions.SO_RCVBUF, 300_000);
      socket.setOption(StandardSocketOptions.SO_BROADCAST, false);
      assertFalse(socket.getBroadcast());
      assertFalse(socket.getOption(StandardSocketOptions.SO_BROADCAST));
      assertFalse(socket.getReuseAddress());
      socket.setReuseAddress(true); // may be ignored
      assertEquals(socket.getReuseAddress(), socket.getOption(StandardSocketOptions.SO_REUSEADDR));
      socket.setTrafficClass(0x10); // a hint
      assertEquals(socket.getTrafficClass(), socket.getOption(StandardSocketOptions.IP_TOS));
      assertThrows(IllegalArgumentException.class, () -> socket.setTrafficClass(256));
      assertThrows(IllegalArgumentException.class, () -> socket.setTrafficClass(-1));
      assertThrows(NullPointerException.class, () -> socket.setOption(null, 1));
      assertThrows(NullPointerException.class, () -> socket.getOption(null));
      assertThrows(
          IllegalArgumentException.class,
          () -> socket.setOption(StandardSocketOptions.SO_SNDBUF, null));
      assertThrows(
          UnsupportedOperationException.class,
          () -> socket.setOption(StandardSocketOptions.TCP_NODELAY, true));
      assertThrows(
          UnsupportedOperationException.class,
          () -> socket.getOption(StandardSocketOptions.TCP_NODELAY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void groupsMustBeGroups(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.onLoopback()) {
      assertThrows(IllegalArgumentException.class, () -> socket.joinGroup(null, null));
      assertThrows(IllegalArgumentException.class, () -> socket.leaveGroup(null, null));
      SocketAddress noGroup = new InetSocketAddress(LOOPBACK, 0);
      assertThrows(IOException.class, () -> socket.joinGroup(noGroup, null));
      assertThrows(IOException.class, () -> socket.leaveGroup(noGroup, null));
    }
  }

  @ParameterizedTest
  @EnumSource
  void socketWithoutChannelHasNone(Kind kind) throws Exception {
    try (DatagramSocket socket = kind.open()) {
      assertNull(socket.getChannel());
    }
  }

  // The end.

  @ParameterizedTest
  @EnumSource
  void closeWakesEveryBlockedReceiver(Kind kind) throws Exception {
    DatagramSocket socket = kind.open(0, LOOPBACK);
    Receiving first = new Receiving(socket);
    Receiving second = new Receiving(socket);
    socket.close();
    assertInstanceOf(SocketException.class, first.end());
    assertInstanceOf(SocketException.class, second.end());
  }

  @ParameterizedTest
  @EnumSource
  void closedSocketAnswersAsTheContractSays(Kind kind) throws Exception {
    try (DatagramSocket peer = kind.onLoopback()) {
      DatagramSocket socket = kind.onLoopback();
      socket.connect(peer.getLocalSocketAddress());
      socket.close();
      socket.close();
      assertTrue(socket.isClosed());
      assertTrue(socket.isBound());
      assertTrue(socket.isConnected());
      assertEquals(LOOPBACK, socket.getInetAddress());
      assertEquals(peer.getLocalPort(), socket.getPort());
      assertEquals(peer.getLocalSocketAddress(), socket.getRemoteSocketAddress());
      assertEquals(-1, socket.getLocalPort());
      assertNull(socket.getLocalAddress());
      assertNull(socket.getLocalSocketAddress());
      assertThrows(SocketException.class, () -> send(socket, peer, "too late"));
      assertThrows(SocketException.class, () -> receive(socket));
      assertThrows(SocketException.class, () -> socket.bind(null));
      assertThrows(SocketException.class, () -> socket.setSoTimeout(1));
      assertThrows(SocketException.class, socket::getSoTimeout);
      assertThrows(SocketException.class, () -> socket.setSendBufferSize(1_000));
      assertThrows(SocketException.class, socket::getSendBufferSize);
      assertThrows(SocketException.class, () -> socket.setReceiveBufferSize(1_000));
      assertThrows(SocketException.class, socket::getReceiveBufferSize);
      assertThrows(SocketException.class, () -> socket.setReuseAddress(true));
      assertThrows(SocketException.class, socket::getReuseAddress);
      assertThrows(SocketException.class, () -> socket.setBroadcast(false));
      assertThrows(SocketException.class, socket::getBroadcast);
      assertThrows(SocketException.class, () -> socket.setTrafficClass(0));
      assertThrows(SocketException.class, socket::getTrafficClass);
      assertThrows(
          IOException.class, () -> socket.setOption(StandardSocketOptions.SO_SNDBUF, 1_000));
      assertThrows(IOException.class, () -> socket.getOption(StandardSocketOptions.SO_SNDBUF));
      assertFalse(socket.supportedOptions().isEmpty());
      assertDoesNotThrow(() -> socket.connect(peer.getLocalSocketAddress()));
      assertDoesNotThrow(socket::disconnect);
      assertTrue(socket.isConnected());
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatWasSentBeforeCloseArrives(Kind kind) throws Exception {
    try (DatagramSocket peer = kind.onLoopback()) {
      try (DatagramSocket socket = kind.onLoopback()) {
        send(socket, peer, "last words");
      }
      assertEquals("last words", text(receive(peer)));
    }
  }
}
