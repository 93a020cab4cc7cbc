package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * One-way latency of small messages under loss, in virtual time: 64 bytes, 1000 a second, 50 ms
 * round trip. The figures are those that the bench {@code ThinFlowLatency} shows over more seeds.
 */
class ThinFlowTest {
  private static final int MESSAGES = 6_000;
  private static final int COUNTED_FROM = 2_000;

  /** What a run showed: latencies in ascending order, and the cost. */
  private record Figures(long[] sorted, double timesBare, long datagrams) {
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

  private static Figures run(long seed, String loss, Delivery delivery, boolean redundancy) {
    return run(seed, loss, delivery, 1, redundancy);
  }

  private static Figures run(
      long seed, String loss, Delivery delivery, int channels, boolean redundancy) {
    InetSocketAddress from = Pair.A;
    InetSocketAddress to = Pair.B;
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed).link(LinkConditions.parse("delay 25ms rate 100mbit" + loss));
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.redundancy = redundancy;
    long[] latency = new long[MESSAGES];
    Arrays.fill(latency, -1);
    int[] arrived = new int[1];
    SimulatedEndpoint client =
        new SimulatedEndpoint(
            new ReliableEndpoint(options.done(), new SplittableRandom(seed), from::equals),
            message -> {},
            event -> {});
    SimulatedEndpoint server =
        new SimulatedEndpoint(
            new ReliableEndpoint(options.done(), new SplittableRandom(~seed), to::equals),
            message -> {
              ByteBuffer body = ByteBuffer.wrap(message.body());
              int index = body.getInt();
              assertEquals(-1, latency[index], "once");
              latency[index] = network.nowNanos() - body.getLong();
              arrived[0]++;
            },
            event -> {});
    network.attach(from, client).attach(to, server);
    for (int i = 0; i < MESSAGES; i++) {
      int index = i;
      int channel = i % channels;
      network.at(
          i * 1_000_000L, () -> send(client, to, delivery, channel, index, network.nowNanos()));
    }
    assertTrue(network.runUntil(() -> arrived[0] == MESSAGES, Duration.ofSeconds(20)), "all");
    EndpointCounters counters = client.endpoint().counters();
    double bytes = counters.bytesSent + 28.0 * counters.datagramsSent;
    long[] sorted = Arrays.copyOfRange(latency, COUNTED_FROM, MESSAGES);
    Arrays.sort(sorted);
    return new Figures(sorted, bytes / (MESSAGES * (64.0 + 28)), counters.datagramsSent);
  }

  private static void send(
      SimulatedEndpoint client,
      InetSocketAddress to,
      Delivery delivery,
      int channel,
      int index,
      long nowNanos) {
    byte[] body = new byte[64];
    ByteBuffer.wrap(body).putInt(index).putLong(nowNanos);
    SendOutcome outcome =
        client
            .endpoint()
            .send(
                new OutgoingMessage(
                    Endpoint.NO_CONNECTION,
                    to,
                    channel,
                    delivery,
                    -1,
                    body,
                    false,
                    Endpoint.NEVER,
                    false,
                    null),
                nowNanos);
    assertEquals(SendOutcome.ACCEPTED, outcome);
  }

  @Example
  void withoutLossNothingWaitsAndNothingIsRepeatedOnceThatIsKnown() {
    Figures on = run(1, "", Delivery.RELIABLE_ORDERED, true);
    assertTrue(on.millisAt(1) <= 25.6, on.toString());
    Figures off = run(1, "", Delivery.RELIABLE_ORDERED, false);
    assertTrue(on.datagrams <= off.datagrams, on + " and " + off);
    assertTrue(on.timesBare <= off.timesBare + 0.05, on + " and " + off);
  }

  /**
   * One packet in some ten thousand loses all copies of what it brought and holds fifty messages
   * up: that is half of a hundredth of all, but in a run as short as this it may be more. Hence the
   * slowest fiftieth here, and the slowest hundredth in the bench.
   */
  @Example
  void orderedMessagesHardlyNoticeLoss() {
    assertWithin(run(1, " loss 1%", Delivery.RELIABLE_ORDERED, true), 25.8, 30);
    assertWithin(run(2, " loss 5%", Delivery.RELIABLE_ORDERED, true), 26, 32);
    assertWithin(run(3, " loss 10%", Delivery.RELIABLE_ORDERED, true), 27, 35);
  }

  /** The budget does not reach for all copies of all; what it reaches for, it does so for each. */
  @Example
  void noChannelGoesShortForItsNumber() {
    Figures ten = run(3, " loss 10%", Delivery.RELIABLE_ORDERED, 10, true);
    assertWithin(ten, 27, 35);
    assertTrue(ten.millisAt(0.99) <= 35, ten.toString());
  }

  @Example
  void unorderedMessagesHardlyNoticeLoss() {
    assertWithin(run(5, " loss 5%", Delivery.RELIABLE_UNORDERED, true), 26, 32);
  }

  private static void assertWithin(Figures figures, double p50, double p98) {
    assertTrue(figures.millisAt(0.5) <= p50, figures.toString());
    assertTrue(figures.millisAt(0.98) <= p98, figures.toString());
    assertTrue(figures.timesBare <= 3.01, figures.toString());
  }

  /** Without redundancy one round trip repairs, since what is lost rides in two packets. */
  @Example
  void withoutRedundancyALossCostsOneRoundTrip() {
    Figures one = run(6, " loss 1%", Delivery.RELIABLE_ORDERED, false);
    assertTrue(one.millisAt(0.99) <= 25 + 1.2 * 50, one.toString());
    Figures five = run(7, " loss 5%", Delivery.RELIABLE_ORDERED, false);
    assertTrue(five.millisAt(0.999) <= 25 + 2.5 * 50, five.toString());
    assertTrue(five.millisAt(0.9) > 25 + 50, "the network of this test loses");
  }

  @Property(tries = 3, edgeCases = EdgeCasesMode.NONE)
  void redundancyCostsNoPacketMore(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 15) int loss) {
    String conditions = " loss " + loss + "%";
    long on = run(seed, conditions, Delivery.RELIABLE_ORDERED, true).datagrams;
    long off = run(seed, conditions, Delivery.RELIABLE_ORDERED, false).datagrams;
    assertTrue(on <= off * 1.01 + 60, on + " with, " + off + " without");
  }
}
