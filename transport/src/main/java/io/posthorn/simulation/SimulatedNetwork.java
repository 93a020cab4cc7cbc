package io.posthorn.simulation;

import io.posthorn.AddressText;
import io.posthorn.EcnMark;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.SimulatedNode.Flow;
import io.posthorn.simulation.SimulatedNode.Path;
import io.posthorn.simulation.SimulatedNode.Route;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
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
  private static final long ACTION_RANK = 0;
  private static final long PATH_RANK = 1L << 40;
  private static final long NODE_RANK = 2L << 40;

  private record Action(long atNanos, long order, Runnable body) implements Comparable<Action> {
    @Override
    public int compareTo(Action that) {
      int byTime = Long.compare(atNanos, that.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, that.order);
    }
  }

  private final long seed;
  private final VirtualClock clock = new VirtualClock();
  private final DatagramPool pool = new DatagramPool(false);
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private final List<Object> sources = new ArrayList<>(); // by deadline id
  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final List<Path> paths = new ArrayList<>();
  private final Map<InetSocketAddress, Route> routes = new HashMap<>();
  private final PriorityQueue<Action> actions = new PriorityQueue<>();
  private final int actionsId = deadlines.add(ACTION_RANK);
  private final List<SimulatedNode> woken = new ArrayList<>();
  private final BiConsumer<ByteBuffer, InetSocketAddress> transmitter = this::transmit;
  private final ByteBuffer scratch = ByteBuffer.allocate(65_536);
  private final CRC32C checksum = new CRC32C();
  private final NatAddresses natAddresses = new NatAddresses();
  private final Turns turns = new Turns(this);

  private LinkConditions defaultConditions = LinkConditions.NONE;
  private long defaultSinceNanos;
  private @Nullable Interceptor interceptor;
  private @Nullable TraceSink traceSink;
  private @Nullable TextTrace textTrace;
  private @Nullable SimulatedNode transmitting;
  private int transmitted;
  private int eventsThisInstant;
  private long actionOrder;
  private long unreachable;
  private int sockets;

  private SimulatedNetwork(long seed) {
    this.seed = seed;
    sources.add(actions);
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
    defaultConditions = conditions;
    defaultSinceNanos = nowNanos();
    for (Path path : paths) {
      if (!path.overridden) {
        path.link.conditions(conditions, nowNanos());
      }
    }
    return this;
  }

  /** Conditions from now on of the one direction from {@code from} to {@code to}. */
  public SimulatedNetwork link(
      InetSocketAddress from, InetSocketAddress to, LinkConditions conditions) {
    Path path = path(node(from), node(to));
    path.overridden = true;
    path.link.conditions(conditions, nowNanos());
    return this;
  }

  /** Cuts one direction: nothing gets through until {@link #mend}. Under way stays under way. */
  public SimulatedNetwork cut(InetSocketAddress from, InetSocketAddress to) {
    path(node(from), node(to)).link.cut(true);
    return this;
  }

  /** Ends what {@link #cut} began. */
  public SimulatedNetwork mend(InetSocketAddress from, InetSocketAddress to) {
    path(node(from), node(to)).link.cut(false);
    return this;
  }

  /**
   * Puts a host at an address.
   *
   * @throws IllegalStateException if another host has it
   */
  public SimulatedNetwork attach(InetSocketAddress address, SimulatedHost host) {
    SimulatedNode node = node(address);
    if (node.host != null) {
      throw new IllegalStateException(address + " has a host: detach it first, or replace it");
    }
    node.host = host;
    woken.add(node);
    return this;
  }

  /** Takes the host away, as a crash does; datagrams to it find nobody. */
  public SimulatedNetwork detach(InetSocketAddress address) {
    SimulatedNode node = node(address);
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
    return rebind(node(address), kind);
  }

  /** Gives a host a NAT mapping to an address that no other host has any more, or had ever. */
  void rebind(InetSocketAddress address, InetSocketAddress external) {
    SimulatedNode node = node(address);
    Route before = routes.get(external);
    if (before != null && before.alive && before.node != node) {
      throw new IllegalArgumentException(external + ": it is another's");
    }
    node.external.alive = false;
    map(node, external);
  }

  /** The address under which others see the host attached at {@code address}. */
  public InetSocketAddress externalAddress(InetSocketAddress address) {
    return node(address).external.address;
  }

  /** Lets a hook see every datagram before its link does; null takes it away. */
  public SimulatedNetwork intercept(@Nullable Interceptor interceptor) {
    this.interceptor = interceptor;
    return this;
  }

  /** Tells every datagram event to {@code sink} from now on; null for nobody. */
  public SimulatedNetwork trace(@Nullable TraceSink sink) {
    traceSink = sink;
    return this;
  }

  /** Keeps the trace as text from now on, for {@link #trace()}. */
  public SimulatedNetwork recordTrace() {
    textTrace = new TextTrace();
    return trace(textTrace);
  }

  /** The text since {@link #recordTrace()}, as {@link TextTrace} describes it. */
  public byte[] trace() {
    TextTrace trace = textTrace;
    if (trace == null) {
      throw new IllegalStateException("no trace is kept: call recordTrace() before the run");
    }
    return trace.bytes();
  }

  /** Runs {@code action} at this time since the start, or at once if it is past. */
  public SimulatedNetwork at(long nanos, Runnable action) {
    actions.add(new Action(Math.max(nanos, nowNanos()), actionOrder++, action));
    deadlines.update(actionsId, actions.element().atNanos());
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
    } while (routes.containsKey(free));
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
    LinkCounters sum = LinkCounters.ZERO;
    for (Path path : paths) {
      sum = sum.plus(path.link.counters());
    }
    return sum;
  }

  /** What the link of one direction did so far. */
  public LinkCounters counters(InetSocketAddress from, InetSocketAddress to) {
    return path(node(from), node(to)).link.counters();
  }

  /** How long the queue before the limited rate of one direction will take to drain. */
  public long queueNanos(InetSocketAddress from, InetSocketAddress to) {
    return path(node(from), node(to)).link.queueNanos(nowNanos());
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
    woken.add(node(address));
  }

  private void wakeAll() {
    woken.clear();
    woken.addAll(nodes);
    flushWoken();
  }

  private void flushWoken() {
    for (int i = 0; i < woken.size(); i++) { // a host that is asked may wake others
      flush(woken.get(i));
    }
    woken.clear();
  }

  private boolean advance(long limitNanos) {
    long atNanos = deadlines.firstNanos();
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
    Object source = sources.get(deadlines.first());
    if (source instanceof Path path) {
      deliver(path);
    } else if (source instanceof SimulatedNode node) {
      timeout(node);
    } else {
      act();
    }
    if (!woken.isEmpty()) {
      flushWoken();
    }
    return true;
  }

  private void act() {
    Action action = actions.remove();
    Action next = actions.peek();
    deadlines.update(actionsId, next == null ? NEVER : next.atNanos());
    action.body().run();
    woken.addAll(nodes); // it may have changed any host
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
      refreshMapping(node);
      SimulatedHost host = flow.to.alive ? node.host : null;
      if (traceSink != null) {
        trace(
            flow,
            path.link.polledNumber(),
            datagram,
            host == null ? DatagramFate.UNREACHABLE : DatagramFate.DELIVERED,
            path.link.polledCopy() ? "+copy" : "");
      }
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
    Route route = route(to);
    Path path = path(from, route.node);
    if (path.link.lastNumber() == 0) {
      Path back = route.node.path(from);
      path.initiates = back == null || back.link.lastNumber() == 0;
    }
    from.noteNat(path, nowNanos());
    refreshMapping(from);
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
    if (traceSink != null) {
      trace(flow, path.link.lastNumber(), bytes, fate, notes(path.link));
    }
    deadlines.update(path.deadlineId, path.link.nextDeliveryNanos());
  }

  private static String notes(SimulatedLink<Flow> link) {
    return (link.lastDuplicated() ? "+duplicated" : "")
        + (link.lastReordered() ? "+reordered" : "")
        + (link.lastCorrupted() ? "+corrupted" : "")
        + (link.lastMarked() ? "+marked" : "");
  }

  private void trace(Flow flow, long number, ByteBuffer datagram, DatagramFate fate, String notes) {
    TraceSink sink = traceSink;
    if (sink == null) {
      return;
    }
    int position = datagram.position();
    int length = datagram.remaining();
    checksum.reset();
    checksum.update(datagram);
    datagram.position(position);
    sink.onDatagram(
        nowNanos(),
        flow.from.address,
        flow.to.address,
        number,
        length,
        (int) checksum.getValue(),
        fate.name().toLowerCase(Locale.ROOT) + notes);
  }

  private SimulatedNode node(InetSocketAddress address) {
    return route(address).node;
  }

  private Route route(InetSocketAddress address) {
    Route known = routes.get(address);
    if (known != null) {
      return known;
    }
    if (address.isUnresolved()) {
      throw new IllegalArgumentException(address + " is not resolved");
    }
    int index = nodes.size();
    SimulatedNode node = new SimulatedNode(index, deadlines.add(NODE_RANK + index), address);
    sources.add(node);
    nodes.add(node);
    routes.put(address, node.external);
    return node.external;
  }

  private Path path(SimulatedNode from, SimulatedNode to) {
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
    sources.add(path);
    paths.add(path);
    from.path(to, path);
    return path;
  }

  private void refreshMapping(SimulatedNode node) {
    Rebinding kind = node.dueRebinding(nowNanos());
    if (kind != null) {
      rebind(node, kind);
    }
  }

  private InetSocketAddress rebind(SimulatedNode node, Rebinding kind) {
    node.external.alive = false;
    InetSocketAddress fresh;
    do {
      fresh = natAddresses.next(node.external.address.getAddress(), kind);
    } while (routes.containsKey(fresh));
    map(node, fresh);
    return fresh;
  }

  private void map(SimulatedNode node, InetSocketAddress external) {
    Route route = new Route(external, node);
    routes.put(external, route);
    node.external = route;
  }
}
