package io.posthorn.protocol.congestion;

import io.posthorn.protocol.recovery.DeliveryRate;

/**
 * Model based, in the family of BBR (draft-ietf-ccwg-bbr): estimates the bottleneck's rate and the
 * path's round trip, and sends by them, so that loss which is mere noise does not slow it down.
 *
 * <p>Loss counts as congestive only when the round trip rose with it; then the bytes in flight are
 * bounded below where that happened. Other loss is made up for: what is paced out exceeds the
 * delivery rate by the share that gets lost, at most {@link #MAX_LOSS_SHARE}.
 */
public final class Adaptive implements CongestionController {
  /** Loss beyond this share is not made up for. */
  static final double MAX_LOSS_SHARE = 0.2;

  private static final double STARTUP_GAIN = 2.885;
  private static final double WINDOW_GAIN = 2.0;
  private static final double[] CYCLE = {1.25, 0.75, 1, 1, 1, 1, 1, 1};
  private static final int JUDGED_AT = 3;
  private static final double WORTH_MORE = 1.12;
  private static final int BANDWIDTH_ROUNDS = 10;
  private static final int FULL_ROUNDS = 3;
  private static final double FULL_GROWTH = 1.25;
  private static final double CONGESTION_FACTOR = 0.85;
  private static final int MINIMUM_WINDOW_PACKETS = 4;
  private static final int RTT_SAMPLES = 32;
  private static final int LEAST_RTT_SAMPLES = 8;
  private static final int MOST_DOUBLINGS = 6;
  private static final int LOSS_SAMPLE_PACKETS = 40;
  private static final long MIN_RTT_WINDOW_NANOS = 10_000_000_000L;
  private static final long PROBE_RTT_NANOS = 200_000_000L;
  private static final long QUEUE_NOISE_NANOS = 2_000_000L;

  /** Threads and timers are no quicker than this, so less round trip must not starve the pipe. */
  private static final long SHORTEST_RTT_NANOS = 1_000_000L;

  private enum Phase {
    STARTUP,
    DRAIN,
    PROBE_BANDWIDTH,
    PROBE_RTT
  }

  private int packetBytes;
  private Phase phase = Phase.STARTUP;
  private final long[] roundRates = new long[BANDWIDTH_ROUNDS];
  private long round;
  private long nextRoundDelivered;
  private long typicalRttNanos;
  private int samples;
  // Smallest of the smoothed samples: on a path that reorders, a few packets arrive far ahead of
  // the
  // others, and the smallest sample of all would say nothing of the pipe's length.
  private long minRttNanos = Long.MAX_VALUE;
  private long minRttSetNanos;
  private long fullRate;
  private int fullRounds;
  private int cycle;
  private long rateBeforeProbe = Long.MAX_VALUE;
  private long cycleStartNanos;
  private long probeRttEndNanos;

  private long roundRttSumNanos;
  private int roundSamples;
  private long rttDeviationNanos;
  private int cleanRounds;
  private long largestQueueNanos;
  private long roundLostBytes;
  private long lossSampleLost;
  private long lossSampleDelivered;
  private double lossShare;
  private long inFlightLimit = Long.MAX_VALUE;
  private long latestInFlight;

  /**
   * Makes one.
   *
   * @param packetBytes largest packet of the path
   */
  public Adaptive(int packetBytes) {
    this.packetBytes = packetBytes;
  }

  @Override
  public void onPacketSent(
      long nowNanos, int bytes, long inFlightBytes, boolean applicationLimited) {
    latestInFlight = inFlightBytes;
  }

  @Override
  public void onAcknowledged(
      long nowNanos, long newestSentNanos, long bytes, long inFlightBytes, DeliveryRate rate) {
    latestInFlight = inFlightBytes;
    lossSampleDelivered += bytes;
    boolean roundEnds = rate.priorDeliveredBytes() >= nextRoundDelivered;
    long rttNanos = Math.max(1, rate.rttNanos());
    roundRttSumNanos += rttNanos;
    roundSamples++;
    long deviationNanos = Math.abs(rttNanos - typicalRttNanos);
    if (typicalRttNanos != 0) {
      rttDeviationNanos += (deviationNanos - rttDeviationNanos) / 16;
    }
    if (roundEnds) {
      nextRoundDelivered = rate.deliveredBytes();
      endRound(rate.isApplicationLimited());
    }
    samples = Math.min(samples + 1, RTT_SAMPLES);
    typicalRttNanos += (rttNanos - typicalRttNanos) / samples;
    if (samples < LEAST_RTT_SAMPLES || typicalRttNanos <= minRttNanos) {
      minRttNanos = typicalRttNanos;
      minRttSetNanos = nowNanos;
    }
    int slot = (int) (round % BANDWIDTH_ROUNDS);
    if (!rate.isApplicationLimited() || rate.bytesPerSecond() > bandwidth()) {
      roundRates[slot] = Math.max(roundRates[slot], rate.bytesPerSecond());
    }
    advance(nowNanos, inFlightBytes, roundEnds, rate.isApplicationLimited());
  }

  private void endRound(boolean applicationLimited) {
    long roundRttNanos = roundRttSumNanos / Math.max(1, roundSamples);
    long queueNanos = Math.max(0, roundRttNanos - minRttNanos);
    largestQueueNanos = Math.max(queueNanos, largestQueueNanos - largestQueueNanos / 16);
    long noiseNanos = Math.max(QUEUE_NOISE_NANOS, 2 * rttDeviationNanos);
    boolean queued = queueNanos > Math.max(noiseNanos, largestQueueNanos / 4);
    boolean congested = roundLostBytes > 0 && queued;
    if (congested) {
      onCongestion();
    } else if (inFlightLimit != Long.MAX_VALUE
        && latestInFlight + 2L * packetBytes > windowBytes()) {
      cleanRounds = Math.min(cleanRounds + 1, MOST_DOUBLINGS);
      inFlightLimit += (long) packetBytes << cleanRounds;
    }
    measureLoss(congested);
    roundLostBytes = 0;
    roundRttSumNanos = 0;
    roundSamples = 0;
    if (!applicationLimited) { // else the path was not asked, and what it can do is not forgotten
      round++;
      roundRates[(int) (round % BANDWIDTH_ROUNDS)] = 0;
    }
  }

  private void onCongestion() {
    cleanRounds = 0;
    long reference = Math.max(latestInFlight, bandwidthDelayBytes());
    inFlightLimit =
        Math.max(
            (long) (CONGESTION_FACTOR * reference), (long) MINIMUM_WINDOW_PACKETS * packetBytes);
    if (phase == Phase.STARTUP) {
      phase = Phase.DRAIN;
    }
  }

  private void measureLoss(boolean congested) {
    if (congested) {
      lossSampleLost = 0;
      lossSampleDelivered = 0;
      return;
    }
    long total = lossSampleLost + lossSampleDelivered;
    if (total >= (long) LOSS_SAMPLE_PACKETS * packetBytes) {
      double share = (double) lossSampleLost / total;
      lossShare += (Math.min(share, MAX_LOSS_SHARE) - lossShare) / 4;
      lossSampleLost = 0;
      lossSampleDelivered = 0;
    }
  }

  private void advance(
      long nowNanos, long inFlightBytes, boolean roundEnds, boolean applicationLimited) {
    if (phase == Phase.STARTUP && roundEnds && !applicationLimited) {
      long rate = bandwidth();
      if (rate >= fullRate * FULL_GROWTH) {
        fullRate = rate;
        fullRounds = 0;
      } else if (++fullRounds >= FULL_ROUNDS) {
        phase = Phase.DRAIN;
      }
    }
    if (phase == Phase.DRAIN && inFlightBytes <= bandwidthDelayBytes()) {
      beginCycle(nowNanos);
    }
    if (phase == Phase.PROBE_BANDWIDTH) {
      long phaseNanos = nowNanos - cycleStartNanos;
      boolean over = phaseNanos > pathNanos();
      boolean drained = CYCLE[cycle] < 1 && inFlightBytes <= bandwidthDelayBytes();
      if (over || drained) {
        cycle = (cycle + 1) % CYCLE.length;
        cycleStartNanos = nowNanos;
        if (cycle == 0) {
          rateBeforeProbe = bandwidth();
        } else if (cycle == JUDGED_AT && bandwidth() > rateBeforeProbe * WORTH_MORE) {
          // Probing a little found more: there may be much more, so look for it quickly.
          phase = Phase.STARTUP;
          fullRate = bandwidth();
          fullRounds = FULL_ROUNDS - 1;
        }
      }
    }
    probeRtt(nowNanos, inFlightBytes);
  }

  private void beginCycle(long nowNanos) {
    phase = Phase.PROBE_BANDWIDTH;
    cycle = 2;
    cycleStartNanos = nowNanos;
  }

  /** Lets the queue drain now and then, or the smallest round trip could not be seen. */
  private void probeRtt(long nowNanos, long inFlightBytes) {
    if (phase == Phase.PROBE_RTT) {
      if (nowNanos >= probeRttEndNanos) {
        beginCycle(nowNanos);
      }
      return;
    }
    if (nowNanos - minRttSetNanos > MIN_RTT_WINDOW_NANOS) {
      minRttSetNanos = nowNanos;
      minRttNanos = Long.MAX_VALUE;
      if (phase == Phase.PROBE_BANDWIDTH
          && inFlightBytes > (long) MINIMUM_WINDOW_PACKETS * packetBytes) {
        phase = Phase.PROBE_RTT;
        probeRttEndNanos = nowNanos + PROBE_RTT_NANOS;
      }
    }
  }

  @Override
  public void onLost(long nowNanos, long newestSentNanos, long bytes, boolean persistent) {
    roundLostBytes += bytes;
    lossSampleLost += bytes;
  }

  @Override
  public void onCongestionExperienced(long nowNanos, long newestSentNanos) {
    onCongestion();
  }

  @Override
  public void onSpuriousLoss(long nowNanos) {
    roundLostBytes = 0;
  }

  @Override
  public void onPacketSizeChanged(int bytes) {
    packetBytes = bytes;
  }

  /** The largest delivery rate of the last rounds, in bytes a second. */
  private long bandwidth() {
    long most = 0;
    for (long rate : roundRates) {
      most = Math.max(most, rate);
    }
    return most;
  }

  private long pathNanos() {
    return minRttNanos == Long.MAX_VALUE
        ? SHORTEST_RTT_NANOS
        : Math.max(minRttNanos, SHORTEST_RTT_NANOS);
  }

  private long bandwidthDelayBytes() {
    return (long) (bandwidth() * (pathNanos() / 1e9));
  }

  private double gain() {
    return switch (phase) {
      case STARTUP -> STARTUP_GAIN;
      case DRAIN -> 1 / STARTUP_GAIN;
      case PROBE_BANDWIDTH -> CYCLE[cycle];
      case PROBE_RTT -> 1;
    };
  }

  @Override
  public long windowBytes() {
    long least = (long) MINIMUM_WINDOW_PACKETS * packetBytes;
    long delay = bandwidthDelayBytes();
    long initial = NewReno.initialWindow(packetBytes);
    if (delay == 0) {
      return initial;
    }
    if (phase == Phase.PROBE_RTT) {
      return Math.max(least, delay / 2);
    }
    double windowGain = phase == Phase.STARTUP ? STARTUP_GAIN : WINDOW_GAIN;
    long window = (long) (windowGain * delay / (1 - lossShare)) + 3L * packetBytes;
    if (phase == Phase.STARTUP) {
      window = Math.max(window, initial);
    }
    return Math.max(least, Math.min(window, inFlightLimit));
  }

  @Override
  public long pacingBytesPerSecond() {
    long rate = bandwidth();
    if (rate == 0) {
      return 0;
    }
    // A thin flow has only ever been seen to deliver little: the least window per round trip is
    // never too much, for the window bounds it.
    double least = MINIMUM_WINDOW_PACKETS * packetBytes * 1e9 / pathNanos();
    return (long) Math.max(least, gain() * rate / (1 - lossShare));
  }
}
