package io.posthorn.cli.bench;

/** Counts the data of one direction. Safe for all threads. */
final class FlowReceiver {
  private final SequenceLog log = new SequenceLog();
  private long bytes;
  private long firstNanos;
  private long newestNanos;
  private long lastTransitNanos;
  private double jitterNanos;

  synchronized void onData(byte[] message, long nowNanos) {
    if (!log.onArrival(BenchMessage.sequence(message))) {
      return;
    }
    bytes += message.length;
    long transitNanos = nowNanos - BenchMessage.sentNanos(message);
    if (log.unique() == 1) {
      firstNanos = nowNanos;
    } else {
      jitterNanos += (Math.abs((double) transitNanos - lastTransitNanos) - jitterNanos) / 16;
    }
    lastTransitNanos = transitNanos;
    newestNanos = nowNanos;
  }

  synchronized FlowReport report() {
    return new FlowReport(
        log.unique(),
        bytes,
        log.duplicates(),
        log.outOfOrder(),
        log.missing(),
        (long) jitterNanos,
        newestNanos - firstNanos);
  }
}
