package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.posthorn.Ipv6Loopback;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting for a datagram inside the call that receives it. */
@EnabledOnOs(OS.LINUX)
class LinuxReceiveWaitTest {
  private static final int WAKE_UP_BYTES = 16;

  /** Of struct sockaddr_in6. */
  private static final int IPV6_HOST_AT = 8;

  private static final byte[] IPV6_LOOPBACK = new byte[16];

  static {
    IPV6_LOOPBACK[15] = 1;
  }

  /** Runs something when the thread is about to wait in the system. */
  private static final class WatchedCalls extends LinuxCalls {
    private Runnable beforeWait = () -> {};
    private boolean refusesTimeout;
    private boolean refusesWakeUps;
    private boolean lacksIpv6Loopback;
    private boolean isRefused;
    private int refusals;
    private int waits;
    private int error;

    @Override
    long awaitAndReceive(int fd, long message) {
      waits++;
      beforeWait.run();
      isRefused = false;
      return error != 0 ? -1 : super.awaitAndReceive(fd, message);
    }

    @Override
    int setOption(int fd, int level, int option, long value, int valueBytes) {
      return refusesTimeout && level == SOL_SOCKET && option == SO_RCVTIMEO
          ? -1
          : super.setOption(fd, level, option, value, valueBytes);
    }

    @Override
    long send(int fd, long message) {
      Pointer header = new Pointer(message);
      boolean isWakeUp = header.getPointer(MSG_IOV_AT).getLong(IOV_LEN_AT) == WAKE_UP_BYTES;
      byte[] to = header.getPointer(MSG_NAME_AT).getByteArray(IPV6_HOST_AT, IPV6_LOOPBACK.length);
      boolean refused =
          (isWakeUp && refusesWakeUps) || (lacksIpv6Loopback && Arrays.equals(IPV6_LOOPBACK, to));
      isRefused = refused;
      refusals += refused ? 1 : 0;
      return refused ? -1 : super.send(fd, message);
    }

    @Override
    int lastError() {
      if (isRefused) {
        return EADDRNOTAVAIL;
      }
      return error != 0 ? error : super.lastError();
    }
  }

  private final WatchedCalls calls = new WatchedCalls();
  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private LinuxDatagramPort port;

  private void open(String host) throws IOException {
    port = LinuxDatagramPort.open(calls, new InetSocketAddress(host, 0), null, true);
  }

  @AfterEach
  void close() {
    if (port != null) {
      port.close();
    }
  }

  private void sendToSelf(int bytes) throws IOException {
    InetAddress to = port.localAddress().getAddress();
    if (to.isAnyLocalAddress()) {
      to = InetAddress.getLoopbackAddress();
    }
    TransmitBatch batch = new TransmitBatch();
    batch.begin(new InetSocketAddress(to, port.localAddress().getPort()), bytes);
    assertEquals(1, port.send(batch, 0, 0));
  }

  /** One datagram that a poll found: from then on they come soon. */
  private void meetADatagram() throws IOException {
    sendToSelf(5);
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(0, calls.waits);
    take(5);
  }

  private void take(int bytes) throws IOException {
    assertTrue(port.receive(slab, 0) != null);
    assertEquals(bytes, slab.remaining());
    assertNull(port.receive(slab, 0));
  }

  @Test
  void aDatagramEndsTheWaitAndIsThere() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    for (int i = 1; i <= 3; i++) {
      sendToSelf(100 + i);
      assertTrue(port.await(Endpoint.NEVER, false));
      assertEquals(i, calls.waits);
      take(100 + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "::1", "::"})
  void aWakeUpDuringTheWaitEndsItAndIsNoDatagram(String host) throws IOException {
    Ipv6Loopback.assumeIfNeeded(host);
    open(host);
    meetADatagram();
    calls.beforeWait = port::wakeup;
    for (int i = 1; i <= 3; i++) {
      assertTrue(port.await(Endpoint.NEVER, false));
      assertEquals(i, calls.waits);
      assertNull(port.receive(slab, 0));
    }
  }

  /** As in containers where IPv6 is switched off, and can be bound to all the same. */
  @Test
  void aWakeUpNeedsNoLoopbackOfIpv6() throws IOException {
    calls.lacksIpv6Loopback = true;
    open("::");
    meetADatagram();
    calls.beforeWait = port::wakeup;
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(1, calls.waits);
    assertNull(port.receive(slab, 0));
    assertEquals(0, calls.refusals);
  }

  @Test
  void aWakeUpThatCannotBeSentIsNotLostAndLaterWaitsArePolls() throws IOException {
    calls.refusesWakeUps = true;
    open("127.0.0.1");
    meetADatagram();
    calls.beforeWait = port::wakeup;
    assertFalse(port.await(Endpoint.NEVER, false), "it ends by itself");
    assertEquals(1, calls.refusals);
    assertTrue(port.await(Endpoint.NEVER, false), "somebody woke it");
    for (int i = 1; i <= 3; i++) {
      sendToSelf(100 + i);
      assertTrue(port.await(Endpoint.NEVER, false));
      take(100 + i);
    }
    assertEquals(1, calls.waits);
  }

  @Test
  void aWakeUpBeforeTheWaitIsRemembered() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    port.wakeup();
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(0, calls.waits);
  }

  private void isWokenBehindADatagram() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    calls.beforeWait =
        () -> {
          try {
            sendToSelf(7);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          port.wakeup();
        };
    assertTrue(port.await(Endpoint.NEVER, false));
    take(7);
  }

  @Test
  void aWakeUpBehindADatagramIsNotLost() throws IOException {
    isWokenBehindADatagram();
    calls.beforeWait = () -> {};
    assertTrue(port.await(Endpoint.NEVER, false), "somebody woke it");
  }

  @Test
  void aWakeUpBehindADatagramDoesNotMakeThePortDeafToOthers() throws IOException {
    isWokenBehindADatagram();
    boolean unused = port.await(1_000_000, false);
    port.wakeup();
    assertTrue(port.await(20_000_000_000L, false));
  }

  @Test
  void aDatagramAsLongAsAWakeUpIsHandedOver() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    sendToSelf(16);
    assertTrue(port.await(Endpoint.NEVER, false));
    take(16);
  }

  @Test
  void whenNothingComesTheNextWaitIsAPoll() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    assertFalse(port.await(Endpoint.NEVER, false), "it ends by itself");
    assertEquals(1, calls.waits);
    assertFalse(port.await(1_000_000, false));
    port.wakeup();
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(1, calls.waits);
  }

  @Test
  void shortWaitsAndThoseForRoomArePolls() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    assertFalse(port.await(1_000_000, false));
    meetADatagram();
    assertTrue(port.await(Endpoint.NEVER, true), "there is room");
    assertEquals(0, calls.waits);
  }

  @Test
  void closingEndsTheWait() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    calls.beforeWait = port::close;
    assertThrows(ClosedChannelException.class, () -> port.await(Endpoint.NEVER, false));
  }

  @Test
  void anInterruptEndsTheWait() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    Thread waits = Thread.currentThread();
    calls.beforeWait =
        () -> {
          Thread other = new Thread(waits::interrupt);
          other.start();
          while (other.isAlive()) {
            Thread.onSpinWait();
          }
        };
    assertTrue(port.await(Endpoint.NEVER, false));
    assertTrue(Thread.interrupted());
  }

  @Test
  void anErrorIsCountedOnce() throws IOException {
    open("127.0.0.1");
    meetADatagram();
    calls.error = LinuxCalls.EPERM;
    assertTrue(port.await(Endpoint.NEVER, false));
    calls.error = 0;
    assertNull(port.receive(slab, 0));
    assertEquals(1, port.counters().receiveErrors().values().iterator().next());
    assertNull(port.receive(slab, 0));
    assertEquals(1, port.counters().receiveErrors().values().iterator().next());
  }

  @Test
  void withoutATimeoutItIsNotDone() throws IOException {
    calls.refusesTimeout = true;
    open("127.0.0.1");
    meetADatagram();
    sendToSelf(9);
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(0, calls.waits);
    take(9);
  }
}
