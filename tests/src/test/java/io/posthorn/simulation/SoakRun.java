package io.posthorn.simulation;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.SoakPlan.Deed;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.EndsChecker;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.HonestyChecker;
import io.posthorn.simulation.checker.MemoryChecker;
import io.posthorn.simulation.checker.OrderChecker;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One run of the soak: hosts on a network that is bad in ways drawn from the seed, which in the end
 * is good again. Then everything must have arrived, or its sender was told why not, and the
 * invariants of the design must have held all the while.
 */
final class SoakRun {
  /** How long after the network became good what was promised is acknowledged, and three RTT. */
  private static final Duration FOUND_AGAIN = Duration.ofSeconds(15);

  /** How long after that everything is decided: the idle timeout twice, and a little. */
  private static final Duration GIVEN_UP = Duration.ofSeconds(65);

  private static final Duration QUIET = Duration.ofSeconds(40);
  private static final LinkConditions HEALED = LinkConditions.parse("delay 5ms");
  private static final long SECOND = 1_000_000_000L;
  private static final int MOST_WAITING = 400;

  /** What its interface takes, before the path is asked. */
  private static final int INTERFACE_BYTES = 1_472;

  private final SoakPlan plan;
  private final RandomGenerator random;
  private final SimulatedNetwork network;
  private final History history = new History();
  private final List<Party> parties = new ArrayList<>();
  private final SoakWatch watch;
  private final SoakTally tally = new SoakTally();
  private final SoakLinks links;
  private final SoakFigures figures;
  private final long healNanos;
  private boolean crashed;
  private boolean closed;
  private boolean paused;

  SoakRun(SoakPlan plan) {
    this.plan = plan;
    int hosts = plan.hosts();
    random = new SplittableRandom(plan.seed() * 0x9E3779B97F4A7C15L + 1);
    network = SimulatedNetwork.seeded(plan.seed());
    for (int end = 0; end < hosts; end++) {
      InetSocketAddress address = Pair.address(end + 1, 4_001 + end);
      parties.add(
          new Party(network, history, end, address, plan.options(), plan.seed() * hosts + end));
    }
    watch = new SoakWatch(history, hosts, plan.server() ? parties.get(0).address : null);
    for (Party party : parties) {
      watch.learn(party.address, party.end);
      for (Party other : parties) {
        if (party != other) {
          party.meet(other);
        }
      }
      party.useInterface(INTERFACE_BYTES);
      if (plan.lastingIdentity()) {
        party.keepIdentity();
      }
    }
    if (plan.server()) {
      parties.get(0).answerOnly();
    }
    healNanos = Duration.ofMinutes(plan.minutes()).toNanos();
    figures = new SoakFigures(plan, network, history, parties, watch);
    links = new SoakLinks(plan, random, network, tally, healNanos, figures::checkTable);
    network.trace(watch);
    network.intercept(this::follow);
  }

  /** Whoever is met at a new address of a translator is still the same. */
  private Interception follow(
      InetSocketAddress from, InetSocketAddress to, long number, ByteBuffer datagram) {
    InetSocketAddress external = network.externalAddress(from);
    if (external != from) {
      for (Party party : parties) {
        if (party.address.equals(from) && watch.learn(external, party.end)) {
          tally.add("deed.rebound", 1);
          for (Party other : parties) {
            other.learn(external, party);
          }
        }
      }
    }
    return Interception.DELIVER;
  }

  /**
   * Runs it.
   *
   * @throws AssertionError if an invariant did not hold, with the plan and the end of the history
   */
  SoakTally run() {
    try {
      hostile();
      heal();
      again();
      quiet();
      end();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "seed " + plan.seed() + ": " + e.getMessage() + "\n" + plan + "\n" + history, e);
    }
    figures.sumUp(tally);
    return tally;
  }

  long digest() {
    return watch.digest();
  }

  // The bad time.

  private void hostile() {
    for (Party from : parties) {
      for (Party to : parties) {
        if (talk(from, to)) {
          links.open(from, to);
        }
      }
    }
    every(plan.volleySeconds(), this::volley);
    every(90, () -> deed(Deed.STOP_READING, this::stopReading));
    every(180, () -> deed(Deed.CLOSE, this::close));
    every(240, () -> deed(Deed.CRASH, this::crash));
    every(150, () -> deed(Deed.CONNECT, this::connect));
    every(90, () -> deed(Deed.MOVE, this::move));
    every(120, () -> deed(Deed.BULK, this::bulk));
    network.run(Duration.ofNanos(healNanos));
  }

  private boolean talk(Party one, Party other) {
    return one != other && (!plan.server() || one.end == 0 || other.end == 0);
  }

  private void every(int meanSeconds, Runnable action) {
    double wait = -Math.log(1 - random.nextDouble()) * meanSeconds * SECOND;
    long at = network.nowNanos() + (long) Math.min(wait, 10.0 * meanSeconds * SECOND);
    if (at < healNanos) {
      network.at(
          at,
          () -> {
            action.run();
            every(meanSeconds, action);
          });
    }
  }

  private void deed(Deed deed, Runnable action) {
    if (plan.deeds().contains(deed)) {
      action.run();
      tally.add("deed." + deed.name().toLowerCase(Locale.ROOT), 1);
    }
  }

  // What the applications do.

  private Party any() {
    return parties.get(random.nextInt(parties.size()));
  }

  private Party opener() {
    int first = plan.server() ? 1 : 0;
    return parties.get(first + random.nextInt(parties.size() - first));
  }

  private Party peerOf(Party party) {
    if (plan.server() && party.end != 0) {
      return parties.get(0);
    }
    int other = random.nextInt(parties.size() - 1);
    return parties.get(other < party.end ? other : other + 1);
  }

  private void volley() {
    Party from = any();
    Party to = peerOf(from);
    int count = random.nextInt(5) == 0 ? 20 + random.nextInt(60) : 1 + random.nextInt(8);
    int gapMillis = random.nextInt(3) == 0 ? 20 : 0;
    @Nullable Delivery fixed = random.nextBoolean() ? anyDelivery() : null;
    int channel = pick(0, 1, 63);
    for (int i = 0; i < count; i++) {
      network.at(
          network.nowNanos() + 1_000_000L * gapMillis * i,
          () -> one(from, to, fixed == null ? anyDelivery() : fixed, channel));
    }
  }

  private Delivery anyDelivery() {
    return Delivery.values()[random.nextInt(Delivery.values().length)];
  }

  private void one(Party from, Party to, Delivery delivery, int channel) {
    if (from.waiting() > MOST_WAITING) {
      return;
    }
    int size =
        switch (random.nextInt(20)) {
          case 0 -> 0;
          case 1, 2, 3, 4 -> 101 + random.nextInt(2_900);
          case 5 -> 3_000 + random.nextInt(40_000);
          default -> 1 + random.nextInt(100);
        };
    if (delivery == Delivery.UNRELIABLE || delivery == Delivery.UNRELIABLE_SEQUENCED) {
      size = Math.min(size, 1_000);
    }
    int key = random.nextInt(2);
    long expires = Endpoint.NEVER;
    if (size >= 4 && random.nextInt(10) == 0) {
      expires = network.nowNanos() + random.nextInt(3_000) * 1_000_000L;
    }
    from.send(
        to, delivery == Delivery.RELIABLE_LATEST ? key : channel, delivery, key, size, expires);
  }

  private void bulk() {
    Party from = any();
    int size = plan.tight() ? plan.largestBytes() : 100_000 + random.nextInt(900_000);
    Delivery delivery =
        random.nextBoolean() ? Delivery.RELIABLE_ORDERED : Delivery.RELIABLE_UNORDERED;
    if (from.waiting() < MOST_WAITING) {
      from.send(peerOf(from), 2, delivery, size);
    }
  }

  private void stopReading() {
    Party party = any();
    paused = true;
    party.pauseReading();
    long until = network.nowNanos() + random.nextInt(20_000) * 1_000_000L;
    network.at(Math.min(until, healNanos), party::resumeReading);
  }

  private void close() {
    closed = true;
    any().closeConnections(Duration.ofMillis(pick(0, 100, 3_000, 10_000)));
  }

  private void crash() {
    crashed = true;
    Party party = any();
    figures.takeCounters(party);
    watch.onCrash(party.address);
    party.crash();
  }

  private void connect() {
    Party party = opener();
    party.connect(peerOf(party));
  }

  private void move() {
    if (plan.server()) {
      network.rebind(opener().address, random.nextBoolean() ? Rebinding.PORT : Rebinding.ADDRESS);
    }
  }

  private int pick(int... values) {
    return values[random.nextInt(values.length)];
  }

  // The good time.

  private void heal() {
    for (Party from : parties) {
      for (Party to : parties) {
        if (links.isOpen(from, to)) {
          links.use(from, to, HEALED);
        }
      }
      from.resumeReading();
    }
    long rttNanos = 0;
    for (Party party : parties) {
      for (ConnectionInfo row : party.endpoint().connections(healNanos)) {
        rttNanos = Math.max(rttNanos, row.smoothedRtt().toNanos());
      }
    }
    network.run(GIVEN_UP.plusNanos(3 * rttNanos));
    fail(
        history.unsettled() > 0 || waiting() > 0,
        () -> "stuck: " + waiting() + " wait, " + parties);
    EndsChecker.checkTimes(history, healNanos, FOUND_AGAIN.toNanos() + 3 * rttNanos);
    long handshakeNanos = plan.options().handshakeTimeout().toNanos();
    EndsChecker.checkReasons(
        history,
        healNanos + handshakeNanos + SECOND + 3 * rttNanos,
        this::mayFallSilent,
        // The peer may have died before this side knew that the connection was open.
        silence -> hasForgotten(silence, handshakeNanos));
  }

  private int waiting() {
    int sum = 0;
    for (Party party : parties) {
      sum += party.waiting();
    }
    return sum;
  }

  /** Whether an end may have heard nothing of its peer for as long as the idle timeout. */
  private boolean mayFallSilent(EndsChecker.Silence silence) {
    Party peer = parties.get(silence.end()).whoIsAt(silence.peer());
    long now = silence.atNanos();
    // Two that opened at once may have two connections, of which one is silent.
    int open =
        EndsChecker.openBefore(
            history,
            silence.end(),
            now,
            address -> parties.get(silence.end()).whoIsAt(address) == peer);
    // Of three, those may be lost that acknowledge: what answers is not read here (seed 300120).
    return hasForgotten(silence, 0)
        || open > 1
        || watch.answers(silence.end(), peer.end, now - 25 * SECOND, now) < 4;
  }

  /**
   * Whether the peer of an end died, or ended a connection with it, since this one was opened, or
   * so long before.
   */
  private boolean hasForgotten(EndsChecker.Silence silence, long beforeNanos) {
    Party peer = parties.get(silence.end()).whoIsAt(silence.peer());
    return EndsChecker.endedAt(
        history,
        peer.end,
        silence.sinceNanos() - beforeNanos,
        silence.atNanos(),
        address -> peer.whoIsAt(address).end == silence.end());
  }

  /** Everybody speaks to everybody again: nothing of what was is in the way. */
  private void again() {
    int before = history.sent().size();
    for (Party from : parties) {
      for (Party to : parties) {
        if (talk(from, to) && !(plan.server() && from.end == 0)) {
          from.send(to, 0, Delivery.RELIABLE_ORDERED, 200);
          from.send(to, 1, Delivery.RELIABLE_UNORDERED, 2_000);
        }
      }
    }
    network.run(Duration.ofSeconds(5));
    if (plan.server()) {
      Party server = parties.get(0);
      for (Party to : parties) {
        if (to != server) {
          server.send(to, 0, Delivery.RELIABLE_ORDERED, 200);
        }
      }
      network.run(Duration.ofSeconds(5));
    }
    for (Sent message : history.sent().subList(before, history.sent().size())) {
      ReceiptOutcome outcome = history.outcome(message);
      fail(
          message.isPromised()
              && outcome != ReceiptOutcome.ACKNOWLEDGED
              && outcome != ReceiptOutcome.SUPERSEDED,
          () -> "on a good network: " + message + " ended " + history.settled(message));
    }
  }

  /** Those who have nothing to say are silent, but for keep-alives. */
  private void quiet() {
    network.run(Duration.ofSeconds(12)); // late copies and what a search for the MTU has left
    long connections = 0;
    for (Party party : parties) {
      connections += party.endpoint().connections(network.nowNanos()).size();
    }
    long before = network.counters().offered();
    network.run(QUIET);
    long said = network.counters().offered() - before;
    long ends = connections;
    // Four signs of life and what answers them, and ACK_FREQUENCY once as the round trip settles.
    fail(said > 10 * ends, () -> said + " datagrams of " + ends + " idle ends in " + QUIET);
  }

  private void end() {
    for (Party party : parties) {
      party.closeAll(Duration.ofSeconds(3));
    }
    boolean ended =
        network.runUntil(
            () -> parties.stream().allMatch(each -> each.endpoint().isClosed()),
            Duration.ofSeconds(40));
    fail(!ended || history.unsettled() > 0, () -> "not closed in time: " + parties);
    network.run(Duration.ofSeconds(1));
    Checkers.checkEnded(history);
    if (!paused) {
      HonestyChecker.checkNothingAfterEnd(history);
    }
    if (!crashed && !closed && EndsChecker.endedWell(history)) {
      OrderChecker.checkAcrossConnections(history);
      checkMemory();
    }
    for (Party party : parties) {
      figures.takeCounters(party);
      figures.checkCounters(party);
    }
  }

  private void checkMemory() {
    for (Party from : parties) {
      for (Party to : parties) {
        MemoryChecker.check(
            history,
            from.end,
            to.end,
            MemoryChecker.sendCeilingBytes(plan.options(), plan.largestBytes()),
            plan.options().receiveBufferBytes());
      }
    }
  }

  private static void fail(boolean failed, Supplier<String> why) {
    if (failed) {
      throw new AssertionError(why.get());
    }
  }
}
