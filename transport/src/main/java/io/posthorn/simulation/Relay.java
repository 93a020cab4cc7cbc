package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Rebinding;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A bad network between real sockets: listens at a UDP address and passes every datagram on to a
 * target, and the answers back, through two {@link SimulatedLink}s.
 *
 * <pre>{@code
 * try (Relay relay = Relay.inFrontOf(server).up(conditions).down(conditions).seed(42).start()) {
 *   client.connect(relay.localAddress());
 * }
 * }</pre>
 *
 * <p>Each client address has its own socket towards the target, as behind a NAT, and its own links;
 * the k-th client's fates come from the seed and k, the first one's are those of a {@link
 * SimulatedNetwork} of two hosts with that seed. {@code rebind} in the conditions up gives a client
 * a new socket, and with {@code address} one at another loopback address where the target is on the
 * loopback; in the conditions down it means nothing.
 *
 * <p>Errors of single datagrams, such as "port unreachable", are counted and end nothing.
 *
 * <p>Concurrency: one daemon thread does all the work. The lock guards every field that is not
 * final, and the links; it is held for the work on ready datagrams and never while the thread
 * waits. The public methods may be called by any thread.
 */
public final class Relay implements Closeable {
  private static final long NEVER = DeadlineHeap.NEVER;
  private static final int BUFFER_BYTES = 4 << 20;
  private static final int READS_AT_ONCE = 64; // so that one busy socket does not starve the rest
  private static final long SWEEP_NANOS = 1_000_000_000L;
  private static final long NAP_NANOS = 100_000; // Selector waits in whole milliseconds

  /** What a relay is to be, before it starts. */
  public static final class Builder {
    private final InetSocketAddress target;
    private InetSocketAddress listen = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private LinkConditions up = LinkConditions.NONE;
    private LinkConditions down = LinkConditions.NONE;
    private long seed = 1;
    private int maxClients = 1_024;
    private Duration idleTimeout = Duration.ofMinutes(2); // RFC 4787, REQ-5

    private Builder(InetSocketAddress target) {
      if (target.isUnresolved()) {
        throw new IllegalArgumentException(target + " is not resolved");
      }
      this.target = target;
    }

    /** Where to listen; a free port of the loopback if not said. */
    public Builder listen(InetSocketAddress address) {
      listen = Objects.requireNonNull(address, "address");
      return this;
    }

    /** Conditions from the clients to the target; perfect if not said. */
    public Builder up(LinkConditions conditions) {
      up = Objects.requireNonNull(conditions, "conditions");
      return this;
    }

    /** Conditions from the target to the clients; perfect if not said. */
    public Builder down(LinkConditions conditions) {
      down = Objects.requireNonNull(conditions, "conditions");
      return this;
    }

    /** Decides every fate; 1 if not said. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** Clients at one time, 1 to 65536; 1024 if not said. Each costs a socket. */
    public Builder maxClients(int count) {
      if (count < 1 || count > 65_536) {
        throw new IllegalArgumentException("maxClients " + count + ": expected 1 to 65536");
      }
      maxClients = count;
      return this;
    }

    /** A client that neither sends nor receives for so long is forgotten; 2 minutes if not said. */
    public Builder idleTimeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("idleTimeout " + timeout + ": expected more than 0");
      }
      idleTimeout = timeout;
      return this;
    }

    /**
     * Binds the address and starts the thread.
     *
     * @throws IOException if the address cannot be bound
     */
    public Relay start() throws IOException {
      Relay relay = new Relay(this);
      relay.thread.start();
      return relay;
    }
  }

  private final Object lock = new Object();
  private final long originNanos = System.nanoTime();
  private final InetSocketAddress target;
  private final long seed;
  private final int maxClients;
  private final long idleNanos;
  private final Selector selector;
  private final DatagramChannel listener;
  private final InetSocketAddress localAddress;
  private final Thread thread;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);
  private final DatagramPool pool = new DatagramPool(true);
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private final List<@Nullable RelayClient> slots = new ArrayList<>(); // by deadline id
  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  private final Map<SocketAddress, RelayClient> clients = new HashMap<>();

  private LinkConditions up;
  private LinkConditions down;
  private long upSinceNanos;
  private long downSinceNanos;
  private long clientCount;
  private long rebindings;
  private long sweepNanos = NEVER;
  private LinkCounters retiredUp = LinkCounters.ZERO;
  private LinkCounters retiredDown = LinkCounters.ZERO;
  private long refusedClients;
  private long icmpErrors;
  private long socketErrors;
  private boolean closed;

  private Relay(Builder builder) throws IOException {
    target = builder.target;
    seed = builder.seed;
    maxClients = builder.maxClients;
    idleNanos = builder.idleTimeout.toNanos();
    up = builder.up;
    down = builder.down;
    selector = Selector.open();
    DatagramChannel channel = null;
    try {
      channel = DatagramChannel.open();
      channel.configureBlocking(false);
      enlarge(channel);
      channel.bind(builder.listen);
      channel.register(selector, SelectionKey.OP_READ);
      localAddress = (InetSocketAddress) channel.getLocalAddress();
    } catch (IOException failure) {
      selector.close();
      if (channel != null) {
        channel.close();
      }
      throw failure;
    }
    listener = channel;
    thread = new Thread(this::loop, "posthorn-relay-" + localAddress.getPort());
    thread.setDaemon(true);
  }

  /** Begins a relay to this target. */
  public static Builder inFrontOf(InetSocketAddress target) {
    return new Builder(target);
  }

  /** Where clients send. */
  public InetSocketAddress localAddress() {
    return localAddress;
  }

  /** Other conditions from the clients to the target from now on; outages count from here. */
  public void up(LinkConditions conditions) {
    synchronized (lock) {
      up = conditions;
      upSinceNanos = nowNanos();
      for (RelayClient client : clients.values()) {
        client.up.conditions(up, upSinceNanos);
      }
    }
  }

  /** Other conditions from the target to the clients from now on; outages count from here. */
  public void down(LinkConditions conditions) {
    synchronized (lock) {
      down = conditions;
      downSinceNanos = nowNanos();
      for (RelayClient client : clients.values()) {
        client.down.conditions(down, downSinceNanos);
      }
    }
  }

  /** What it did so far. */
  public RelayStatistics statistics() {
    synchronized (lock) {
      LinkCounters allUp = retiredUp;
      LinkCounters allDown = retiredDown;
      for (RelayClient client : clients.values()) {
        allUp = allUp.plus(client.up.counters());
        allDown = allDown.plus(client.down.counters());
      }
      return new RelayStatistics(
          allUp, allDown, clients.size(), refusedClients, icmpErrors, socketErrors);
    }
  }

  /** Ends it; what is under way is lost. Waits until every socket is closed. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
    }
    selector.wakeup();
    if (Thread.currentThread() != thread) {
      try {
        thread.join();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private long nowNanos() {
    return System.nanoTime() - originNanos;
  }

  private void loop() {
    try {
      while (true) {
        long waitNanos;
        synchronized (lock) {
          if (closed) {
            return;
          }
          deliverDue();
          sweep();
          waitNanos = Math.min(deadlines.firstNanos(), sweepNanos) - nowNanos();
        }
        await(waitNanos);
        synchronized (lock) {
          for (SelectionKey key : selector.selectedKeys()) {
            RelayClient client = (RelayClient) key.attachment();
            if (client == null) {
              readFromClients();
            } else {
              readFromTarget(client);
            }
          }
          selector.selectedKeys().clear();
        }
      }
    } catch (IOException failure) {
      throw new UncheckedIOException("the relay's selector failed", failure);
    } finally {
      closeAll();
    }
  }

  private void await(long waitNanos) throws IOException {
    if (waitNanos >= 1_000_000) {
      selector.select(waitNanos / 1_000_000);
    } else if (selector.selectNow() == 0 && waitNanos > 0) {
      LockSupport.parkNanos(Math.min(waitNanos, NAP_NANOS));
    }
  }

  private void readFromClients() {
    for (int i = 0; i < READS_AT_ONCE; i++) {
      SocketAddress from;
      buffer.clear();
      try {
        from = listener.receive(buffer);
      } catch (IOException failure) {
        countError(failure);
        continue;
      }
      if (from == null) {
        return;
      }
      buffer.flip();
      long now = nowNanos();
      RelayClient client = clients.get(from);
      if (client == null) {
        client = admit((InetSocketAddress) from, now);
      }
      if (client == null) {
        refusedClients++;
        continue;
      }
      client.activeNanos = now;
      client.up.offer(buffer, client, now);
      deadlines.update(client.slot, client.nextDeliveryNanos());
    }
  }

  private void readFromTarget(RelayClient client) {
    for (int i = 0; i < READS_AT_ONCE; i++) {
      long now = nowNanos();
      refreshMapping(client, now);
      SocketAddress from;
      buffer.clear();
      try {
        from = client.upstream.receive(buffer); // unlike read, it tells an empty datagram from none
      } catch (IOException failure) {
        countError(failure);
        continue;
      }
      if (from == null) {
        return;
      }
      if (!client.upstream.isConnected() && !from.equals(target)) {
        socketErrors++; // a stranger's
        continue;
      }
      buffer.flip();
      client.activeNanos = now;
      client.down.offer(buffer, client, now);
      deadlines.update(client.slot, client.nextDeliveryNanos());
    }
  }

  private void deliverDue() {
    long now = nowNanos();
    while (deadlines.firstNanos() <= now) {
      RelayClient client = Objects.requireNonNull(slots.get(deadlines.first()), "freed slot");
      refreshMapping(client, now);
      ByteBuffer datagram = client.up.poll(now);
      while (datagram != null) {
        try {
          sendToTarget(client.upstream, datagram);
        } catch (IOException failure) {
          countError(failure);
        }
        datagram = client.up.poll(now);
      }
      datagram = client.down.poll(now);
      while (datagram != null) {
        try {
          if (listener.send(datagram, client.address) == 0 && datagram.hasRemaining()) {
            socketErrors++;
          }
        } catch (IOException failure) {
          countError(failure);
        }
        datagram = client.down.poll(now);
      }
      deadlines.update(client.slot, client.nextDeliveryNanos());
    }
  }

  private void sendToTarget(DatagramChannel upstream, ByteBuffer datagram) throws IOException {
    boolean empty = !datagram.hasRemaining();
    if (empty && upstream.isConnected()) {
      // A connected channel of the JDK sends nothing for an empty buffer, an unconnected one does;
      // and connecting again would throw away what has arrived. So it stays unconnected, which
      // costs the news of ICMP errors for a client that sends empty datagrams.
      upstream.disconnect();
    }
    int sent = upstream.isConnected() ? upstream.write(datagram) : upstream.send(datagram, target);
    if (sent == 0 && !empty) {
      socketErrors++; // the kernel's buffer is full
    }
  }

  private void countError(IOException failure) {
    if (failure instanceof PortUnreachableException) {
      icmpErrors++;
    } else {
      socketErrors++;
    }
  }

  private @Nullable RelayClient admit(InetSocketAddress from, long now) {
    if (clients.size() >= maxClients) {
      return null;
    }
    DatagramChannel upstream;
    try {
      upstream = openUpstream(null);
    } catch (IOException failure) {
      socketErrors++;
      return null;
    }
    Integer free = freeSlots.poll();
    int slot = free != null ? free : deadlines.add(slots.size());
    if (free == null) {
      slots.add(null);
    }
    long clientSeed = LinkFate.seedOf(seed, clientCount++);
    int headerBytes =
        target.getAddress() instanceof Inet6Address
            ? SimulatedLink.IPV6_UDP_BYTES
            : SimulatedLink.IPV4_UDP_BYTES;
    RelayClient client =
        new RelayClient(
            from,
            slot,
            new SimulatedLink<>(up, clientSeed, 0, headerBytes, upSinceNanos, pool),
            new SimulatedLink<>(down, clientSeed, 1, headerBytes, downSinceNanos, pool),
            upstream,
            now);
    upstream.keyFor(selector).attach(client);
    slots.set(slot, client);
    clients.put(from, client);
    if (sweepNanos == NEVER) {
      sweepNanos = now + SWEEP_NANOS;
    }
    return client;
  }

  private DatagramChannel openUpstream(@Nullable InetAddress source) throws IOException {
    boolean ipv6 = target.getAddress() instanceof Inet6Address;
    DatagramChannel channel =
        DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
    try {
      channel.configureBlocking(false);
      enlarge(channel);
      if (source != null) {
        channel.bind(new InetSocketAddress(source, 0));
      }
      channel.connect(target);
      channel.register(selector, SelectionKey.OP_READ);
      return channel;
    } catch (IOException failure) {
      channel.close();
      throw failure;
    }
  }

  /** Larger kernel buffers, as far as the system grants them: what it drops, no seed decides. */
  private static void enlarge(DatagramChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
    channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES);
  }

  private void refreshMapping(RelayClient client, long now) {
    if (!client.isRebindingDue(now)) {
      return;
    }
    DatagramChannel fresh = null;
    InetAddress source = sourceAfterRebinding(client);
    try {
      fresh = openUpstream(source);
    } catch (IOException failure) {
      socketErrors++; // some systems have 127.0.0.1 alone: then a new port must do
    }
    try {
      if (fresh == null) {
        fresh = openUpstream(null);
      }
    } catch (IOException failure) {
      socketErrors++;
      return; // the old mapping lives on
    }
    fresh.keyFor(selector).attach(client);
    close(client.upstream);
    client.upstream = fresh;
  }

  /**
   * Another address of this host's loopback, 127.0.0.2 to 127.0.0.251; null where there is none.
   */
  private @Nullable InetAddress sourceAfterRebinding(RelayClient client) {
    InetAddress host = target.getAddress();
    if (client.up.conditions().rebinding() != Rebinding.ADDRESS
        || !(host instanceof Inet4Address)
        || !host.isLoopbackAddress()) {
      return null;
    }
    byte[] address = {127, 0, 0, (byte) (2 + rebindings++ % 250)};
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 bytes are an address", impossible);
    }
  }

  /** Forgets the clients that have been idle for too long. */
  private void sweep() {
    long now = nowNanos();
    if (now < sweepNanos) {
      return;
    }
    clients.values().removeIf(client -> isIdle(client, now) && retire(client));
    sweepNanos = clients.isEmpty() ? NEVER : now + Math.min(SWEEP_NANOS, idleNanos);
  }

  private boolean isIdle(RelayClient client, long now) {
    return now - client.activeNanos >= idleNanos && client.nextDeliveryNanos() == NEVER;
  }

  private boolean retire(RelayClient client) {
    retiredUp = retiredUp.plus(client.up.counters());
    retiredDown = retiredDown.plus(client.down.counters());
    slots.set(client.slot, null);
    freeSlots.add(client.slot);
    close(client.upstream);
    return true;
  }

  private void closeAll() {
    synchronized (lock) {
      closed = true;
      for (RelayClient client : clients.values()) {
        close(client.upstream);
      }
    }
    close(listener);
    close(selector);
  }

  private void close(Closeable resource) {
    try {
      resource.close();
    } catch (IOException failure) {
      socketErrors++; // nothing depends on a socket that is given up
    }
  }
}
