package io.posthorn.testkit.jqwik;

import io.posthorn.Delivery;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;

/**
 * Bad networks and schedules for properties.
 *
 * <p>Each fault of a network is drawn for itself, off in part of the tries and at its extreme in
 * some, so that a try has few faults, wild ones, or all together. Whatever fails shrinks towards
 * {@link LinkConditions#NONE} and towards few, small, early messages, so that a failure names the
 * one fault that it needs.
 */
public final class NetworkArbitraries {
  /** Smallest MTU over which 1,200 bytes of UDP payload pass, with IPv4: RFC 9000 §14. */
  public static final int LEAST_MTU_BYTES = 1_228;

  private static final double PERCENT = 0.01;

  private NetworkArbitraries() {}

  private record Timing(int delayMillis, int jitterMillis, boolean bell) {}

  private record Losing(int percent, int burst) {}

  private record Shuffling(int reorderPercent, int holdMillis, int gap) {}

  private record Copying(int percent, int delayMillis) {}

  private record Narrowing(int kilobits, int queuePackets, int mtuBytes) {}

  private record Silence(int atMillis, int lengthMillis, int everyMillis) {}

  /**
   * Every fault that a path without address translation has: loss up to 60 % (alone or in bursts of
   * 3 to 20), duplication, reordering, corruption up to 10 %, jitter, a limited rate with a queue
   * down to one packet, an MTU down to {@link #LEAST_MTU_BYTES}, ECN marks set, cleared, mangled or
   * lost, outages up to 10 s.
   */
  public static Arbitrary<LinkConditions> links() {
    return links(60, Duration.ofSeconds(10));
  }

  /**
   * As {@link #links()}, within limits.
   *
   * @param maxLossPercent 0 to 100
   * @param maxOutage longest time during which nothing passes; zero for none
   */
  public static Arbitrary<LinkConditions> links(int maxLossPercent, Duration maxOutage) {
    return Combinators.combine(
            timing(),
            losing(maxLossPercent),
            shuffling(),
            copying(),
            seldom(Arbitraries.of(0, 1, 5, 10)),
            narrowing(),
            silence((int) maxOutage.toMillis()),
            treatments())
        .as(NetworkArbitraries::conditions);
  }

  /** As {@link #links()}, in part behind an address translator that forgets. */
  public static Arbitrary<LinkConditions> rebindingLinks() {
    return Combinators.combine(links(), seldom(upTo(5_000)), Arbitraries.of(Rebinding.class))
        .as(
            (link, period, kind) ->
                period == 0 ? link : link.withRebind(Duration.ofMillis(period + 200L), kind));
  }

  /**
   * Networks that change up to three times within the first ten seconds, and are perfect from then
   * on: whoever is to recover can.
   */
  public static Arbitrary<NetworkSchedule> schedules(Arbitrary<LinkConditions> links) {
    Arbitrary<NetworkSchedule.Change> change =
        Combinators.combine(upTo(9_999), links).as(NetworkSchedule.Change::new);
    NetworkSchedule.Change healing = new NetworkSchedule.Change(10_000, LinkConditions.NONE);
    return Combinators.combine(links, change.list().ofMaxSize(3))
        .as(
            (first, changes) -> {
              List<NetworkSchedule.Change> all = new ArrayList<>(changes);
              all.add(healing);
              return new NetworkSchedule(first, all);
            });
  }

  /**
   * Up to so many messages within the first two seconds, both ways, of all deliveries and few
   * channels: half are small, some empty, some longer than a packet, some long.
   */
  public static Arbitrary<List<ScheduledSend>> sends(int most) {
    return sends(Arbitraries.of(Delivery.class), most);
  }

  /** As {@link #sends(int)}, of these deliveries. */
  public static Arbitrary<List<ScheduledSend>> sends(Arbitrary<Delivery> deliveries, int most) {
    return send(deliveries).list().ofMaxSize(most);
  }

  /** Up to two closes within the first five seconds. */
  public static Arbitrary<List<ScheduledClose>> closes() {
    return Combinators.combine(
            upTo(5_000), Arbitraries.of(true, false), Arbitraries.of(0, 100, 3_000, 10_000))
        .as(ScheduledClose::new)
        .list()
        .ofMaxSize(2);
  }

  private static Arbitrary<ScheduledSend> send(Arbitrary<Delivery> deliveries) {
    Arbitrary<Integer> sizes =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(0)),
            Tuple.of(10, Arbitraries.integers().between(1, 100)),
            Tuple.of(4, Arbitraries.integers().between(101, 3_000)),
            Tuple.of(3, Arbitraries.integers().between(3_001, 70_000)));
    return Combinators.combine(
            Arbitraries.frequencyOf(Tuple.of(1, Arbitraries.just(0)), Tuple.of(2, upTo(2_000))),
            Arbitraries.of(true, false),
            Arbitraries.of(0, 1, 63),
            deliveries,
            Arbitraries.of(0, 1),
            sizes,
            Arbitraries.frequencyOf(Tuple.of(9, Arbitraries.just(0)), Tuple.of(1, upTo(1_000))))
        .as(NetworkArbitraries::fitting);
  }

  /**
   * What is unreliable has to fit one packet, and what may expire is told apart from others by its
   * bytes. Each key has a channel of its own.
   */
  private static ScheduledSend fitting(
      int atMillis,
      boolean forth,
      int channel,
      Delivery delivery,
      int key,
      int sizeBytes,
      int lifeMillis) {
    boolean unreliable =
        delivery == Delivery.UNRELIABLE || delivery == Delivery.UNRELIABLE_SEQUENCED;
    return new ScheduledSend(
        atMillis,
        forth,
        delivery == Delivery.RELIABLE_LATEST ? key : channel,
        delivery,
        key,
        unreliable ? Math.min(sizeBytes, 1_000) : sizeBytes,
        sizeBytes < 4 ? 0 : lifeMillis);
  }

  /** Every number alike; shrinks to 0. */
  private static Arbitrary<Integer> upTo(int most) {
    return Arbitraries.integers().between(0, most).withDistribution(RandomDistribution.uniform());
  }

  /** Off in half of the tries; drawn from values of which the first is the smallest. */
  private static Arbitrary<Integer> seldom(Arbitrary<Integer> values) {
    return Arbitraries.frequencyOf(Tuple.of(1, Arbitraries.just(0)), Tuple.of(1, values));
  }

  private static Arbitrary<Timing> timing() {
    return Combinators.combine(
            Arbitraries.of(0, 1, 20, 100, 400),
            seldom(Arbitraries.of(0, 1, 5, 20, 200)),
            Arbitraries.of(false, true))
        .as(Timing::new);
  }

  private static Arbitrary<Losing> losing(int maxPercent) {
    return Combinators.combine(
            Arbitraries.frequencyOf(
                Tuple.of(1, Arbitraries.just(0)),
                Tuple.of(4, upTo(Math.min(maxPercent, 30))),
                Tuple.of(2, upTo(maxPercent))),
            seldom(Arbitraries.of(0, 3, 20)))
        .as(Losing::new);
  }

  private static Arbitrary<Shuffling> shuffling() {
    return Combinators.combine(
            seldom(Arbitraries.of(0, 1, 10, 50, 100)),
            Arbitraries.of(1, 10, 50, 500, 2_000),
            Arbitraries.of(1, 5))
        .as(Shuffling::new);
  }

  private static Arbitrary<Copying> copying() {
    return Combinators.combine(
            seldom(Arbitraries.of(0, 1, 10, 50, 100)), Arbitraries.of(0, 1, 100, 10_000))
        .as(Copying::new);
  }

  private static Arbitrary<Narrowing> narrowing() {
    return Combinators.combine(
            seldom(Arbitraries.of(256, 1_000, 20_000, 1_000_000)),
            Arbitraries.of(1_000, 100, 10, 3, 1),
            Arbitraries.of(0, 1_500, 1_280, LEAST_MTU_BYTES))
        .as(Narrowing::new);
  }

  private static Arbitrary<EcnTreatment> treatments() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, Arbitraries.just(EcnTreatment.KEEP)),
        Tuple.of(4, Arbitraries.of(EcnTreatment.class)));
  }

  private static Arbitrary<Silence> silence(int maxMillis) {
    Arbitrary<Integer> lengths =
        maxMillis == 0
            ? Arbitraries.just(0)
            : seldom(
                Arbitraries.frequencyOf(
                    Tuple.of(2, upTo(Math.min(1_000, maxMillis))),
                    Tuple.of(2, upTo(maxMillis)),
                    Tuple.of(1, Arbitraries.just(maxMillis))));
    return Combinators.combine(
            Arbitraries.frequencyOf(Tuple.of(1, Arbitraries.just(0)), Tuple.of(3, upTo(1_000))),
            lengths,
            Arbitraries.of(0, 0, 6_000))
        .as(Silence::new);
  }

  private static LinkConditions conditions(
      Timing timing,
      Losing losing,
      Shuffling shuffling,
      Copying copying,
      int corruptPercent,
      Narrowing narrowing,
      Silence silence,
      EcnTreatment treatment) {
    LinkConditions link =
        LinkConditions.NONE.withDelay(
            Duration.ofMillis(timing.delayMillis()),
            Duration.ofMillis(timing.jitterMillis()),
            timing.bell() ? Distribution.NORMAL : Distribution.UNIFORM);
    if (losing.percent() > 0) {
      link = withLoss(link, losing);
    }
    if (shuffling.reorderPercent() > 0) {
      Duration hold = Duration.ofMillis(shuffling.holdMillis());
      link = link.withReorder(shuffling.reorderPercent() * PERCENT, hold, shuffling.gap());
    }
    if (copying.percent() > 0) {
      Duration delay = Duration.ofMillis(copying.delayMillis());
      link = link.withDuplicate(copying.percent() * PERCENT, delay);
    }
    if (corruptPercent > 0) {
      link = link.withCorrupt(corruptPercent * PERCENT);
    }
    if (narrowing.kilobits() > 0) {
      link =
          link.withRate(narrowing.kilobits() * 1_000L)
              .withQueue(QueueUnit.PACKETS, narrowing.queuePackets());
    }
    if (treatment != EcnTreatment.MARK_QUEUE) {
      link = link.withEcn(treatment);
    } else if (narrowing.kilobits() > 0) {
      link = link.withEcnThreshold(QueueUnit.PACKETS, Math.max(1, narrowing.queuePackets() / 4));
    }
    if (narrowing.mtuBytes() > 0) {
      link = link.withMtu(narrowing.mtuBytes());
    }
    return silence.lengthMillis() == 0 ? link : withOutage(link, silence);
  }

  /** So many percent in the long run, each datagram for itself or in bursts of this mean length. */
  private static LinkConditions withLoss(LinkConditions link, Losing losing) {
    double mean = losing.percent() * PERCENT;
    if (losing.burst() == 0) {
      return link.withLoss(mean);
    }
    double leave = 1.0 / losing.burst();
    // In the long run the bad state holds for enter / (enter + leave) of the datagrams.
    double enter = mean >= 1 ? 1 : Math.min(1, leave * mean / (1 - mean));
    return link.withBurstLoss(enter, leave);
  }

  private static LinkConditions withOutage(LinkConditions link, Silence silence) {
    Duration at = Duration.ofMillis(silence.atMillis());
    Duration length = Duration.ofMillis(silence.lengthMillis());
    return silence.everyMillis() < 2 * silence.lengthMillis()
        ? link.withOutage(at, length)
        : link.withOutage(at, length, Duration.ofMillis(silence.everyMillis()));
  }
}
