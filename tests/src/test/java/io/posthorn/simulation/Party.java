package io.posthorn.simulation;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An application with a reliable endpoint at one address of a simulated network: it sends what it
 * is told as soon as there is room, takes what comes, and writes all of it into a history.
 */
final class Party implements SimulatedHost {
  private record Wanted(
      Party to,
      int channel,
      Delivery delivery,
      long key,
      byte[] body,
      long expires,
      boolean confirm) {}

  final int end;
  final InetSocketAddress address;
  private final SimulatedNetwork network;
  private final History history;
  private final SocketOptions options;
  private final long seed;

  /** In the order in which it was said first, for they are tried one after the other. */
  private final Map<Party, ArrayDeque<Wanted>> waiting = new LinkedHashMap<>();

  private final Map<InetSocketAddress, Party> known = new HashMap<>();
  private final Map<Party, InetSocketAddress> aliases = new HashMap<>();
  private @Nullable StaticKey identity;
  private PortLimits limits;
  private SimulatedEndpoint host;
  private boolean answersOnly;
  private boolean asksForCookies;
  private boolean confirms = true;
  private boolean gone;
  private int process;
  private int bodies;
  private long timeouts;

  Party(
      SimulatedNetwork network,
      History history,
      int end,
      InetSocketAddress address,
      SocketOptions options,
      long seed) {
    this.network = network;
    this.history = history;
    this.end = end;
    this.address = address;
    this.options = options;
    this.seed = seed;
    this.limits = PortLimits.UNKNOWN.at(address);
    this.host = host();
    network.attach(address, this);
  }

  private SimulatedEndpoint host() {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < process; i++) {
      random = random.split(); // no seed of its own: streams of seeds that are near overlap
    }
    EndpointSetup setup =
        new EndpointSetup(options, random, address::equals).withIdentity(identity).withPort(limits);
    Endpoint endpoint = new ReliableEndpoint(asksForCookies ? askingForCookies(setup) : setup);
    return new SimulatedEndpoint(endpoint, this::onMessage, this::onEvent);
  }

  private static EndpointSetup askingForCookies(EndpointSetup setup) {
    return new EndpointSetup(
        setup.options(),
        setup.random(),
        setup.isSelf(),
        setup.identity(),
        setup.port(),
        null,
        null,
        0,
        setup.keyLimits());
  }

  /** Asks each stranger for a cookie; before anything else. */
  void askForCookies() {
    asksForCookies = true;
    host = host();
    network.replace(address, this);
  }

  /** Has an identity that outlives a crash; before anything else. */
  void keepIdentity() {
    identity = lastingIdentity();
    host = host();
    network.replace(address, this);
  }

  /** What {@link #keepIdentity} gives it. */
  StaticKey lastingIdentity() {
    return StaticKey.generate(new SplittableRandom(seed));
  }

  /** Has an interface that takes datagrams up to this size; before anything else. */
  void useInterface(int largestDatagramBytes) {
    limits = new PortLimits(any -> largestDatagramBytes, WireLimits.MAX_DATAGRAM_BYTES).at(address);
    host = host();
    network.replace(address, this);
  }

  /** Tells who is at an address. */
  void meet(Party other) {
    known.put(other.address, other);
  }

  /** The other is, or was, met at this address of a translator. */
  void learn(InetSocketAddress external, Party other) {
    if (other != this) {
      known.put(external, other);
    }
  }

  /** Never opens a connection itself: it sends when the other has. */
  void answerOnly() {
    answersOnly = true;
  }

  /** Does not confirm messages for which that is asked. */
  void neverConfirm() {
    confirms = false;
  }

  Endpoint endpoint() {
    return host.endpoint();
  }

  SocketOptions options() {
    return options;
  }

  // What the application does.

  /** Sends a body of this size as soon as there is room. */
  void send(Party to, int channel, Delivery delivery, int sizeBytes) {
    send(to, channel, delivery, -1, sizeBytes, Endpoint.NEVER);
  }

  /** Sends a body of this size as soon as there is room. */
  void send(
      Party to, int channel, Delivery delivery, long key, int sizeBytes, long expiresAtNanos) {
    long realKey = delivery == Delivery.RELIABLE_LATEST ? key : -1;
    boolean confirm = delivery != Delivery.UNRELIABLE && delivery != Delivery.UNRELIABLE_SEQUENCED;
    waiting
        .computeIfAbsent(to, none -> new ArrayDeque<>())
        .add(
            new Wanted(
                to,
                channel,
                delivery,
                realKey,
                nextBody(sizeBytes),
                expiresAtNanos,
                confirm && bodies % 3 == 0));
    flush(to);
    network.wake(address);
  }

  /** Begins with its number, so that no two of 4 bytes and more are alike. */
  private byte[] nextBody(int sizeBytes) {
    byte[] body = new byte[sizeBytes];
    new SplittableRandom(seed + bodies).nextBytes(body);
    int number = bodies++;
    for (int i = 0; i < Math.min(4, sizeBytes); i++) {
      body[i] = (byte) (number >>> (8 * i));
    }
    return body;
  }

  private void flush(Party to) {
    ArrayDeque<Wanted> queue = waiting.get(to);
    if (queue == null || gone) {
      return;
    }
    InetSocketAddress alias = aliases.get(to);
    if (alias == null && answersOnly) {
      return;
    }
    InetSocketAddress peer = alias == null ? to.address : alias;
    while (!queue.isEmpty()) {
      Wanted wanted = queue.peek();
      long now = network.nowNanos();
      Sent sent =
          new Sent(
              now,
              end,
              to.end,
              process,
              wanted.channel,
              wanted.delivery,
              wanted.key,
              wanted.body,
              wanted.expires != Endpoint.NEVER);
      SendOutcome outcome =
          host.endpoint()
              .send(
                  new OutgoingMessage(
                      Endpoint.NO_CONNECTION,
                      peer,
                      wanted.channel,
                      wanted.delivery,
                      wanted.key,
                      wanted.body,
                      false,
                      wanted.expires,
                      wanted.confirm,
                      sent),
                  now);
      if (outcome == SendOutcome.ACCEPTED) {
        history.add(sent);
        queue.remove();
        continue;
      }
      history.add(new History.Refused(now, end, to.end, outcome));
      if (outcome == SendOutcome.BLOCKED) {
        return;
      }
      if (outcome != SendOutcome.MESSAGES_LOST) { // which is said once
        queue.remove();
      }
    }
  }

  private void flushAll() {
    for (Party to : waiting.keySet()) {
      flush(to);
    }
  }

  /** Messages that the endpoint has not taken yet, but for those that wait for a first word. */
  int waiting() {
    int sum = 0;
    for (Map.Entry<Party, ArrayDeque<Wanted>> each : waiting.entrySet()) {
      if (!answersOnly || aliases.containsKey(each.getKey())) {
        sum += each.getValue().size();
      }
    }
    return sum;
  }

  long connect(Party to) {
    return connect(to.address);
  }

  /** Asks for whoever is at this address, by the name that it has. */
  long connect(InetSocketAddress name) {
    long handle = host.endpoint().connect(name, network.nowNanos());
    network.wake(address);
    return handle;
  }

  /** What is sent to the other from now on asks for it by this name of its address. */
  void call(Party other, InetSocketAddress name) {
    aliases.put(other, name);
  }

  /** Closes every connection that is open. */
  void closeConnections(Duration linger) {
    long now = network.nowNanos();
    for (var row : host.endpoint().connections(now)) {
      host.endpoint().close(row.connection(), 7, "bye", linger.toNanos(), now);
    }
    network.wake(address);
  }

  /** Closes the endpoint; what waits for room is not sent any more. */
  void closeAll(Duration linger) {
    gone = true;
    host.endpoint().closeAll(linger.toNanos(), network.nowNanos());
    network.wake(address);
  }

  /** Dies without a word, and is there again at once with nothing in its memory. */
  void crash() {
    history.add(new History.Crashed(network.nowNanos(), end));
    process++;
    waiting.clear();
    aliases.clear();
    gone = false;
    host = host();
    network.replace(address, this);
  }

  void pauseReading() {
    host.pauseReading();
  }

  void resumeReading() {
    host.resumeReading();
    network.wake(address);
  }

  /** Takes one message while reading is paused; answers whether there was one. */
  boolean readOne() {
    ReceivedMessage message = host.endpoint().pollMessage(network.nowNanos());
    if (message != null) {
      onMessage(message);
    }
    network.wake(address);
    return message != null;
  }

  /** How often its endpoint's timers ran out. */
  long timeouts() {
    return timeouts;
  }

  // What happens to it.

  private void onMessage(ReceivedMessage message) {
    Party sender = whoIsAt(message.from());
    history.add(new History.Received(network.nowNanos(), end, sender.end, process, message));
    if (confirms) {
      host.endpoint().confirm(message, network.nowNanos());
    }
  }

  private void onEvent(EndpointEvent event) {
    long now = network.nowNanos();
    if (event instanceof EndpointEvent.ReceiptSettled settled) {
      history.add(
          new History.Settled(
              now,
              end,
              (Sent) settled.receipt(),
              settled.outcome(),
              settled.reason(),
              settled.mayHaveArrived()));
      return;
    }
    if (event instanceof EndpointEvent.ReceiptProcessed processed) {
      history.add(new History.Processed(now, end, (Sent) processed.receipt()));
      return;
    }
    history.add(new History.Told(now, end, process, event));
    if (event instanceof EndpointEvent.Connected connected) {
      aliases.put(whoIsAt(connected.peer()), connected.peer());
    } else if (event instanceof EndpointEvent.Closed closed && answersOnly) {
      aliases.remove(whoIsAt(closed.peer()), closed.peer()); // nobody may be there any more
    }
    flushAll();
  }

  /** Others are met at the address that a translator gave them. */
  Party whoIsAt(InetSocketAddress peer) {
    Party party = known.get(peer);
    if (party != null) {
      return party;
    }
    if (known.size() != 1) {
      throw new AssertionError("nobody is at " + peer);
    }
    return known.values().iterator().next();
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
    host.onDatagram(datagram, from, nowNanos);
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
    host.onDatagram(datagram, from, ecn, nowNanos);
  }

  @Override
  public int transmitEcn() {
    return host.transmitEcn();
  }

  @Override
  public void onTimeout(long nowNanos) {
    timeouts++;
    host.onTimeout(nowNanos);
  }

  @Override
  public long nextTimeoutNanos() {
    return host.nextTimeoutNanos();
  }

  @Override
  public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
    host.pollTransmit(out, nowNanos);
  }

  @Override
  public String toString() {
    return "end " + end + " " + host.endpoint().connections(network.nowNanos());
  }
}
