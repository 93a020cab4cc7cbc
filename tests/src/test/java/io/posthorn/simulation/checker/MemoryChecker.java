package io.posthorn.simulation.checker;

import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Entry;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.History.Settled;

/**
 * Invariant 5, from outside: what an endpoint took and has not handed over is in its own memory or
 * in its peer's, and both have ceilings.
 */
public final class MemoryChecker {
  private MemoryChecker() {}

  /**
   * Fails if at any instant more than the two ceilings was under way from one end to the other, or
   * more than the receiver's ceiling was acknowledged and not handed over. For reliable messages.
   */
  public static void check(
      History history, int from, int to, long sendBufferBytes, long receiveBufferBytes) {
    long underWay = 0;
    long acknowledged = 0;
    for (Entry entry : history.entries()) {
      if (entry instanceof Sent sent && sent.end() == from && sent.to() == to) {
        underWay += sent.body().length;
      } else if (entry instanceof Settled settled
          && settled.end() == from
          && settled.sent().to() == to
          && settled.outcome() == ReceiptOutcome.ACKNOWLEDGED) {
        acknowledged += settled.sent().body().length;
      } else if (entry instanceof Received received
          && received.end() == to
          && received.from() == from) {
        underWay -= received.message().body().length;
        acknowledged -= received.message().body().length;
      }
      if (underWay > sendBufferBytes + receiveBufferBytes) {
        throw new AssertionError(underWay + " bytes are under way at " + entry);
      }
      if (acknowledged > receiveBufferBytes) {
        throw new AssertionError(acknowledged + " bytes are acknowledged and kept at " + entry);
      }
    }
  }
}
