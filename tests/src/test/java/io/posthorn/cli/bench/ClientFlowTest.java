package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One stream at the client, over a link that a test holds. */
@Timeout(60)
class ClientFlowTest {
  @Test
  void timeRunsFromTheServersWordThatItHasBegun() throws Exception {
    ClientFlow flow = new ClientFlow(new BenchPlan(false, true, 100, 0, 1, 0), new FakeLink());
    flow.onMessage(BenchMessage.control(BenchMessage.STARTED, 0, 0));
    long then = System.nanoTime();
    while (System.nanoTime() == then) {
      Thread.onSpinWait();
    }
    flow.onMessage(BenchMessage.control(BenchMessage.DATA, 0, 0));
    assertTrue(flow.received().elapsedNanos() > 0);
  }

  /** Its own data is sent, and the answer to its question waits behind the server's. */
  @Test
  void dataFromTheServerIsAnsweredWithASignOfLifeIfBothSend() throws Exception {
    FakeLink link = new FakeLink();
    ClientFlow flow = new ClientFlow(new BenchPlan(true, true, 100, 0, 10, 0), link);
    flow.onMessage(BenchMessage.control(BenchMessage.DATA, 0, 0));
    assertEquals(BenchMessage.ALIVE, BenchMessage.type(link.awaitSent()));
  }
}
