package io.posthorn.cli;

import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.CompareReport;
import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.SweepReport;
import io.posthorn.cli.compare.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The runs of one comparison: in each, all transports that the arena can measure, side by side
 * where each has a network of its own, else one after the other.
 */
final class CompareRuns {
  /** So long may it take to tell what a run has shown that is cut short. */
  private static final long CUT_SHORT_NANOS = 4_000_000_000L;

  private final Arena arena;
  private final Comparison comparison;
  private final @Nullable Double loss;
  private final Output output;

  /**
   * Runs that have not begun.
   *
   * @param comparison takes note of them
   * @param loss of the network in a sweep, 0 to 1; null where there is none
   */
  CompareRuns(Arena arena, Comparison comparison, @Nullable Double loss, Output output) {
    this.arena = arena;
    this.comparison = comparison;
    this.loss = loss;
    this.output = output;
  }

  /**
   * Does all of them; what was measured when the calling thread is interrupted stays noted, or, if
   * that is not even one run, what the first has shown so far.
   */
  void measure() throws Exception {
    List<Transport> able = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      String whyNot = arena.whyNot(transport);
      if (whyNot.isEmpty()) {
        able.add(transport);
      } else {
        comparison.notAvailable(transport, whyNot);
      }
    }
    int atOnce = arena.isOneNetwork() ? 1 : able.size();
    ExecutorService threads = Executors.newFixedThreadPool(atOnce, CompareRuns::daemon);
    try {
      for (int run = 0; run < comparison.plan().runs(); run++) {
        measure(threads, able, run);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void measure(ExecutorService threads, List<Transport> able, int run) throws Exception {
    ComparePlan plan = comparison.plan();
    Double share = loss;
    String label = share == null ? "" : SweepReport.label(share);
    CompareProgress progress = new CompareProgress(output, label, plan, run, able);
    Map<Transport, Future<Measurement>> running = new EnumMap<>(Transport.class);
    for (Transport transport : able) {
      running.put(
          transport,
          threads.submit(
              () ->
                  arena.run(
                      transport,
                      plan,
                      run,
                      (sent, delivered) -> progress.update(transport, sent, delivered))));
    }
    // Noted together, so that every transport has as many runs as the others.
    Map<Transport, Measurement> measured = new EnumMap<>(Transport.class);
    try {
      for (Transport transport : able) {
        measured.put(transport, result(running.get(transport)));
      }
    } catch (InterruptedException interrupted) {
      if (comparison.complete() == 0 && arena.endSending()) {
        cutShort(running);
      }
      throw interrupted;
    }
    for (Map.Entry<Transport, Measurement> one : measured.entrySet()) {
      comparison.add(one.getKey(), one.getValue());
      if (output.isJsonStream()) {
        output.line(CompareReport.runJson(one.getKey(), run + 1, one.getValue(), share));
        output.flush();
      }
    }
  }

  /** Notes what the first run has shown so far, if every transport has sent something. */
  private void cutShort(Map<Transport, Future<Measurement>> running) throws InterruptedException {
    long endNanos = System.nanoTime() + CUT_SHORT_NANOS;
    Map<Transport, Measurement> measured = new EnumMap<>(Transport.class);
    for (Map.Entry<Transport, Future<Measurement>> one : running.entrySet()) {
      try {
        Measurement shown = one.getValue().get(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (shown.summary().sent() == 0) {
          return;
        }
        measured.put(one.getKey(), shown);
      } catch (ExecutionException | TimeoutException nothingToTell) {
        return; // whoever stops a run asks for no more than there is
      }
    }
    comparison.addCutShort(measured);
  }

  private static Thread daemon(Runnable body) {
    Thread thread = new Thread(body, "posthorn-compare");
    thread.setDaemon(true);
    return thread;
  }

  private static Measurement result(@Nullable Future<Measurement> running) throws Exception {
    if (running == null) {
      throw new IllegalStateException("a transport was not started");
    }
    try {
      return running.get();
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause();
      if (cause instanceof IOException io) {
        throw io;
      }
      if (cause instanceof RuntimeException fault) {
        throw fault;
      }
      throw failed;
    }
  }
}
