package io.posthorn.cli.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Prints the measured part of transport/PERFORMANCE.md as Markdown: the kernel's TCP and Posthorn's
 * real stack beside each other, over the same seeded links, in a network namespace of their own.
 * Linux with user namespaces and {@code /dev/net/tun}; the figures are those of the machine.
 *
 * <p>Seeds and contenders are interleaved, so that a noisy minute disturbs all alike.
 */
public final class KernelTable {
  private static final String INSIDE = "inside";
  private static final List<String> PARTS =
      List.of("bulk", "latency", "fair", "complete", "outage");
  private static final String LOSSES = "0,0.1,1,2,5,10,1x8,5x8";
  private static final double MEGABITS = 100;
  private static final long WARM_UP_MILLIS = 3_000;

  private final Map<String, String> options = new HashMap<>();

  private KernelTable(String[] arguments) {
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      options.put(parts[0], parts.length == 2 ? parts[1] : "");
    }
  }

  /**
   * Runs it.
   *
   * @param arguments any of {@code bulk}, {@code latency}, {@code fair}, {@code complete} (short
   *     flows) and {@code outage} (default all), {@code seeds=5} ({@code complete}: 100), {@code
   *     rtt=20,100}, {@code loss=0,0.1,1,2,5,10,1x8,5x8} (percent; x8: in bursts of eight), {@code
   *     seconds=8}, {@code only=tcp/cubic,tcp/bbr,adaptive,cubic,new_reno}; {@code udp} can be
   *     named too where it is latency alone
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    KernelTable table = new KernelTable(arguments);
    if (table.options.containsKey(INSIDE)) {
      table.inside();
      Runtime.getRuntime().halt(0); // with the pump's thread, and the namespace with it
    }
    LabProbe probe = LabProbe.check();
    if (!probe.possible()) {
      System.err.println("no lab can be had here: " + probe.reason());
      System.exit(1);
    }
    table.startInside(probe, arguments);
  }

  private boolean wants(String part) {
    return options.containsKey(part) || PARTS.stream().noneMatch(options::containsKey);
  }

  private List<String> list(String name, String otherwise) {
    return List.of(options.getOrDefault(name, otherwise).split(",", -1));
  }

  private int number(String name, int otherwise) {
    return Integer.parseInt(options.getOrDefault(name, Integer.toString(otherwise)));
  }

  private List<String> contenders() throws IOException {
    List<String> known = Arrays.asList(KernelNetwork.availableControllers().split(" ", -1));
    List<String> wanted = new ArrayList<>();
    for (String name : list("only", "tcp/cubic,tcp/bbr,adaptive,cubic,new_reno")) {
      if (!name.startsWith("tcp/") || known.contains(name.substring(4))) {
        wanted.add(name);
      }
    }
    return wanted;
  }

  private void startInside(LabProbe probe, String[] arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(probe.namespaceCommand());
    command.add(LabProcess.javaProgram().toString());
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx1g", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(KernelTable.class.getName());
    command.add(INSIDE);
    command.addAll(Arrays.asList(arguments));
    int result = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (result != 0) {
      System.exit(result);
    }
  }

  /** Compiles what is hot before anything counts: the kernel's TCP needs no warming. */
  private void warmUp(KernelRig rig) throws IOException, InterruptedException {
    for (String name : contenders()) {
      KernelRig.Contender contender = KernelRig.Contender.of(name);
      if (contender.transport() != LabTransport.UDP) {
        rig.run(List.of(contender), link(20, 1, "1"), 0, 0, 0, WARM_UP_MILLIS);
      }
    }
  }

  private void inside() throws IOException, InterruptedException {
    // Whoever started this may be gone.
    ProcessHandle.current()
        .parent()
        .ifPresent(starter -> starter.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    KernelRig rig = KernelRig.open();
    warmUp(rig);
    if (wants("bulk")) {
      bulk(rig);
    }
    if (wants("latency")) {
      new KernelLatencyTable(rig, contenders())
          .print(list("loss", LOSSES), number("seeds", 5), number("seconds", 8));
    }
    if (wants("fair")) {
      fair(rig);
    }
    KernelRecoveryTable recovery =
        new KernelRecoveryTable(rig, contenders(), list("rtt", "20,100"));
    if (wants("complete")) {
      recovery.completions(number("seeds", 100));
    }
    if (wants("outage")) {
      recovery.outages(number("seeds", 5));
    }
  }

  private static String link(double rttMillis, double queueBdp, String loss) {
    long queueBytes = (long) (queueBdp * MEGABITS * 1e6 / 8 * rttMillis / 1e3);
    return String.format(
        Locale.ROOT,
        "delay %sms rate %dmbit queue %db %s",
        rttMillis / 2,
        (long) MEGABITS,
        Math.max(3_000, queueBytes),
        words(loss));
  }

  /** {@code 5} is five percent, {@code 5x8} the same in bursts of eight (Gilbert–Elliott). */
  static String words(String loss) {
    String[] parts = loss.split("x", 2);
    double percent = Double.parseDouble(parts[0]);
    if (percent == 0) {
      return "";
    }
    if (parts.length == 1) {
      return "loss " + parts[0] + "%";
    }
    double leave = 100.0 / Integer.parseInt(parts[1]);
    return String.format(
        Locale.ROOT, "loss gemodel %.4f%% %.4f%%", leave * percent / (100 - percent), leave);
  }

  private void bulk(KernelRig rig) throws IOException, InterruptedException {
    List<String> contenders = contenders();
    int seeds = number("seeds", 5);
    long millis = number("seconds", 8) * 1_000L;
    System.out.println("| RTT | loss | " + String.join(" | ", contenders) + " | late (p99) |");
    System.out.println("|---|---|" + "---|".repeat(contenders.size()) + "---|");
    for (String rtt : list("rtt", "20,100")) {
      for (String loss : list("loss", LOSSES)) {
        double[][] megabits = new double[contenders.size()][seeds];
        long late = 0;
        for (int seed = 0; seed < seeds; seed++) {
          for (int i = 0; i < contenders.size(); i++) {
            KernelRig.Run run =
                rig.run(
                    List.of(KernelRig.Contender.of(contenders.get(i))),
                    link(Double.parseDouble(rtt), 1, loss),
                    seed + 1,
                    0,
                    0,
                    millis);
            megabits[i][seed] = run.megabits()[0];
            late = Math.max(late, run.lateP99Nanos());
          }
        }
        StringBuilder row = new StringBuilder("| " + rtt + " ms | " + loss + " % |");
        for (double[] of : megabits) {
          row.append(' ').append(medianAndRange(of)).append(" |");
        }
        System.out.printf(Locale.ROOT, "%s %.1f ms |%n", row, late / 1e6);
      }
    }
  }

  private void fair(KernelRig rig) throws IOException, InterruptedException {
    int seeds = number("seeds", 5);
    long millis = number("seconds", 33) * 1_000L;
    long fromMillis = Math.min(3_000, millis / 3);
    System.out.println("| RTT | flows | Jain's index | Mbit/s each |");
    System.out.println("|---|---|---|---|");
    for (String rtt : list("rtt", "20,100")) {
      for (List<String> names :
          List.of(
              List.of("adaptive", "tcp/cubic"),
              List.of("adaptive", "adaptive"),
              List.of("adaptive", "adaptive", "adaptive", "adaptive"),
              List.of("adaptive", "adaptive", "tcp/cubic", "tcp/cubic"),
              List.of("tcp/cubic", "tcp/cubic"))) {
        double[] jain = new double[seeds];
        StringBuilder each = new StringBuilder();
        for (int seed = 0; seed < seeds; seed++) {
          KernelRig.Run run =
              rig.run(
                  names.stream().map(KernelRig.Contender::of).toList(),
                  link(Double.parseDouble(rtt), 1, "0"),
                  seed + 1,
                  700,
                  fromMillis,
                  millis);
          double sum = Arrays.stream(run.megabits()).sum();
          double squares = Arrays.stream(run.megabits()).map(rate -> rate * rate).sum();
          jain[seed] = sum * sum / (run.megabits().length * squares);
          for (double rate : run.megabits()) {
            each.append(String.format(Locale.ROOT, "%.0f ", rate));
          }
          each.append(seed + 1 < seeds ? "/ " : "");
        }
        System.out.printf(
            Locale.ROOT,
            "| %s ms | %s | %.3f | %s|%n",
            rtt,
            String.join(" + ", names),
            median(jain),
            each);
      }
    }
  }

  private static String medianAndRange(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 1
        ? String.format(Locale.ROOT, "%.1f", sorted[0])
        : String.format(
            Locale.ROOT, "%.1f (%.1f–%.1f)", median(values), sorted[0], sorted[sorted.length - 1]);
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
