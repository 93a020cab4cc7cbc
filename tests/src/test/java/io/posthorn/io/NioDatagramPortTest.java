package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NioDatagramPortTest {
  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private NioDatagramPort port;

  @BeforeEach
  void open() throws Exception {
    port = NioDatagramPort.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @AfterEach
  void close() throws Exception {
    port.close();
  }

  private static TransmitBatch batch(InetSocketAddress to, int... sizes) {
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

  @Test
  void batchLeavesAsOneDatagramEach() throws Exception {
    assertEquals(3, port.send(batch(port.localAddress(), 10, 10, 4), 0, 0));
    for (int size : new int[] {10, 10, 4}) {
      InetSocketAddress from = null;
      while (from == null) {
        port.await(Endpoint.NEVER, false);
        from = port.receive(slab, 0);
      }
      assertEquals(port.localAddress(), from);
      assertEquals(size, slab.remaining());
    }
    assertNull(port.receive(slab, 0));
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
  void ownAddressesAreKnown() throws Exception {
    int number = port.localAddress().getPort();
    OwnAddresses bound = new OwnAddresses(port.localAddress(), () -> 0);
    assertTrue(bound.test(port.localAddress()));
    assertFalse(bound.test(new InetSocketAddress(InetAddress.getLoopbackAddress(), number + 1)));
    assertFalse(bound.test(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), number)));
    OwnAddresses all = new OwnAddresses(new InetSocketAddress(number), () -> 0);
    assertTrue(all.test(port.localAddress()));
    assertTrue(all.test(new InetSocketAddress(InetAddress.getLocalHost(), number)));
    assertFalse(all.test(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), number)));
  }
}
