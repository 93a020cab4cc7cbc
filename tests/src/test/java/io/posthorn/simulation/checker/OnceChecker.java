package io.posthorn.simulation.checker;

import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.Looks.Look;

/** Invariant 1: no message is handed to an application twice. */
public final class OnceChecker {
  private OnceChecker() {}

  /** Fails if anything was received more often than it was sent. */
  public static void check(History history) {
    Looks looks = new Looks(history);
    for (Received received : history.received()) {
      Look look = Look.of(received);
      int sent = looks.timesSent(look);
      if (sent > 0 && looks.timesReceived(look) > sent) {
        throw new AssertionError(
            "sent " + sent + " times, received " + looks.timesReceived(look) + ": " + received);
      }
    }
  }
}
