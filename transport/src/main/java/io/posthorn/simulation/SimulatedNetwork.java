package io.posthorn.simulation;

import io.posthorn.AddressText;
import io.posthorn.EcnMark;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.SimulatedNode.Flow;
import io.posthorn.simulation.SimulatedNode.Path;
import io.posthorn.simulation.SimulatedNode.Route;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Any number of hosts on a bad network, in one thread and in virtual time.
 *
 * <pre>{@code
 * SimulatedNetwork network = SimulatedNetwork.seeded(42).link(LinkConditions.parse("@lte"));
 * network.attach(clientAddress, client).attach(serverAddress, server);
 * boolean done = network.runUntil(client::isDone, Duration.ofMinutes(1));
 * }</pre>
 *
 * <p>The network takes the earliest of scheduled actions, link deliveries and host deadlines, moves
 * the clock there, and lets it happen; at one instant actions come first, then deliveries, then
 * deadlines, each in the order in which they were first named. One seed and the same hosts give the
 * same run, to the byte of the {@linkplain #trace() trace}.
 *
 * <p>Not for use by several threads, but those that block on its {@linkplain #socket() sockets}. An
 * exception that a host throws comes out of {@code run}.
 */
public final class SimulatedNetwork {
  /** Timeouts at one instant, with nothing sent or received between, that end the run. */
  public static final int IDLE_TIMEOUT_LIMIT = 1_000;

  /** Events at one instant that end the run: time does not pass any more. */
  public static final int INSTANT_EVENT_LIMIT = 1_000_000;

  private static final long NEVER = DeadlineHeap.NEVER;

  private final long seed;
  private final VirtualClock clock = new VirtualClock();
  private final ScheduledActions actions = new ScheduledActions();
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private final Topology topology;
  private final NetworkTrace trace = new NetworkTrace();
  private final List<SimulatedNode> woken = new ArrayList<>();
  private final BiConsumer<ByteBuffer, InetSocketAddress> transmitter = this::transmit;
  private final ByteBuffer scratch = ByteBuffer.allocate(65_536);
  private final Turns turns = new Turns(this);

  private @Nullable Interceptor interceptor;
  private @Nullable SimulatedNode transmitting;
  private int transmitted;
  private int eventsThisInstant;
  private long unreachable;
  private int sockets;

  private SimulatedNetwork(long seed) {
    this.seed = seed;
    topology = new Topology(seed, deadlines);
  }

  /** A network without hosts, whose links are perfect until {@link #link} says otherwise. */
  public static SimulatedNetwork seeded(long seed) {
    return new SimulatedNetwork(seed);
  }

  /** The seed it was made with. */
  public long seed() {
    return seed;
  }

  /** The time of this network. */
  public VirtualClock clock() {
    return clock;
  }

  /** Nanoseconds since the start. */
  public long nowNanos() {
    return clock.nowNanos();
  }

  /** Conditions from now on of every direction that has none of its own. */
  public SimulatedNetwork link(LinkConditions conditions) {
    topology.conditions(conditions, nowNanos());
    return this;
  }

  /** Conditions from now on of the one direction from {@code from} to {@code to}. */
  public SimulatedNetwork link(
      InetSocketAddress from, InetSocketAddress to, LinkConditions conditions) {
    Path path = topology.path(from, to);
    path.overridden = true;
    path.link.conditions(conditions, nowNanos());
    return this;
  }

  /** Cuts one direction: nothing gets through until {@link #mend}. Under way stays under way. */
  public SimulatedNetwork cut(InetSocketAddress from, InetSocketAddress to) {
    topology.path(from, to).link.cut(true);
    return this;
  }

  /** Ends what {@link #cut} began. */
  public SimulatedNetwork mend(InetSocketAddress from, InetSocketAddress to) {
    topology.path(from, to).link.cut(false);
    return this;
  }

  /**
   * Puts a host at an address.
   *
   * @throws IllegalStateException if another host has it
   */
  public SimulatedNetwork attach(InetSocketAddress address, SimulatedHost host) {
    SimulatedNode node = topology.node(address);
    if (node.host != null) {
      throw new IllegalStateException(address + " has a host: detach it first, or replace it");
    }
    node.host = host;
    woken.add(node);
    return this;
  }

  /** Takes the host away, as a crash does; datagrams to it find nobody. */
  public SimulatedNetwork detach(InetSocketAddress address) {
    SimulatedNode node = topology.node(address);
    node.host = null;
    deadlines.update(node.deadlineId, NEVER);
    return this;
  }

  /** Another host at the same address and NAT mapping, as after a crash and restart. */
  public SimulatedNetwork replace(InetSocketAddress address, SimulatedHost host) {
    return detach(address).attach(address, host);
  }

  /**
   * Gives a host a new NAT mapping: others see its datagrams come from the new address, and reach
   * it there; what is sent to the old one, or is under way to it, finds nobody.
   *
   * @return the new address
   */
  public InetSocketAddress rebind(InetSocketAddress address, Rebinding kind) {
    return topology.rebind(topology.node(address), kind);
  }

  /** Gives a host a NAT mapping to an address that no other host has any more, or had ever. */
  void rebind(InetSocketAddress address, InetSocketAddress external) {
    topology.rebind(topology.node(address), external);
  }

  /** The address under which others see the host attached at {@code address}. */
  public InetSocketAddress externalAddress(InetSocketAddress address) {
    return topology.node(address).external.address;
  }

  /** Lets a hook see every datagram before its link does; null takes it away. */
  public SimulatedNetwork intercept(@Nullable Interceptor interceptor) {
    this.interceptor = interceptor;
    return this;
  }

  /** Tells every datagram event to {@code sink} from now on; null for nobody. */
  public SimulatedNetwork trace(@Nullable TraceSink sink) {
    trace.to(sink);
    return this;
  }

  /** Keeps the trace as text from now on, for {@link #trace()}. */
  public SimulatedNetwork recordTrace() {
    trace.record();
    return this;
  }

  /** The text since {@link #recordTrace()}, as {@link TextTrace} describes it. */
  public byte[] trace() {
    return trace.text();
  }

  /** Runs {@code action} at this time since the start, or at once if it is past. */
  public SimulatedNetwork at(long nanos, Runnable action) {
    actions.add(Math.max(nanos, nowNanos()), action);
    return this;
  }

  /** Runs {@code action} at this time since the start. */
  public SimulatedNetwork at(Duration sinceStart, Runnable action) {
    return at(sinceStart.toNanos(), action);
  }

  /**
   * A UDP socket at an address of its own, for code that blocks; see {@link
   * #socket(InetSocketAddress)}.
   *
   * @throws SocketException if the thread is interrupted while it waits for its turn
   */
  public DatagramSocket socket() throws SocketException {
    InetSocketAddress free;
    do {
      free = NatAddresses.forSocket(++sockets);
    } while (topology.isKnown(free));
    return socket(free);
  }

  /**
   * A UDP socket at this address, for code that blocks: its time-outs run in virtual time.
   *
   * <pre>{@code
   * try (DatagramSocket server = network.socket(); DatagramSocket client = network.socket()) {
   *   network.start(() -> echo(server));
   *   client.setSoTimeout(500);
   *   packet.setSocketAddress(server.getLocalSocketAddress());
   *   client.send(packet);
   *   client.receive(answer);  // takes no time; a SocketTimeoutException comes at once too
   * }
   * }</pre>
   *
   * <p>Threads that use such sockets run one at a time: the first to use one, those started with
   * {@link #start}, and any other from its first call on. Time moves when all of them wait in
   * {@code receive} or {@link #sleep}, so that the run depends on the seed alone, as long as they
   * keep no time and cast no dice of their own. A thread that waits for something else for a tenth
   * of a second of real time is left out until it comes back. When all wait for ever, {@code
   * receive} throws an {@link IllegalStateException}.
   *
   * <p>Whoever uses sockets lets time pass by {@link #sleep}, not by {@link #run}. Close the
   * sockets, so that the threads that wait in them end.
   *
   * @throws IllegalStateException if the address has a host
   * @throws SocketException if the thread is interrupted while it waits for its turn
   */
  public DatagramSocket socket(InetSocketAddress address) throws SocketException {
    SimulatedDatagramSocket socket = new SimulatedDatagramSocket(this, turns, address);
    turns.withTurn(() -> attach(address, socket.host()));
    return socket;
  }

  /**
   * Runs a program in a thread of its own, which is let run when the others wait: in {@code
   * receive} of a {@linkplain #socket() socket}, or in {@link #sleep}.
   *
   * @throws SocketException if this thread is interrupted while it waits for its turn
   */
  public SimulatedNetwork start(SimulatedProgram program) throws SocketException {
    turns.withTurn(() -> this); // this thread goes first
    turns.start(program);
    return this;
  }

  /**
   * Waits in virtual time, as {@code receive} of a {@linkplain #socket() socket} does.
   *
   * @throws SocketException if the thread is interrupted
   */
  public void sleep(Duration time) throws SocketException {
    long untilNanos = turns.withTurn(() -> Math.addExact(nowNanos(), time.toNanos()));
    turns.withTurn(() -> at(untilNanos, () -> {}));
    turns.await(() -> nowNanos() >= untilNanos);
  }

  /** What all links together did so far. */
  public LinkCounters counters() {
    return topology.counters();
  }

  /** What the link of one direction did so far. */
  public LinkCounters counters(InetSocketAddress from, InetSocketAddress to) {
    return topology.path(from, to).link.counters();
  }

  /** How long the queue before the limited rate of one direction will take to drain. */
  public long queueNanos(InetSocketAddress from, InetSocketAddress to) {
    return topology.path(from, to).link.queueNanos(nowNanos());
  }

  /** Datagrams that came out of a link and found nobody. */
  public long unreachable() {
    return unreachable;
  }

  /** Lets so much time pass. */
  public void run(Duration duration) {
    long endNanos = Math.addExact(nowNanos(), duration.toNanos());
    wakeAll();
    while (advance(endNanos)) {
      // Each call lets one event happen.
    }
    clock.advanceTo(endNanos);
  }

  /**
   * Runs until {@code done}, which is asked after each event, or until the limit is over.
   *
   * @return whether it was done in time
   */
  public boolean runUntil(BooleanSupplier done, Duration limit) {
    long endNanos = Math.addExact(nowNanos(), limit.toNanos());
    wakeAll();
    while (!done.getAsBoolean()) {
      if (!advance(endNanos)) {
        clock.advanceTo(endNanos);
        return done.getAsBoolean();
      }
    }
    return true;
  }

  /** Lets the next event happen, whenever it is; false if there is none. */
  public boolean step() {
    wakeAll();
    return advance(NEVER - 1);
  }

  /** Asks one host for what it wants to send, after a change from outside in mid-run. */
  public void wake(InetSocketAddress address) {
    woken.add(topology.node(address));
  }

  private void wakeAll() {
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

  private boolean advance(long limitNanos) {
    long atNanos = Math.min(actions.nextNanos(), deadlines.firstNanos());
    if (atNanos > limitNanos || atNanos == NEVER) {
      return false;
    }
    if (atNanos > nowNanos()) {
      clock.advanceTo(atNanos);
      eventsThisInstant = 0;
    } else if (++eventsThisInstant > INSTANT_EVENT_LIMIT) {
      throw new IllegalStateException(
          INSTANT_EVENT_LIMIT
              + " events at "
              + LinkUnits.duration(nowNanos())
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
    long now = nowNanos();
    host.onTimeout(now);
    int sent = flush(node);
    SimulatedHost after = node.host;
    if (sent > 0 || after == null || after.nextTimeoutNanos() > now) {
      node.idleTimeouts = 0;
    } else if (++node.idleTimeouts > IDLE_TIMEOUT_LIMIT) {
      throw new IllegalStateException(
          "the host at "
              + node.address
              + " named a deadline that is past "
              + IDLE_TIMEOUT_LIMIT
              + " times at "
              + LinkUnits.duration(now)
              + ", and sent nothing: "
              + after);
    }
  }

  private void deliver(Path path) {
    long now = nowNanos();
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
      host.pollTransmit(transmitter, nowNanos());
    } finally {
      transmitting = null;
    }
    long deadlineNanos = host.nextTimeoutNanos();
    if (node.host == host) {
      deadlines.update(
          node.deadlineId, deadlineNanos == NEVER ? NEVER : Math.max(deadlineNanos, nowNanos()));
    }
    return transmitted;
  }

  private void transmit(ByteBuffer datagram, InetSocketAddress to) {
    SimulatedNode from = transmitting;
    if (from == null) {
      throw new IllegalStateException("a datagram was sent after pollTransmit had returned");
    }
    if (++transmitted > INSTANT_EVENT_LIMIT) {
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
    from.noteNat(path, nowNanos());
    topology.refreshMapping(from, nowNanos());
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
    DatagramFate fate = path.link.offer(bytes, flow, mark, nowNanos(), wish);
    trace.offered(path.link, flow, bytes, fate, nowNanos());
    deadlines.update(path.deadlineId, path.link.nextDeliveryNanos());
  }
}
