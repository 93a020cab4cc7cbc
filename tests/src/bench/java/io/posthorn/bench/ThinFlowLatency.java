package io.posthorn.bench;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * One-way latency of a thin flow in the simulator: 64-byte messages, 1000 a second, 50 ms round
 * trip at 100 Mbit/s, at several rates of loss, with and without redundancy; and what it costs on
 * the wire, against the same messages in bare UDP. Deterministic: figures of virtual time.
 *
 * <p>Arguments: messages a run (default 20,000), seeds (default 20), loss as tc-netem(8) writes it
 * (default a list).
 */
public final class ThinFlowLatency {
  private static final int MESSAGE_BYTES = 64;
  private static final int HEADERS_BYTES = 28;
  private static final long INTERVAL_NANOS = 1_000_000L;
  private static final long WARM_UP_MESSAGES = 2_000;
  private static final String[] LOSSES = {"0%", "1%", "5%", "10%"};

  private ThinFlowLatency() {}

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

  /** Runs it. */
  public static void main(String[] arguments) throws UnknownHostException {
    int messages = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20_000;
    int seeds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20;
    String[] losses = arguments.length > 2 ? Arrays.copyOfRange(arguments, 2, 3) : LOSSES;
    System.out.printf(
        "%-8s %-12s %-10s %7s %7s %7s %7s %8s  %s%n",
        "loss",
        "spread",
        "redundancy",
        "p50",
        "p99",
        "worst",
        "p99.9",
        "IP bytes",
        "(ms; times bare UDP; worst: p99 of the worst seed)");
    for (String loss : losses) {
      for (Spread spread : Spread.values()) {
        for (boolean redundancy : new boolean[] {true, false}) {
          double[][] figures = new double[4][seeds];
          for (int seed = 0; seed < seeds; seed++) {
            double[] run = new Run(seed, messages, loss, spread, redundancy).run();
            for (int i = 0; i < run.length; i++) {
              figures[i][seed] = run[i];
            }
          }
          System.out.printf(
              "%-8s %-12s %-10s %7.2f %7.2f %7.2f %7.2f %8.2f%n",
              loss,
              spread.name().toLowerCase(Locale.ROOT),
              redundancy ? "on" : "off",
              median(figures[0]),
              median(figures[1]),
              Arrays.stream(figures[1]).max().orElseThrow(),
              median(figures[2]),
              median(figures[3]));
        }
      }
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** One run of one kind. */
  private static final class Run {
    private final SimulatedNetwork network;
    private final InetSocketAddress server;
    private final SimulatedEndpoint client;
    private final Spread spread;
    private final long[] latencies;
    private final int messages;
    private int sent;
    private int received;

    Run(long seed, int messages, String loss, Spread spread, boolean redundancy)
        throws UnknownHostException {
      InetSocketAddress from = address(1);
      this.server = address(2);
      this.spread = spread;
      this.messages = messages;
      this.latencies = new long[messages];
      String conditions = "delay 25ms rate 100mbit" + (loss.equals("0%") ? "" : " loss " + loss);
      network = SimulatedNetwork.seeded(seed).link(LinkConditions.parse(conditions));
      client = host(from, seed, redundancy, body -> {});
      SimulatedEndpoint host =
          host(
              server,
              ~seed,
              redundancy,
              body -> {
                ByteBuffer in = ByteBuffer.wrap(body);
                latencies[in.getInt()] = network.nowNanos() - in.getLong();
                received++;
              });
      network.attach(from, client).attach(server, host);
    }

    double[] run() {
      network.at(0, this::send);
      EndpointCounters counters = client.endpoint().counters();
      network.runUntil(
          () -> sent >= WARM_UP_MESSAGES, Duration.ofSeconds(10 + WARM_UP_MESSAGES / 1000));
      long before = counters.bytesSent + HEADERS_BYTES * counters.datagramsSent;
      long sentBefore = sent;
      network.runUntil(() -> received == messages, Duration.ofSeconds(60 + messages / 1000));
      if (received != messages) {
        throw new IllegalStateException(received + " of " + messages + " messages arrived");
      }
      long bytes = counters.bytesSent + HEADERS_BYTES * counters.datagramsSent - before;
      double bare = (double) (messages - sentBefore) * (MESSAGE_BYTES + HEADERS_BYTES);
      long[] counted = Arrays.copyOfRange(latencies, (int) WARM_UP_MESSAGES, messages);
      Arrays.sort(counted);
      return new double[] {
        at(counted, 0.5), at(counted, 0.99), at(counted, 0.999), bytes / bare,
      };
    }

    private static double at(long[] sorted, double share) {
      return sorted[(int) (share * (sorted.length - 1))] / 1e6;
    }

    private void send() {
      byte[] body = new byte[MESSAGE_BYTES];
      ByteBuffer.wrap(body).putInt(sent).putLong(network.nowNanos());
      SendOutcome outcome =
          client
              .endpoint()
              .send(
                  new OutgoingMessage(
                      Endpoint.NO_CONNECTION,
                      server,
                      sent % spread.channels,
                      spread.delivery,
                      -1,
                      body,
                      false,
                      Endpoint.NEVER,
                      false,
                      null),
                  network.nowNanos());
      if (outcome != SendOutcome.ACCEPTED) {
        throw new IllegalStateException("send answered " + outcome);
      }
      if (++sent < messages) {
        network.at(network.nowNanos() + INTERVAL_NANOS, this::send);
      }
    }

    private static SimulatedEndpoint host(
        InetSocketAddress address, long seed, boolean redundancy, Consumer<byte[]> onMessage) {
      DraftOptions options = DraftOptions.of(Mode.RELIABLE);
      options.redundancy = redundancy;
      return new SimulatedEndpoint(
          new ReliableEndpoint(options.done(), new SplittableRandom(seed), address::equals),
          message -> onMessage.accept(message.body()),
          event -> {});
    }

    private static InetSocketAddress address(int last) throws UnknownHostException {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last}), 4000 + last);
    }
  }
}
