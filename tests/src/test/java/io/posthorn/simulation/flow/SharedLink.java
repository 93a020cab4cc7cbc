package io.posthorn.simulation.flow;

import io.posthorn.CongestionControl;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.SimulatedNetwork;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Flows on one bottleneck, in virtual time, and what they made of it. */
final class SharedLink {
  private static final long SAMPLE_NANOS = 5_000_000L;
  private static final long SECOND_NANOS = 1_000_000_000L;

  private final Link link;
  private final SimulatedNetwork network;
  private final InetSocketAddress from = address(1);
  private final InetSocketAddress to = address(2);
  private final SharedHost senders = new SharedHost();
  private final SharedHost receivers = new SharedHost();
  private final List<Flow> flows = new ArrayList<>();
  private final List<long[]> deliveredBySecond = new ArrayList<>();
  private final List<Long> starts = new ArrayList<>();
  private final List<Map<String, Integer>> limits = new ArrayList<>();
  private final List<long[]> offeredAndDropped = new ArrayList<>();
  private long queueSumNanos;
  private long queueSamples;
  private final long seed;

  SharedLink(Link link, long seed) {
    this.link = link;
    this.seed = seed;
    this.network = SimulatedNetwork.seeded(seed).link(LinkConditions.parse(link.conditions()));
    network.attach(from, senders).attach(to, receivers);
  }

  /**
   * Usual settings but for the controller; in clear, with packets as long as sealed ones of 1,472
   * bytes.
   */
  static SocketOptions options(CongestionControl control, int maxDatagramBytes) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.congestionControl = control;
    options.maxDatagramBytes = maxDatagramBytes;
    return options.done();
  }

  SharedLink posthorn(CongestionControl control, int maxDatagramBytes, long startMillis) {
    return add(
        new PosthornFlow(
            control.name().toLowerCase(Locale.ROOT),
            options(control, maxDatagramBytes),
            from,
            to,
            seed * 100 + flows.size()),
        startMillis);
  }

  SharedLink tcpCubic(long startMillis) {
    return add(new TcpCubicFlow(to), startMillis);
  }

  private SharedLink add(Flow flow, long startMillis) {
    long[] bySecond = new long[600];
    flow.onDelivered(bytes -> bySecond[(int) (network.nowNanos() / SECOND_NANOS)] += bytes);
    senders.add(flow.sender());
    receivers.add(flow.receiver());
    flows.add(flow);
    deliveredBySecond.add(bySecond);
    limits.add(new TreeMap<>());
    starts.add(startMillis * 1_000_000);
    network.at(startMillis * 1_000_000, () -> flow.start(network.nowNanos()));
    return this;
  }

  /** At this time both directions become another link. */
  SharedLink then(long atMillis, Link other) {
    LinkConditions conditions = LinkConditions.parse(other.conditions());
    network.at(
        atMillis * 1_000_000, () -> network.link(from, to, conditions).link(to, from, conditions));
    return this;
  }

  /** Lets so much time pass from the cold start. */
  SharedLink run(int seconds) {
    long endNanos = seconds * SECOND_NANOS;
    network.at(
        0,
        new Runnable() {
          @Override
          public void run() {
            sample();
            if (network.nowNanos() + SAMPLE_NANOS < endNanos) {
              network.at(network.nowNanos() + SAMPLE_NANOS, this);
            }
          }
        });
    network.run(Duration.ofSeconds(seconds));
    return this;
  }

  private void sample() {
    queueSumNanos += network.queueNanos(from, to);
    queueSamples++;
    LinkCounters counters = network.counters(from, to);
    offeredAndDropped.add(new long[] {counters.offered(), counters.queueDropped()});
    for (int i = 0; i < flows.size(); i++) {
      if (network.nowNanos() >= starts.get(i)) {
        limits.get(i).merge(flows.get(i).limit(network.nowNanos()), 1, Integer::sum);
      }
    }
  }

  /** Payload that a flow delivered between two seconds, in Mbit/s. */
  double megabits(int flow, int fromSecond, int toSecond) {
    return Arrays.stream(deliveredBySecond.get(flow), fromSecond, toSecond).sum()
        * 8e-6
        / (toSecond - fromSecond);
  }

  /** Jain's index of the flows' goodput between two seconds. */
  double jain(int fromSecond, int toSecond) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < flows.size(); i++) {
      double rate = megabits(i, fromSecond, toSecond);
      sum += rate;
      squares += rate * rate;
    }
    return sum * sum / (flows.size() * squares);
  }

  /** Mean time that the queue took to drain, as a share of what it takes when full. */
  double queueShare() {
    return queueSumNanos / 1e6 / queueSamples / link.queueMillis();
  }

  /** Share of the datagrams offered that found the queue full. */
  double queueLoss() {
    LinkCounters counters = network.counters(from, to);
    return (double) counters.queueDropped() / Math.max(1, counters.offered());
  }

  /** The same between two times. */
  double queueLoss(long fromMillis, long toMillis) {
    long[] before = offeredAndDropped.get((int) (fromMillis * 1_000_000 / SAMPLE_NANOS));
    long[] after = offeredAndDropped.get((int) (toMillis * 1_000_000 / SAMPLE_NANOS));
    return (double) (after[1] - before[1]) / Math.max(1, after[0] - before[0]);
  }

  /** Datagrams that came back for each that was offered: mostly acknowledgements. */
  double answerShare() {
    return (double) network.counters(to, from).offered() / network.counters(from, to).offered();
  }

  /** What kept a flow from sending more, by how often a sample found it. */
  Map<String, Integer> limits(int flow) {
    return limits.get(flow);
  }

  int flows() {
    return flows.size();
  }

  private static InetSocketAddress address(int last) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last}), 4000 + last);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
