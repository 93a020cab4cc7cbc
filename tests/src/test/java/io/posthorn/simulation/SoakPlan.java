package io.posthorn.simulation;

import io.posthorn.DraftOptions;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.HostileConditions.Fault;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * What a soak run has, drawn from its seed: who is there, what the network may do, what the
 * applications do.
 *
 * @param hosts how many
 * @param server whether the first only answers and the others talk to it alone, from behind address
 *     translators; else all open connections to all
 * @param faults what the network may do
 * @param deeds what the applications may do beside sending
 * @param minutes how long the network is bad
 * @param changeSeconds mean time between changes of a link's conditions
 * @param volleySeconds mean time between volleys of messages
 * @param sealed whether packets are encrypted
 * @param tight whether buffers are small
 * @param lastingIdentity whether a restarted host has its key still
 * @param redundant whether thin flows repeat themselves
 */
record SoakPlan(
    long seed,
    int hosts,
    boolean server,
    Set<Fault> faults,
    Set<Deed> deeds,
    int minutes,
    int changeSeconds,
    int volleySeconds,
    boolean sealed,
    boolean tight,
    boolean lastingIdentity,
    boolean redundant) {
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /** What an application may do to its connections. */
  enum Deed {
    STOP_READING,
    CLOSE,
    CRASH,
    CONNECT,
    MOVE,
    BULK
  }

  static SoakPlan of(long seed) {
    RandomGenerator random = new SplittableRandom(seed);
    Set<Deed> deeds = EnumSet.noneOf(Deed.class);
    for (Deed deed : Deed.values()) {
      if (random.nextInt(3) == 0) {
        deeds.add(deed);
      }
    }
    return new SoakPlan(
        seed,
        random.nextInt(3) == 0 ? 3 + random.nextInt(3) : 2,
        random.nextBoolean(),
        HostileConditions.draw(random),
        deeds,
        10 + random.nextInt(21),
        10 + random.nextInt(50),
        15 + random.nextInt(60),
        random.nextInt(3) == 0,
        random.nextInt(3) == 0,
        random.nextBoolean(),
        random.nextInt(4) != 0);
  }

  /** The largest message that is sent. */
  int largestBytes() {
    return tight ? 70_000 : 1_000_000;
  }

  SocketOptions options() {
    DraftOptions options = DraftOptions.of(Pair.options(sealed, tight, HANDSHAKE));
    options.redundancy = redundant;
    return options.done();
  }
}
