package io.posthorn.simulation;

import io.posthorn.AddressText;
import io.posthorn.EcnMark;
import io.posthorn.simulation.SimulatedNode.Flow;
import io.posthorn.simulation.SimulatedNode.Path;
import io.posthorn.simulation.SimulatedNode.Route;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What happens next on a {@link SimulatedNetwork}, and what comes of it: a scheduled action, a
 * delivery by a link, a host's deadline; after each, what the hosts concerned send is put on its
 * way.
 */
final class NetworkEvents {
  static final long NEVER = DeadlineHeap.NEVER;

  private final VirtualClock clock;
  private final ScheduledActions actions = new ScheduledActions();
  private final DeadlineHeap deadlines;
  private final Topology topology;
  private final NetworkTrace trace;
  private final List<SimulatedNode> woken = new ArrayList<>();
  private final BiConsumer<ByteBuffer, InetSocketAddress> transmitter = this::transmit;
  private final ByteBuffer scratch = ByteBuffer.allocate(65_536);

  private @Nullable Interceptor interceptor;
  private @Nullable SimulatedNode transmitting;
  private int transmitted;
  private int eventsThisInstant;
  private long unreachable;

  /**
   * Nothing is to happen yet.
   *
   * @param deadlines those of the topology's hosts and links
   */
  NetworkEvents(VirtualClock clock, DeadlineHeap deadlines, Topology topology, NetworkTrace trace) {
    this.clock = clock;
    this.deadlines = deadlines;
    this.topology = topology;
    this.trace = trace;
  }

  /** Lets a hook see every datagram before its link does; null for none. */
  void intercept(@Nullable Interceptor hook) {
    interceptor = hook;
  }

  /** Has an action run at this time, which is not past. */
  void at(long nanos, Runnable action) {
    actions.add(nanos, action);
  }

  /** Has a host asked for what it wants to send at the next event. */
  void wake(SimulatedNode node) {
    woken.add(node);
  }

  /** Collects what a host wants sent, or does so later if a hook asks: one is sending just now. */
  void flushNow(SimulatedNode node) {
    if (transmitting == null) {
      flush(node);
    } else {
      wake(node);
    }
  }

  /** The host of this node is there no more. */
  void forgetDeadline(SimulatedNode node) {
    deadlines.update(node.deadlineId, NEVER);
  }

  /** Datagrams that came out of a link and found nobody. */
  long unreachable() {
    return unreachable;
  }

  /** Asks every host for what it wants to send, after changes from outside. */
  void wakeAll() {
    woken.clear();
    woken.addAll(topology.nodes());
    flushWoken();
  }

  private void flushWoken() {
    for (int i = 0; i < woken.size(); i++) { // a host that is asked may wake others
      flush(woken.get(i));
    }
    woken.clear();
  }

  /** Lets the next event happen, if it is by this time; false if there is none. */
  boolean advance(long limitNanos) {
    long atNanos = Math.min(actions.nextNanos(), deadlines.firstNanos());
    if (atNanos > limitNanos || atNanos == NEVER) {
      return false;
    }
    if (atNanos > clock.nowNanos()) {
      clock.advanceTo(atNanos);
      eventsThisInstant = 0;
    } else if (++eventsThisInstant > SimulatedNetwork.INSTANT_EVENT_LIMIT) {
      throw new IllegalStateException(
          SimulatedNetwork.INSTANT_EVENT_LIMIT
              + " events at "
              + LinkUnits.duration(clock.nowNanos())
              + ": hosts answer each other without end over links without delay");
    }
    if (actions.nextNanos() == atNanos) {
      actions.runNext();
      woken.addAll(topology.nodes()); // it may have changed any host
    } else {
      Object due = topology.ofDeadline(deadlines.first());
      if (due instanceof Path path) {
        deliver(path);
      } else {
        timeout((SimulatedNode) due);
      }
    }
    if (!woken.isEmpty()) {
      flushWoken();
    }
    return true;
  }

  private void timeout(SimulatedNode node) {
    SimulatedHost host = node.host;
    if (host == null) {
      deadlines.update(node.deadlineId, NEVER);
      return;
    }
    long now = clock.nowNanos();
    host.onTimeout(now);
    int sent = flush(node);
    SimulatedHost after = node.host;
    if (sent > 0 || after == null || after.nextTimeoutNanos() > now) {
      node.idleTimeouts = 0;
    } else if (++node.idleTimeouts > SimulatedNetwork.IDLE_TIMEOUT_LIMIT) {
      throw new IllegalStateException(
          "the host at "
              + node.address
              + " named a deadline that is past "
              + SimulatedNetwork.IDLE_TIMEOUT_LIMIT
              + " times at "
              + LinkUnits.duration(now)
              + ", and sent nothing: "
              + after);
    }
  }

  private void deliver(Path path) {
    long now = clock.nowNanos();
    SimulatedNode node = path.to;
    node.idleTimeouts = 0;
    while (true) {
      ByteBuffer datagram = path.link.poll(now);
      if (datagram == null) {
        break;
      }
      Flow flow = path.link.polledMeta();
      topology.refreshMapping(node, now);
      SimulatedHost host = flow.to.alive ? node.host : null;
      trace.polled(path.link, flow, datagram, host != null, now);
      if (host == null) {
        unreachable++;
      } else {
        host.onDatagram(datagram, flow.from.address, path.link.polledMark().codepoint(), now);
      }
    }
    deadlines.update(path.deadlineId, path.link.nextDeliveryNanos());
    flush(node);
  }

  /** Collects what the host wants sent, and its next deadline; answers how many datagrams. */
  private int flush(SimulatedNode node) {
    SimulatedHost host = node.host;
    if (host == null) {
      return 0;
    }
    transmitting = node;
    transmitted = 0;
    try {
      host.pollTransmit(transmitter, clock.nowNanos());
    } finally {
      transmitting = null;
    }
    long deadlineNanos = host.nextTimeoutNanos();
    if (node.host == host) {
      deadlines.update(
          node.deadlineId,
          deadlineNanos == NEVER ? NEVER : Math.max(deadlineNanos, clock.nowNanos()));
    }
    return transmitted;
  }

  private void transmit(ByteBuffer datagram, InetSocketAddress to) {
    SimulatedNode from = transmitting;
    if (from == null) {
      throw new IllegalStateException("a datagram was sent after pollTransmit had returned");
    }
    if (++transmitted > SimulatedNetwork.INSTANT_EVENT_LIMIT) {
      throw new IllegalStateException(
          "the host at "
              + AddressText.of(from.address)
              + " sent "
              + transmitted
              + " datagrams in one call");
    }
    Route route = topology.route(to);
    Path path = topology.path(from, route.node);
    if (path.link.lastNumber() == 0) {
      Path back = route.node.path(from);
      path.initiates = back == null || back.link.lastNumber() == 0;
    }
    from.noteNat(path, clock.nowNanos());
    topology.refreshMapping(from, clock.nowNanos());
    Interception wish = Interception.DELIVER;
    ByteBuffer bytes = datagram;
    if (interceptor != null) {
      int length = datagram.remaining();
      bytes = scratch.clear().put(0, datagram, datagram.position(), length).limit(length);
      long number = path.link.lastNumber() + 1;
      wish = interceptor.intercept(from.address, route.node.address, number, bytes);
      bytes.position(0);
    }
    Flow flow = path.flow(route);
    SimulatedHost host = from.host;
    EcnMark mark = EcnMark.ofCodepoint(host == null ? 0 : host.transmitEcn());
    DatagramFate fate = path.link.offer(bytes, flow, mark, clock.nowNanos(), wish);
    trace.offered(path.link, flow, bytes, fate, clock.nowNanos());
    deadlines.update(path.deadlineId, path.link.nextDeliveryNanos());
  }
}
