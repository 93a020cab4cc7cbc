package io.posthorn.simulation;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.DatagramChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The clients of a {@link Relay} and the conditions they share: who they are, which has something
 * due first, and when one that fell silent is forgotten. The caller holds the relay's lock.
 */
final class RelayClients {
  private static final long NEVER = DeadlineHeap.NEVER;
  private static final long SWEEP_NANOS = 1_000_000_000L;

  private final int most;
  private final long idleNanos;
  private final long seed;
  private final UpstreamSockets upstreams;
  private final DatagramPool pool = new DatagramPool(true);
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private final List<@Nullable RelayClient> slots = new ArrayList<>(); // by deadline id
  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  private final Map<SocketAddress, RelayClient> byAddress = new HashMap<>();

  private LinkConditions up;
  private LinkConditions down;
  private long upSinceNanos;
  private long downSinceNanos;
  private boolean cut;
  private int admitted;
  private long sweepNanos = NEVER;
  private LinkCounters retiredUp = LinkCounters.ZERO;
  private LinkCounters retiredDown = LinkCounters.ZERO;

  RelayClients(
      int most,
      long idleNanos,
      long seed,
      UpstreamSockets upstreams,
      LinkConditions up,
      LinkConditions down) {
    this.most = most;
    this.idleNanos = idleNanos;
    this.seed = seed;
    this.upstreams = upstreams;
    this.up = up;
    this.down = down;
  }

  LinkConditions up() {
    return up;
  }

  LinkConditions down() {
    return down;
  }

  void up(LinkConditions conditions, long nowNanos) {
    up = conditions;
    upSinceNanos = nowNanos;
    for (RelayClient client : byAddress.values()) {
      client.up.conditions(up, upSinceNanos);
    }
  }

  void down(LinkConditions conditions, long nowNanos) {
    down = conditions;
    downSinceNanos = nowNanos;
    for (RelayClient client : byAddress.values()) {
      client.down.conditions(down, downSinceNanos);
    }
  }

  void cut(boolean cut) {
    this.cut = cut;
    for (RelayClient client : byAddress.values()) {
      client.cut(cut);
    }
  }

  int count() {
    return byAddress.size();
  }

  LinkCounters upCounters() {
    LinkCounters sum = retiredUp;
    for (RelayClient client : byAddress.values()) {
      sum = sum.plus(client.up.counters());
    }
    return sum;
  }

  LinkCounters downCounters() {
    LinkCounters sum = retiredDown;
    for (RelayClient client : byAddress.values()) {
      sum = sum.plus(client.down.counters());
    }
    return sum;
  }

  @Nullable RelayClient find(SocketAddress address) {
    return byAddress.get(address);
  }

  /** Takes a client in; null if there are too many, or there is no socket for it. */
  @Nullable RelayClient admit(InetSocketAddress from, long nowNanos) {
    DatagramChannel upstream = byAddress.size() >= most ? null : upstreams.open();
    if (upstream == null) {
      return null;
    }
    Integer free = freeSlots.poll();
    int slot = free != null ? free : deadlines.add(slots.size());
    if (free == null) {
      slots.add(null);
    }
    int number = admitted++;
    int headerBytes = upstreams.headerBytes();
    long clientSeed = LinkFate.seedOf(seed, number);
    RelayClient client =
        new RelayClient(
            from,
            number,
            slot,
            new SimulatedLink<>(up, clientSeed, 0, headerBytes, upSinceNanos, pool, number),
            new SimulatedLink<>(down, clientSeed, 1, headerBytes, downSinceNanos, pool, number),
            upstream,
            nowNanos);
    client.cut(cut);
    upstreams.attach(upstream, client);
    slots.set(slot, client);
    byAddress.put(from, client);
    if (sweepNanos == NEVER) {
      sweepNanos = nowNanos + SWEEP_NANOS;
    }
    return client;
  }

  /** A client's next delivery may be at another time than before. */
  void reschedule(RelayClient client) {
    deadlines.update(client.slot, client.nextDeliveryNanos());
  }

  /** The client whose delivery is due first, or null if none is due by now. */
  @Nullable RelayClient firstDue(long nowNanos) {
    return deadlines.firstNanos() > nowNanos
        ? null
        : Objects.requireNonNull(slots.get(deadlines.first()), "freed slot");
  }

  /** When {@link #firstDue} or {@link #sweep} has something to do next. */
  long nextNanos() {
    return Math.min(deadlines.firstNanos(), sweepNanos);
  }

  /** Forgets the clients that have been idle for too long. */
  void sweep(long nowNanos) {
    if (nowNanos < sweepNanos) {
      return;
    }
    byAddress.values().removeIf(client -> isIdle(client, nowNanos) && retire(client));
    sweepNanos = byAddress.isEmpty() ? NEVER : nowNanos + Math.min(SWEEP_NANOS, idleNanos);
  }

  private boolean isIdle(RelayClient client, long nowNanos) {
    return nowNanos - client.activeNanos >= idleNanos && client.nextDeliveryNanos() == NEVER;
  }

  private boolean retire(RelayClient client) {
    retiredUp = retiredUp.plus(client.up.counters());
    retiredDown = retiredDown.plus(client.down.counters());
    slots.set(client.slot, null);
    freeSlots.add(client.slot);
    upstreams.close(client.upstream);
    return true;
  }

  void closeAll() {
    for (RelayClient client : byAddress.values()) {
      upstreams.close(client.upstream);
    }
  }
}
