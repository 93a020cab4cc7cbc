package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class RingPoolTest {
  private final RingPool pool = new RingPool();

  @Test
  void aRingThatCameBackIsTakenAgain() {
    byte[] ring = new byte[4096];
    pool.give(ring);
    assertEquals(0, pool.takeKept(8192).length);
    assertSame(ring, pool.takeKept(4096));
    assertEquals(0, pool.takeKept(4096).length);
    assertEquals(4096, pool.take(4096).length);
  }

  @Test
  void shortRingsGiveWayToLongOnes() {
    byte[] small = new byte[1 << 20];
    pool.give(small);
    byte[] first = new byte[8 << 20];
    byte[] second = new byte[8 << 20];
    pool.give(first);
    pool.give(second);
    assertEquals(0, pool.takeKept(1 << 20).length, "16 MiB are kept in all");
    pool.give(small);
    assertEquals(0, pool.takeKept(1 << 20).length, "a short one displaces no long one");
    assertSame(second, pool.takeKept(8 << 20));
    assertSame(first, pool.takeKept(8 << 20));
  }
}
