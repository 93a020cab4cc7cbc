package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.session.Application;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Servers and clients of tests over the loopback. */
abstract class BenchLoopback {
  static final Duration GUARD = Duration.ofSeconds(60);
  static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** What the server tells of streams that ended. */
  final BlockingQueue<SessionSummary> ended = new LinkedBlockingQueue<>();

  @Nullable MessageSocket reliableAtServer;

  /** A server of all three transports. */
  BenchServer server() throws Exception {
    return BenchServer.open(
        ANY,
        null,
        at -> {
          MessageSocket owner =
              MessageSocket.builder()
                  .bind(at)
                  .application(Application.BENCH.words())
                  .sharedPort(true)
                  .open();
          reliableAtServer = owner;
          return List.of(owner, MessageSocket.builder().mode(Mode.PLAIN).beside(owner).open());
        },
        ended::add);
  }

  static BenchRun.Opener opener(BenchTransport transport) {
    Mode mode = transport == BenchTransport.PLAIN ? Mode.PLAIN : Mode.RELIABLE;
    return transport == BenchTransport.TCP ? null : () -> MessageSocket.builder().mode(mode).open();
  }

  static BenchPlan plan(boolean up, boolean down, int bytes, long messages, double rate) {
    return new BenchPlan(up, down, bytes, 0, messages, rate);
  }

  /** Runs a test to its end. */
  static BenchRun run(
      BenchTransport transport, BenchPlan plan, int streams, InetSocketAddress server)
      throws Exception {
    BenchRun run = BenchRun.open(plan, streams, server, opener(transport), Duration.ofSeconds(20));
    run.start();
    assertTrue(run.await(GUARD));
    return run;
  }

  static void assertWhole(DirectionResult result, long sent) {
    assertNotNull(result);
    assertEquals(sent, result.sent());
    assertEquals(sent, result.received().unique());
    assertEquals(0, result.lost());
  }
}
