package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.AddressText;
import io.posthorn.Ipv6Loopback;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every port keeps to, whichever way its datagrams go. */
abstract class DatagramPortContractTest {
  final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  DatagramPort port;

  /** Opens a port of the kind under test, for one family alone or for both. */
  abstract DatagramPort open(InetSocketAddress bind, @Nullable ProtocolFamily family)
      throws Exception;

  /** Which of the scripted ports is of this kind. */
  abstract ScriptedPorts.Way way();

  /** A port of the kind under test whose system refuses what the script says. */
  private void reopen(ScriptedPorts.Script script) throws Exception {
    port.close();
    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    port = ScriptedPorts.open(way(), bind, script, new AtomicInteger());
  }

  /** As above: a run leaves one by one, and the script says an error of each, by its number. */
  private void reopenOneByOne(IntUnaryOperator errors) throws Exception {
    int[] singles = {0};
    reopen(
        new ScriptedPorts.Script() {
          @Override
          public int onSend(int bytes, int datagrams) {
            return datagrams > 1 ? ScriptedPorts.EINVAL : errors.applyAsInt(singles[0]++);
          }
        });
  }

  DatagramPort open(InetSocketAddress bind) throws Exception {
    return open(bind, null);
  }

  @BeforeEach
  void open() throws Exception {
    port = open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @AfterEach
  void close() throws Exception {
    port.close();
  }

  static TransmitBatch batch(InetSocketAddress to, int... sizes) {
    TransmitBatch batch = new TransmitBatch();
    for (int i = 0; i < sizes.length; i++) {
      if (i == 0) {
        batch.begin(to, sizes[0]);
      } else {
        batch.append(sizes[i]);
      }
    }
    return batch;
  }

  InetSocketAddress awaitDatagram(DatagramPort at) throws Exception {
    InetSocketAddress from = at.receive(slab, 0);
    while (from == null) {
      at.await(Endpoint.NEVER, false);
      from = at.receive(slab, 0);
    }
    return from;
  }

  @ParameterizedTest
  @ValueSource(strings = {"10,10,4", "1,1,1", "1200,1200,1", "9000,9000,9000", "65507", "1"})
  void batchLeavesAsOneDatagramEachWithItsBytes(String sizes) throws Exception {
    int[] lengths = Arrays.stream(sizes.split(",")).mapToInt(Integer::parseInt).toArray();
    TransmitBatch batch = batch(port.localAddress(), lengths);
    new SplittableRandom(lengths.length).nextBytes(batch.bytes());
    assertEquals(lengths.length, port.send(batch, 0, 0));
    for (int i = 0; i < lengths.length; i++) {
      assertEquals(port.localAddress(), awaitDatagram(port));
      assertEquals(batch.segment(i), slab);
    }
    assertNull(port.receive(slab, 0));
  }

  @Test
  void longestBatchArrivesWhole() throws Exception {
    int[] lengths = new int[54];
    Arrays.fill(lengths, 1200);
    lengths[53] = 700;
    TransmitBatch batch = batch(port.localAddress(), lengths);
    new SplittableRandom(7).nextBytes(batch.bytes());
    assertEquals(54, port.send(batch, 0, 0));
    for (int i = 0; i < lengths.length; i++) {
      assertEquals(port.localAddress(), awaitDatagram(port));
      assertEquals(batch.segment(i), slab);
    }
  }

  @Test
  void restOfABatchLeavesFromWhereItStopped() throws Exception {
    TransmitBatch batch = batch(port.localAddress(), 10, 10, 10, 4);
    batch.bytes()[20] = 7;
    assertEquals(2, port.send(batch, 2, 0));
    assertEquals(port.localAddress(), awaitDatagram(port));
    assertEquals(10, slab.remaining());
    assertEquals(7, slab.get(0));
    assertEquals(port.localAddress(), awaitDatagram(port));
    assertEquals(4, slab.remaining());
    assertNull(port.receive(slab, 0));
  }

  @Test
  void socketOfAllAddressesHearsIpv4AndIpv6SendersByTheirOwnNames() throws Exception {
    Ipv6Loopback.assumeThere();
    try (AutoCloseablePort all = new AutoCloseablePort(open(new InetSocketAddress(0)))) {
      int number = all.port.localAddress().getPort();
      for (String host : new String[] {"127.0.0.1", "::1"}) {
        InetAddress loopback = InetAddress.getByName(host);
        try (AutoCloseablePort sender =
            new AutoCloseablePort(open(new InetSocketAddress(loopback, 0)))) {
          sender.port.send(batch(new InetSocketAddress(loopback, number), 3), 0, 0);
          assertEquals(sender.port.localAddress(), awaitDatagram(all.port));
          all.port.send(batch(sender.port.localAddress(), 4), 0, 0);
          assertEquals(new InetSocketAddress(loopback, number), awaitDatagram(sender.port));
          assertEquals(4, slab.remaining());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"INET, 0.0.0.0, 127.0.0.1, ::1", "INET6, ::, ::1, 127.0.0.1"})
  void portOfOneFamilyHearsAndReachesThatAlone(
      StandardProtocolFamily family, String all, String own, String other) throws Exception {
    Ipv6Loopback.assumeThere();
    try (AutoCloseablePort one =
            new AutoCloseablePort(open(new InetSocketAddress(all, 0), family));
        AutoCloseablePort stranger = new AutoCloseablePort(open(new InetSocketAddress(other, 0)));
        AutoCloseablePort peer = new AutoCloseablePort(open(new InetSocketAddress(own, 0)))) {
      int number = one.port.localAddress().getPort();
      stranger.port.send(batch(new InetSocketAddress(other, number), 3), 0, 0);
      peer.port.send(batch(new InetSocketAddress(own, number), 4), 0, 0);
      assertEquals(peer.port.localAddress(), awaitDatagram(one.port));
      assertEquals(4, slab.remaining());
      assertEquals(1, one.port.send(batch(stranger.port.localAddress(), 5), 0, 0));
      assertEquals(1, one.port.counters().sendErrors().size());
      assertNull(stranger.port.receive(slab, 0));
    }
  }

  @Test
  void portInUseIsRefusedWithAdvice() throws Exception {
    BindException refused = assertThrows(BindException.class, () -> open(port.localAddress()));
    assertEquals(
        "cannot bind "
            + AddressText.of(port.localAddress())
            + ": the port is in use: stop whoever has it, or take another port (0 for any free"
            + " one)",
        refused.getMessage());
    BindException foreign =
        assertThrows(BindException.class, () -> open(new InetSocketAddress("192.0.2.1", 0)));
    assertTrue(foreign.getMessage().contains("not one of this machine's"), foreign.getMessage());
  }

  @Test
  void closingEndsAWaitThatIsUnderWay() throws Exception {
    CountDownLatch waits = new CountDownLatch(1);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread waiter =
        new Thread(
            () -> {
              waits.countDown();
              try {
                while (true) {
                  port.await(Endpoint.NEVER, false);
                }
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    waiter.start();
    waits.await();
    port.close();
    waiter.join();
    assertInstanceOf(ClosedChannelException.class, thrown.get());
  }

  @Test
  void closedPortCanBeBoundAgain() throws Exception {
    InetSocketAddress address = port.localAddress();
    port.close();
    port = open(address);
    assertEquals(address, port.localAddress());
  }

  /** For try-with-resources. */
  record AutoCloseablePort(DatagramPort port) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      port.close();
    }
  }

  @Test
  void emptyDatagramCountsAsSent() throws Exception {
    assertEquals(1, port.send(batch(port.localAddress(), 0), 0, 0));
    port.await(Endpoint.NEVER, false);
    assertEquals(port.localAddress(), port.receive(slab, 0));
    assertEquals(0, slab.remaining());
  }

  @Test
  void interruptedThreadSendsReceivesAndWaitsWithoutClosingThePort() throws Exception {
    Thread.currentThread().interrupt();
    assertEquals(1, port.send(batch(port.localAddress(), 7), 0, 0));
    port.await(Endpoint.NEVER, false);
    InetSocketAddress from = port.receive(slab, 0);
    assertTrue(Thread.interrupted(), "the interrupt status stays");
    assertEquals(port.localAddress(), from);
    assertEquals(1, port.send(batch(port.localAddress(), 8), 0, 0));
  }

  @Test
  void wakeupBeforeTheWaitEndsIt() throws Exception {
    port.wakeup();
    port.await(Endpoint.NEVER, false);
    assertNull(port.receive(slab, 0));
  }

  @Test
  void writablePortDoesNotWaitForRoom() throws Exception {
    port.await(Endpoint.NEVER, true);
    assertNull(port.receive(slab, 0));
  }

  @Test
  void refusalOfTheSystemIsCountedAndTheRestGoesOn() throws Exception {
    InetSocketAddress outside = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 9);
    assertEquals(2, port.send(batch(outside, 10, 10), 0, 0));
    long errors = port.counters().sendErrors().values().stream().mapToLong(n -> n).sum();
    assertEquals(2, errors, port.counters().sendErrors().toString());
    assertEquals(1, port.send(batch(port.localAddress(), 5), 0, 0));
  }

  @Test
  void closedPortSaysSo() throws Exception {
    port.close();
    port.close();
    assertThrows(ClosedChannelException.class, () -> port.receive(slab, 0));
    assertThrows(
        ClosedChannelException.class, () -> port.send(batch(port.localAddress(), 1), 0, 0));
    assertThrows(ClosedChannelException.class, () -> port.await(0, false));
  }

  @Test
  void cutBufferIsSaidWithTheRemedy() {
    boolean isCut = port.grantedReceiveBufferBytes() < WantedBuffers.BYTES;
    assertEquals(isCut, port.description().contains("receive buffer is cut"), port.description());
    assertTrue(port.grantedReceiveBufferBytes() > 0);
    assertTrue(port.grantedSendBufferBytes() > 0);
  }

  @Test
  void ownAddressesAreKnown() throws Exception {
    int number = port.localAddress().getPort();
    OwnAddresses bound = new OwnAddresses(port.localAddress(), () -> 0);
    assertTrue(bound.test(port.localAddress()));
    assertFalse(bound.test(new InetSocketAddress(InetAddress.getLoopbackAddress(), number + 1)));
    assertFalse(bound.test(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), number)));
    OwnAddresses all = new OwnAddresses(new InetSocketAddress(number), () -> 0);
    assertTrue(all.test(port.localAddress()));
    for (NetworkInterface one : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      for (InetAddress own : Collections.list(one.getInetAddresses())) {
        assertTrue(all.test(new InetSocketAddress(own, number)), own.toString());
      }
    }
    assertFalse(all.test(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), number)));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fullBufferIsNoErrorAndStopsTheBatch() throws Exception {
    int[] asked = {0};
    reopen(
        new ScriptedPorts.Script() {
          @Override
          public int onSend(int bytes, int datagrams) {
            return asked[0]++ == 0 ? ScriptedPorts.EAGAIN : 0;
          }
        });
    TransmitBatch batch = batch(port.localAddress(), 10, 10, 4);
    assertEquals(0, port.send(batch, 0, 0));
    assertEquals(1, port.counters().blockedSends());
    assertEquals(3, port.send(batch, 0, 0));
    assertEquals(1, port.counters().blockedSends());
    assertEquals(Map.of(), port.counters().sendErrors());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void bufferThatFillsInTheMiddleOfABatchStopsThere() throws Exception {
    reopenOneByOne(n -> n == 1 ? ScriptedPorts.EAGAIN : 0);
    TransmitBatch batch = batch(port.localAddress(), 10, 10, 4);
    batch.bytes()[10] = 7;
    assertEquals(1, port.send(batch, 0, 0));
    assertEquals(2, port.send(batch, 1, 0));
    assertArrive(batch, 0, 1, 2);
    assertEquals(1, port.counters().blockedSends());
    assertEquals(Map.of(), port.counters().sendErrors());
  }

  private void assertArrive(TransmitBatch batch, int... segments) throws Exception {
    TransmitBatch last = batch(port.localAddress(), 1); // or what is missing would be waited for
    assertEquals(1, port.send(last, 0, 0));
    for (int segment : segments) {
      assertEquals(port.localAddress(), awaitDatagram(port));
      assertEquals(batch.segment(segment), slab);
    }
    assertEquals(port.localAddress(), awaitDatagram(port));
    assertEquals(last.segment(0), slab);
  }

  /** FAULTS 29: EPERM, ENETUNREACH, ENOBUFS, ECONNREFUSED, EHOSTUNREACH. */
  @ParameterizedTest
  @ValueSource(ints = {1, 101, 105, 111, 113})
  @EnabledOnOs(OS.LINUX)
  void weatherInTheMiddleOfABatchCountsThatDatagramAndTheRestGoesOn(int errno) throws Exception {
    reopenOneByOne(n -> n == 1 ? errno : 0);
    TransmitBatch batch = batch(port.localAddress(), 10, 10, 4);
    assertEquals(3, port.send(batch, 0, 0));
    assertArrive(batch, 0, 2);
    assertEquals(Map.of(ScriptedPorts.words(errno), 1L), port.counters().sendErrors());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void errorsOnReceivingAreCountedAndDoNotSpin() throws Exception {
    int[] asked = {0};
    reopen(
        new ScriptedPorts.Script() {
          @Override
          public int onReceive() {
            return asked[0]++ < 40 ? ScriptedPorts.ECONNREFUSED : 0;
          }
        });
    assertEquals(1, port.send(batch(port.localAddress(), 9), 0, 0));
    for (int errors = 16; errors <= 32; errors += 16) {
      assertNull(port.receive(slab, 0));
      assertEquals(errors, asked[0], "reading stops after so many");
      assertFalse(port.await(Endpoint.NEVER, false), "what is there does not end the pause");
    }
    assertEquals(port.localAddress(), port.receive(slab, 0));
    assertEquals(
        Map.of(ScriptedPorts.words(ScriptedPorts.ECONNREFUSED), 40L),
        port.counters().receiveErrors());
    assertEquals(1, port.send(batch(port.localAddress(), 9), 0, 0));
    assertTrue(port.await(Endpoint.NEVER, false), "the pause is over");
  }
}
