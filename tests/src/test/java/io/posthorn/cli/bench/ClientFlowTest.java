package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
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
  void whoWaitsForTheFiguresIfBothSendGivesSignsOfLife() throws Exception {
    FakeLink link = new FakeLink();
    ClientFlow flow = new ClientFlow(new BenchPlan(true, true, 100, 0, 1, 0), link);
    CompletableFuture<Void> run =
        CompletableFuture.runAsync(
            () -> {
              try {
                flow.request(Duration.ofMinutes(1), "server");
                flow.run("server");
              } catch (IOException | InterruptedException failed) {
                throw new CompletionException(failed);
              }
            },
            task -> new Thread(task, "client").start());
    assertEquals(BenchMessage.REQUEST, BenchMessage.type(link.awaitSent()));
    flow.onMessage(BenchMessage.control(BenchMessage.READY, 7, 0));
    byte[] sent = link.awaitSent();
    while (BenchMessage.type(sent) != BenchMessage.END) {
      sent = link.awaitSent();
    }
    flow.onMessage(BenchMessage.control(BenchMessage.DATA, 7, 0));
    assertEquals(BenchMessage.ALIVE, BenchMessage.type(link.awaitSent()));
    flow.onEnd(new IOException("the test is over"));
    assertThrows(ExecutionException.class, run::get);
  }

  /** Where each waits to be read from, neither would ever read. */
  @Test
  void whoReadsWaitsForNothingThatGoesOut() {
    FakeLink link = new FakeLink();
    ClientFlow flow = new ClientFlow(new BenchPlan(true, true, 100, 0, 10, 0), link);
    flow.onMessage(BenchMessage.control(BenchMessage.DATA, 0, 0));
    assertEquals(0, link.tried);
    assertEquals(List.of(), link.sent);
  }
}
