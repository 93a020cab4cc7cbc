package io.posthorn.bench.stack;

import io.posthorn.Mode;
import io.posthorn.Security;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

/**
 * Whole stacks side by side in one process over loopback: every contender runs in turn, round after
 * round, so that a noisy machine disturbs all alike; medians and ratios to the first contender.
 *
 * <p>Arguments, each {@code name=value}: {@code workload} (64, 65536, 1048576: bytes one way;
 * {@code 65536/1400}: with packets held to 1,400 bytes; {@code ping}: 64 bytes there and back),
 * {@code only} (names, comma separated; by default all, each with its best setting as {@link Sweep}
 * found it), {@code rounds}, {@code warmup} rounds, {@code millis} a run, {@code format=markdown}
 * for tables of PERFORMANCE.md. A name may carry the largest datagram, as in {@code quic/1400}:
 * running several such beside each other finds a contender's best.
 */
public final class StackBench {
  static final String ALL_WORKLOADS = "64,65536,1048576,65536/1400,1048576/1400,ping";

  private static final int PING_BYTES = 64;
  private static final int SENDS_BETWEEN_LOOKS = 16;
  private static final long QUIET_NANOS = 50_000_000;
  private static final long STUCK_NANOS = 10_000_000_000L;

  private final String workload;
  private final int messageBytes;

  /** What packets are held to, whatever a name says; 0 for no such thing. */
  private final int heldBytes;

  private final boolean pingPong;
  private final long runNanos;
  private final long[] roundTrips = new long[4 << 20];

  private StackBench(String workload, long runNanos) {
    this.workload = workload;
    pingPong = workload.equals("ping");
    String[] sizes = workload.split("/");
    messageBytes = pingPong ? PING_BYTES : Integer.parseInt(sizes[0]);
    heldBytes = sizes.length > 1 ? Integer.parseInt(sizes[1]) : 0;
    this.runNanos = runNanos;
  }

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    Threads.endWithThisOne();
    Map<String, String> settings = new LinkedHashMap<>();
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      settings.put(argument.substring(0, at), argument.substring(at + 1));
    }
    int rounds = Integer.parseInt(settings.getOrDefault("rounds", "5"));
    int warmUp = Integer.parseInt(settings.getOrDefault("warmup", "8"));
    long millis = Long.parseLong(settings.getOrDefault("millis", "1000"));
    String only = settings.getOrDefault("only", "");
    boolean markdown = settings.getOrDefault("format", "").equals("markdown");
    BestSettings best = BestSettings.read();
    for (String workload : settings.getOrDefault("workload", ALL_WORKLOADS).split(",")) {
      List<String> names = only.isEmpty() ? best.names(workload) : Arrays.asList(only.split(","));
      StackBench bench = new StackBench(workload, millis * 1_000_000);
      bench.print(bench.run(names, warmUp, rounds), markdown);
    }
    System.exit(0); // some contenders leave threads behind
  }

  /** Runs contenders in turn; answers the samples of each, by its name. */
  static Map<String, List<Sample>> run(
      String workload, List<String> names, int warmUp, int rounds, long runNanos)
      throws IOException {
    return new StackBench(workload, runNanos).run(names, warmUp, rounds);
  }

  private Map<String, List<Sample>> run(List<String> names, int warmUp, int rounds)
      throws IOException {
    List<Contender> contenders = contenders(names);
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    for (int round = -warmUp; round < rounds; round++) {
      for (Contender contender : contenders) {
        Sample sample = pingPong ? roundTrips(contender) : oneWay(contender);
        if (round >= 0) {
          samples.computeIfAbsent(contender.name(), name -> new ArrayList<>()).add(sample);
        }
      }
    }
    for (Contender contender : contenders) {
      contender.close();
    }
    return samples;
  }

  private List<Contender> contenders(List<String> names) throws IOException {
    SSLContext tls = SelfSigned.context();
    List<Contender> all = new ArrayList<>();
    for (String name : names) {
      all.add(contender(name, tls));
    }
    return all;
  }

  private Contender contender(String name, SSLContext tls) throws IOException {
    String[] parts = name.split("/");
    boolean portable = name.contains("/nio");
    int size = 0;
    for (String part : parts) {
      if (part.matches("[0-9]+")) {
        size = Integer.parseInt(part);
      }
    }
    int packet = heldBytes == 0 ? size : heldBytes;
    return switch (parts[0]) {
      case "tcp" ->
          new TcpContender(
              name,
              ServerSocketFactory.getDefault(),
              SocketFactory.getDefault(),
              messageBytes,
              size,
              pingPong);
      case "tls" ->
          new TcpContender(
              name,
              tls.getServerSocketFactory(),
              tls.getSocketFactory(),
              messageBytes,
              size,
              pingPong);
      case "udp" -> new DatagramContender(name, Math.min(messageBytes, 65_507), pingPong);
      case "clear" -> posthorn(name, Mode.RELIABLE, Security.none(), portable, packet);
      case "sealed" -> posthorn(name, Mode.RELIABLE, Security.ephemeral(), portable, packet);
      case "plain" -> posthorn(name, Mode.PLAIN, Security.none(), portable, packet);
      case "aeron" -> new AeronContender(name, packet, messageBytes, pingPong);
      case "kcp" -> new KcpContender(name, packet, messageBytes, pingPong);
      case "kryonet" -> new KryoNetContender(name, size, messageBytes, pingPong);
      case "jgroups" -> new JGroupsContender(name, packet, messageBytes, pingPong);
      case "quic" -> new QuicContender(name, SelfSigned.keys(), packet, messageBytes, pingPong);
      default -> throw new IllegalArgumentException("no contender is called " + name);
    };
  }

  private Contender posthorn(
      String name, Mode mode, Security security, boolean portable, int packet) throws IOException {
    int bytes = mode == Mode.PLAIN ? Math.min(messageBytes, 65_507) : messageBytes;
    return new PosthornContender(name, mode, security, portable, packet, bytes, pingPong);
  }

  private Sample oneWay(Contender contender) throws IOException {
    long before = contender.received();
    long cpu = ProcessCost.cpuNanos();
    long allocated = ProcessCost.allocatedBytes();
    long begun = System.nanoTime();
    long sent = 0;
    while (System.nanoTime() - begun < runNanos) {
      for (int i = 0; i < SENDS_BETWEEN_LOOKS; i++) {
        contender.send();
      }
      sent += SENDS_BETWEEN_LOOKS;
    }
    contender.flush();
    long ended = awaitArrivals(contender, before + sent);
    long arrived = contender.received() - before;
    return new Sample(
        arrived * 1e9 / (ended - begun),
        (double) (ProcessCost.cpuNanos() - cpu) / arrived,
        (double) (ProcessCost.allocatedBytes() - allocated) / arrived,
        0,
        0,
        1 - (double) arrived / sent);
  }

  /** Waits for the last message and answers when it came; for lossy ones, for quiet. */
  private static long awaitArrivals(Contender contender, long all) {
    long count = contender.received();
    long changed = System.nanoTime();
    while (count < all) {
      Thread.onSpinWait();
      long now = System.nanoTime();
      long next = contender.received();
      if (next != count) {
        count = next;
        changed = now;
      } else if (now - changed > (contender.isLossy() ? QUIET_NANOS : STUCK_NANOS)) {
        if (!contender.isLossy()) {
          throw new IllegalStateException(
              contender.name() + ": " + (all - count) + " messages did not arrive");
        }
        break;
      }
      if (now - changed > 100_000) {
        Thread.yield();
      }
    }
    return changed;
  }

  private Sample roundTrips(Contender contender) throws IOException {
    long cpu = ProcessCost.cpuNanos();
    long allocated = ProcessCost.allocatedBytes();
    long begun = System.nanoTime();
    int count = 0;
    long last = begun;
    while (last - begun < runNanos && count < roundTrips.length) {
      contender.roundTrip();
      long now = System.nanoTime();
      roundTrips[count++] = now - last;
      last = now;
    }
    double cpuEach = (double) (ProcessCost.cpuNanos() - cpu) / count;
    double allocatedEach = (double) (ProcessCost.allocatedBytes() - allocated) / count;
    Arrays.sort(roundTrips, 0, count);
    return new Sample(
        count * 1e9 / (last - begun),
        cpuEach,
        allocatedEach,
        roundTrips[count / 2] / 1e3,
        roundTrips[(int) (count * 0.99)] / 1e3,
        0);
  }

  private void print(Map<String, List<Sample>> samples, boolean markdown) {
    if (markdown) {
      printMarkdown(samples);
      return;
    }
    System.out.printf(
        "%n%,d bytes %s, JDK %s%n",
        messageBytes, pingPong ? "there and back" : "one way", System.getProperty("java.version"));
    System.out.printf(
        pingPong ? "%-18s %10s %10s %7s %9s %10s %6s%n" : "%-18s %10s %10s %7s %9s %10s %6s%n",
        "",
        pingPong ? "p50 us" : "msg/s",
        pingPong ? "p99 us" : "Gbit/s",
        "ratio",
        "cpu ns",
        "alloc B",
        "lost");
    double first = 0;
    for (Map.Entry<String, List<Sample>> entry : samples.entrySet()) {
      List<Sample> each = entry.getValue();
      double figure = Sample.median(each, pingPong ? Sample::p50Micros : Sample::perSecond);
      first = first == 0 ? figure : first;
      double second =
          pingPong ? Sample.median(each, Sample::p99Micros) : figure * messageBytes * 8 / 1e9;
      System.out.printf(
          "%-18s %,10.1f %10.2f %7.3f %,9.0f %,10.1f %5.1f%% ±%.0f%%%n",
          entry.getKey(),
          figure,
          second,
          figure / first,
          Sample.median(each, Sample::cpuNanos),
          Sample.median(each, Sample::allocatedBytes),
          100 * Sample.median(each, Sample::lostShare),
          50 * Sample.spread(each, pingPong ? Sample::p50Micros : Sample::perSecond));
    }
  }

  private void printMarkdown(Map<String, List<Sample>> samples) {
    String what =
        pingPong
            ? "64 B there and back"
            : String.format("%,d B one way", messageBytes)
                + (heldBytes == 0 ? "" : String.format(", packets of %,d B", heldBytes));
    boolean lossy = samples.values().stream().flatMap(List::stream).anyMatch(StackBench::lost);
    System.out.printf(
        "%n| %s, JDK %s | %s | ratio | cpu | alloc | spread |%s%n|---|---|---|---|---|---|%s%n",
        what,
        System.getProperty("java.version"),
        pingPong ? "p50 | p99" : messageBytes < 1_000 ? "messages/s" : "Gbit/s",
        lossy ? " lost |" : "",
        pingPong || lossy ? "---|" : "");
    double first = 0;
    for (Map.Entry<String, List<Sample>> entry : samples.entrySet()) {
      List<Sample> each = entry.getValue();
      double figure = Sample.median(each, pingPong ? Sample::p50Micros : Sample::perSecond);
      first = first == 0 ? figure : first;
      String shown =
          pingPong
              ? String.format("%.1f µs | %.1f µs", figure, Sample.median(each, Sample::p99Micros))
              : messageBytes < 1_000
                  ? String.format("%.2f M", figure / 1e6)
                  : String.format("%.2f", figure * messageBytes * 8 / 1e9);
      System.out.printf(
          "| %s | %s | %.2f | %s | %s | ±%.0f %% |%s%n",
          entry.getKey(),
          shown,
          figure / first,
          time(Sample.median(each, Sample::cpuNanos)),
          memory(Sample.median(each, Sample::allocatedBytes)),
          50 * Sample.spread(each, pingPong ? Sample::p50Micros : Sample::perSecond),
          lossy ? String.format(" %.0f %% |", 100 * Sample.median(each, Sample::lostShare)) : "");
    }
  }

  private static boolean lost(Sample sample) {
    return sample.lostShare() > 0;
  }

  private static String time(double nanos) {
    return nanos < 1e3
        ? String.format("%.0f ns", nanos)
        : nanos < 1e6
            ? String.format("%.1f µs", nanos / 1e3)
            : String.format("%.2f ms", nanos / 1e6);
  }

  private static String memory(double bytes) {
    return bytes < 10
        ? String.format("%.1f B", bytes)
        : bytes < 1e4 ? String.format("%.0f B", bytes) : String.format("%.0f KB", bytes / 1e3);
  }
}
