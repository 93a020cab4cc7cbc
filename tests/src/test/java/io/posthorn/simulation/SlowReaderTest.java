package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.runtime.SimulatedEndpoint;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import net.jqwik.api.Example;

/** FAULTS 22: a reader that stops costs its peer nothing but its own messages. */
class SlowReaderTest {
  private static final int MESSAGES = 2_000;
  private static final InetSocketAddress SENDER = Pair.address(1, 4001);
  private static final InetSocketAddress STOPPED = Pair.address(2, 4002);
  private static final InetSocketAddress OTHER = Pair.address(3, 4003);

  private static SimulatedEndpoint host(InetSocketAddress at, Consumer<byte[]> application) {
    return new SimulatedEndpoint(
        new ReliableEndpoint(
            SocketOptions.defaults(Mode.RELIABLE), new SplittableRandom(at.getPort()), at::equals),
        message -> application.accept(message.body()),
        event -> {});
  }

  private static void send(SimulatedEndpoint from, InetSocketAddress to, byte[] body, long now) {
    var unused =
        from.endpoint().send(OutgoingMessage.ordered(Endpoint.NO_CONNECTION, to, body), now);
  }

  /** The slowest hundredth of messages to the other peer, in nanoseconds. */
  private static long slowestHundredth(boolean oneStops) {
    SimulatedNetwork network =
        SimulatedNetwork.seeded(5).link(LinkConditions.parse("delay 10ms rate 50mbit"));
    long[] latency = new long[MESSAGES];
    int[] arrived = new int[1];
    SimulatedEndpoint sender = host(SENDER, body -> {});
    SimulatedEndpoint stopped = host(STOPPED, body -> {});
    SimulatedEndpoint other =
        host(
            OTHER,
            body -> {
              latency[arrived[0]++] = network.nowNanos() - ByteBuffer.wrap(body).getLong();
            });
    network.attach(SENDER, sender).attach(STOPPED, stopped).attach(OTHER, other);
    if (oneStops) {
      stopped.pauseReading();
    }
    for (int i = 0; i < MESSAGES; i++) {
      network.at(
          Duration.ofMillis(2L * i),
          () -> {
            long now = network.nowNanos();
            send(sender, OTHER, ByteBuffer.allocate(100).putLong(now).array(), now);
            if (oneStops) {
              send(sender, STOPPED, new byte[10_000], now);
            }
          });
    }
    network.run(Duration.ofSeconds(10));
    assertEquals(MESSAGES, arrived[0]);
    Arrays.sort(latency);
    return latency[MESSAGES * 99 / 100];
  }

  @Example
  void fault22_aReaderThatStopsSlowsNoOther() {
    long alone = slowestHundredth(false);
    long beside = slowestHundredth(true);
    assertTrue(beside <= 2 * alone, beside / 1e6 + " ms beside it, " + alone / 1e6 + " without");
  }
}
