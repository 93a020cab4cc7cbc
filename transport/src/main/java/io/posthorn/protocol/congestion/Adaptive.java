package io.posthorn.protocol.congestion;

import io.posthorn.protocol.recovery.DeliveryRate;

/**
 * Model based, in the family of BBR (draft-ietf-ccwg-bbr): estimates the bottleneck's rate and the
 * path's round trip, and sends by them, so that loss which is mere noise does not slow it down.
 *
 * <p>What a path loses by itself is made up for by sending more ({@link RandomLoss}). Congestive
 * loss cuts a window as CUBIC has it. While the queue empties now and then, that window is only a
 * ceiling and the flow keeps the queue short; when others hold a queue ({@link QueueWatch}), the
 * window alone decides, so that the flow gets what CUBIC would get beside them.
 */
public final class Adaptive implements CongestionController {
  private static final double STARTUP_PACING = 2.77;
  private static final double STARTUP_WINDOW = 2.77;
  private static final double SLOW_START_PACING = 1.5;
  private static final double STARTUP_GROWTH = 1.25;
  private static final int STARTUP_FLAT_ROUNDS = 3;
  private static final int STARTUP_FROZEN_ROUNDS = 1;

  /** MAX_RTT_THRESH (RFC 9406 §4.3): an eighth of a long path is a queue that overflows soon. */
  private static final long MOST_WAIT_NANOS = 16_000_000L;

  private static final double DRAIN_PACING = 0.5;
  private static final double[] CYCLE = {1.25, 0.75, 1, 1, 1, 1, 1, 1};
  private static final int DRAIN_AT = 1;
  private static final int JUDGED_AT = 3;
  private static final double WORTH_MORE = 1.12;
  private static final double CRUISE_WINDOW = 1.15;

  /** Where a queue stands anyway, more than the pipe holds only lengthens it, for each flow. */
  private static final double QUEUED_WINDOW = 1;

  private static final double PROBE_WINDOW = 1.5;
  private static final double LOOK_WINDOW = 0.75;
  private static final double YIELD = 0.9;

  /**
   * What a ceiling is raised by that left the queue empty while it was probed: by what probes do.
   */
  private static final double RAISED = 1.25;

  /**
   * What a mark leaves of the window: more than a loss, for queues that mark are short (RFC 8511).
   */
  private static final double MARKED = 0.8;

  private static final double RESUMED_SHARE = 0.5;
  private static final int LOOK_ROUNDS = 3;
  private static final int SPARE_PACKETS = 2;

  /** A link has narrowed if it brings less than this share of what it did. */
  private static final double NARROWED = 0.5;

  /** For so many rounds: a gap, in which a translator forgot the flow say, makes one such round. */
  private static final int NARROWED_ROUNDS = 2;

  /** In a shorter pipe a single packet more or less counts for more than what gets lost. */
  private static final int LEAST_PIPE_PACKETS = 16;

  private static final int MINIMUM_WINDOW_PACKETS = 4;
  private static final long PROBE_RTT_NANOS = 200_000_000L;
  private static final long UNSET = Long.MAX_VALUE;

  /** Threads and timers are no quicker than this, so less round trip must not starve the pipe. */
  private static final long SHORTEST_RTT_NANOS = 1_000_000L;

  private enum Phase {
    STARTUP,
    DRAIN,
    PROBE_BANDWIDTH,
    /** Drains below the pipe's content, to see whether the queue goes away. */
    LOOK,
    PROBE_RTT
  }

  private int packetBytes;
  private Phase phase = Phase.STARTUP;
  private final BandwidthFilter bandwidth = new BandwidthFilter();
  private final PathDelay delay = new PathDelay();
  private final RandomLoss loss = new RandomLoss();
  private final QueueWatch watch = new QueueWatch();
  private final CubicWindow ceiling;
  private boolean ceilingSet;
  private boolean ceilingLimits;
  private boolean ceilingMarked;
  // What the last cut changed besides the ceiling, should the loss prove spurious.
  private boolean cutSetCeiling;
  private boolean cutEndedStartup;
  private boolean competing;
  private long roundEndBytes;
  private long fullRate;
  private int flatRounds;
  private long startupBytes = UNSET;
  private long slowStartBytes;
  private boolean collapsed;
  private int cycle;
  private long rateBeforeProbe = Long.MAX_VALUE;
  private long cycleStartNanos;
  private long probeStartNanos;
  private long phaseEndNanos;
  private int lookRounds;
  private boolean lookEmptied;
  private long drainFromNanos = UNSET;
  private long drainToNanos = UNSET;
  private long recoveryStartNanos = -1;
  private long savedRecoveryStartNanos = -1;
  private long lossPeriodStartNanos = -1;
  private long latestInFlight;

  /** In flight before the last acknowledgement. */
  private long flightBytes;

  private long roundLostBytes;
  private int narrowRounds;
  private long reordersUntilNanos;
  private boolean reorders;

  /**
   * Makes one.
   *
   * @param packetBytes largest packet of the path
   */
  public Adaptive(int packetBytes) {
    this.packetBytes = packetBytes;
    this.ceiling = new CubicWindow(packetBytes, 0);
    this.slowStartBytes = NewReno.initialWindow(packetBytes);
  }

  @Override
  public void onPacketSent(
      long nowNanos, int bytes, long inFlightBytes, boolean applicationLimited) {
    latestInFlight = inFlightBytes;
    if (inFlightBytes == bytes) {
      ceiling.pause(nowNanos); // nothing was in flight
    }
  }

  @Override
  public void onAcknowledged(
      long nowNanos, long newestSentNanos, long bytes, long inFlightBytes, DeliveryRate rate) {
    flightBytes = inFlightBytes + bytes;
    latestInFlight = inFlightBytes;
    long rttNanos = Math.max(1, rate.rttNanos());
    boolean limited = rate.isApplicationLimited();
    reorders = nowNanos < reordersUntilNanos;
    competing &= !reorders; // round trips that tell nothing do not tell of others either
    delay.onSample(reorders ? Math.max(1, rate.feedbackNanos()) : rttNanos, nowNanos);
    loss.onDelivered(bytes, delay.isQueueHigh(), isOfDrain(newestSentNanos), packetBytes);
    if (!limited || rate.bytesPerSecond() > bandwidth.bytesPerSecond()) {
      bandwidth.onSample(rate.bytesPerSecond());
    }
    if (phase == Phase.STARTUP && !limited) {
      slowStartBytes += bytes;
    }
    boolean roundEnds = rate.priorDeliveredBytes() >= roundEndBytes;
    if (roundEnds) {
      roundEndBytes = rate.deliveredBytes();
      endRound(nowNanos, limited, rate.deliveredBytes() - rate.priorDeliveredBytes());
    }
    growCeiling(nowNanos, newestSentNanos, bytes, limited, rttNanos);
    advance(nowNanos, inFlightBytes, roundEnds, limited);
  }

  private void growCeiling(
      long nowNanos, long newestSentNanos, long bytes, boolean limited, long rttNanos) {
    ceilingLimits = flightBytes + 3L * packetBytes >= ceiling.bytes();
    if (!ceilingSet || newestSentNanos <= recoveryStartNanos) {
      return;
    }
    if (limited || !ceilingLimits) {
      ceiling.pause(nowNanos); // it is not what limits the flow
    } else {
      ceiling.onAcknowledged(nowNanos, bytes, rttNanos);
    }
  }

  private boolean isOfDrain(long sentNanos) {
    return sentNanos >= drainFromNanos && sentNanos < drainToNanos;
  }

  private void endRound(long nowNanos, boolean limited, long deliveredBytes) {
    delay.endRound();
    watch.onRound(delay, loss.hasLossAtQueue(), nowNanos);
    loss.endRound(packetBytes);
    if (!limited) { // else the path was not asked, and what it can do is not forgotten
      noticeNarrowing(deliveredBytes);
      bandwidth.nextRound();
    }
    roundLostBytes = 0;
  }

  /**
   * Where the queue is long, or more gets lost than any noise takes, and hardly half of the rate is
   * left, what the link did ten rounds ago is no guide any more (BBR's short-term model has the
   * like): going on by it would only overflow the queue.
   */
  private void noticeNarrowing(long deliveredBytes) {
    long newest = bandwidth.newest();
    boolean floods = roundLostBytes > deliveredBytes;
    boolean narrow =
        newest > 0
            && newest < NARROWED * bandwidth.bytesPerSecond()
            && (floods || delay.isQueueHigh())
            && !reorders;
    narrowRounds = narrow ? narrowRounds + 1 : 0;
    if (narrowRounds >= NARROWED_ROUNDS) {
      narrowRounds = 0;
      bandwidth.keepNewest();
    }
  }

  private void advance(long nowNanos, long inFlightBytes, boolean roundEnds, boolean limited) {
    switch (phase) {
      case STARTUP -> advanceStartup(inFlightBytes, roundEnds, limited);
      case DRAIN -> {
        if (inFlightBytes <= pipeBytes()) {
          cruise(nowNanos);
        }
      }
      case PROBE_BANDWIDTH -> {
        advanceCycle(nowNanos, inFlightBytes);
        if (watch.wantsDrain(competing, nowNanos) && !limited && !reorders) {
          look(nowNanos);
        }
      }
      case LOOK -> {
        if (roundEnds) {
          advanceLook(nowNanos, inFlightBytes);
        }
      }
      case PROBE_RTT -> {
        if (nowNanos >= phaseEndNanos) {
          cruise(nowNanos);
        }
      }
    }
    if (delay.isStale(nowNanos)) {
      delay.forget(nowNanos);
      if (phase == Phase.PROBE_BANDWIDTH
          && inFlightBytes > (long) MINIMUM_WINDOW_PACKETS * packetBytes) {
        phase = Phase.PROBE_RTT;
        phaseEndNanos = nowNanos + Math.max(PROBE_RTT_NANOS, 2 * delay.minNanos());
      }
    }
  }

  /**
   * Ends start-up when the rate grows no more. Where a queue begins to form, what is in flight is
   * enough already, though the rate measured lags behind it by a round: more would only overflow.
   */
  private void advanceStartup(long inFlightBytes, boolean roundEnds, boolean limited) {
    long threshold =
        Math.max(2 * PathDelay.NOISE_NANOS, Math.min(delay.minNanos() / 8, MOST_WAIT_NANOS));
    if (startupBytes == UNSET && delay.waitExceeds(threshold)) {
      startupBytes = inFlightBytes;
      flatRounds = 0;
    }
    if (!roundEnds) {
      return;
    }
    if (startupBytes != UNSET) {
      if (!delay.waitExceeds(threshold / 4)) {
        startupBytes = UNSET; // it was noise
      } else if (++flatRounds > STARTUP_FROZEN_ROUNDS) {
        leaveStartup();
        return;
      }
    }
    long rate = bandwidth.bytesPerSecond();
    if (limited) {
      return;
    }
    if (rate >= fullRate * STARTUP_GROWTH) {
      fullRate = rate;
      flatRounds = 0;
    } else if (++flatRounds >= STARTUP_FLAT_ROUNDS) {
      leaveStartup();
    }
  }

  private void leaveStartup() {
    collapsed = false;
    phase = Phase.DRAIN;
    startupBytes = UNSET;
  }

  private void cruise(long nowNanos) {
    phase = Phase.PROBE_BANDWIDTH;
    cycle = DRAIN_AT + 1;
    cycleStartNanos = nowNanos;
  }

  private void advanceCycle(long nowNanos, long inFlightBytes) {
    boolean over = nowNanos - cycleStartNanos > pathNanos();
    boolean drained = cycle == DRAIN_AT && inFlightBytes <= pipeBytes();
    if (!over && !drained) {
      return;
    }
    if (cycle == DRAIN_AT) {
      drainToNanos = nowNanos;
    }
    cycle = (cycle + 1) % CYCLE.length;
    cycleStartNanos = nowNanos;
    if (cycle == 0) {
      rateBeforeProbe = bandwidth.bytesPerSecond();
      probeStartNanos = nowNanos;
    } else if (cycle == DRAIN_AT) {
      loss.beginDrain();
      drainFromNanos = nowNanos;
      drainToNanos = UNSET;
    } else if (cycle == JUDGED_AT && !competing && !delay.isQueueHigh()) {
      judgeProbe();
    }
  }

  private void judgeProbe() {
    // Not one that a mark set: where queues are kept that short, others see no more of them either.
    boolean unharmed = recoveryStartNanos < probeStartNanos && QueueWatch.isEmpty(delay);
    if (ceilingSet && !ceilingMarked && ceilingLimits && unharmed) {
      ceiling.restart((long) (RAISED * ceiling.bytes()));
    }
    if (bandwidth.bytesPerSecond() > rateBeforeProbe * WORTH_MORE) {
      // Probing a little found more: there may be much more, so look for it quickly, but from what
      // the path holds now, not from what an earlier start-up reached; unless packets overtake each
      // other, where neither rate nor round trip tells what it holds.
      phase = Phase.STARTUP;
      slowStartBytes = reorders ? slowStartBytes : targetBytes(CRUISE_WINDOW);
      fullRate = bandwidth.bytesPerSecond();
      flatRounds = STARTUP_FLAT_ROUNDS - 1;
    }
  }

  private void look(long nowNanos) {
    phase = Phase.LOOK;
    lookRounds = 0;
    lookEmptied = false;
    phaseEndNanos = nowNanos;
  }

  private void advanceLook(long nowNanos, long inFlightBytes) {
    lookRounds++;
    if (lookEmptied || lookRounds > LOOK_ROUNDS) {
      boolean before = competing;
      competing = watch.judge(delay, competing, nowNanos) && !reorders;
      if (competing && !before) {
        long start = Math.max(latestInFlight, targetBytes(CRUISE_WINDOW));
        if (!ceilingSet || ceiling.bytes() < start) {
          ceiling.restart(start);
          ceilingSet = true;
        }
      }
      cruise(nowNanos);
    } else {
      lookEmptied = inFlightBytes <= pipeBytes();
    }
  }

  @Override
  public void onLost(long nowNanos, long newestSentNanos, long bytes, boolean persistent) {
    boolean queueHigh = delay.isQueueHigh();
    if (persistent) {
      collapse();
      return;
    }
    if (newestSentNanos > lossPeriodStartNanos) {
      lossPeriodStartNanos = nowNanos;
      ceiling.confirm(); // what this period may prove to be says nothing of cuts before it
    }
    roundLostBytes += bytes;
    loss.onLost(bytes, queueHigh, isOfDrain(newestSentNanos));
    if (loss.isExcessive() || (competing ? queueHigh : loss.isCongestive(packetBytes))) {
      onCongestion(nowNanos, newestSentNanos);
    }
  }

  /**
   * Nothing got through for several probe timeouts: the path may be another one by now, so it is
   * looked for anew. Not from the least window on, as RFC 9002 §7.6.2 has it for controllers that
   * go by loss, but from half of what the path held, paced (draft-ietf-tsvwg-careful-resume): an
   * outage is no congestion. If the same happens again before that has proved right, it was, and
   * the least window it is. What was lost meanwhile says nothing of the path's usual losses.
   */
  private void collapse() {
    long least = (long) MINIMUM_WINDOW_PACKETS * packetBytes;
    slowStartBytes = collapsed ? least : Math.max(least, (long) (RESUMED_SHARE * pipeBytes()));
    phase = Phase.STARTUP;
    bandwidth.forget();
    fullRate = 0;
    flatRounds = 0;
    startupBytes = UNSET;
    collapsed = true;
    ceilingSet = false;
    competing = false;
    recoveryStartNanos = -1;
  }

  private void onCongestion(long nowNanos, long newestSentNanos) {
    if (newestSentNanos <= recoveryStartNanos) {
      return; // this recovery period has paid already
    }
    cutSetCeiling = !ceilingSet;
    if (!ceilingSet || (!competing && latestInFlight < ceiling.bytes())) {
      ceiling.restart(Math.max(latestInFlight, pipeBytes()));
      ceilingSet = true;
    }
    cut(nowNanos, false, competing ? 0 : floorBytes());
  }

  private void cut(long nowNanos, boolean marked, long floorBytes) {
    ceilingMarked = marked;
    savedRecoveryStartNanos = recoveryStartNanos;
    recoveryStartNanos = nowNanos;
    ceiling.reduce(floorBytes);
    cutEndedStartup = phase == Phase.STARTUP;
    if (cutEndedStartup) {
      leaveStartup();
    } else if (competing && phase == Phase.PROBE_BANDWIDTH) {
      look(nowNanos);
    }
  }

  /** A flow that has the pipe to itself need not leave it dry; beside others it gives way. */
  private long floorBytes() {
    return watch.isEmptyNowAndThen() ? pipeBytes() + spareBytes() : (long) (YIELD * pipeBytes());
  }

  /**
   * A mark is no guess, as a loss is: it cuts what is in flight, whatever the pipe seems to hold. A
   * flow to which that was left would stand above the mark, and all others give way (RFC 9002
   * §7.1).
   */
  @Override
  public void onCongestionExperienced(long nowNanos, long newestSentNanos) {
    if (newestSentNanos > recoveryStartNanos) {
      if (!ceilingSet || !ceilingLimits) {
        // What was under way when the mark was set, be it that nothing follows.
        ceiling.restart(Math.max(flightBytes, NewReno.initialWindow(packetBytes)));
        ceilingSet = true;
      }
      cut(nowNanos, true, competing ? 0 : (long) (MARKED * ceiling.bytes()));
    }
    ceiling.confirm();
  }

  @Override
  public void onLateArrival(long nowNanos, long bytes) {
    loss.onLateArrival(bytes);
    reordersUntilNanos = nowNanos + PathDelay.WINDOW_NANOS;
  }

  /**
   * All of a period's losses arrived: neither its cut nor what came of it was right, be it that
   * start-up ended (the BBR draft goes back to it too).
   */
  @Override
  public void onSpuriousLoss(long nowNanos) {
    if (!ceiling.undo()) {
      return;
    }
    recoveryStartNanos = savedRecoveryStartNanos; // what else that flight lost has not paid
    if (cutSetCeiling) {
      ceilingSet = false;
    }
    if (cutEndedStartup && (phase == Phase.DRAIN || phase == Phase.PROBE_BANDWIDTH)) {
      phase = Phase.STARTUP;
      startupBytes = UNSET;
      flatRounds = 0;
    }
  }

  @Override
  public void onPacketSizeChanged(int bytes) {
    packetBytes = bytes;
    ceiling.onPacketSizeChanged(bytes);
  }

  /**
   * The path's length. Where packets overtake each other, the smallest round trip is that of the
   * quickest, and says nothing of the others: then the usual one counts, and loss bounds the queue.
   */
  private long pathNanos() {
    long nanos = reorders ? delay.smoothedNanos() : delay.pathNanos();
    return Math.max(nanos, SHORTEST_RTT_NANOS);
  }

  private double madeUpFor() {
    // A bottleneck with a standing queue does not run dry for what gets lost before it.
    boolean worthwhile =
        watch.isEmptyNowAndThen() && bareBytes() >= (double) LEAST_PIPE_PACKETS * packetBytes;
    return worthwhile ? 1 - loss.shareMadeUpFor(packetBytes) : 1;
  }

  private double bareBytes() {
    return bandwidth.bytesPerSecond() * (pathNanos() / 1e9);
  }

  /** What has to be in flight to fill the pipe, with what gets lost on the way. */
  private long pipeBytes() {
    return (long) (bareBytes() / madeUpFor());
  }

  /** Room for acknowledgements that come in runs; the same for all, which makes shares equal. */
  private long spareBytes() {
    double pipePackets = (double) pipeBytes() / packetBytes;
    return (long) (packetBytes * Math.max(SPARE_PACKETS, Math.sqrt(pipePackets)));
  }

  private double cruiseGain() {
    return QueueWatch.isEmpty(delay) ? CRUISE_WINDOW : QUEUED_WINDOW;
  }

  private long targetBytes(double gain) {
    return (long) (gain * pipeBytes()) + spareBytes();
  }

  @Override
  public String state() {
    return switch (phase) {
      case STARTUP -> "slow_start";
      case DRAIN -> "drain";
      case PROBE_BANDWIDTH -> "probe_bandwidth";
      case LOOK -> "look";
      case PROBE_RTT -> "probe_rtt";
    };
  }

  @Override
  public long windowBytes() {
    long least = (long) MINIMUM_WINDOW_PACKETS * packetBytes;
    long initial = collapsed ? least : NewReno.initialWindow(packetBytes);
    if (bandwidth.bytesPerSecond() == 0) {
      return Math.max(initial, slowStartBytes);
    }
    long most = ceilingSet ? ceiling.bytes() : UNSET;
    long target =
        switch (phase) {
          case STARTUP -> Math.max(initial, startupTarget());
          case DRAIN -> targetBytes(STARTUP_WINDOW);
          case PROBE_BANDWIDTH ->
              competing ? most : targetBytes(cycle == 0 ? PROBE_WINDOW : cruiseGain());
          case LOOK -> (long) (LOOK_WINDOW * pipeBytes());
          case PROBE_RTT -> pipeBytes() / 2;
        };
    return Math.max(least, Math.min(target, most));
  }

  /** At least what slow start would have; at most what was in flight when a queue began to form. */
  private long startupTarget() {
    return Math.min(startupBytes, Math.max(slowStartBytes, targetBytes(STARTUP_WINDOW)));
  }

  @Override
  public long pacingBytesPerSecond() {
    long rate = bandwidth.bytesPerSecond();
    if (rate == 0 || (competing && phase == Phase.PROBE_BANDWIDTH)) {
      return 0;
    }
    // A thin flow has only ever been seen to deliver little: the least window per round trip is
    // never too much, for the window bounds it.
    double least = MINIMUM_WINDOW_PACKETS * packetBytes * 1e9 / pathNanos();
    if (phase == Phase.STARTUP && startupBytes == UNSET) {
      least = SLOW_START_PACING * slowStartBytes * 1e9 / pathNanos();
    }
    double gain =
        switch (phase) {
          case STARTUP -> STARTUP_PACING;
          case DRAIN -> DRAIN_PACING;
          case PROBE_BANDWIDTH -> CYCLE[cycle];
          case LOOK, PROBE_RTT -> 1;
        };
    return (long) Math.max(least, gain * rate / madeUpFor());
  }
}
