package io.posthorn.cli.lab;

import io.posthorn.cli.lab.KernelRig.Contender;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Prints how fast short flows are done and how soon something arrives after an outage, for the
 * kernel's TCP and for Posthorn's real stack. Every contender has links of its own, and all of a
 * seed run at the same time, so that a noisy moment disturbs all alike.
 */
final class KernelRecoveryTable {
  private static final int[] SIZES_KB = {10, 100, 1_000};
  private static final int[] OUTAGES_SECONDS = {1, 5, 20};
  private static final int BEFORE_OUTAGE_MILLIS = 2_000;

  private final KernelRig rig;
  private final List<String> contenders;
  private final List<String> rttMillis;

  KernelRecoveryTable(KernelRig rig, List<String> contenders, List<String> rttMillis) {
    this.rig = rig;
    this.contenders = contenders;
    this.rttMillis = rttMillis;
  }

  /** Something that is measured of a contender with a seed. */
  private interface Trial {
    double millis(Contender contender, long seed) throws IOException, InterruptedException;
  }

  /** Short flows from a cold start at 1 % loss each way, handshake included. */
  void completions(int seeds) throws IOException, InterruptedException {
    heading("| size | RTT |", " p50 / p99 |");
    for (int kilobytes : SIZES_KB) {
      for (String rtt : rttMillis) {
        String link = link(rtt) + " loss 1%";
        double[][] millis = new double[contenders.size()][seeds];
        try (Crew crew = new Crew()) {
          for (int seed = 0; seed < seeds; seed++) {
            crew.begin(
                seed, (who, number) -> rig.complete(who, link, number, kilobytes * 1_000), millis);
            crew.await();
          }
        }
        row("| " + kilobytes + " KB | " + rtt + " ms |", millis, 0.5, 0.99);
      }
    }
  }

  /** Outages of both directions in the middle of a stream of small messages. */
  void outages(int seeds) throws IOException, InterruptedException {
    heading("| outage | RTT |", " median / worst |");
    for (int seconds : OUTAGES_SECONDS) {
      for (String rtt : rttMillis) {
        double[][] millis = new double[contenders.size()][seeds];
        try (Crew crew = new Crew()) {
          for (int seed = 0; seed < seeds; seed++) {
            // So that the end meets any moment between two probes.
            long from = BEFORE_OUTAGE_MILLIS + 37L * seed % 500;
            long length = 1_000L * seconds + 97L * seed % 401;
            crew.begin(
                seed, (who, number) -> rig.outage(who, link(rtt), number, from, length), millis);
          }
          crew.await();
        }
        row("| " + seconds + " s | " + rtt + " ms |", millis, 0.5, 1);
      }
    }
  }

  private static String link(String rttMillis) {
    double rtt = Double.parseDouble(rttMillis);
    return String.format(
        Locale.ROOT, "delay %sms rate 100mbit queue %db", rtt / 2, (long) (rtt * 100e3 / 8));
  }

  private void heading(String begin, String each) {
    StringBuilder line = new StringBuilder(begin);
    for (String name : contenders) {
      line.append(' ').append(name).append(each);
    }
    System.out.println(line);
    System.out.println("|---|---|" + "---|".repeat(contenders.size()));
  }

  private static void row(String begin, double[][] millis, double first, double second) {
    StringBuilder line = new StringBuilder(begin);
    for (double[] of : millis) {
      double[] sorted = of.clone();
      Arrays.sort(sorted);
      line.append(
          String.format(Locale.ROOT, " %.0f / %.0f ms |", at(sorted, first), at(sorted, second)));
    }
    System.out.println(line);
  }

  private static double at(double[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }

  /** Threads for trials that run at the same time. */
  private final class Crew implements AutoCloseable {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Future<Void>> begun = new ArrayList<>();

    /** Begins a trial for each contender; where its result goes is of the contender and seed. */
    void begin(int seed, Trial trial, double[][] millis) {
      for (int i = 0; i < contenders.size(); i++) {
        int index = i;
        Contender contender = Contender.of(contenders.get(i));
        Callable<Void> work =
            () -> {
              millis[index][seed] = trial.millis(contender, seed + 1);
              return null;
            };
        begun.add(threads.submit(work));
      }
    }

    void await() throws IOException, InterruptedException {
      for (Future<Void> trial : begun) {
        try {
          trial.get();
        } catch (ExecutionException failed) {
          throw new IOException(failed.getCause());
        }
      }
      begun.clear();
    }

    @Override
    public void close() {
      threads.shutdownNow();
    }
  }
}
