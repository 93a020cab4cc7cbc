package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.SimulatedNode.Path;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
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

  private final long seed;
  private final VirtualClock clock = new VirtualClock();
  private final Topology topology;
  private final NetworkTrace trace = new NetworkTrace();
  private final NetworkEvents events;
  private final Turns turns = new Turns(this);
  private int sockets;

  private SimulatedNetwork(long seed) {
    this.seed = seed;
    DeadlineHeap deadlines = new DeadlineHeap();
    topology = new Topology(seed, deadlines);
    events = new NetworkEvents(clock, deadlines, topology, trace);
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
    events.wake(node);
    return this;
  }

  /** Takes the host away, as a crash does; datagrams to it find nobody. */
  public SimulatedNetwork detach(InetSocketAddress address) {
    SimulatedNode node = topology.node(address);
    node.host = null;
    events.forgetDeadline(node);
    return this;
  }

  /** Another host at the same address and NAT mapping, as after a crash and restart. */
  public SimulatedNetwork replace(InetSocketAddress address, SimulatedHost host) {
    return detach(address).attach(address, host);
  }

  /**
   * Gives a host a new NAT mapping: others see its datagrams come from the new address, and reach
   * it there; what is sent to the old one, or is under way to it, finds nobody. A NAT has 16,384
   * ports, and 65,536 addresses with a port each; one that was forgotten is given out again when
   * all had their turn.
   *
   * @return the new address
   * @throws IllegalStateException if other hosts have all of them
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
    events.intercept(interceptor);
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
    events.at(Math.max(nanos, nowNanos()), action);
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
   * receive} throws an {@link IllegalStateException}; so does whatever waits for its turn, when the
   * thread that has it runs for 30 s of real time without waiting, or stands at a breakpoint.
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
    turns.await(() -> nowNanos() >= untilNanos, untilNanos);
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
    return events.unreachable();
  }

  /** Lets so much time pass. */
  public void run(Duration duration) {
    long endNanos = Math.addExact(nowNanos(), duration.toNanos());
    events.wakeAll();
    while (events.advance(endNanos)) {
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
    events.wakeAll();
    while (!done.getAsBoolean()) {
      if (!events.advance(endNanos)) {
        clock.advanceTo(endNanos);
        return done.getAsBoolean();
      }
    }
    return true;
  }

  /** Lets the next event happen, whenever it is; false if there is none. */
  public boolean step() {
    events.wakeAll();
    return events.advance(NetworkEvents.NEVER - 1);
  }

  /** What this host wants to send leaves now, and not when others wait. */
  void flush(InetSocketAddress address) {
    events.flushNow(topology.node(address));
  }

  /** Asks one host for what it wants to send, after a change from outside in mid-run. */
  public void wake(InetSocketAddress address) {
    events.wake(topology.node(address));
  }
}
