package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.SimulatedNode.Flow;
import io.posthorn.simulation.SimulatedNode.Path;
import io.posthorn.simulation.SimulatedNode.Route;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who is where in a {@link SimulatedNetwork}: a node for each address that was ever named, a path
 * for each direction in which one node sends to another, and the addresses under which NATs show
 * nodes to others. Nodes and paths are made when they are asked for first.
 */
final class Topology {
  private static final long PATH_RANK = 0;
  private static final long NODE_RANK = 1L << 40;

  private final long seed;
  private final DeadlineHeap deadlines;
  private final DatagramPool pool = new DatagramPool(false);
  private final List<Object> byDeadline = new ArrayList<>(); // by deadline id
  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final List<Path> paths = new ArrayList<>();
  private final Map<InetSocketAddress, Route> routes = new HashMap<>();
  private final NatAddresses natAddresses = new NatAddresses();

  private LinkConditions defaultConditions = LinkConditions.NONE;
  private long defaultSinceNanos;

  /**
   * An empty one.
   *
   * @param deadlines gets one for each path and each node, and has no others
   */
  Topology(long seed, DeadlineHeap deadlines) {
    this.seed = seed;
    this.deadlines = deadlines;
  }

  /** The path or the node that has this deadline. */
  Object ofDeadline(int id) {
    return byDeadline.get(id);
  }

  /** All nodes, in the order in which they were named first. */
  List<SimulatedNode> nodes() {
    return nodes;
  }

  /** Whether an address was ever a node's, or that of its NAT. */
  boolean isKnown(InetSocketAddress address) {
    return routes.containsKey(address);
  }

  SimulatedNode node(InetSocketAddress address) {
    return route(address).node;
  }

  Route route(InetSocketAddress address) {
    Route known = routes.get(address);
    if (known != null) {
      return known;
    }
    if (address.isUnresolved()) {
      throw new IllegalArgumentException(address + " is not resolved");
    }
    int index = nodes.size();
    SimulatedNode node = new SimulatedNode(index, deadlines.add(NODE_RANK + index), address);
    byDeadline.add(node);
    nodes.add(node);
    routes.put(address, node.external);
    return node.external;
  }

  Path path(InetSocketAddress from, InetSocketAddress to) {
    return path(node(from), node(to));
  }

  Path path(SimulatedNode from, SimulatedNode to) {
    Path known = from.path(to);
    if (known != null) {
      return known;
    }
    long low = Math.min(from.index, to.index);
    long high = Math.max(from.index, to.index);
    // Pairs are counted so that the first two nodes' link has the network's own seed, as has the
    // first client of a relay: the same fates in both.
    long pair = high * (high + 1) / 2 + low - 1;
    boolean ipv6 = to.address.getAddress() instanceof Inet6Address;
    SimulatedLink<Flow> link =
        new SimulatedLink<>(
            defaultConditions,
            LinkFate.seedOf(seed, pair),
            from.index <= to.index ? 0 : 1,
            ipv6 ? SimulatedLink.IPV6_UDP_BYTES : SimulatedLink.IPV4_UDP_BYTES,
            defaultSinceNanos,
            pool,
            (int) pair);
    Path path = new Path(from, to, deadlines.add(PATH_RANK + paths.size()), link);
    byDeadline.add(path);
    paths.add(path);
    from.path(to, path);
    return path;
  }

  /** Conditions from now on of every path that has none of its own. */
  void conditions(LinkConditions conditions, long nowNanos) {
    defaultConditions = conditions;
    defaultSinceNanos = nowNanos;
    for (Path path : paths) {
      if (!path.overridden) {
        path.link.conditions(conditions, nowNanos);
      }
    }
  }

  /** What the links of all paths together did so far. */
  LinkCounters counters() {
    LinkCounters sum = LinkCounters.ZERO;
    for (Path path : paths) {
      sum = sum.plus(path.link.counters());
    }
    return sum;
  }

  /** Gives a node the new NAT mapping that has fallen due, if one has. */
  void refreshMapping(SimulatedNode node, long nowNanos) {
    Rebinding kind = node.dueRebinding(nowNanos);
    if (kind != null) {
      rebind(node, kind);
    }
  }

  /**
   * Gives a node another NAT mapping, to an address that nobody has; answers it. Those that nobody
   * ever had come first.
   *
   * @throws IllegalStateException if others have all
   */
  InetSocketAddress rebind(SimulatedNode node, Rebinding kind) {
    for (int i = 0; i < NatAddresses.ADDRESSES; i++) {
      InetSocketAddress fresh = natAddresses.next(node.external.address.getAddress(), kind);
      if (isFree(fresh)) {
        node.external.alive = false;
        map(node, fresh);
        return fresh;
      }
    }
    throw new IllegalStateException(
        "no address is left to which the NAT could map " + node.external.address);
  }

  /** What is under way to a mapping that was forgotten has its route and not that of the next. */
  private boolean isFree(InetSocketAddress address) {
    Route before = routes.get(address);
    return before == null || (!before.alive && !address.equals(before.node.address));
  }

  /** Gives a node a NAT mapping to this address, which no other node has now. */
  void rebind(SimulatedNode node, InetSocketAddress external) {
    Route before = routes.get(external);
    if (before != null && before.alive && before.node != node) {
      throw new IllegalArgumentException(external + ": it is another's");
    }
    node.external.alive = false;
    map(node, external);
  }

  private void map(SimulatedNode node, InetSocketAddress external) {
    Route route = new Route(external, node);
    routes.put(external, route);
    node.external = route;
  }
}
