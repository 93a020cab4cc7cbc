package io.posthorn.bench.stack;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the best setting of each contender: runs its settings beside each other, and notes the
 * fastest in the file that {@link StackBench} takes its contenders from.
 *
 * <p>Arguments, each {@code name=value}: {@code workload} (as those of StackBench), {@code only}
 * (contenders), {@code rounds}, {@code warmup}, {@code millis}.
 */
public final class Sweep {
  private static final Map<String, List<String>> SETTINGS = new LinkedHashMap<>();

  static {
    // Bytes of the stream buffers.
    SETTINGS.put("tcp", List.of("tcp/8192", "tcp/65536", "tcp/262144"));
    SETTINGS.put("tls", List.of("tls/16384", "tls/65536", "tls/262144"));
    // Bytes of a packet; for JGroups, of what it bundles into one.
    SETTINGS.put(
        "aeron",
        List.of(
            "aeron/1408",
            "aeron/8192",
            "aeron/65504",
            "aeron/8192/spin",
            "aeron/65504/spin",
            "aeron/8192/dedicated",
            "aeron/65504/dedicated"));
    SETTINGS.put(
        "quic", List.of("quic/1350", "quic/8192", "quic/16384", "quic/1350/gso", "quic/8192/gso"));
    SETTINGS.put("kcp", List.of("kcp/1400", "kcp/8192", "kcp/8192/stream", "kcp/32768/stream"));
    SETTINGS.put("jgroups", List.of("jgroups/8000", "jgroups/32000", "jgroups/64000"));
    // Bytes of its buffer for what waits to leave.
    SETTINGS.put("kryonet", List.of("kryonet/65536", "kryonet/1048576", "kryonet/8388608"));
  }

  /** Where packets are held, their size is no setting. */
  private static final Map<String, List<String>> HELD =
      Map.of(
          "aeron", List.of("aeron", "aeron/spin", "aeron/dedicated"),
          "quic", List.of("quic", "quic/gso"),
          "kcp", List.of("kcp", "kcp/stream"),
          "jgroups", List.of("jgroups"));

  private Sweep() {}

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    Threads.endWithThisOne();
    Map<String, String> settings = new LinkedHashMap<>();
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      settings.put(argument.substring(0, at), argument.substring(at + 1));
    }
    int rounds = Integer.parseInt(settings.getOrDefault("rounds", "3"));
    int warmUp = Integer.parseInt(settings.getOrDefault("warmup", "2"));
    long runNanos = 1_000_000 * Long.parseLong(settings.getOrDefault("millis", "500"));
    String only = settings.getOrDefault("only", "");
    BestSettings best = BestSettings.read();
    for (String workload : settings.getOrDefault("workload", StackBench.ALL_WORKLOADS).split(",")) {
      Map<String, List<String>> candidates = workload.contains("/") ? HELD : SETTINGS;
      List<String> contenders =
          only.isEmpty() ? new ArrayList<>(SETTINGS.keySet()) : Arrays.asList(only.split(","));
      for (String contender : contenders) {
        List<String> names = candidates.get(contender);
        if (names != null) {
          sweep(best, workload, contender, names, warmUp, rounds, runNanos);
        }
      }
    }
    System.exit(0); // some contenders leave threads behind
  }

  private static void sweep(
      BestSettings best,
      String workload,
      String contender,
      List<String> names,
      int warmUp,
      int rounds,
      long runNanos)
      throws IOException {
    Map<String, List<Sample>> samples = StackBench.run(workload, names, warmUp, rounds, runNanos);
    boolean ping = workload.equals("ping");
    String fastest = names.get(0);
    double most = 0;
    for (Map.Entry<String, List<Sample>> entry : samples.entrySet()) {
      double figure =
          ping
              ? 1 / Sample.median(entry.getValue(), Sample::p50Micros)
              : Sample.median(entry.getValue(), Sample::perSecond);
      System.out.printf(
          "%-14s %-18s %,.2f %s%n",
          workload, entry.getKey(), ping ? 1 / figure : figure, ping ? "us" : "messages/s");
      if (figure > most) {
        most = figure;
        fastest = entry.getKey();
      }
    }
    best.put(workload, contender, fastest);
    best.write(); // after each, for a sweep may be cut short
  }
}
