package io.posthorn.simulation;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
  private static final int READS_AT_ONCE = 64; // so that one busy socket does not starve the rest
  private static final long NAP_NANOS = 100_000; // Selector waits in whole milliseconds

  /** What a relay is to be, before it starts. */
  public static final class Builder {
    private final InetSocketAddress target;
    private @Nullable ProtocolFamily family;
    private InetSocketAddress listen = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private LinkConditions up = LinkConditions.NONE;
    private LinkConditions down = LinkConditions.NONE;
    private long seed = 1;
    private int maxClients = 1_024;
    private @Nullable Path record;
    private @Nullable Path capture;
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

    /**
     * Whether it listens for IPv4 alone ({@link StandardProtocolFamily#INET}) or IPv6 alone; both
     * if not said, where the address and the machine allow it.
     */
    public Builder protocolFamily(ProtocolFamily family) {
      this.family = Objects.requireNonNull(family, "family");
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

    /**
     * Writes what happens to each datagram to a file, made anew, which {@code replay FILE} in the
     * conditions does again; see {@link LinkRecording}.
     */
    public Builder record(Path file) {
      record = Objects.requireNonNull(file, "file");
      return this;
    }

    /**
     * Writes each datagram that the relay's sockets receive and send, on both its sides, to a
     * pcapng file, made anew, for network analysers such as Wireshark; what a link takes has a
     * comment that says why. A slow or full disk does not hold the relay up.
     */
    public Builder capture(Path file) {
      capture = Objects.requireNonNull(file, "file");
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
     * @throws IOException if the address cannot be bound, or the record or the capture cannot be
     *     made
     */
    public Relay start() throws IOException {
      Relay relay = new Relay(this);
      relay.thread.start();
      return relay;
    }
  }

  private final Object lock = new Object();
  private final long originNanos = System.nanoTime();
  private final Selector selector;
  private final DatagramChannel listener;

  /** A channel of the JDK's that is of IPv6 has IPv4 too. */
  private final boolean refusesIpv4;

  private final InetSocketAddress localAddress;
  private final Thread thread;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);
  private final UpstreamSockets upstreams;
  private final RelayClients clients;
  private final @Nullable LinkRecorder recorder;
  private final @Nullable RelayCapture capture;

  private long refusedClients;
  private long icmpErrors;
  private long socketErrors;
  private boolean closed;

  private Relay(Builder builder) throws IOException {
    selector = Selector.open();
    refusesIpv4 = builder.family == StandardProtocolFamily.INET6;
    DatagramChannel channel = null;
    LinkRecorder record = null;
    try {
      channel = openListener(builder.family);
      channel.configureBlocking(false);
      UpstreamSockets.enlarge(channel);
      channel.bind(builder.listen);
      channel.register(selector, SelectionKey.OP_READ);
      localAddress = (InetSocketAddress) channel.getLocalAddress();
      Path recordFile = builder.record;
      if (recordFile != null) {
        record =
            LinkRecorder.create(
                recordFile,
                List.of("up: " + builder.up, "down: " + builder.down, "seed: " + builder.seed));
      }
      Path captureFile = builder.capture;
      capture = captureFile == null ? null : new RelayCapture(captureFile);
    } catch (IOException failure) {
      if (record != null) {
        record.close();
      }
      selector.close();
      if (channel != null) {
        channel.close();
      }
      throw failure;
    }
    listener = channel;
    recorder = record;
    upstreams = new UpstreamSockets(builder.target, selector);
    clients =
        new RelayClients(
            builder.maxClients,
            builder.idleTimeout.toNanos(),
            builder.seed,
            upstreams,
            builder.up,
            builder.down);
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
      clients.up(conditions, nowNanos());
      note("up: " + conditions);
    }
  }

  /** Other conditions from the target to the clients from now on; outages count from here. */
  public void down(LinkConditions conditions) {
    synchronized (lock) {
      clients.down(conditions, nowNanos());
      note("down: " + conditions);
    }
  }

  private void note(String text) {
    if (recorder != null) {
      recorder.note(text);
    }
  }

  /** The conditions from the clients to the target that are in force. */
  public LinkConditions up() {
    synchronized (lock) {
      return clients.up();
    }
  }

  /** The conditions from the target to the clients that are in force. */
  public LinkConditions down() {
    synchronized (lock) {
      return clients.down();
    }
  }

  /** Cuts both ways for every client, as an outage without end, or mends them. */
  public void cut(boolean cut) {
    synchronized (lock) {
      clients.cut(cut);
      note(cut ? "cut" : "mended");
    }
  }

  /** What it did so far. */
  public RelayStatistics statistics() {
    synchronized (lock) {
      return new RelayStatistics(
          clients.upCounters(),
          clients.downCounters(),
          clients.count(),
          refusedClients,
          icmpErrors,
          socketErrors + upstreams.failures());
    }
  }

  /**
   * Why the record is not complete.
   *
   * @return null if everything has been written so far, or nothing is recorded
   */
  public @Nullable IOException recordingFailure() {
    synchronized (lock) {
      return recorder == null ? null : recorder.failure();
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
          clients.sweep(nowNanos());
          waitNanos = clients.nextNanos() - nowNanos();
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

  private static DatagramChannel openListener(@Nullable ProtocolFamily family) throws IOException {
    try {
      return family == null ? DatagramChannel.open() : DatagramChannel.open(family);
    } catch (UnsupportedOperationException none) {
      BindException refused = new BindException("this machine has no " + family);
      refused.initCause(none);
      throw refused;
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
      if (refusesIpv4 && ((InetSocketAddress) from).getAddress() instanceof Inet4Address) {
        refusedClients++;
        continue;
      }
      buffer.flip();
      long now = nowNanos();
      RelayClient client = clients.find(from);
      if (client == null) {
        client = clients.admit((InetSocketAddress) from, now);
      }
      if (client == null) {
        refusedClients++;
        continue;
      }
      offer(client, client.up, 0, now);
    }
  }

  private void readFromTarget(RelayClient client) {
    for (int i = 0; i < READS_AT_ONCE; i++) {
      long now = nowNanos();
      upstreams.refreshMapping(client, now);
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
      if (!client.upstream.isConnected() && !from.equals(upstreams.target())) {
        socketErrors++; // a stranger's
        continue;
      }
      buffer.flip();
      offer(client, client.down, 1, now);
    }
  }

  private void offer(RelayClient client, SimulatedLink<RelayClient> link, int way, long now) {
    client.activeNanos = now;
    DatagramFate fate = link.offer(buffer, client, now);
    if (recorder != null) {
      recorder.onOffered(client.number, way, link, fate, buffer.remaining(), now);
    }
    if (capture != null) {
      captureReceived(capture, client, way, fate, now);
    }
    clients.reschedule(client);
  }

  private void captureReceived(
      RelayCapture into, RelayClient client, int way, DatagramFate fate, long now) {
    try {
      if (way == 0) {
        into.onReceived(client.address, localAddress, buffer, fate, now);
      } else {
        into.onReceived(upstreams.target(), upstreams.ownAddress(client), buffer, fate, now);
      }
    } catch (IOException failure) {
      socketErrors++; // a socket that is given up has no address any more
    }
  }

  private void deliverDue() {
    long now = nowNanos();
    RelayClient client = clients.firstDue(now);
    while (client != null) {
      upstreams.refreshMapping(client, now);
      ByteBuffer datagram = client.up.poll(now);
      while (datagram != null) {
        try {
          if (capture != null) {
            capture.onSent(upstreams.ownAddress(client), upstreams.target(), datagram, now);
          }
          upstreams.send(client.upstream, datagram);
        } catch (IOException failure) {
          countError(failure);
        }
        datagram = client.up.poll(now);
      }
      datagram = client.down.poll(now);
      while (datagram != null) {
        try {
          if (capture != null) {
            capture.onSent(localAddress, client.address, datagram, now);
          }
          if (listener.send(datagram, client.address) == 0 && datagram.hasRemaining()) {
            socketErrors++;
          }
        } catch (IOException failure) {
          countError(failure);
        }
        datagram = client.down.poll(now);
      }
      clients.reschedule(client);
      client = clients.firstDue(now);
    }
  }

  private void countError(IOException failure) {
    if (failure instanceof PortUnreachableException) {
      icmpErrors++;
    } else {
      socketErrors++;
    }
  }

  private void closeAll() {
    synchronized (lock) {
      closed = true;
      clients.closeAll();
      if (recorder != null) {
        recorder.close();
      }
      if (capture != null) {
        capture.close();
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
