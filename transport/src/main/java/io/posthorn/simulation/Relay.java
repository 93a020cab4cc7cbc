package io.posthorn.simulation;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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
 * SimulatedNetwork} of two hosts with that seed, if the host that stands for the client was named
 * to the network first. {@code rebind} in the conditions up gives a client a new socket, and with
 * {@code address} one at another loopback address where the target is on the loopback; in the
 * conditions down it means nothing.
 *
 * <p>Errors of single datagrams, such as "port unreachable", are counted and end nothing.
 *
 * <p>Concurrency: one daemon thread does all the work. The lock guards every field that is not
 * final, the clients and their traffic; it is held for the work on ready datagrams and never while
 * the thread waits. The public methods may be called by any thread.
 */
public final class Relay implements Closeable {
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
      if (address.isUnresolved()) {
        throw new IllegalArgumentException(address + " is not resolved");
      }
      listen = address;
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
     * @throws IOException if the address cannot be bound, the machine has not the target's family
     *     of addresses, or the record or the capture cannot be made
     */
    public Relay start() throws IOException {
      Relay relay = new Relay(this);
      try {
        relay.thread.start();
      } catch (Error noThread) {
        relay.closeAll();
        throw noThread;
      }
      return relay;
    }
  }

  private final Object lock = new Object();
  private final long originNanos = System.nanoTime();
  private final Selector selector;
  private final DatagramChannel listener;
  private final InetSocketAddress localAddress;
  private final Thread thread;
  private final RelayClients clients;
  private final RelayTraffic traffic;
  private final @Nullable LinkRecorder recorder;
  private boolean closed;
  private @Nullable Throwable failure;

  private Relay(Builder builder) throws IOException {
    selector = Selector.open();
    DatagramChannel channel = null;
    LinkRecorder record = null;
    RelayCapture capture = null;
    try {
      UpstreamSockets upstreams = new UpstreamSockets(builder.target, selector);
      open(upstreams.family()).close(); // each client will need one
      channel = open(builder.family);
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
      listener = channel;
      recorder = record;
      clients =
          new RelayClients(
              builder.maxClients,
              TimeUnit.NANOSECONDS.convert(builder.idleTimeout),
              builder.seed,
              upstreams,
              builder.up,
              builder.down);
      traffic =
          new RelayTraffic(
              listener,
              localAddress,
              builder.family == StandardProtocolFamily.INET6,
              upstreams,
              clients,
              recorder,
              capture,
              this::nowNanos);
      thread = new Thread(this::loop, "posthorn-relay-" + localAddress.getPort());
      thread.setDaemon(true);
    } catch (IOException | RuntimeException | Error failure) {
      if (capture != null) {
        capture.close();
      }
      if (record != null) {
        record.close();
      }
      selector.close();
      if (channel != null) {
        channel.close();
      }
      throw failure;
    }
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
      return traffic.statistics();
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

  /**
   * What ended it though nobody closed it: a fault, for errors of single datagrams and sockets end
   * nothing.
   *
   * @return null if it runs, or was closed
   */
  public @Nullable Throwable failure() {
    synchronized (lock) {
      return failure;
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
          traffic.deliverDue();
          clients.sweep(nowNanos());
          waitNanos = clients.nextNanos() - nowNanos();
        }
        await(waitNanos);
        synchronized (lock) {
          for (SelectionKey key : selector.selectedKeys()) {
            RelayClient client = (RelayClient) key.attachment();
            if (client == null) {
              traffic.readFromClients();
            } else {
              traffic.readFromTarget(client);
            }
          }
          selector.selectedKeys().clear();
        }
      }
    } catch (IOException | RuntimeException | Error fault) {
      synchronized (lock) {
        failure = fault;
      }
      throw new IllegalStateException("the relay at " + localAddress + " has ended", fault);
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

  private static DatagramChannel open(@Nullable ProtocolFamily family) throws IOException {
    try {
      return family == null ? DatagramChannel.open() : DatagramChannel.open(family);
    } catch (UnsupportedOperationException none) {
      BindException refused = new BindException("this machine has no " + family);
      refused.initCause(none);
      throw refused;
    }
  }

  private void closeAll() {
    synchronized (lock) {
      closed = true;
      traffic.end();
    }
    close(listener);
    close(selector);
  }

  private void close(Closeable resource) {
    try {
      resource.close();
    } catch (IOException failure) {
      traffic.countError(failure); // nothing depends on a socket that is given up
    }
  }
}
