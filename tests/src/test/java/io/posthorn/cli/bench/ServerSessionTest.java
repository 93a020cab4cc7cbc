package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One stream at the server, over a link that a test holds. */
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

  /** A reliable link on which nothing waits. */
  private static final class FakeLink implements BenchLink {
    private final List<byte[]> sent = new ArrayList<>();
    private boolean full;
    private boolean closed;
    private long blockedNanos;

    @Override
    public boolean isReliable() {
      return true;
    }

    @Override
    public synchronized void send(byte[] message) {
      sent.add(message);
      notifyAll();
    }

    @Override
    public synchronized boolean trySend(byte[] message) {
      return !full && sent.add(message);
    }

    synchronized byte[] awaitSent() throws InterruptedException {
      while (sent.isEmpty()) {
        wait();
      }
      return sent.remove(0);
    }

    @Override
    public void flush() {
      // Nothing is held back.
    }

    @Override
    public long blockedNanos(long nowNanos) {
      return blockedNanos;
    }

    @Override
    public LinkState state() {
      return LinkState.UNKNOWN;
    }

    @Override
    public void close() {
      closed = true;
    }
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
