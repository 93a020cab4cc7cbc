package io.posthorn.simulation;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * One run of small messages in virtual time: 64 bytes, 1,000 a second, 50 ms round trip, 100
 * Mbit/s. The first two seconds warm up and do not count.
 */
final class ThinFlow {
  private static final int MESSAGE_BYTES = 64;
  private static final int HEADERS_BYTES = 28;
  private static final long INTERVAL_NANOS = 1_000_000L;
  private static final int WARM_UP_MESSAGES = 2_000;

  /** How messages are spread. */
  enum Spread {
    ORDERED(Delivery.RELIABLE_ORDERED, 1),
    UNORDERED(Delivery.RELIABLE_UNORDERED, 1),
    TEN_CHANNELS(Delivery.RELIABLE_ORDERED, 10);

    final Delivery delivery;
    final int channels;

    Spread(Delivery delivery, int channels) {
      this.delivery = delivery;
      this.channels = channels;
    }
  }

  /**
   * What a run showed.
   *
   * @param sorted latencies in nanoseconds, ascending
   * @param timesBare IP bytes of the sender, as a multiple of the same messages in bare UDP
   * @param datagrams that the sender sent, those of the warm-up included
   */
  record Figures(long[] sorted, double timesBare, long datagrams) {
    double millisAt(double share) {
      return sorted[(int) (share * (sorted.length - 1))] / 1e6;
    }

    @Override
    public String toString() {
      return "p50 %.2f p98 %.2f p99 %.2f p99.9 %.2f ms, %.2f times bare, %d datagrams"
          .formatted(
              millisAt(0.5), millisAt(0.98), millisAt(0.99), millisAt(0.999), timesBare, datagrams);
    }
  }

  private final SimulatedNetwork network;
  private final SimulatedEndpoint client;
  private final SimulatedEndpoint server;
  private final Spread spread;
  private final long[] latencies;
  private boolean twoWay;
  private int sent;
  private int received;

  /**
   * A run that has not begun.
   *
   * @param messages more than the 2,000 that warm up
   * @param loss in the words of tc-netem, such as {@code loss 5%}; empty for none
   */
  ThinFlow(long seed, int messages, String loss, Spread spread, boolean redundancy) {
    this.spread = spread;
    latencies = new long[messages];
    Arrays.fill(latencies, -1);
    network =
        SimulatedNetwork.seeded(seed).link(LinkConditions.parse("delay 25ms rate 100mbit " + loss));
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.redundancy = redundancy;
    client =
        new SimulatedEndpoint(
            new ReliableEndpoint(options.done(), new SplittableRandom(seed), Pair.A::equals),
            message -> {},
            event -> {});
    server =
        new SimulatedEndpoint(
            new ReliableEndpoint(options.done(), new SplittableRandom(~seed), Pair.B::equals),
            message -> receive(ByteBuffer.wrap(message.body())),
            event -> {});
    network.attach(Pair.A, client).attach(Pair.B, server);
  }

  /** Has the receiver send as many messages back, each half of the interval after one came. */
  ThinFlow twoWay() {
    twoWay = true;
    return this;
  }

  /** Lets all messages arrive. */
  Figures run() {
    network.at(0, this::send);
    EndpointCounters counters = client.endpoint().counters();
    expect(network.runUntil(() -> sent >= WARM_UP_MESSAGES, Duration.ofSeconds(10)), "sent");
    long before = counters.bytesSent + HEADERS_BYTES * counters.datagramsSent;
    int sentBefore = sent;
    Duration patience = Duration.ofSeconds(60 + latencies.length / 1_000);
    expect(network.runUntil(() -> received == latencies.length, patience), "arrived");
    long bytes = counters.bytesSent + HEADERS_BYTES * counters.datagramsSent - before;
    double bare = (double) (latencies.length - sentBefore) * (MESSAGE_BYTES + HEADERS_BYTES);
    long[] counted = Arrays.copyOfRange(latencies, WARM_UP_MESSAGES, latencies.length);
    Arrays.sort(counted);
    return new Figures(counted, bytes / bare, counters.datagramsSent);
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not all " + what + ": " + sent + " sent, " + received + " arrived");
    }
  }

  private void receive(ByteBuffer body) {
    int index = body.getInt();
    if (latencies[index] >= 0) {
      throw new AssertionError("message " + index + " came twice");
    }
    latencies[index] = network.nowNanos() - body.getLong();
    received++;
    if (twoWay) {
      network.at(
          network.nowNanos() + INTERVAL_NANOS / 2,
          () -> send(server, Pair.A, 0, new byte[MESSAGE_BYTES]));
    }
  }

  private void send() {
    byte[] body = new byte[MESSAGE_BYTES];
    ByteBuffer.wrap(body).putInt(sent).putLong(network.nowNanos());
    send(client, Pair.B, sent % spread.channels, body);
    if (++sent < latencies.length) {
      network.at(network.nowNanos() + INTERVAL_NANOS, this::send);
    }
  }

  private void send(SimulatedEndpoint from, InetSocketAddress to, int channel, byte[] body) {
    SendOutcome outcome =
        from.endpoint()
            .send(
                new OutgoingMessage(
                    Endpoint.NO_CONNECTION,
                    to,
                    channel,
                    spread.delivery,
                    -1,
                    body,
                    false,
                    Endpoint.NEVER,
                    false,
                    null),
                network.nowNanos());
    if (outcome != SendOutcome.ACCEPTED) {
      throw new AssertionError("message " + sent + ": " + outcome);
    }
  }
}
