package io.posthorn.cli;

import io.posthorn.Outcome;
import io.posthorn.Receipt;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Counts what became of messages that were sent with a receipt. Safe for all threads. */
final class ReceiptLog {
  private final Output output;
  private final boolean printed;
  private final Map<Outcome.Kind, Long> counts = new EnumMap<>(Outcome.Kind.class);
  private long unsettled;

  /**
   * A log in which nothing has happened.
   *
   * @param printed whether each outcome is a line on standard error
   */
  ReceiptLog(Output output, boolean printed) {
    this.output = output;
    this.printed = printed;
  }

  /** Takes note of a message's end when it comes. */
  void add(long number, Receipt receipt) {
    long sentNanos = System.nanoTime();
    synchronized (this) {
      unsettled++;
    }
    var unused =
        receipt
            .acknowledged()
            .thenAccept(outcome -> settled(number, outcome, System.nanoTime() - sentNanos));
  }

  private synchronized void settled(long number, Outcome outcome, long nanos) {
    counts.merge(outcome.kind(), 1L, Long::sum);
    try {
      if (printed) {
        print(number, outcome, nanos);
      }
    } finally {
      unsettled--;
      notifyAll();
    }
  }

  /**
   * Waits until each message has its outcome counted and printed. Outcomes come on a thread of the
   * socket's own, so the end of the connection may be known before them.
   */
  synchronized void await() throws InterruptedException {
    while (unsettled > 0) {
      wait();
    }
  }

  private void print(long number, Outcome outcome, long nanos) {
    String word = outcome.kind().name().toLowerCase(Locale.ROOT);
    double millis = nanos / 1e6;
    if (output.isJson()) {
      output.note(
          new JsonText()
              .beginObject()
              .beginObject("receipt")
              .put("message", number)
              .put("outcome", word)
              .put("ms", millis)
              .put("mayHaveArrived", outcome.mayHaveArrived())
              .endObject()
              .endObject());
    } else {
      output.note(
          String.format(
              Locale.ROOT,
              "message %d: %s after %.1f ms%s",
              number,
              word,
              millis,
              outcome.mayHaveArrived() && !outcome.isAcknowledged()
                  ? ", may have arrived all the same"
                  : ""));
    }
  }

  /** How many ended so. */
  synchronized long count(Outcome.Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }
}
