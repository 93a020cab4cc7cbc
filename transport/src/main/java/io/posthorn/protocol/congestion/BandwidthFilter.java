package io.posthorn.protocol.congestion;

import java.util.Arrays;

/** The largest delivery rate of the last rounds, in bytes a second. */
final class BandwidthFilter {
  private static final int ROUNDS = 10;

  private final long[] roundRates = new long[ROUNDS];
  private int slot;
  private long most;

  /** A rate was sampled in this round. */
  void onSample(long bytesPerSecond) {
    roundRates[slot] = Math.max(roundRates[slot], bytesPerSecond);
    most = Math.max(most, bytesPerSecond);
  }

  /** A new round begins: the oldest is forgotten. */
  void nextRound() {
    slot = (slot + 1) % ROUNDS;
    roundRates[slot] = 0;
    most = 0;
    for (long rate : roundRates) {
      most = Math.max(most, rate);
    }
  }

  /** The largest of the round under way, 0 if there is none yet. */
  long newest() {
    return roundRates[slot];
  }

  /** Forgets all but the round under way. */
  void keepNewest() {
    long newest = newest();
    forget();
    onSample(newest);
  }

  /** Begins anew. */
  void forget() {
    Arrays.fill(roundRates, 0);
    most = 0;
  }

  long bytesPerSecond() {
    return most;
  }
}
