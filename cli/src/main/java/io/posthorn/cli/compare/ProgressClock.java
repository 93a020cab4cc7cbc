package io.posthorn.cli.compare;

import java.util.Timer;
import java.util.TimerTask;
import java.util.function.BiConsumer;

/** Tells ten times a second how far a run is, on a thread of its own, until it is closed. */
final class ProgressClock {
  private static final long PERIOD_MILLIS = 100;

  private final Timer timer = new Timer("posthorn-compare-progress", true);

  private ProgressClock() {}

  /**
   * Begins.
   *
   * @param log of the run
   * @param progress told how many messages were sent and delivered
   * @return to be closed when the run is over
   */
  static ProgressClock start(DeliveryLog log, BiConsumer<Integer, Integer> progress) {
    ProgressClock clock = new ProgressClock();
    clock.timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            progress.accept(log.sent(), log.delivered());
          }
        },
        PERIOD_MILLIS,
        PERIOD_MILLIS);
    return clock;
  }

  /** Tells no more. */
  void close() {
    timer.cancel();
  }
}
