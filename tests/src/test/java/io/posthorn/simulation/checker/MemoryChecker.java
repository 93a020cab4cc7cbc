package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.simulation.checker.History.Entry;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.History.Settled;
import io.posthorn.simulation.checker.Looks.Look;
import java.util.HashMap;
import java.util.Map;

/**
 * Invariant 5, from outside: what an endpoint took and has not handed over is in its own memory or
 * in its peer's, and both have ceilings.
 */
public final class MemoryChecker {
  private MemoryChecker() {}

  /**
   * What a sender's ceiling is: its limit and one message.
   *
   * @param largestBytes the largest message that the test sends
   */
  public static long sendCeilingBytes(SocketOptions options, long largestBytes) {
    return largestBytes + SendLedger.MESSAGE_OVERHEAD_BYTES + options.sendBufferBytes();
  }

  /**
   * Fails if at any instant more than the two ceilings was under way from one end to the other, or
   * more than the receiver's ceiling was acknowledged and not handed over. For ordered and
   * unordered messages.
   */
  public static void check(
      History history, int from, int to, long sendBufferBytes, long receiveBufferBytes) {
    long underWay = 0;
    long acknowledged = 0;
    Map<Look, Integer> open = new HashMap<>();
    for (Entry entry : history.entries()) {
      if (entry instanceof Sent sent
          && sent.end() == from
          && sent.to() == to
          && isKept(sent.delivery())) {
        open.merge(Look.of(sent), 1, Integer::sum);
        underWay += sent.body().length;
      } else if (entry instanceof Settled settled
          && settled.end() == from
          && settled.sent().to() == to
          && isKept(settled.sent().delivery())) {
        if (settled.outcome() == ReceiptOutcome.ACKNOWLEDGED) {
          acknowledged += settled.sent().body().length;
        } else {
          underWay -= take(open, Look.of(settled.sent()), settled.sent().body().length);
        }
      } else if (entry instanceof Received received
          && received.end() == to
          && received.from() == from
          && isKept(received.message().delivery())) {
        int length = received.message().body().length;
        underWay -= take(open, Look.of(received), length);
        acknowledged -= length;
      }
      if (underWay > sendBufferBytes + receiveBufferBytes) {
        throw new AssertionError(underWay + " bytes are under way at " + entry);
      }
      if (acknowledged > receiveBufferBytes) {
        throw new AssertionError(acknowledged + " bytes are acknowledged and kept at " + entry);
      }
    }
  }

  /** Of the others, one may make room for another on either side, and nobody is told. */
  private static boolean isKept(Delivery delivery) {
    return delivery == Delivery.RELIABLE_ORDERED || delivery == Delivery.RELIABLE_UNORDERED;
  }

  /** What was given up and arrives after all counts once. */
  private static int take(Map<Look, Integer> open, Look look, int length) {
    Integer left = open.computeIfPresent(look, (same, count) -> count == 0 ? null : count - 1);
    return left == null ? 0 : length;
  }
}
