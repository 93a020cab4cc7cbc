package io.posthorn.cli.bench;

import io.posthorn.AddressText;
import io.posthorn.MessageSocket;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A test at the client: its parallel streams, from the question to the figures. */
public final class BenchRun implements Closeable {
  /** Opens a socket for one stream of messages. */
  public interface Opener {
    /** Opens it at any free port. */
    MessageSocket open() throws IOException;
  }

  private static final long WATCH_MILLIS = 500;

  private final BenchPlan plan;
  private final String server;
  private final List<ClientFlow> flows = new ArrayList<>();
  private final long openedNanos = System.nanoTime();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private CountDownLatch running = new CountDownLatch(0);

  private BenchRun(BenchPlan plan, String server) {
    this.plan = plan;
    this.server = server;
  }

  /**
   * Opens the streams and asks the server for all of them.
   *
   * @param opener of message sockets; null for TCP
   * @throws BenchException if nobody answers or the server refuses
   * @throws IOException if a connection cannot be opened
   */
  public static BenchRun open(
      BenchPlan plan,
      int streams,
      InetSocketAddress server,
      @Nullable Opener opener,
      Duration timeout)
      throws IOException, InterruptedException {
    String name = AddressText.of(server);
    BenchRun run = new BenchRun(plan, name);
    try {
      for (int stream = 0; stream < streams; stream++) {
        ClientFlow flow =
            opener == null
                ? ClientLinks.tcp(server, timeout, link -> new ClientFlow(plan, link))
                : ClientLinks.udp(server, opener.open(), link -> new ClientFlow(plan, link));
        run.flows.add(flow);
        flow.request(timeout, name);
      }
      return run;
    } catch (IOException | InterruptedException | RuntimeException failed) {
      run.close();
      throw failed;
    }
  }

  /**
   * Has all streams begin, together, on threads of their own.
   *
   * @throws IOException if the server does not have all of them begin
   */
  public void start() throws IOException, InterruptedException {
    List<Thread> asking = new ArrayList<>();
    for (ClientFlow flow : flows) {
      asking.add(daemon(() -> begin(flow), "posthorn-bench-start"));
    }
    asking.forEach(Thread::start);
    for (Thread thread : asking) {
      thread.join();
    }
    Exception refused = failure.get();
    if (refused instanceof IOException failed) {
      throw failed;
    }
    if (refused != null) {
      throw new IOException(refused);
    }
    running = new CountDownLatch(flows.size());
    for (ClientFlow flow : flows) {
      daemon(() -> run(flow), "posthorn-bench-stream").start();
    }
    daemon(this::watch, "posthorn-bench-watch").start();
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private void begin(ClientFlow flow) {
    try {
      flow.start(server);
    } catch (IOException | InterruptedException | RuntimeException failed) {
      failure.compareAndSet(null, failed);
    }
  }

  private void watch() {
    try {
      while (!running.await(WATCH_MILLIS, TimeUnit.MILLISECONDS)) {
        endStalled(System.nanoTime());
      }
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the streams whose server has taken nothing for too long. */
  void endStalled(long nowNanos) {
    for (ClientFlow flow : flows) {
      flow.endIfStalled(nowNanos);
    }
  }

  private void run(ClientFlow flow) {
    try {
      flow.run(server);
    } catch (IOException | InterruptedException | RuntimeException failed) {
      failure.compareAndSet(null, failed);
    } finally {
      running.countDown();
    }
  }

  /** Waits until all streams have ended; false if the time is over before. */
  public boolean await(Duration time) throws InterruptedException {
    return running.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends the test before its time; {@link #await} goes on until the figures are told. */
  public void stop() {
    flows.forEach(ClientFlow::stop);
  }

  /** What made a stream end early, or null. */
  public @Nullable Exception failure() {
    return failure.get();
  }

  /** How many streams there are. */
  public int streams() {
    return flows.size();
  }

  /** What one stream has done so far. */
  public FlowSample sample(int stream) {
    ClientFlow flow = flows.get(stream);
    return new FlowSample(
        flow.sent(), flow.sent() * plan.messageBytes(), flow.received(), flow.state());
  }

  /** What came of what a stream sent; null if the plan has none, or the server never said. */
  public @Nullable DirectionResult up(int stream) {
    ClientFlow flow = flows.get(stream);
    FlowReport report = flow.peerReport();
    return plan.up() && report != null
        ? DirectionResult.of(flow.sent(), flow.sentElapsedNanos(), plan.messageBytes(), report)
        : null;
  }

  /** What came of what the server sent; null if the plan has none. */
  public @Nullable DirectionResult down(int stream) {
    if (!plan.down()) {
      return null;
    }
    ClientFlow flow = flows.get(stream);
    FlowReport received = flow.received();
    long sent = Math.max(flow.peerSent(), received.unique() + received.missing());
    return DirectionResult.of(sent, received.elapsedNanos(), plan.messageBytes(), received);
  }

  /** All streams of a direction together; null if of none of them is known what came. */
  public @Nullable DirectionResult sum(boolean isUp) {
    DirectionResult sum = null;
    for (int stream = 0; stream < flows.size(); stream++) {
      DirectionResult one = isUp ? up(stream) : down(stream);
      if (one != null) {
        sum = sum == null ? one : sum.plus(one);
      }
    }
    return sum == null || isUp ? sum : sum.lasting(downNanos());
  }

  /** From the beginning of the first stream to the newest message of any. */
  private long downNanos() {
    long firstNanos = Long.MAX_VALUE;
    long newestNanos = Long.MIN_VALUE;
    for (ClientFlow flow : flows) {
      FlowReceiver receiver = flow.receiver();
      if (receiver.report().unique() > 0) {
        firstNanos = Math.min(firstNanos, receiver.startNanos() - openedNanos);
        newestNanos = Math.max(newestNanos, receiver.newestNanos() - openedNanos);
      }
    }
    return newestNanos < firstNanos ? 0 : newestNanos - firstNanos;
  }

  @Override
  public void close() {
    flows.forEach(ClientFlow::close);
  }
}
