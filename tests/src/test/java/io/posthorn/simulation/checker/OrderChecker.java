package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.Looks.Lane;
import io.posthorn.simulation.checker.Looks.Look;
import java.util.List;
import java.util.Map;

/**
 * Invariant 3: on each channel the order of sending; what is ordered leaves nothing out, what is
 * sequenced or latest never goes back.
 */
public final class OrderChecker {
  private OrderChecker() {}

  /** Fails if anything was received after something that was sent later. */
  public static void check(History history) {
    Map<Lane, List<Sent>> sentByLane = Looks.sentByLane(history);
    Looks.receivedByLane(history)
        .forEach(
            (lane, received) -> {
              List<Sent> sent = sentByLane.getOrDefault(lane, List.of());
              if (lane.delivery() == Delivery.RELIABLE_ORDERED
                  || lane.delivery() == Delivery.RELIABLE_LATEST
                  || lane.delivery() == Delivery.UNRELIABLE_SEQUENCED) {
                checkLane(history, sent, received);
              }
            });
  }

  private static void checkLane(History history, List<Sent> sent, List<Received> received) {
    int next = 0;
    for (Received message : received) {
      Look look = Look.of(message);
      int at = next;
      while (at < sent.size() && !Look.of(sent.get(at)).equals(look)) {
        at++;
      }
      if (at == sent.size()) {
        throw new AssertionError("out of order: " + message + "\nof " + received);
      }
      for (; next < at; next++) {
        Sent skipped = sent.get(next);
        if (skipped.delivery() == Delivery.RELIABLE_ORDERED
            && history.outcome(skipped) == ReceiptOutcome.ACKNOWLEDGED) {
          throw new AssertionError("left out: " + skipped + "\nbefore " + message);
        }
      }
      next = at + 1;
    }
  }
}
