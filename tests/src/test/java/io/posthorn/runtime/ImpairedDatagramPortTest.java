package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.PortCounters;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The bad network under a port, at times of the test's own making. */
class ImpairedDatagramPortTest {
  private static final long MILLI = 1_000_000;
  private static final InetSocketAddress PEER =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);

  /** Datagrams in memory, all of one length; their first byte tells them apart. */
  private static final class MemoryPort implements DatagramPort {
    final List<Byte> sent = new ArrayList<>();
    final ArrayDeque<Byte> arriving = new ArrayDeque<>();
    private final PortCounters counters = new PortCounters();
    int room = Integer.MAX_VALUE;
    int arrivingBytes = 1;
    InetSocketAddress peer = PEER;
    boolean askedForRoom;
    int wakeups;

    @Override
    public int send(TransmitBatch batch, int firstSegment, long nowNanos) {
      int count = 0;
      for (int i = firstSegment; i < batch.segments() && room > 0; i++, count++, room--) {
        sent.add(batch.segment(i).get());
      }
      return count;
    }

    @Override
    public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) {
      Byte next = arriving.poll();
      if (next == null) {
        return null;
      }
      into.clear().limit(arrivingBytes).put(0, next);
      return peer;
    }

    @Override
    public boolean hasUnsent() {
      return false;
    }

    @Override
    public long nextTimeoutNanos() {
      return Endpoint.NEVER;
    }

    @Override
    public boolean await(long timeoutNanos, boolean untilWritable) {
      askedForRoom = untilWritable;
      return false;
    }

    @Override
    public void wakeup() {
      askedForRoom = false;
      wakeups++;
    }

    @Override
    public InetSocketAddress localAddress() {
      return new InetSocketAddress(7);
    }

    @Override
    public int largestDatagramBytes(InetSocketAddress to) {
      return 65_507;
    }

    @Override
    public PortCounters counters() {
      return counters;
    }

    @Override
    public String description() {
      return "memory";
    }

    @Override
    public int grantedReceiveBufferBytes() {
      return 0;
    }

    @Override
    public int grantedSendBufferBytes() {
      return 0;
    }

    @Override
    public void close() {
      arriving.clear();
    }
  }

  private final MemoryPort memory = new MemoryPort();
  private final ByteBuffer into = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);

  private ImpairedDatagramPort impaired(String conditions, long seed) {
    return new ImpairedDatagramPort(memory, LinkConditions.parse(conditions), seed, 0);
  }

  private static void send(ImpairedDatagramPort port, int first, int count, long now)
      throws IOException {
    TransmitBatch batch = new TransmitBatch();
    for (int i = 0; i < count; i++) {
      batch.bytes()[i] = (byte) (first + i);
      if (i == 0) {
        batch.begin(PEER, 1);
      } else {
        batch.append(1);
      }
    }
    assertEquals(count, port.send(batch, 0, now));
  }

  @Test
  void whatLeavesIsLateByTheDelay() throws Exception {
    ImpairedDatagramPort port = impaired("delay 10ms", 1);
    send(port, 1, 3, 0);
    assertTrue(memory.sent.isEmpty());
    assertTrue(port.hasUnsent());
    assertEquals(10 * MILLI, port.nextTimeoutNanos());
    assertNull(port.receive(into, 10 * MILLI - 1));
    assertTrue(memory.sent.isEmpty());
    assertNull(port.receive(into, 10 * MILLI));
    assertEquals(List.of((byte) 1, (byte) 2, (byte) 3), memory.sent);
    assertFalse(port.hasUnsent());
    assertEquals(Endpoint.NEVER, port.nextTimeoutNanos());
  }

  @Test
  void whatArrivesIsLateByTheDelay() throws Exception {
    ImpairedDatagramPort port = impaired("delay 10ms", 1);
    memory.arriving.add((byte) 5);
    assertNull(port.receive(into, 0));
    assertEquals(10 * MILLI, port.nextTimeoutNanos());
    assertEquals(PEER, port.receive(into, 10 * MILLI));
    assertEquals(1, into.remaining());
    assertEquals(5, into.get());
  }

  @Test
  void sameSeedLosesTheSameAndAnotherSeedOthers() throws Exception {
    List<List<Byte>> runs = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      memory.sent.clear();
      send(impaired("loss 50%", seed), 0, 100, 0);
      runs.add(List.copyOf(memory.sent));
    }
    assertEquals(runs.get(0), runs.get(1));
    assertFalse(runs.get(0).equals(runs.get(2)));
    assertTrue(runs.get(0).size() > 10 && runs.get(0).size() < 90, runs.toString());
  }

  @Test
  void theTwoDirectionsHaveFatesOfTheirOwn() throws Exception {
    ImpairedDatagramPort port = impaired("loss 50%", 3);
    send(port, 0, 100, 0);
    for (int i = 0; i < 100; i++) {
      memory.arriving.add((byte) i);
    }
    List<Byte> received = new ArrayList<>();
    while (port.receive(into, 0) != null) {
      received.add(into.get());
    }
    assertFalse(received.equals(memory.sent));
    assertTrue(received.size() > 10 && received.size() < 90, received.toString());
  }

  @Test
  void fullSystemBufferLosesNothing() throws Exception {
    ImpairedDatagramPort port = impaired("delay 1ms", 1);
    memory.room = 2;
    send(port, 1, 5, 0);
    assertNull(port.receive(into, 1 * MILLI));
    assertEquals(2, memory.sent.size());
    assertTrue(port.hasUnsent());
    assertEquals(Endpoint.NEVER, port.nextTimeoutNanos(), "time alone makes no room");
    port.await(0, false);
    assertTrue(memory.askedForRoom);
    memory.room = 10;
    assertNull(port.receive(into, 2 * MILLI));
    assertEquals(5, memory.sent.size());
    assertFalse(port.hasUnsent());
  }

  /** The thread that sleeps in await was not told of it when it began. */
  @Test
  void whoSleepsIsWokenToWaitForRoom() throws Exception {
    ImpairedDatagramPort port = impaired("duplicate 0%", 1);
    send(port, 1, 1, 0);
    assertEquals(1, memory.sent.size());
    assertEquals(0, memory.wakeups);
    memory.room = 0;
    send(port, 2, 1, 1);
    assertEquals(1, memory.wakeups);
    port.await(0, false);
    assertTrue(memory.askedForRoom);
  }

  /** A socket at all addresses has peers of both families. */
  @Test
  void headersCountAsThoseOfThePeersFamily() throws Exception {
    InetSocketAddress six = new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 7);
    InetSocketAddress four = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 7);
    ImpairedDatagramPort port = impaired("mtu 1280", 1);
    assertEquals(1_232, port.largestDatagramBytes(six));
    assertEquals(1_252, port.largestDatagramBytes(four));
    memory.arrivingBytes = 1_240;
    for (InetSocketAddress peer : List.of(six, four, six, four)) {
      TransmitBatch batch = new TransmitBatch();
      batch.begin(peer, 1_240);
      assertEquals(1, port.send(batch, 0, 0));
      memory.peer = peer;
      memory.arriving.add((byte) 1);
      assertEquals(peer == four ? four : null, port.receive(into, 0));
    }
    assertEquals(2, memory.sent.size());
    assertEquals(2L, port.counters().impairment().get("out.mtuDropped"));
  }

  @Test
  void countersSayWhatWasDone() throws Exception {
    ImpairedDatagramPort port = impaired("loss 100%", 1);
    send(port, 1, 4, 0);
    memory.arriving.add((byte) 1);
    assertNull(port.receive(into, 0));
    assertEquals(4L, port.counters().impairment().get("out.lost"));
    assertEquals(1L, port.counters().impairment().get("in.lost"));
    assertTrue(port.description().contains("loss 100%"));
  }
}
