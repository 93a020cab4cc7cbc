package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Security;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.identity.Identity;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Somebody with another key at the peer's address: pinned is pinned, in either role. */
class ImpostorProperties {
  private static Identity identity(SplittableRandom random) {
    byte[] key = new byte[32];
    random.nextBytes(key);
    return Identity.of(key);
  }

  private static Pair pinned(long seed, boolean impostor) {
    SplittableRandom random = new SplittableRandom(seed);
    Identity right = identity(random);
    Identity wrong = identity(random);
    return new Pair(
        seed,
        DraftOptions.reliable(Security.pinned(right.fingerprint().toString())),
        DraftOptions.reliable(Security.identity(impostor ? wrong : right)));
  }

  /** FAULTS 59: nothing is sent to whoever has another key, and nothing taken from it. */
  @Property(tries = 40, edgeCases = EdgeCasesMode.NONE)
  void fault59_anImpostorGetsNothingAndIsNotHeard(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 60) int laterMillis,
      @ForAll boolean impostorSpeaksFirst) {
    Pair pair = pinned(seed, true).link(LinkConditions.parse("delay 10ms 5ms"));
    long first = 0;
    long second = laterMillis * 1_000_000L;
    pair.network.at(
        impostorSpeaksFirst ? second : first,
        () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100));
    pair.network.at(
        impostorSpeaksFirst ? first : second,
        () -> pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100));
    pair.network.run(Duration.ofSeconds(30));
    assertEquals(List.of(), pair.history.received());
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Connected.class));
    for (EndpointEvent.Closed end : pair.history.told(0, EndpointEvent.Closed.class)) {
      assertEquals(CloseReason.IDENTITY, end.reason());
      assertTrue(end.text().contains("SHA256:"), end.text());
    }
    assertEquals(0, pair.history.unsettled());
    assertTrue(pair.a.endpoint().counters().drops(DropReason.IDENTITY_REFUSED) > 0);
  }

  /** The right peer is talked to, whoever begins, and both may at once. */
  @Property(tries = 40, edgeCases = EdgeCasesMode.NONE)
  void theRightPeerIsTalkedToInEitherRole(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 60) int laterMillis) {
    Pair pair = pinned(seed, false).link(LinkConditions.parse("delay 10ms 5ms loss 5%"));
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.at(
        laterMillis * 1_000_000L, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100));
    pair.network.run(Duration.ofSeconds(20));
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    assertEquals(2, pair.history.received().size());
    Checkers.checkSoFar(pair.history);
  }

  /** FAULTS 59: whoever takes a peer's address does not end its connection, nor step into it. */
  @Property(tries = 40, edgeCases = EdgeCasesMode.NONE)
  void fault59_anImpostorAtThePeersAddressEndsNothing(@ForAll long seed) {
    Pair pair = pinned(seed, false).link(LinkConditions.parse("delay 10ms"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(1, pair.history.received().size());
    // For a second the peer's address is the impostor's, who opens a connection from there.
    InetSocketAddress elsewhere = Pair.address(3, 3);
    Party impostor =
        new Party(
            pair.network,
            new History(),
            1,
            elsewhere,
            DraftOptions.reliable(Security.identity(identity(new SplittableRandom(seed + 9)))),
            seed + 3);
    impostor.meet(pair.a);
    pair.network.replace(Pair.B, impostor);
    impostor.connect(pair.a);
    pair.network.run(Duration.ofSeconds(1));
    pair.network.replace(Pair.B, pair.b);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 200);
    pair.network.run(Duration.ofSeconds(10));
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    assertEquals(2, pair.history.received().size());
    assertEquals(1, pair.history.told(0, EndpointEvent.Connected.class).size());
    assertEquals(1, pair.history.told(1, EndpointEvent.Connected.class).size(), "the same one");
  }
}
