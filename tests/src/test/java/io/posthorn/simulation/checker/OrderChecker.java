package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.Looks.Lane;
import io.posthorn.simulation.checker.Looks.Look;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Invariant 3: on each channel the order of sending; what is ordered leaves nothing out, what is
 * sequenced or latest never goes back.
 */
public final class OrderChecker {
  private OrderChecker() {}

  /**
   * Fails if anything was received after something that was sent later on its connection. An
   * application that closes a connection and sends on opens another beside it.
   */
  public static void check(History history) {
    checkLanes(history, false);
  }

  /**
   * The same for ends that never closed a connection: if there was more than one, it makes no
   * difference, and nothing ordered is left out.
   */
  public static void checkAcrossConnections(History history) {
    checkLanes(history, true);
  }

  private static void checkLanes(History history, boolean across) {
    Map<Lane, List<Sent>> sentByLane = Looks.sentByLane(history);
    Looks.receivedByLane(history)
        .forEach(
            (lane, received) -> {
              List<Sent> sent = sentByLane.getOrDefault(lane, List.of());
              if (lane.delivery() == Delivery.UNRELIABLE
                  || lane.delivery() == Delivery.RELIABLE_UNORDERED) {
                return;
              }
              if (across) {
                checkLane(history, sent, received, true);
                return;
              }
              Map<Long, List<Received>> byConnection = new HashMap<>();
              for (Received message : received) {
                byConnection
                    .computeIfAbsent(
                        message.process() * 1_000_000L + message.message().connection(),
                        none -> new ArrayList<>())
                    .add(message);
              }
              byConnection.values().forEach(part -> checkLane(history, sent, part, false));
            });
  }

  private static void checkLane(
      History history, List<Sent> sent, List<Received> received, boolean gapless) {
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
        if (gapless
            && skipped.delivery() == Delivery.RELIABLE_ORDERED
            && history.outcome(skipped) == ReceiptOutcome.ACKNOWLEDGED) {
          throw new AssertionError("left out: " + skipped + "\nbefore " + message);
        }
      }
      next = at + 1;
    }
  }
}
