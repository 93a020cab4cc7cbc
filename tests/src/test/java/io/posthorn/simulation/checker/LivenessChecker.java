package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Entry;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.History.Settled;
import io.posthorn.simulation.checker.History.Told;
import io.posthorn.wire.CloseReason;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Invariant 4: what was promised has arrived, and its sender knows. */
public final class LivenessChecker {
  /**
   * As what a connection that never opened ends. The last where its second message came and the
   * third came so late that the other side had let the handshake go.
   */
  private static final Set<CloseReason> UNOPENED =
      EnumSet.of(
          CloseReason.HANDSHAKE_TIMEOUT, CloseReason.IDLE_TIMEOUT, CloseReason.PEER_RESTARTED);

  private LivenessChecker() {}

  /**
   * Fails if, at the end of the history, something promised has not arrived, or its sender learnt
   * that later than it had to.
   *
   * <p>A bad network may be silent until a side gives the handshake up; then the sender was told
   * so. Once an end was told that its connection is open, nothing excuses it.
   *
   * @param healedNanos when the network became good
   * @param boundNanos how long after that, or after it was sent, a message may take
   * @return messages that did not arrive, since their connection never opened
   */
  public static int check(History history, long healedNanos, long boundNanos) {
    int neverOpened = 0;
    Looks looks = new Looks(history);
    for (Sent sent : history.sent()) {
      if (!sent.isPromised()) {
        continue;
      }
      if (history.outcome(sent) == null) {
        throw new AssertionError("never settled: " + sent);
      }
      boolean arrived =
          sent.delivery() == Delivery.RELIABLE_LATEST
              ? history.outcome(sent) == ReceiptOutcome.SUPERSEDED
                  || looks.mayBeReceived(sent)
                  || newerArrived(history.sent(), sent, looks)
              : looks.isReceived(sent);
      Settled settled = history.settled(sent).get(0);
      if (!arrived) {
        if (!neverOpened(history, settled)) {
          throw new AssertionError("never arrived: " + sent);
        }
        neverOpened++;
      } else if (settled.atNanos() > Math.max(sent.atNanos(), healedNanos) + boundNanos) {
        throw new AssertionError("late: " + settled);
      }
    }
    return neverOpened;
  }

  /** Whether the connection whose end settled a message had never been open. */
  private static boolean neverOpened(History history, Settled settled) {
    if (settled.outcome() != ReceiptOutcome.CLOSED || !UNOPENED.contains(settled.reason())) {
      return false;
    }
    Set<Long> open = new HashSet<>();
    for (Entry entry : history.entries()) {
      if (entry.end() == settled.end() && entry instanceof Told told) {
        if (told.event() instanceof EndpointEvent.Connected connected) {
          open.add(connected.connection());
        } else if (told.event() instanceof EndpointEvent.Closed closed
            && told.atNanos() == settled.atNanos()) {
          return !open.contains(closed.connection());
        }
      }
    }
    return false;
  }

  static boolean newerArrived(List<Sent> all, Sent old, Looks looks) {
    boolean passed = false;
    for (Sent sent : all) {
      if (sent == old) {
        passed = true;
      } else if (passed
          && sent.end() == old.end()
          && sent.to() == old.to()
          && sent.delivery() == old.delivery()
          && sent.channel() == old.channel()
          && sent.key() == old.key()
          && looks.mayBeReceived(sent)) {
        return true;
      }
    }
    return false;
  }
}
