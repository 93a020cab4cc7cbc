package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PortCountersTest {
  private final PortCounters counters = new PortCounters();

  /**
   * The thread that waits for datagrams holds no lock of its port's, and the two sides of a shared
   * port hold different ones.
   */
  @Test
  @Timeout(60)
  void whoCountsWaitsWhileAnotherThreadLooks() throws Exception {
    Thread counting =
        new Thread(
            () -> {
              counters.receiveError("longer than the buffer");
              counters.sendError("no route", 2);
              counters.sendBlocked();
            });
    synchronized (counters) {
      counting.start();
      while (counting.getState() != Thread.State.BLOCKED) {
        assertEquals(Map.of(), counters.receiveErrors(), "counted meanwhile");
        Thread.onSpinWait();
      }
    }
    counting.join();
    assertEquals(Map.of("longer than the buffer", 1L), counters.receiveErrors());
    assertEquals(Map.of("no route", 2L), counters.sendErrors());
    assertEquals(1, counters.blockedSends());
  }

  @Test
  void manyKindsOfErrorsBecomeFurtherKinds() {
    for (int i = 0; i < 100; i++) {
      counters.receiveError("kind " + i);
    }
    assertEquals(33, counters.receiveErrors().size());
    assertEquals(68, counters.receiveErrors().get("further kinds"));
  }
}
