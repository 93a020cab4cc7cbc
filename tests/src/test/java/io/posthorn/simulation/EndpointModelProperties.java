package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.MemoryChecker;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * An endpoint against a model: for each way and channel a queue. Applications at both ends do what
 * they like in any order; after each step, what was handed over is what the model has at its head.
 */
class EndpointModelProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(22, Fault.LOST)
          .atLeast(20, Fault.REORDERED)
          .atLeast(8, Fault.DUPLICATED)
          .atLeast(5, Fault.CORRUPTED);

  private static final int LARGEST_BYTES = 12_000;

  /** What an application, or fate, does. */
  enum Act {
    SEND,
    SEND_UNORDERED,
    PAUSE,
    RESUME,
    READ_ONE,
    CONNECT,
    CLOSE,
    CRASH,
    PASS,
    CUT,
    MEND
  }

  /**
   * One step.
   *
   * @param size of a message in bytes, or of a time in milliseconds
   */
  record Step(Act act, boolean forth, int channel, int size) {
    @Override
    public String toString() {
      return switch (act) {
        case SEND, SEND_UNORDERED -> act + end() + " channel " + channel + ", " + size + " B";
        case PASS -> size + " ms";
        case CLOSE -> act + end() + " linger " + size + " ms";
        default -> act + end();
      };
    }

    private String end() {
      return forth ? " a" : " b";
    }
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Act> acts =
        Arbitraries.frequency(
            Tuple.of(8, Act.PASS),
            Tuple.of(8, Act.SEND),
            Tuple.of(3, Act.SEND_UNORDERED),
            Tuple.of(2, Act.PAUSE),
            Tuple.of(2, Act.READ_ONE),
            Tuple.of(2, Act.RESUME),
            Tuple.of(1, Act.CONNECT),
            Tuple.of(1, Act.CUT),
            Tuple.of(2, Act.MEND),
            Tuple.of(1, Act.CLOSE),
            Tuple.of(1, Act.CRASH));
    return Combinators.combine(
            acts,
            Arbitraries.of(true, false),
            Arbitraries.of(0, 1),
            Arbitraries.oneOf(
                Arbitraries.integers().between(0, 300),
                Arbitraries.integers().between(0, LARGEST_BYTES)))
        .as(Step::new)
        .list()
        .ofMaxSize(40)
        .withSizeDistribution(RandomDistribution.uniform());
  }

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links(20, Duration.ZERO);
  }

  /** What is on its way, by end and channel, as the applications know it. */
  private static final class Model {
    private final Map<List<Integer>, ArrayDeque<Sent>> ordered = new HashMap<>();
    private final Map<ByteBuffer, Integer> unordered = new HashMap<>();
    private boolean split;
    private int seen;

    /** Takes note of what happened since the last call; fails if the model says otherwise. */
    void follow(History history) {
      List<History.Entry> entries = history.entries();
      for (; seen < entries.size(); seen++) {
        History.Entry entry = entries.get(seen);
        if (entry instanceof Sent sent) {
          if (sent.delivery() == Delivery.RELIABLE_ORDERED) {
            queue(sent.end(), sent.channel()).add(sent);
          } else {
            unordered.merge(ByteBuffer.wrap(sent.body()), 1, Integer::sum);
          }
        } else if (entry instanceof Received received) {
          onReceived(received);
        } else if (entry instanceof History.Crashed
            || (entry instanceof History.Told told
                && told.event() instanceof EndpointEvent.Closed)) {
          split();
        }
      }
    }

    /** From now on there may be more than one connection, each with an order of its own. */
    void split() {
      split = true;
    }

    private ArrayDeque<Sent> queue(int end, int channel) {
      return ordered.computeIfAbsent(List.of(end, channel), none -> new ArrayDeque<>());
    }

    private void onReceived(Received received) {
      ByteBuffer body = ByteBuffer.wrap(received.message().body());
      if (received.message().delivery() != Delivery.RELIABLE_ORDERED) {
        Integer left = unordered.computeIfPresent(body, (same, count) -> count - 1);
        assertTrue(left != null && left >= 0, () -> "not on its way: " + received);
        return;
      }
      ArrayDeque<Sent> queue = queue(received.from(), received.message().channel());
      if (!split) {
        Sent head = queue.poll();
        assertTrue(head != null, () -> "not on its way: " + received);
        assertEquals(ByteBuffer.wrap(head.body()), body, () -> "not the next one: " + received);
        return;
      }
      // What a connection carried that ended may be missing, and another may be open beside it.
      boolean found = false;
      for (var each = queue.iterator(); each.hasNext() && !found; ) {
        if (ByteBuffer.wrap(each.next().body()).equals(body)) {
          each.remove();
          found = true;
        }
      }
      assertTrue(found, () -> "not on its way: " + received);
    }

    void isEmpty() {
      for (ArrayDeque<Sent> queue : ordered.values()) {
        assertEquals(0, queue.size(), () -> "left: " + queue);
      }
      for (Integer left : unordered.values()) {
        assertEquals(0, left, "unordered messages are left");
      }
    }
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void anEndpointDoesWhatTheModelDoes(
      @ForAll long seed,
      @ForAll("links") LinkConditions link,
      @ForAll("steps") List<Step> steps,
      @ForAll boolean clear) {
    SocketOptions options = Pair.patient(!clear, true);
    Pair pair = new Pair(seed, options).link(link);
    Model model = new Model();
    try {
      for (Step step : steps) {
        if (step.act == Act.CLOSE) {
          model.split();
        }
        take(pair, step);
        model.follow(pair.history);
        check(pair, options);
      }
      // In the end the network is good and both read: what was not cut short arrives.
      pair.network.mend(Pair.A, Pair.B).mend(Pair.B, Pair.A);
      pair.link(LinkConditions.parse("delay 5ms"));
      pair.a.resumeReading();
      pair.b.resumeReading();
      boolean settled = pair.network.runUntil(pair::isSettled, Duration.ofSeconds(240));
      assertTrue(settled, () -> "stuck: " + pair.a + "\n" + pair.b);
      pair.network.run(Duration.ofSeconds(12));
      model.follow(pair.history);
      check(pair, options);
      if (!model.split) {
        model.isEmpty();
      }
      assertTrue(pair.close(Duration.ofSeconds(3), Duration.ofSeconds(40)), "not closed in time");
      Checkers.checkEnded(pair.history);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + pair.history, e);
    }
    HARDNESS.add(pair.network.counters());
  }

  private static void take(Pair pair, Step step) {
    Party self = step.forth ? pair.a : pair.b;
    Party other = step.forth ? pair.b : pair.a;
    switch (step.act) {
      case SEND -> self.send(other, step.channel, Delivery.RELIABLE_ORDERED, step.size);
      case SEND_UNORDERED -> self.send(other, step.channel, Delivery.RELIABLE_UNORDERED, step.size);
      case PAUSE -> self.pauseReading();
      case RESUME -> self.resumeReading();
      case READ_ONE -> self.readOne();
      case CONNECT -> self.connect(other);
      case CLOSE -> self.closeConnections(Duration.ofMillis(step.size));
      case CRASH -> self.crash();
      case PASS -> pair.network.run(Duration.ofMillis(step.size));
      case CUT -> pair.network.cut(self.address, other.address);
      case MEND -> pair.network.mend(self.address, other.address);
    }
  }

  private static void check(Pair pair, SocketOptions options) {
    long send = MemoryChecker.sendCeilingBytes(options, LARGEST_BYTES);
    for (Party party : List.of(pair.a, pair.b)) {
      for (var row : party.endpoint().connections(pair.network.nowNanos())) {
        assertTrue(row.bytesQueued() <= send, row.toString());
        assertTrue(row.bytesInFlight() >= 0, row.toString());
      }
    }
    if (pair.history.told(0, EndpointEvent.Closed.class).isEmpty()
        && pair.history.told(1, EndpointEvent.Closed.class).isEmpty()) {
      long receive = options.receiveBufferBytes();
      MemoryChecker.check(pair.history, 0, 1, send, receive);
      MemoryChecker.check(pair.history, 1, 0, send, receive);
    }
  }
}
