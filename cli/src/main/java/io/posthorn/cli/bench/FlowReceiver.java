package io.posthorn.cli.bench;

/** Counts the data of one direction. Safe for all threads. */
final class FlowReceiver {
  private final SequenceLog log = new SequenceLog();
  private long bytes;
  private boolean begun;
  private long startNanos;
  private long newestNanos;
  private long lastTransitNanos;
  private double jitterNanos;

  /**
   * The stream begins; anew, if nothing of it has come. The first message takes its time too: from
   * its arrival on the rate of a few would be too high.
   */
  synchronized void begin(long nowNanos) {
    if (log.unique() == 0) {
      begun = true;
      startNanos = nowNanos;
    }
  }

  synchronized void onData(byte[] message, long nowNanos) {
    if (!log.onArrival(BenchMessage.sequence(message))) {
      return;
    }
    bytes += message.length;
    long transitNanos = nowNanos - BenchMessage.sentNanos(message);
    if (!begun) {
      begun = true; // what it began with was lost, or is late
      startNanos = nowNanos;
    }
    if (log.unique() > 1) {
      jitterNanos += (Math.abs((double) transitNanos - lastTransitNanos) - jitterNanos) / 16;
    }
    lastTransitNanos = transitNanos;
    newestNanos = nowNanos;
  }

  /** When the stream began; of the clock of {@link System#nanoTime}, as all times here. */
  synchronized long startNanos() {
    return startNanos;
  }

  /** When the newest message came; means nothing if none did. */
  synchronized long newestNanos() {
    return newestNanos;
  }

  synchronized FlowReport report() {
    return new FlowReport(
        log.unique(),
        bytes,
        log.duplicates(),
        log.outOfOrder(),
        log.missing(),
        (long) jitterNanos,
        log.unique() == 0 ? 0 : newestNanos - startNanos);
  }
}
