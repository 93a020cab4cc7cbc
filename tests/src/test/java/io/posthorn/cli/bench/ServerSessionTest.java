package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One stream at the server, over a link that a test holds. */
@Timeout(60)
class ServerSessionTest {
  private static final long TOKEN = 7;

  private final FakeLink link = new FakeLink();
  private final List<ServerSession> over = new ArrayList<>();

  private ServerSession session(BenchPlan plan) {
    return new ServerSession(
        plan, link, TOKEN, "client", new EchoQueue(link, new EchoBudget()), over::add);
  }

  private static BenchPlan plan(boolean up, boolean down, int bytes) {
    return new BenchPlan(up, down, bytes, 0, 10, 0);
  }

  @Test
  void silentClientsConnectionIsClosed() {
    ServerSession session = session(plan(true, false, 100));
    assertFalse(session.endIfStuck(System.nanoTime()));
    assertFalse(link.closed);
    assertTrue(session.endIfStuck(System.nanoTime() + 11_000_000_000L));
    assertTrue(link.closed);
    assertEquals(List.of(session), over);
  }

  @Test
  void clientThatIsHeardButTakesNothingIsGivenUp() {
    ServerSession session = session(plan(true, false, 100));
    link.blockedNanos = 11_000_000_000L;
    assertTrue(session.endIfStuck(System.nanoTime()));
    assertTrue(link.closed);
    assertEquals("the client is gone: it took nothing for 10 s", session.trouble());
  }

  @Test
  void theFiguresWaitForRoomOnAThreadOfTheirOwn() throws Exception {
    ServerSession session = session(plan(true, false, 100));
    link.full = true;
    session.onMessage(BenchMessage.control(BenchMessage.END, TOKEN, 0));
    assertEquals(BenchMessage.REPORT, BenchMessage.type(link.awaitSent()));
  }

  /** A client asks for its figures behind its data, which on a slow link takes a while. */
  @Test
  void dataFromTheClientIsAnsweredWithASignOfLifeThoughTheServersOwnHasEnded() throws Exception {
    ServerSession session = session(plan(true, true, 100));
    session.start();
    while (BenchMessage.type(link.awaitSent()) != BenchMessage.END) {
      assertFalse(link.closed);
    }
    session.onMessage(BenchMessage.control(BenchMessage.DATA, TOKEN, 0));
    assertEquals(BenchMessage.ALIVE, BenchMessage.type(link.awaitSent()));
    session.onEnd(new IOException("the test is over"));
  }

  /** Where each end waits to be read from, neither would ever read. */
  @Test
  void whoReadsWaitsForNothingWhileTheServersOwnDataGoesOut() throws Exception {
    ServerSession session = session(plan(true, true, 100));
    session.onMessage(BenchMessage.control(BenchMessage.DATA, TOKEN, 0));
    assertEquals(List.of(), link.sent);
    session.onMessage(BenchMessage.control(BenchMessage.END, TOKEN, 0));
    assertEquals(BenchMessage.REPORT, BenchMessage.type(link.awaitSent()));
    assertEquals(0, link.tried);
  }

  @Test
  void dataIsAnsweredWithASignOfLifeOnceTheClientHasAllOfTheServers() throws Exception {
    ServerSession session = session(plan(true, true, 100));
    session.start();
    while (BenchMessage.type(link.awaitSent()) != BenchMessage.END) {
      assertFalse(link.closed);
    }
    session.onMessage(
        BenchMessage.control(BenchMessage.REPORT, TOKEN, 0, FlowReport.NONE.toBytes()));
    while (session.clientReport() == null) {
      Thread.onSpinWait();
    }
    int before = link.tried;
    while (link.tried == before) {
      session.onMessage(BenchMessage.control(BenchMessage.DATA, TOKEN, 0));
    }
    assertEquals(BenchMessage.ALIVE, BenchMessage.type(link.awaitSent()));
  }

  @Test
  void timeRunsFromTheBeginningOfTheStream() throws Exception {
    ServerSession session = session(plan(true, false, 100));
    session.onStart();
    long then = System.nanoTime();
    while (System.nanoTime() == then) {
      Thread.onSpinWait();
    }
    session.onMessage(BenchMessage.control(BenchMessage.DATA, TOKEN, 0));
    assertTrue(session.received().elapsedNanos() > 0);
  }

  @Test
  void aLargeMessageMayTakeLongOnASlowLink() {
    ServerSession session = session(plan(true, false, 1 << 20));
    assertFalse(session.endIfStuck(System.nanoTime() + 90_000_000_000L));
    assertTrue(session.endIfStuck(System.nanoTime() + 100_000_000_000L));
    assertEquals("the client is gone: not heard for 93 s", session.trouble());
  }

  @Test
  void allEchoesTogetherKeepSoMuchAndNoMore() {
    EchoBudget budget = new EchoBudget();
    byte[] large = new byte[1 << 20];
    List<EchoQueue> queues = new ArrayList<>();
    int taken = 0;
    for (int i = 0; i < 10; i++) {
      EchoQueue queue = new EchoQueue(link, budget);
      queues.add(queue);
      while (queue.offer(large)) {
        taken++;
      }
    }
    assertEquals(64, taken);
    queues.forEach(EchoQueue::close);
    assertTrue(new EchoQueue(link, budget).offer(large));
  }
}
