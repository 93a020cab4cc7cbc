package io.posthorn.cli.compare;

import java.util.HashSet;
import java.util.Set;

/** The logs of the runs that are under way in one place, all of which can be ended at once. */
public final class RunningLogs {
  private final Set<DeliveryLog> running = new HashSet<>();
  private boolean ended;

  /** None is under way. */
  public RunningLogs() {}

  /**
   * A run begins; if the place was ended already, it will send nothing.
   *
   * @param log of the run
   */
  public synchronized void add(DeliveryLog log) {
    running.add(log);
    if (ended) {
      log.endSending();
    }
  }

  /**
   * A run is over.
   *
   * @param log of the run
   */
  public synchronized void remove(DeliveryLog log) {
    running.remove(log);
  }

  /** Has all runs, those to come too, send nothing more. */
  public synchronized void endSending() {
    ended = true;
    running.forEach(DeliveryLog::endSending);
  }
}
