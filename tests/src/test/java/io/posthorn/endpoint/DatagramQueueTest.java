package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.channel.ReceivedRun;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DatagramQueueTest {
  private static final InetSocketAddress PEER =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);

  /** Two buffers of 256 KiB of messages of 64 bytes, each behind one that tells its length. */
  private static final int LANE_DATAGRAMS = 2 * (256 << 10) / 65;

  private final DatagramQueue queue = new DatagramQueue();
  private final ReceivedRun run = new ReceivedRun();

  /** The slabs that a burst lay in, which are all empty again. */
  private Set<byte[]> burst(int datagrams) {
    ByteBuffer datagram = ByteBuffer.allocate(64);
    for (int i = 0; i < datagrams; i++) {
      queue.add(PEER, datagram);
    }
    Set<byte[]> slabs = Collections.newSetFromMap(new IdentityHashMap<>());
    int taken = 0;
    while (!queue.isEmpty()) {
      queue.lend(run, 32);
      slabs.add(run.bytes(0));
      taken += run.count();
      queue.drop(run.count());
    }
    assertEquals(datagrams, taken);
    assertEquals(0, queue.heldBytes());
    return slabs;
  }

  @Test
  void whatALaneHoldsLiesWhereTheLotBeforeLay() {
    burst(LANE_DATAGRAMS); // slabs grow meanwhile
    Set<byte[]> slabs = burst(LANE_DATAGRAMS);
    for (int i = 0; i < 3; i++) {
      assertTrue(slabs.containsAll(burst(LANE_DATAGRAMS)), "a slab was made anew");
    }
  }

  @Test
  void aFloodKeepsNoMoreThanThat() {
    burst(LANE_DATAGRAMS);
    Set<byte[]> before = burst(10 * LANE_DATAGRAMS);
    before.retainAll(burst(10 * LANE_DATAGRAMS));
    assertTrue(before.size() <= 17, before.size() + " slabs are kept");
  }
}
