package io.posthorn.bench;

import io.posthorn.BodyHandler;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Very many connections in one virtual machine.
 *
 * <p>{@code idle}: holds 100,000 open connections, whose other ends are in a second virtual machine
 * that this one starts, and says what they take. {@code active}: both ends in this one, 10,000
 * connections, each of which sends 10 messages of 64 bytes a second; says how long they took and
 * whether any was lost.
 *
 * <p>Arguments: {@code idle} or {@code active}, then each {@code name=value}: {@code listeners},
 * {@code clients} (sockets; each client is connected to each listener), {@code seconds} and {@code
 * rate} (messages a second and connection), {@code security} ({@code sealed} or {@code clear}),
 * {@code settle} (milliseconds until the heap is looked at).
 */
public final class ManyConnections {
  private static final int MESSAGE_BYTES = 64;
  private static final int COLLECTIONS = 4;
  private static final int ATTEMPTS = 5;
  private static final CountDownLatch NEVER = new CountDownLatch(1);
  private static final long MILLI = 1_000_000;

  /** Latencies are counted in steps of 10 µs, up to 10 s. */
  private static final int STEP_NANOS = 10_000;

  private static final int STEPS = 1_000_000;

  private final Map<String, String> settings = new LinkedHashMap<>();

  private ManyConnections(String[] arguments) {
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      if (at > 0) {
        settings.put(argument.substring(0, at), argument.substring(at + 1));
      }
    }
  }

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    String what = arguments.length == 0 ? "idle" : arguments[0];
    ManyConnections bench = new ManyConnections(arguments);
    switch (what) {
      case "idle" -> bench.idle();
      case "clients" -> bench.clients();
      case "active" -> bench.active();
      default -> throw new IllegalArgumentException(what + ": expected idle or active");
    }
  }

  private int number(String name, int usual) {
    return Integer.parseInt(settings.getOrDefault(name, Integer.toString(usual)));
  }

  private MessageSocket open() throws IOException {
    boolean clear = settings.getOrDefault("security", "sealed").equals("clear");
    return MessageSocket.builder()
        .security(clear ? Security.none() : Security.ephemeral())
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .maxConnections(1_000_000)
        .open();
  }

  private List<MessageSocket> open(int count) throws IOException {
    List<MessageSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(open());
    }
    return sockets;
  }

  private static long heapBytes() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    for (int i = 0; i < COLLECTIONS; i++) {
      memory.gc();
    }
    return memory.getHeapMemoryUsage().getUsed();
  }

  private static String residentSet() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return "unknown";
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return line.substring(6).trim();
      }
    }
    return "unknown";
  }

  // Idle.

  private void idle() throws Exception {
    int clientCount = number("clients", 500);
    List<MessageSocket> listeners = open(number("listeners", 200));
    long wanted = (long) clientCount * listeners.size();
    long before = heapBytes();
    long begun = System.nanoTime();
    Process other = startClients(listeners, clientCount);
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        if (line.equals("connected")) {
          break;
        }
        System.out.println("other end: " + line);
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      pause(number("settle", 15_000));
      long open = 0;
      for (MessageSocket listener : listeners) {
        open += listener.connections().size();
      }
      long heap = heapBytes(); // last: full collections stop everything, for seconds each
      System.out.printf(
          "%,d of %,d connections open after %.0f s: %,d bytes of heap each, %,d MiB of heap in all"
              + " (largest allowed %,d MiB), resident set %s%n",
          open,
          wanted,
          seconds,
          (heap - before) / Math.max(1, open),
          heap >> 20,
          Runtime.getRuntime().maxMemory() >> 20,
          residentSet());
      if (open != wanted) {
        throw new IllegalStateException("not all connections are open");
      }
    } finally {
      other.destroy();
    }
    System.exit(0); // without a word to 100,000 peers that are gone
  }

  private Process startClients(List<MessageSocket> listeners, int count) throws IOException {
    StringBuilder ports = new StringBuilder();
    for (MessageSocket listener : listeners) {
      ports.append(ports.isEmpty() ? "" : ",").append(listener.localAddress().getPort());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-Xss256k", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(ManyConnections.class.getName(), "clients", "ports=" + ports));
    command.add("clients=" + count);
    command.add("security=" + settings.getOrDefault("security", "sealed"));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** In the second virtual machine: each client connects to each port, a few at once. */
  private void clients() throws Exception {
    List<MessageSocket> clients = open(number("clients", 1));
    InetAddress host = InetAddress.getLoopbackAddress();
    List<InetSocketAddress> to = new ArrayList<>();
    for (String port : settings.getOrDefault("ports", "").split(",")) {
      to.add(new InetSocketAddress(host, Integer.parseInt(port)));
    }
    AtomicLong next = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    long all = (long) clients.size() * to.size();
    for (int i = 0; i < 32; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (long n = next.getAndIncrement(); n < all; n = next.getAndIncrement()) {
                  MessageSocket client = clients.get((int) (n % clients.size()));
                  connect(client, to.get((int) (n / clients.size())), failed);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println(failed.get() + " failed");
    System.out.println("connected");
    int unused = System.in.read(); // until the other virtual machine ends
    Runtime.getRuntime().halt(0);
  }

  /** On a busy machine an attempt may run out of time: so would it in life, and be made again. */
  private static void connect(MessageSocket client, InetSocketAddress to, AtomicLong failed) {
    for (int attempt = 1; ; attempt++) {
      try {
        client.connect(to);
        return;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          failed.incrementAndGet();
          System.out.println(e);
          return;
        }
      }
    }
  }

  private static void pause(long millis) throws InterruptedException {
    boolean never = NEVER.await(millis, TimeUnit.MILLISECONDS);
    assert !never;
  }

  // Active.

  private void active() throws Exception {
    List<MessageSocket> listeners = open(number("listeners", 100));
    List<MessageSocket> clients = open(number("clients", 100));
    int rate = number("rate", 10);
    int seconds = number("seconds", 10);
    int warmUp = number("warmup", 5);
    AtomicLongArray steps = new AtomicLongArray(STEPS);
    AtomicLong arrived = new AtomicLong();
    AtomicLong measuredFrom = new AtomicLong(Long.MAX_VALUE);
    BodyHandler count =
        (from, channel, body) -> {
          long sent = body.getLong(body.position());
          long now = System.nanoTime();
          arrived.incrementAndGet();
          if (sent >= measuredFrom.get()) {
            steps.incrementAndGet((int) Math.min(STEPS - 1, (now - sent) / STEP_NANOS));
          }
        };
    for (MessageSocket listener : listeners) {
      listener.onBody(count);
    }
    for (MessageSocket client : clients) {
      for (MessageSocket listener : listeners) {
        client.connect(listener.localAddress());
      }
    }
    int connections = clients.size() * listeners.size();
    System.out.printf("%,d connections open%n", connections);
    long begun = System.nanoTime();
    measuredFrom.set(begun + warmUp * 1_000 * MILLI);
    long perSecond = (long) connections * rate;
    long all = perSecond * (warmUp + seconds);
    ByteBuffer message = ByteBuffer.allocate(MESSAGE_BYTES);
    long cpuBefore = 0;
    for (long sent = 0; sent < all; ) {
      long now = System.nanoTime();
      if (cpuBefore == 0 && now >= measuredFrom.get()) {
        cpuBefore = cpuNanos();
      }
      long due = Math.min(all, (long) ((now - begun) / 1e9 * perSecond));
      for (; sent < due; sent++) {
        int n = (int) (sent % connections);
        // When it was due: if this thread is late, that counts too.
        message.putLong(0, begun + sent * 1_000_000_000 / perSecond);
        // Neighbours in time are of other sockets, as those of so many users would be.
        clients
            .get(n % clients.size())
            .send(listeners.get(n / clients.size()).localAddress(), message);
      }
      pause(1);
    }
    double cores = (cpuNanos() - cpuBefore) / 1e9 / seconds;
    long until = System.nanoTime() + 5_000 * MILLI;
    while (arrived.get() < all && System.nanoTime() < until) {
      pause(10);
    }
    print(steps, all, arrived.get(), cores);
    if (arrived.get() != all) {
      throw new IllegalStateException((all - arrived.get()) + " messages are lost");
    }
    System.exit(0);
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void print(AtomicLongArray steps, long sent, long arrived, double cores) {
    long[] counts = new long[STEPS];
    Arrays.setAll(counts, steps::get);
    long measured = Arrays.stream(counts).sum();
    System.out.printf(
        "%,d sent, %,d arrived; %,d measured: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, worst"
            + " %.2f ms; %.2f processors%n",
        sent,
        arrived,
        measured,
        quantile(counts, measured, 0.5),
        quantile(counts, measured, 0.99),
        quantile(counts, measured, 0.999),
        quantile(counts, measured, 1),
        cores);
  }

  private static double quantile(long[] counts, long all, double share) {
    long wanted = (long) Math.ceil(share * all);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return (i + 1) * (double) STEP_NANOS / 1e6;
      }
    }
    return Double.NaN;
  }
}
