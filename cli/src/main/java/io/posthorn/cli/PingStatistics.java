package io.posthorn.cli;

import java.util.BitSet;
import java.util.Locale;

/** What a run of pings has shown so far. For one thread. */
final class PingStatistics {
  /** What an answer was. */
  enum Answer {
    /** The first to its ping. */
    FIRST,
    /** The first, and after one to a later ping. */
    OUT_OF_ORDER,
    /** One more. */
    DUPLICATE,
    /** To no ping that was sent. */
    FOREIGN
  }

  private final BitSet answered = new BitSet();
  private int sent;
  private int received;
  private int duplicates;
  private int outOfOrder;
  private int foreign;
  private int newest;
  private long leastNanos = Long.MAX_VALUE;
  private long mostNanos;
  private double sumNanos;
  private double sumOfSquares;

  /** The number of the next ping, from 1. */
  int nextSequence() {
    sent++;
    return sent;
  }

  /** Takes note of an answer. */
  Answer onAnswer(int sequence, long roundTripNanos) {
    if (sequence < 1 || sequence > sent) {
      foreign++;
      return Answer.FOREIGN;
    }
    if (answered.get(sequence)) {
      duplicates++;
      return Answer.DUPLICATE;
    }
    answered.set(sequence);
    received++;
    leastNanos = Math.min(leastNanos, roundTripNanos);
    mostNanos = Math.max(mostNanos, roundTripNanos);
    sumNanos += roundTripNanos;
    sumOfSquares += (double) roundTripNanos * roundTripNanos;
    if (sequence < newest) {
      outOfOrder++;
      return Answer.OUT_OF_ORDER;
    }
    newest = sequence;
    return Answer.FIRST;
  }

  /** Takes note of something that is no answer. */
  void onForeign() {
    foreign++;
  }

  int sent() {
    return sent;
  }

  int received() {
    return received;
  }

  int duplicates() {
    return duplicates;
  }

  int outOfOrder() {
    return outOfOrder;
  }

  int foreign() {
    return foreign;
  }

  boolean allAnswered() {
    return received == sent;
  }

  /** Share of the pings without an answer, in percent; 0 if none was sent. */
  double lossPercent() {
    return sent == 0 ? 0 : 100.0 * (sent - received) / sent;
  }

  double leastMillis() {
    return received == 0 ? Double.NaN : leastNanos / 1e6;
  }

  double meanMillis() {
    return sumNanos / received / 1e6;
  }

  double mostMillis() {
    return received == 0 ? Double.NaN : mostNanos / 1e6;
  }

  /** The standard deviation, which ping(8) calls mdev. */
  double deviationMillis() {
    double mean = sumNanos / received;
    return Math.sqrt(Math.max(0, sumOfSquares / received - mean * mean)) / 1e6;
  }

  /** The line about losses, as ping(8) writes it, with what it leaves out. */
  String countsText(double seconds) {
    return String.format(
        Locale.ROOT,
        "%d sent, %d received, %s%% lost, %d duplicate%s, %d out of order%s, time %.1f s",
        sent,
        received,
        PercentText.of(lossPercent()),
        duplicates,
        duplicates == 1 ? "" : "s",
        outOfOrder,
        foreign == 0 ? "" : ", " + foreign + " that were no answer",
        seconds);
  }

  /** The line about times; only if anything came back. */
  String timesText() {
    return String.format(
        Locale.ROOT,
        "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms",
        leastMillis(),
        meanMillis(),
        mostMillis(),
        deviationMillis());
  }
}
