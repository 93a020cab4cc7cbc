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
  private static final double DRAIN_PACING = 0.5;
  private static final double CRUISE_WINDOW = 1.15;

  /** Where a queue stands anyway, more than the pipe holds only lengthens it, for each flow. */
  private static final double QUEUED_WINDOW = 1;

  private static final double PROBE_WINDOW = 1.5;

  /**
   * For a flow that its application limits, and that fills no queue: a round trip without any
   * acknowledgement must not stop it.
   */
  private static final double LIMITED_WINDOW = 2;

  private static final double LOOK_WINDOW = 0.75;
  private static final double YIELD = 0.9;

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
  private PathDelay delay = new PathDelay();
  private final RandomLoss loss = new RandomLoss();
  private QueueWatch watch = new QueueWatch();
  private final WindowCeiling ceiling;
  private final Startup startup;
  private final ProbingCycle cycle = new ProbingCycle();

  /** Besides what it did to the ceiling, should the loss prove spurious. */
  private boolean cutEndedStartup;

  private boolean competing;
  private boolean applicationLimited;
  private long roundEndBytes;
  private long phaseEndNanos;
  private int lookRounds;
  private boolean lookEmptied;
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
    this.ceiling = new WindowCeiling(packetBytes);
    this.startup = new Startup(packetBytes);
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
    applicationLimited = limited;
    reorders = nowNanos < reordersUntilNanos;
    competing &= !reorders; // round trips that tell nothing do not tell of others either
    delay.onSample(reorders ? Math.max(1, rate.feedbackNanos()) : rttNanos, nowNanos);
    loss.onDelivered(bytes, delay.isQueueHigh(), cycle.isOfDrain(newestSentNanos), packetBytes);
    if (!limited || rate.bytesPerSecond() > bandwidth.bytesPerSecond()) {
      bandwidth.onSample(rate.bytesPerSecond());
    }
    if (phase == Phase.STARTUP && !limited) {
      startup.onAcknowledged(bytes);
    }
    boolean roundEnds = rate.priorDeliveredBytes() >= roundEndBytes;
    if (roundEnds) {
      roundEndBytes = rate.deliveredBytes();
      endRound(nowNanos, limited, rate.deliveredBytes() - rate.priorDeliveredBytes());
    }
    ceiling.onAcknowledged(nowNanos, newestSentNanos, bytes, flightBytes, limited, rttNanos);
    advance(nowNanos, inFlightBytes, roundEnds, limited);
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
      case STARTUP -> {
        if (startup.isOver(delay, bandwidth.bytesPerSecond(), inFlightBytes, roundEnds, limited)) {
          leaveStartup();
        }
      }
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
      // A flow that its application limits does not hold the queue that would be drained.
      if (phase == Phase.PROBE_BANDWIDTH && !limited && inFlightBytes > leastBytes()) {
        phase = Phase.PROBE_RTT;
        phaseEndNanos = nowNanos + Math.max(PROBE_RTT_NANOS, 2 * delay.minNanos());
      }
    }
  }

  private void leaveStartup() {
    startup.leave();
    phase = Phase.DRAIN;
  }

  private void cruise(long nowNanos) {
    phase = Phase.PROBE_BANDWIDTH;
    cycle.begin(nowNanos);
  }

  private void advanceCycle(long nowNanos, long inFlightBytes) {
    boolean drained = cycle.isDrain() && inFlightBytes <= pipeBytes();
    if (!cycle.advance(nowNanos, pathNanos(), drained, bandwidth.bytesPerSecond())) {
      return;
    }
    if (cycle.isDrain()) {
      loss.beginDrain();
    } else if (cycle.isJudged() && !competing && !delay.isQueueHigh()) {
      judgeProbe();
    }
  }

  private void judgeProbe() {
    if (QueueWatch.isEmpty(delay)) {
      ceiling.onProbeWithoutQueue(cycle.probeStartNanos());
    }
    long rate = bandwidth.bytesPerSecond();
    if (!cycle.hasFoundMore(rate)) {
      return;
    }
    // Probing a little found more: there may be much more, so look for it quickly, but from what
    // the path holds now, not from what an earlier start-up reached; unless packets overtake each
    // other, where neither rate nor round trip tells what it holds.
    phase = Phase.STARTUP;
    if (reorders) {
      startup.searchAgain(rate);
    } else {
      startup.searchFrom(targetBytes(CRUISE_WINDOW), rate);
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
        ceiling.raiseTo(Math.max(latestInFlight, targetBytes(CRUISE_WINDOW)));
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
    loss.onLost(bytes, queueHigh, cycle.isOfDrain(newestSentNanos));
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
    startup.collapse((long) (RESUMED_SHARE * pipeBytes()), leastBytes());
    phase = Phase.STARTUP;
    bandwidth.forget();
    ceiling.forget();
    delay = new PathDelay(); // a longer way has another smallest round trip (RFC 9002 §5.2)
    watch = new QueueWatch();
    competing = false;
  }

  private void onCongestion(long nowNanos, long newestSentNanos) {
    if (ceiling.hasPaidFor(newestSentNanos)) {
      return;
    }
    long heldBytes = Math.max(latestInFlight, pipeBytes());
    ceiling.onLoss(nowNanos, latestInFlight, heldBytes, competing, competing ? 0 : floorBytes());
    onCut(nowNanos);
  }

  private void onCut(long nowNanos) {
    cutEndedStartup = phase == Phase.STARTUP;
    if (cutEndedStartup) {
      leaveStartup();
    } else if (competing && phase == Phase.PROBE_BANDWIDTH) {
      look(nowNanos);
    }
  }

  /** A flow that has the pipe to itself need not leave it dry; beside others it gives way. */
  private long floorBytes() {
    if (!watch.isEmptyNowAndThen()) {
      return (long) (YIELD * pipeBytes());
    }
    return targetBytes(applicationLimited ? LIMITED_WINDOW : 1);
  }

  /**
   * A mark is no guess, as a loss is: it cuts what is in flight, whatever the pipe seems to hold. A
   * flow to which that was left would stand above the mark, and all others give way (RFC 9002
   * §7.1).
   */
  @Override
  public void onCongestionExperienced(long nowNanos, long newestSentNanos) {
    if (!ceiling.hasPaidFor(newestSentNanos)) {
      // What was under way when the mark was set, be it that nothing follows.
      ceiling.onMark(
          nowNanos, Math.max(flightBytes, NewReno.initialWindow(packetBytes)), competing);
      onCut(nowNanos);
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
    if (cutEndedStartup && (phase == Phase.DRAIN || phase == Phase.PROBE_BANDWIDTH)) {
      phase = Phase.STARTUP;
      startup.resume();
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

  private double probeBandwidthGain() {
    if (applicationLimited) {
      return LIMITED_WINDOW;
    }
    return cycle.isProbe() ? PROBE_WINDOW : cruiseGain();
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
    long least = leastBytes();
    if (bandwidth.bytesPerSecond() == 0) {
      return startup.firstWindowBytes(packetBytes, least);
    }
    long most = ceiling.bytes();
    long target =
        switch (phase) {
          case STARTUP -> startup.windowBytes(targetBytes(STARTUP_WINDOW), packetBytes, least);
          case DRAIN -> targetBytes(STARTUP_WINDOW);
          case PROBE_BANDWIDTH -> competing ? most : targetBytes(probeBandwidthGain());
          case LOOK -> (long) (LOOK_WINDOW * pipeBytes());
          case PROBE_RTT -> pipeBytes() / 2;
        };
    return Math.max(least, Math.min(target, most));
  }

  private long leastBytes() {
    return (long) MINIMUM_WINDOW_PACKETS * packetBytes;
  }

  @Override
  public long pacingBytesPerSecond() {
    long rate = bandwidth.bytesPerSecond();
    if (rate == 0 || (competing && phase == Phase.PROBE_BANDWIDTH)) {
      return 0;
    }
    // A thin flow has only ever been seen to deliver little: the least window per round trip is
    // never too much, for the window bounds it.
    double least = leastBytes();
    if (phase == Phase.STARTUP && startup.pacedBytes() > 0) {
      least = startup.pacedBytes();
    }
    double gain =
        switch (phase) {
          case STARTUP -> STARTUP_PACING;
          case DRAIN -> DRAIN_PACING;
          case PROBE_BANDWIDTH -> cycle.gain();
          case LOOK, PROBE_RTT -> 1;
        };
    return (long) Math.max(least * 1e9 / pathNanos(), gain * rate / madeUpFor());
  }
}
