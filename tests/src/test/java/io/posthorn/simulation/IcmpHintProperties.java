package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.checker.History;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;

/** ICMP decides nothing (PROTOCOL.md §8.5): it is remembered for the words of an attempt's end. */
class IcmpHintProperties {
  private static final Duration HANDSHAKE = Pair.options().handshakeTimeout();

  /** Seven first messages are still to come, not all of which get lost. */
  private static final int IN_TIME_MILLIS = 4_000;

  private static final InetSocketAddress OTHER_PORT = Pair.address(2, 4003);
  private static final InetSocketAddress OTHER_HOST = Pair.address(3, 4002);

  /** At this time a message says this of this address, or nothing. */
  private record Told(int atMillis, InetSocketAddress of, @Nullable IcmpHint hint) {
    void to(Endpoint endpoint) {
      if (hint != null) {
        endpoint.onIcmp(of, hint);
      }
    }
  }

  /** One party asks from the start; the other is there from a time on, or never is. */
  private static Pair run(long seed, int thereAfterMillis, Duration time, List<Told> told) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms loss 10%"));
    pair.network.recordTrace().detach(Pair.B);
    pair.network.at(Duration.ofMillis(thereAfterMillis), () -> pair.network.attach(Pair.B, pair.b));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    for (Told each : told) {
      pair.network.at(Duration.ofMillis(each.atMillis), () -> each.to(pair.a.endpoint()));
    }
    pair.network.run(time);
    return pair;
  }

  private static List<EndpointEvent.IcmpHeard> heard(Pair pair) {
    return pair.history.told(0, EndpointEvent.IcmpHeard.class);
  }

  private static List<EndpointEvent.Closed> closed(Pair pair) {
    return pair.history.told(0, EndpointEvent.Closed.class);
  }

  /**
   * FAULTS 12: whatever is said, and of whom, not one datagram is another or leaves at another
   * time, and whoever comes while it is asked for is met.
   */
  @Property(tries = 30)
  void whatIcmpSaysChangesNoDatagram(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 12_000) int thereAfterMillis,
      @ForAll @Size(max = 40) List<@IntRange(min = 0, max = 12_000) Integer> times,
      @ForAll @Size(40) List<@IntRange(min = 0, max = 2) Integer> addresses,
      @ForAll @Size(40) List<IcmpHint> hints) {
    List<InetSocketAddress> all = List.of(Pair.B, OTHER_PORT, OTHER_HOST);
    List<Told> told =
        Stream.iterate(0, i -> i < times.size(), i -> i + 1)
            .map(i -> new Told(times.get(i), all.get(addresses.get(i)), hints.get(i)))
            .toList();
    Duration time = HANDSHAKE.plusSeconds(3);
    Pair with = run(seed, thereAfterMillis, time, told);
    List<Told> nothing = told.stream().map(each -> new Told(each.atMillis, each.of, null)).toList();
    Pair without = run(seed, thereAfterMillis, time, nothing);
    assertArrayEquals(without.network.trace(), with.network.trace());
    assertEquals(
        without.history.told(0, EndpointEvent.Connected.class).size(),
        with.history.told(0, EndpointEvent.Connected.class).size());
    assertEquals(closed(without).size(), closed(with).size());
    assertEquals(without.history.received().size(), with.history.received().size());
    if (thereAfterMillis <= IN_TIME_MILLIS) {
      assertEquals(1, with.history.received().size());
      assertEquals(List.of(), closed(with));
    }
    assertTrue(heard(with).stream().allMatch(event -> event.peer().equals(Pair.B)));
    assertFalse(with.a.endpoint().isOpening());
  }

  /** What comes to a port where nobody is goes back as ICMP, from a host as hosts are, or not. */
  private static Pair runBesideKernel(
      long seed, int thereAfterMillis, TextTrace trace, @Nullable IcmpHint hint) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms loss 10%"));
    pair.network.trace(
        (nowNanos, from, to, number, lengthBytes, crc32c, fate) -> {
          trace.onDatagram(nowNanos, from, to, number, lengthBytes, crc32c, fate);
          if (fate.startsWith("unreachable")) {
            Told back = new Told(0, to, hint);
            pair.network.at(nowNanos + 20_000_000, () -> back.to(pair.a.endpoint()));
          }
        });
    pair.network.detach(Pair.B);
    pair.network.at(Duration.ofMillis(thereAfterMillis), () -> pair.network.attach(Pair.B, pair.b));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(HANDSHAKE.plusSeconds(3));
    return pair;
  }

  /** A program that is being started: its host says meanwhile that the port is closed. */
  @Property(tries = 20)
  void whoeverListensLaterIsMetAsIfItsHostHadSaidNothing(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 8_000) int thereAfterMillis) {
    TextTrace refused = new TextTrace();
    TextTrace silent = new TextTrace();
    Pair with = runBesideKernel(seed, thereAfterMillis, refused, IcmpHint.PORT_UNREACHABLE);
    Pair without = runBesideKernel(seed, thereAfterMillis, silent, null);
    assertArrayEquals(silent.bytes(), refused.bytes());
    assertEquals(without.history.received().size(), with.history.received().size());
    assertEquals(closed(without).size(), closed(with).size());
    if (thereAfterMillis <= IN_TIME_MILLIS) {
      assertEquals(1, with.history.received().size());
      assertEquals(List.of(), closed(with));
    }
    assertEquals(List.of(), heard(without));
    boolean mustBeHeard = thereAfterMillis > 3_000; // one of a dozen datagrams came through
    assertTrue(heard(with).size() <= 1 && (!mustBeHeard || heard(with).size() == 1));
  }

  @Example
  void whoeverNeverListensIsReportedAsItsHostSaid() {
    Pair pair = runBesideKernel(1, 60_000, new TextTrace(), IcmpHint.PORT_UNREACHABLE);
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, closed(pair).get(0).reason());
    assertEquals(IcmpHint.PORT_UNREACHABLE, closed(pair).get(0).icmpHint());
  }

  private static @Nullable IcmpHint atTheEnd(Told... told) {
    Pair pair = run(1, 60_000, HANDSHAKE.plusSeconds(3), List.of(told));
    EndpointEvent.Closed end = closed(pair).get(0);
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, end.reason());
    assertTrue(
        pair.history.entries().stream()
            .anyMatch(
                entry ->
                    entry instanceof History.Told at
                        && at.event() == end
                        && at.atNanos() == HANDSHAKE.toNanos()),
        "neither sooner nor later");
    return end.icmpHint();
  }

  @Example
  void theEndOfAnAttemptSaysWhatIcmpSaidLast() {
    assertNull(atTheEnd());
    assertEquals(
        IcmpHint.PORT_UNREACHABLE, atTheEnd(new Told(0, Pair.B, IcmpHint.PORT_UNREACHABLE)));
    assertEquals(
        IcmpHint.PROHIBITED,
        atTheEnd(
            new Told(1, Pair.B, IcmpHint.PORT_UNREACHABLE),
            new Told(9_999, Pair.B, IcmpHint.PROHIBITED)));
  }

  @Example
  void whatIsSaidOfAnotherAddressIsNotSaidOfThisOne() {
    assertNull(
        atTheEnd(
            new Told(1, OTHER_PORT, IcmpHint.PORT_UNREACHABLE),
            new Told(1, OTHER_HOST, IcmpHint.PORT_UNREACHABLE)));
  }

  @Example
  void theSameIsNewsOnce() {
    Told again = new Told(2, Pair.B, IcmpHint.PORT_UNREACHABLE);
    Told other = new Told(3, Pair.B, IcmpHint.HOST_UNREACHABLE);
    Pair pair = run(1, 60_000, Duration.ofSeconds(1), List.of(again, again, again, other));
    assertEquals(
        List.of(IcmpHint.PORT_UNREACHABLE, IcmpHint.HOST_UNREACHABLE),
        heard(pair).stream().map(EndpointEvent.IcmpHeard::hint).toList());
    assertTrue(pair.a.endpoint().isOpening());
  }

  @Example
  void afterTheHandshakeNobodyListens() {
    Pair pair = run(1, 0, Duration.ofSeconds(2), List.of());
    assertEquals(1, pair.history.received().size());
    assertFalse(pair.a.endpoint().isOpening());
    assertFalse(pair.b.endpoint().isOpening());
    pair.a.endpoint().onIcmp(Pair.B, IcmpHint.PORT_UNREACHABLE);
    pair.b.endpoint().onIcmp(Pair.A, IcmpHint.PORT_UNREACHABLE);
    pair.network.detach(Pair.B).run(Duration.ofMinutes(2));
    assertEquals(List.of(), heard(pair));
    assertNull(closed(pair).get(0).icmpHint());
  }

  /** M2 came: what was said before is not true, or no more. */
  @Example
  void anAnswerOverrulesWhatWasSaidBeforeIt() {
    Told before = new Told(5, Pair.B, IcmpHint.PORT_UNREACHABLE);
    Pair pair = new Pair(1, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.at(Duration.ofMillis(5), () -> before.to(pair.a.endpoint()));
    pair.network.at(Duration.ofMillis(45), () -> pair.network.detach(Pair.B));
    pair.network.run(HANDSHAKE.plusSeconds(1));
    assertEquals(1, heard(pair).size());
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, closed(pair).get(0).reason());
    assertNull(closed(pair).get(0).icmpHint());
  }

  /** Attempts count as long as they last, however they end. */
  @Example
  void whoeverGivesUpListensNoMore() {
    Pair pair = run(1, 60_000, Duration.ofSeconds(1), List.of());
    assertTrue(pair.a.endpoint().isOpening());
    pair.a.closeConnections(Duration.ZERO);
    pair.network.run(Duration.ofSeconds(1));
    assertFalse(pair.a.endpoint().isOpening());
  }
}
