package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.LivenessChecker;
import io.posthorn.simulation.checker.OrderChecker;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * A perfect network, but for a few faults that are named one by one: which datagram of which
 * direction. What fails shrinks to the one datagram that it takes, such as {@code duplicate 3}.
 */
class OneFaultProperties {
  private static final int MESSAGES = 12;

  /** Eight losses in a row at worst, half of them of the handshake. */
  private static final Duration LONGEST = Duration.ofSeconds(8);

  /** What happens to one datagram. */
  enum Kind {
    DUPLICATE,
    DROP,
    LATE,
    DAMAGE
  }

  /**
   * One fault.
   *
   * @param number of the datagram in its direction, from 1
   * @param bit the bit that is flipped, by {@link Kind#DAMAGE} only
   */
  record Fault(Kind kind, int number, boolean forth, int bit) {
    @Override
    public String toString() {
      return kind.name().toLowerCase(Locale.ROOT)
          + " "
          + number
          + (forth ? "" : " on the way back")
          + (kind == Kind.DAMAGE ? " at bit " + bit : "");
    }
  }

  @Provide
  Arbitrary<List<Fault>> faults() {
    return faults(Kind.values());
  }

  @Provide
  Arbitrary<List<Fault>> duplicates() {
    return faults(Kind.DUPLICATE);
  }

  @Provide
  Arbitrary<List<Fault>> drops() {
    return faults(Kind.DROP);
  }

  @Provide
  Arbitrary<Fault> flips() {
    return fault(Kind.DAMAGE);
  }

  private static Arbitrary<List<Fault>> faults(Kind... kinds) {
    return fault(kinds).list().ofMaxSize(8);
  }

  private static Arbitrary<Fault> fault(Kind... kinds) {
    return Combinators.combine(
            Arbitraries.of(kinds),
            Arbitraries.integers().between(1, 20),
            Arbitraries.of(true, false),
            Arbitraries.oneOf(
                Arbitraries.integers().between(0, 40 * 8),
                Arbitraries.integers().between(0, 1_200 * 8)))
        .as(
            (kind, number, forth, bit) ->
                new Fault(kind, number, forth, kind == Kind.DAMAGE ? bit : 0));
  }

  /** Repeated datagrams change nothing at all. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void copiesChangeNothing(@ForAll("duplicates") List<Fault> faults, @ForAll boolean clear) {
    run(faults, clear, LONGEST);
  }

  /** Lost datagrams cost time. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void lossesAreMadeUpFor(@ForAll("drops") List<Fault> faults, @ForAll boolean clear) {
    run(faults, clear, LONGEST);
  }

  /** All of them together. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void fewFaultsAreSurvived(@ForAll("faults") List<Fault> faults, @ForAll boolean clear) {
    run(faults, clear, LONGEST);
  }

  /** One flipped bit, wherever it is: it costs a datagram, and ends nothing. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void oneFlippedBitEndsNothing(@ForAll("flips") Fault fault, @ForAll boolean clear) {
    run(List.of(fault), clear, Duration.ofSeconds(2));
  }

  private static void run(List<Fault> faults, boolean clear, Duration longest) {
    Pair pair = new Pair(1, Pair.patient(!clear, false)).link(LinkConditions.parse("delay 5ms"));
    pair.network.intercept(
        (from, to, number, datagram) -> {
          Interception wish = Interception.DELIVER;
          for (Fault fault : faults) {
            if (fault.number == number && fault.forth == from.equals(Pair.A)) {
              switch (fault.kind) {
                case DUPLICATE -> wish = Interception.DUPLICATE;
                case DROP -> wish = Interception.DROP;
                case LATE -> wish = Interception.delay(Duration.ofMillis(30));
                case DAMAGE -> {
                  int at = fault.bit / 8 % datagram.limit();
                  datagram.put(at, (byte) (datagram.get(at) ^ 1 << fault.bit % 8));
                }
              }
            }
          }
          return wish;
        });
    for (int i = 0; i < MESSAGES; i++) {
      long at = i * 20_000_000L;
      int size = i * 37;
      pair.network.at(at, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, size));
      pair.network.at(at, () -> pair.b.send(pair.a, 1, Delivery.RELIABLE_UNORDERED, size));
      pair.network.at(at, () -> pair.a.send(pair.b, 2, Delivery.UNRELIABLE_SEQUENCED, size));
    }
    // From the third datagram on, behind the two of the handshake, each carries one whose copy
    // shows.
    for (int i = 0; i < MESSAGES; i++) {
      long at = (11 + i) * 1_000_000L;
      pair.network.at(at, () -> pair.a.send(pair.b, 3, Delivery.UNRELIABLE, 4));
    }
    pair.network.run(Duration.ofSeconds(1));
    assertTrue(
        pair.network.runUntil(pair::isSettled, longest), () -> "stuck: " + pair.a + "\n" + pair.b);
    pair.network.run(Duration.ofMillis(100));
    LivenessChecker.check(pair.history, 0, longest.toNanos());
    Checkers.checkSoFar(pair.history);
    OrderChecker.checkAcrossConnections(pair.history);
    for (int end = 0; end < 2; end++) {
      assertEquals(List.of(), pair.history.told(end, EndpointEvent.Closed.class), "ended");
    }
  }
}
