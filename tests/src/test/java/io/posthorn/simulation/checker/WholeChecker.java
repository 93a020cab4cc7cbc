package io.posthorn.simulation.checker;

import io.posthorn.simulation.checker.History.Entry;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.Looks.Look;
import java.util.HashSet;
import java.util.Set;

/** Invariant 2: what is handed over is byte for byte what was sent, and was sent before. */
public final class WholeChecker {
  private WholeChecker() {}

  /** Fails if anything was received of which nobody had sent the like. */
  public static void check(History history) {
    Set<Look> sent = new HashSet<>();
    for (Entry entry : history.entries()) {
      if (entry instanceof Sent message) {
        sent.add(Look.of(message));
      } else if (entry instanceof Received message) {
        if (message.message().aborted() || !sent.contains(Look.of(message))) {
          throw new AssertionError("nobody sent what was received: " + message);
        }
      }
    }
  }
}
