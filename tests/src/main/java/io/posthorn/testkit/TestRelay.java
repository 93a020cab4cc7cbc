package io.posthorn.testkit;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The bad network of one test: a seeded {@link Relay} before each server that the test asks for. A
 * parameter of this type is given to tests by {@link PosthornExtension}; elsewhere, as in a
 * property, it is made by {@link #seeded} and closed by whoever made it.
 *
 * <p>For one thread at a time.
 */
public final class TestRelay implements AutoCloseable {
  private final long seed;
  private final Map<InetSocketAddress, Relay> relays = new LinkedHashMap<>();
  private LinkConditions up;
  private LinkConditions down;

  TestRelay(LinkConditions up, LinkConditions down, long seed) {
    this.up = up;
    this.down = down;
    this.seed = seed;
  }

  /** A bad network with these conditions both ways. */
  public static TestRelay seeded(long seed, LinkConditions conditions) {
    return new TestRelay(conditions, conditions, seed);
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
      Relay.Builder builder = Relay.inFrontOf(server).up(up).down(down).seed(seed + relays.size());
      relay = builder.start();
      relays.put(server, relay);
    }
    return relay.localAddress();
  }

  /** Other conditions both ways from now on, of every relay. */
  public void conditions(LinkConditions both) {
    up(both);
    down(both);
  }

  /** Other conditions towards the servers from now on. */
  public void up(LinkConditions conditions) {
    up = conditions;
    relays.values().forEach(relay -> relay.up(conditions));
  }

  /** Other conditions towards the clients from now on. */
  public void down(LinkConditions conditions) {
    down = conditions;
    relays.values().forEach(relay -> relay.down(conditions));
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
    return "up '" + up + "', down '" + down + "', seed " + seed;
  }
}
