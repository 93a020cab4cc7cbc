package io.posthorn.testkit;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.LinkRecording;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bad network of one test: a seeded {@link Relay} before each server that the test asks for. A
 * parameter of this type is given to tests by {@link PosthornExtension}; elsewhere, as in a
 * property, it is made by {@link #seeded} and closed by whoever made it.
 *
 * <p>For one thread at a time.
 */
public final class TestRelay implements AutoCloseable {
  private final long seed;
  private final @Nullable Path record;
  private final @Nullable Path replay;
  private final Map<InetSocketAddress, Relay> relays = new LinkedHashMap<>();
  private final List<Path> recordings = new ArrayList<>();
  private LinkConditions up;
  private LinkConditions down;

  /**
   * Makes one.
   *
   * @param record an empty file for the fates of the first relay, or null; those of a second go to
   *     the same name with {@code .2} at its end
   * @param replay what the first relay does again, or null: then conditions count for nothing
   */
  TestRelay(
      LinkConditions up,
      LinkConditions down,
      long seed,
      @Nullable Path record,
      @Nullable Path replay) {
    this.up = up;
    this.down = down;
    this.seed = seed;
    this.record = record;
    this.replay = replay;
    if (record != null) {
      recordings.add(record); // it is there already
    }
  }

  /** A bad network with these conditions both ways. */
  public static TestRelay seeded(long seed, LinkConditions conditions) {
    return new TestRelay(conditions, conditions, seed, null, null);
  }

  /**
   * Where to send instead of to this port of the loopback; asked again, the same.
   *
   * @throws IOException if the relay cannot be bound
   */
  public InetSocketAddress inFrontOf(int port) throws IOException {
    return inFrontOf(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /**
   * Where to send instead of to this server; asked again, the same.
   *
   * @throws IOException if the relay cannot be bound
   */
  public InetSocketAddress inFrontOf(InetSocketAddress server) throws IOException {
    Relay relay = relays.get(server);
    if (relay == null) {
      // Each server's fates are its own, and the first one's those of the seed itself.
      Relay.Builder builder = Relay.inFrontOf(server).seed(seed + relays.size());
      builder.up(replayed(up)).down(replayed(down));
      Path file = record;
      if (file != null) {
        file = numbered(file, relays.size());
        builder.record(file);
        if (!file.equals(record)) {
          recordings.add(file);
        }
      }
      relay = builder.start();
      relays.put(server, relay);
    }
    return relay.localAddress();
  }

  /** What the recording says, if there is one, instead of the conditions. */
  private LinkConditions replayed(LinkConditions otherwise) throws IOException {
    Path file = replay;
    if (file == null) {
      return otherwise;
    }
    Path own = numbered(file, relays.size());
    return LinkConditions.replaying(LinkRecording.read(Files.exists(own) ? own : file));
  }

  private static Path numbered(Path file, int relay) {
    return relay == 0 ? file : file.resolveSibling(file.getFileName() + "." + (relay + 1));
  }

  /**
   * The files with the fates of each relay, in the order in which they were asked for; the first is
   * there and empty if none was.
   */
  List<Path> recordings() {
    return recordings;
  }

  /** Other conditions both ways from now on, of every relay. */
  public void conditions(LinkConditions both) {
    up(both);
    down(both);
  }

  /** Other conditions towards the servers from now on. */
  public void up(LinkConditions conditions) {
    up = conditions;
    if (replay == null) {
      relays.values().forEach(relay -> relay.up(conditions));
    }
  }

  /** Other conditions towards the clients from now on. */
  public void down(LinkConditions conditions) {
    down = conditions;
    if (replay == null) {
      relays.values().forEach(relay -> relay.down(conditions));
    }
  }

  /** What decides the fates. */
  public long seed() {
    return seed;
  }

  /** What happened towards the servers so far. */
  public LinkCounters countersUp() {
    LinkCounters sum = LinkCounters.ZERO;
    for (Relay relay : relays.values()) {
      sum = sum.plus(relay.statistics().up());
    }
    return sum;
  }

  /** What happened towards the clients so far. */
  public LinkCounters countersDown() {
    LinkCounters sum = LinkCounters.ZERO;
    for (Relay relay : relays.values()) {
      sum = sum.plus(relay.statistics().down());
    }
    return sum;
  }

  /** Ends every relay; what is under way is lost. */
  @Override
  public void close() {
    relays.values().forEach(Relay::close);
  }

  @Override
  public String toString() {
    String fates = "up '" + up + "', down '" + down + "', seed " + seed;
    return replay == null ? fates : fates + ", all of it replayed from " + replay;
  }
}
