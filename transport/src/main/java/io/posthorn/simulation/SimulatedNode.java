package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Rebinding;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A place in the network: the address where hosts come and go, its ways out, its NAT mapping. */
final class SimulatedNode {
  /** An address, the node behind it, and whether the mapping still holds. */
  static final class Route {
    final InetSocketAddress address;
    final SimulatedNode node;
    boolean alive = true;

    Route(InetSocketAddress address, SimulatedNode node) {
      this.address = address;
      this.node = node;
    }
  }

  /** Source and destination of a datagram under way. */
  static final class Flow {
    final Route from;
    final Route to;

    Flow(Route from, Route to) {
      this.from = from;
      this.to = to;
    }
  }

  /** One direction from a node to another. */
  static final class Path {
    final SimulatedNode from;
    final SimulatedNode to;
    final int deadlineId;
    final SimulatedLink<Flow> link;

    /** True once conditions of its own are set, so that the network's default leaves it alone. */
    boolean overridden;

    /** True if its sender spoke first, which is the one whom a NAT has in its table. */
    boolean initiates;

    private @Nullable Flow flow;

    Path(SimulatedNode from, SimulatedNode to, int deadlineId, SimulatedLink<Flow> link) {
      this.from = from;
      this.to = to;
      this.deadlineId = deadlineId;
      this.link = link;
    }

    /** The flow to this route, made anew only when source or destination have changed. */
    Flow flow(Route route) {
      Flow current = flow;
      if (current == null || current.from != from.external || current.to != route) {
        current = new Flow(from.external, route);
        flow = current;
      }
      return current;
    }
  }

  final int index;
  final int deadlineId;
  final InetSocketAddress address;
  Route external;
  @Nullable SimulatedHost host;

  /** Timeouts in a row, at one instant, after which the host neither sent nor waited. */
  int idleTimeouts;

  private @Nullable Path[] paths = new Path[4];
  private @Nullable Path natPath;
  private long natSinceNanos;
  private long natEpoch;

  SimulatedNode(int index, int deadlineId, InetSocketAddress address) {
    this.index = index;
    this.deadlineId = deadlineId;
    this.address = address;
    this.external = new Route(address, this);
  }

  @Nullable Path path(SimulatedNode to) {
    return to.index < paths.length ? paths[to.index] : null;
  }

  void path(SimulatedNode to, Path path) {
    if (to.index >= paths.length) {
      paths = Arrays.copyOf(paths, Math.max(to.index + 1, paths.length * 2));
    }
    paths[to.index] = path;
  }

  /** The host stands behind the NAT of the first path with rebinding on which it spoke first. */
  void noteNat(Path path, long nowNanos) {
    if (natPath == null && path.initiates && path.link.conditions().rebindPeriodNanos() > 0) {
      natPath = path;
      dueRebinding(nowNanos); // what fell due before it had a mapping is nothing to it
    }
  }

  /** The kind of rebinding that has fallen due by now, once; null if none has. */
  @Nullable Rebinding dueRebinding(long nowNanos) {
    Path path = natPath;
    if (path == null) {
      return null;
    }
    LinkConditions conditions = path.link.conditions();
    long periodNanos = conditions.rebindPeriodNanos();
    if (periodNanos == 0) {
      return null;
    }
    if (natSinceNanos != path.link.conditionsSinceNanos()) {
      natSinceNanos = path.link.conditionsSinceNanos();
      natEpoch = 0;
    }
    long epoch = (nowNanos - natSinceNanos) / periodNanos;
    if (epoch == natEpoch) {
      return null;
    }
    natEpoch = epoch;
    return conditions.rebinding();
  }
}
