package io.posthorn;

import io.posthorn.SocketModel.Draft;
import io.posthorn.SocketWorld.How;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.ActionChainArbitrary;
import net.jqwik.api.state.Transformer;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * The API as an application sees it, on real sockets, against a model: opening, connecting, sending
 * in every way, receiving, confirming, cancelling, closing and opening again, in any order, by any
 * of three sockets (each may talk to itself), over networks some of which are bad.
 *
 * <p>Steps are drawn beforehand and depend on nothing that happens, so that a failure is tried
 * again with the same steps and the same fates of datagrams; what threads make of them may differ.
 */
class SocketModelProperties {
  private static final int SEATS = 3;

  /** On real sockets a try takes as long as many in the simulator. */
  private static final int TRIES = 30;

  /** Does something with the world. */
  private interface Use {
    void with(SocketWorld world) throws Exception;
  }

  private static Transformer<SocketWorld> step(String what, Use use) {
    return Transformer.mutate(
        what,
        world -> {
          try {
            use.with(world);
          } catch (Exception e) {
            throw new AssertionError(what + " threw " + e, e);
          }
        });
  }

  private static Action<SocketWorld> action(Arbitrary<Transformer<SocketWorld>> steps) {
    return new Action.Independent<>() {
      @Override
      public Arbitrary<Transformer<SocketWorld>> transformer() {
        return steps;
      }
    };
  }

  private static Arbitrary<Integer> seats() {
    return Arbitraries.integers().between(0, SEATS - 1);
  }

  /** One of several things, of which there may be more or fewer. */
  private static Arbitrary<Integer> which() {
    return Arbitraries.integers().between(0, 5);
  }

  private static Arbitrary<Boolean> either() {
    return Arbitraries.of(true, false);
  }

  private static Arbitrary<Draft> drafts() {
    Arbitrary<Delivery> deliveries =
        Arbitraries.frequency(
            Tuple.of(4, Delivery.RELIABLE_ORDERED),
            Tuple.of(2, Delivery.RELIABLE_UNORDERED),
            Tuple.of(1, Delivery.RELIABLE_LATEST),
            Tuple.of(1, Delivery.UNRELIABLE),
            Tuple.of(1, Delivery.UNRELIABLE_SEQUENCED));
    Arbitrary<Integer> sizes =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.integers().between(4, 1_000)),
            Tuple.of(1, Arbitraries.integers().between(4, 20_000)));
    return Combinators.combine(
            Arbitraries.of(1, 1, 3, 10),
            Arbitraries.of(0, 1, 63),
            deliveries,
            Arbitraries.of(0, 1),
            sizes,
            either())
        .as(
            (count, channel, delivery, key, size, confirm) -> {
              boolean small =
                  delivery == Delivery.UNRELIABLE || delivery == Delivery.UNRELIABLE_SEQUENCED;
              int fitting = small ? Math.min(size, 1_000) : size;
              return new Draft(count, channel, delivery, key, fitting, confirm);
            });
  }

  private static String by(How how, Draft draft) {
    return (how == How.TRY_SEND ? ", if there is room, " : " ") + draft.text(how == How.BYTES);
  }

  private static Arbitrary<How> hows() {
    return Arbitraries.of(How.class);
  }

  @Provide
  ActionChainArbitrary<SocketWorld> chains() {
    return ActionChain.startWith(SocketModelProperties::world)
        .withAction(
            8,
            action(
                Combinators.combine(seats(), seats(), hows(), drafts())
                    .as(
                        (from, to, how, draft) ->
                            step(
                                from + " sends " + to + by(how, draft),
                                world -> world.send(from, to, how, draft)))))
        .withAction(
            4,
            action(
                Combinators.combine(seats(), which(), hows(), drafts())
                    .as(
                        (from, which, how, draft) ->
                            step(
                                from + " sends on connection " + which + by(how, draft),
                                world -> world.sendOn(from, which, how, draft)))))
        .withAction(
            8,
            action(
                Combinators.combine(seats(), either())
                    .as(
                        (seat, patient) ->
                            step(
                                seat + (patient ? " waits for a message" : " looks for a message"),
                                world -> world.receive(seat, patient)))))
        .withAction(
            3,
            action(
                Combinators.combine(seats(), which())
                    .as(
                        (seat, which) ->
                            step(
                                seat + " looks for a message of connection " + which,
                                world -> world.receiveOn(seat, which)))))
        .withAction(
            3,
            action(
                Combinators.combine(seats(), seats())
                    .as(
                        (seat, to) ->
                            step(seat + " connects to " + to, world -> world.connect(seat, to)))))
        .withAction(
            2, action(seats().map(seat -> step(seat + " accepts", world -> world.accept(seat)))))
        .withAction(
            3,
            action(
                Combinators.combine(seats(), which())
                    .as(
                        (seat, which) ->
                            step(
                                seat + " confirms message " + which,
                                world -> world.confirm(seat, which)))))
        .withAction(
            3, action(which().map(which -> step("cancel " + which, world -> world.cancel(which)))))
        .withAction(
            1,
            action(
                Combinators.combine(seats(), which(), either())
                    .as(
                        (seat, which, lingers) ->
                            step(
                                seat + " closes connection " + which + (lingers ? "" : " at once"),
                                world -> world.closeConnection(seat, which, lingers)))))
        .withAction(
            2,
            action(
                Combinators.combine(seats(), either())
                    .as(
                        (seat, lingers) ->
                            step(
                                seat + " closes" + (lingers ? "" : " at once"),
                                world -> world.closeSocket(seat, lingers)))))
        .withAction(
            3, action(seats().map(seat -> step(seat + " opens", world -> world.open(seat)))))
        .withAction(
            1, action(seats().map(seat -> step(seat + " errs", world -> world.misuse(seat)))))
        .withMaxTransformations(40);
  }

  /** Three seats, none or one or more of them on a bad network. */
  private static Arbitrary<List<String>> networks(String... bad) {
    Arbitrary<String> network =
        Arbitraries.frequencyOf(
            Tuple.of(1, Arbitraries.just("")), Tuple.of(1, Arbitraries.of(bad)));
    return network.list().ofSize(SEATS);
  }

  @Provide
  Arbitrary<List<String>> plainNetworks() {
    return networks(
        "loss 30%",
        "loss 10% duplicate 50%",
        "delay 1ms 1ms reorder 30% loss 10%",
        "duplicate 50%",
        "delay 1ms 1ms reorder 30%");
  }

  @Provide
  Arbitrary<List<String>> reliableNetworks() {
    return networks(
        "loss 20%",
        "delay 1ms 1ms reorder 30%",
        "loss 5% duplicate 50%",
        "delay 1ms loss 10% duplicate 10% corrupt 5%");
  }

  @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE)
  void plainSocketsDoWhatTheModelSays(
      @ForAll("plainNetworks") List<String> networks,
      @ForAll("chains") ActionChain<SocketWorld> chain)
      throws Exception {
    run(new SocketWorld(Mode.PLAIN, Security.none(), networks), chain);
  }

  @Property(tries = TRIES, edgeCases = EdgeCasesMode.NONE)
  void reliableSocketsDoWhatTheModelSays(
      @ForAll("reliableNetworks") List<String> networks,
      @ForAll boolean sealed,
      @ForAll("chains") ActionChain<SocketWorld> chain)
      throws Exception {
    Security security = sealed ? Security.ephemeral() : Security.none();
    run(new SocketWorld(Mode.RELIABLE, security, networks), chain);
  }

  /** The world of the chain that runs: chains are made before their networks are drawn. */
  private static final AtomicReference<@Nullable SocketWorld> RUNNING = new AtomicReference<>();

  private static SocketWorld world() {
    return Objects.requireNonNull(RUNNING.get(), "nothing runs");
  }

  private static void run(SocketWorld world, ActionChain<SocketWorld> chain) throws Exception {
    RUNNING.set(world);
    try (world) {
      chain
          .withInvariant("what holds at any time", each -> each.verdict.check())
          .run()
          .verdict
          .settle();
      happened("tries that lost a datagram", world.hasLost());
      happened("tries that closed a socket", world.hasClosed());
      happened("tries that opened a seat again", world.hasReopened());
    }
  }

  /** Of a property's tries some must have this in them; by chance none has in one run of 10^6. */
  private static void happened(String what, boolean here) {
    Statistics.label(what)
        .collect(here)
        .coverage(seen -> seen.check(true).count(count -> count > 0));
  }
}
