package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Entry;
import io.posthorn.simulation.checker.History.Processed;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.History.Settled;
import io.posthorn.simulation.checker.History.Told;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Invariant 9: receipts and closes say what is true, once. */
public final class HonestyChecker {
  private HonestyChecker() {}

  /**
   * Fails if, at the end of a history in which all connections ended, a receipt has no outcome or
   * two, or one that is not true.
   */
  public static void check(History history) {
    checkSoFar(history);
    for (Sent sent : history.sent()) {
      if (history.settled(sent).isEmpty() && !history.isGone(sent)) {
        throw new AssertionError("never settled: " + sent);
      }
    }
    checkCounts(history);
  }

  /** The same for a history in which connections may be open. */
  public static void checkSoFar(History history) {
    Looks looks = new Looks(history);
    for (Sent sent : history.sent()) {
      List<Settled> ends = history.settled(sent);
      if (ends.size() > 1) {
        throw new AssertionError("settled twice: " + ends);
      }
      if (!ends.isEmpty()) {
        checkTruth(history, looks, ends.get(0));
      }
    }
    checkEvents(history);
  }

  private static void checkTruth(History history, Looks looks, Settled end) {
    Sent sent = end.sent();
    switch (end.outcome()) {
      case ACKNOWLEDGED -> {
        if (!looks.isReceived(sent) && !isExcused(history, looks, end)) {
          throw new AssertionError("acknowledged and never received: " + end);
        }
      }
      case EXPIRED -> {
        if (!sent.expires()) {
          throw new AssertionError("expired without a date: " + end);
        }
      }
      case SUPERSEDED -> {
        if (sent.delivery() != Delivery.RELIABLE_LATEST || !isNewerSent(history, end)) {
          throw new AssertionError("superseded by nothing: " + end);
        }
      }
      case LOST -> {
        if (sent.isReliable()) {
          throw new AssertionError("reliable, and lost: " + end);
        }
      }
      case CLOSED, CANCELLED, REFUSED -> {}
      case UNKNOWN -> throw new AssertionError("reliable mode always knows: " + end);
    }
    if (!end.mayHaveArrived() && looks.isReceived(sent)) {
      throw new AssertionError("cannot have arrived, and did: " + end);
    }
  }

  /**
   * An acknowledgement is the transport's: what is newer may have taken the message's place. What
   * is ordered is acknowledged in order, and so waits for nothing.
   */
  private static boolean isExcused(History history, Looks looks, Settled end) {
    Sent sent = end.sent();
    if (looks.crashedSince(sent)) {
      return true; // its application had not taken it yet
    }
    return switch (sent.delivery()) {
      case RELIABLE_LATEST, UNRELIABLE_SEQUENCED ->
          looks.mayBeReceived(sent) || LivenessChecker.newerArrived(history.sent(), sent, looks);
      case RELIABLE_ORDERED, RELIABLE_UNORDERED, UNRELIABLE -> false;
    };
  }

  /** By the same connection, whose the keys are: not to another peer, nor by the next process. */
  private static boolean isNewerSent(History history, Settled end) {
    boolean passed = false;
    for (Sent sent : history.sent()) {
      if (sent == end.sent()) {
        passed = true;
      } else if (passed
          && sent.key() == end.sent().key()
          && sent.delivery() == Delivery.RELIABLE_LATEST
          && sent.end() == end.end()
          && sent.to() == end.sent().to()
          && sent.process() == end.sent().process()
          && sent.atNanos() <= end.atNanos()) {
        return true;
      }
    }
    return false;
  }

  private record Name(int end, int process, long connection) {}

  /** For applications that take messages at once: none comes after its connection's end. */
  public static void checkNothingAfterEnd(History history) {
    Set<Name> ended = new HashSet<>();
    for (Entry entry : history.entries()) {
      if (entry instanceof Told told && told.event() instanceof EndpointEvent.Closed closed) {
        ended.add(new Name(told.end(), told.process(), closed.connection()));
      } else if (entry instanceof Received received
          && ended.contains(
              new Name(received.end(), received.process(), received.message().connection()))) {
        throw new AssertionError("received after the end of its connection: " + received);
      }
    }
  }

  /** Each connection ends once and is not opened afterwards; what is confirmed is so once. */
  private static void checkEvents(History history) {
    Set<Name> ended = new HashSet<>();
    Set<Sent> processed = new HashSet<>();
    for (Entry entry : history.entries()) {
      if (entry instanceof Told told) {
        if (told.event() instanceof EndpointEvent.Connected connected) {
          Name name = new Name(told.end(), told.process(), connected.connection());
          if (ended.contains(name)) {
            throw new AssertionError("opened after its end: " + told);
          }
        } else if (told.event() instanceof EndpointEvent.Closed closed
            && !ended.add(new Name(told.end(), told.process(), closed.connection()))) {
          throw new AssertionError("ended twice: " + told);
        }
      } else if (entry instanceof Processed confirmed && !processed.add(confirmed.sent())) {
        throw new AssertionError("confirmed twice: " + confirmed);
      }
    }
  }

  /** What the ends of connections count is what the receipts say. */
  private static void checkCounts(History history) {
    Map<Integer, long[]> byEnd = new HashMap<>();
    for (Entry entry : history.entries()) {
      long[] sums = byEnd.computeIfAbsent(entry.end(), none -> new long[5]);
      if (entry instanceof Told told && told.event() instanceof EndpointEvent.Closed closed) {
        sums[0] += closed.acknowledged();
        sums[1] += closed.unacknowledged();
      } else if (entry instanceof Settled settled) {
        if (settled.outcome() == ReceiptOutcome.ACKNOWLEDGED && settled.sent().isReliable()) {
          sums[2]++;
        }
        if (settled.outcome() == ReceiptOutcome.CLOSED) {
          sums[3] += settled.sent().isReliable() ? 1 : 0;
          sums[4]++;
        }
      } else if (entry instanceof History.Crashed) {
        return; // the counts of the process that died are gone
      }
    }
    byEnd.forEach(
        (end, sums) -> {
          if (sums[0] != sums[2] || sums[1] < sums[3] || sums[1] > sums[4]) {
            throw new AssertionError(
                ("end %d: its closes count %d acknowledged and %d not; of the receipts %d were"
                        + " acknowledged, and %d reliable ones (%d in all) closed")
                    .formatted(end, sums[0], sums[1], sums[2], sums[3], sums[4]));
          }
        });
  }
}
