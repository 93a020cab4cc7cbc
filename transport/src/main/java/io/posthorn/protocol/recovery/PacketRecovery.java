package io.posthorn.protocol.recovery;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.congestion.CongestionController;
import io.posthorn.protocol.congestion.Pacer;
import io.posthorn.trace.TraceListener;
import io.posthorn.wire.CloseReason;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of packets once they have left: acknowledged, lost, probed for (RFC 9002). Tells
 * each frame source what happened to its notes, and the congestion controller what happened to its
 * bytes.
 */
public final class PacketRecovery {
  private static final long NEVER = Long.MAX_VALUE;

  /** What two probes of the smallest packet hold. */
  private static final int PROBE_BYTES = 2 * 1_100;

  private static final int MOST_OFFERED = 64;

  private final SentPackets sent = new SentPackets();
  private final RttEstimator rtt = new RttEstimator();
  private final Probes probes;
  private Pacer pacer = new Pacer();
  private final DeliveryRate rate = new DeliveryRate();
  private final EcnValidation ecn = new EcnValidation();
  private final CongestionMarks marks = new CongestionMarks(sent);
  private ReorderingThreshold reordering = new ReorderingThreshold();
  private final Supplier<CongestionController> controllers;
  private CongestionController controller;
  private final FrameSource[] sources;
  private long peerMaxAckDelayNanos = 25_000_000L;
  private long largestAcknowledged = -1;
  private long lastAckElicitingNanos;
  private long lossNanos = NEVER;

  /** No smaller number is outstanding. */
  private long outstandingFrom;

  /** The first that went where the path has moved to. */
  private long firstMoved;

  private long firstSampleNanos = NEVER;

  /**
   * Of what was sent before this, no round trip is known: acknowledgements lay unread meanwhile.
   */
  private long sampledFromNanos = Long.MIN_VALUE;

  private RecoveryPeriod period = new RecoveryPeriod();
  private long packetsLost;
  private long packetsSpuriouslyLost;
  private long numbersLookedAt;
  private @Nullable TraceListener trace;
  private long tracedConnection;

  /**
   * Makes one.
   *
   * @param controllers makes one for each network that the path leads through
   * @param sources by the index that their notes carry
   * @param probeRate of all connections of the socket
   */
  public PacketRecovery(
      Supplier<CongestionController> controllers, FrameSource[] sources, ProbeRate probeRate) {
    this.controllers = controllers;
    this.controller = controllers.get();
    this.sources = sources;
    this.probes = new Probes(probeRate);
  }

  /** For a connection that is alone on its socket. */
  public PacketRecovery(Supplier<CongestionController> controllers, FrameSource[] sources) {
    this(controllers, sources, new ProbeRate());
  }

  /** From now on this listener is told of each packet that is declared lost. */
  public void traceLosses(TraceListener listener, long connection) {
    trace = listener;
    tracedConnection = connection;
  }

  /** What was sent. */
  public SentPackets sent() {
    return sent;
  }

  /** The round trip. */
  public RttEstimator rtt() {
    return rtt;
  }

  /** What leaves when nothing is heard. */
  public Probes probes() {
    return probes;
  }

  /** Whether packets are marked, and what marks told. */
  public EcnValidation ecn() {
    return ecn;
  }

  /** The controller. */
  public CongestionController controller() {
    return controller;
  }

  /**
   * The path leads through another network from now on: rate, round trip and window are learned
   * anew, and what is still out there by the old way tells nothing of this one (RFC 9000 §9.4).
   *
   * @param packetBytes largest packet of the path
   */
  public void onNewNetwork(int packetBytes) {
    sent.beginPath();
    rtt.reset();
    rate.onNewNetwork();
    pacer = new Pacer();
    reordering = new ReorderingThreshold();
    controller = controllers.get();
    controller.onPacketSizeChanged(packetBytes);
    firstSampleNanos = NEVER;
    period = new RecoveryPeriod();
  }

  /**
   * Packets go to an address that is not proved from now on; what is known of marks says nothing.
   *
   * @param wasProved whether the address before was
   */
  public void onPathMoved(boolean wasProved) {
    if (wasProved) {
      firstMoved = sent.next();
    }
    ecn.onPathChanged(sent.next());
  }

  /** A packet came from where the path was proved to lead: what went elsewhere tells nothing. */
  public void onPathReturned() {
    sent.leaveDetour(firstMoved);
    ecn.onPathChanged(sent.next());
  }

  /**
   * The path goes back to where it was, since the address it had moved to was never proved. What
   * went there tells nothing of this path (RFC 9000 §9.4), nor does what is left of the time before
   * it, several probe timeouts ago.
   */
  public void onPathReverted() {
    sent.beginPath();
    ecn.onPathChanged(sent.next());
  }

  /**
   * A handshake message that was sent once was answered after so long: the first sample of the
   * round trip (RFC 9002 §5), unless an acknowledgement gave one already.
   */
  public void onHandshakeRoundTrip(long rttNanos) {
    if (!rtt.hasSample()) {
      rtt.onSample(rttNanos, 0);
    }
  }

  /**
   * A handshake message that was sent more than once was answered so long after the last of them:
   * no sample (Karn's rule), but what is most likely, and better than nothing.
   */
  public void onAmbiguousHandshakeRoundTrip(long rttNanos) {
    rtt.assume(rttNanos);
  }

  /** The longest that the peer delays acknowledgements. */
  public void peerMaxAckDelay(long nanos) {
    peerMaxAckDelayNanos = nanos;
  }

  /** The largest number that the peer acknowledged, or -1. */
  public long largestAcknowledged() {
    return largestAcknowledged;
  }

  /** The probe timeout without back-off. */
  public long probeTimeoutNanos() {
    return rtt.probeTimeoutNanos(peerMaxAckDelayNanos);
  }

  /** Packets declared lost so far. */
  public long packetsLost() {
    return packetsLost;
  }

  /** Of these, packets acknowledged later after all. */
  public long packetsSpuriouslyLost() {
    return packetsSpuriouslyLost;
  }

  /** How often a number was looked at for an acknowledgement, or for what it makes lost. */
  public long numbersLookedAt() {
    return numbersLookedAt;
  }

  /** Whether something is under way, and nothing from this number on was acknowledged. */
  public boolean isSilentSince(long packetNumber) {
    return sent.outstanding() > 0 && largestAcknowledged < packetNumber;
  }

  /** Whether the window lets a packet of this size leave. */
  public boolean windowAllows(int bytes) {
    return sent.bytesInFlight() + bytes <= controller.windowBytes() && sent.hasRoom();
  }

  /**
   * Whether the pacer lets a packet of this size leave.
   *
   * @param lateNanos how long ago it might, if it waited for the pacer; else 0
   */
  public boolean pacerAllows(int bytes, long lateNanos, long nowNanos) {
    long rate = Pacer.rate(controller, rtt.smoothedRttNanos());
    return pacer.mayLeave(rate, bytes, lateNanos, nowNanos);
  }

  /** When the pacer will let a packet of this size leave. */
  public long pacerReadyNanos(int bytes, long nowNanos) {
    return pacer.readyNanos(Pacer.rate(controller, rtt.smoothedRttNanos()), bytes, nowNanos);
  }

  /**
   * A packet left; its notes are recorded already.
   *
   * @param marked whether it carries the mark ECT(0)
   */
  public void onPacketSent(
      int bytes, boolean ackEliciting, boolean applicationLimited, boolean marked, long nowNanos) {
    boolean limited = applicationLimited || rate.isLimitedNow();
    sent.commit(nowNanos, bytes, ackEliciting, limited, rate);
    if (marked) {
      ecn.onMarkedSent(sent.next() - 1);
      sent.mark();
    }
    if (ackEliciting) {
      if (applicationLimited) {
        rate.onApplicationLimited(sent.next() - 1);
      }
      lastAckElicitingNanos = nowNanos;
      probes.onSent();
      controller.onPacketSent(nowNanos, bytes, sent.bytesInFlight(), limited);
      pacer.onPacketSent(bytes);
    }
  }

  /**
   * An ACK arrived; ranges descend.
   *
   * @param ce packets that arrived with the mark of congestion, like {@code ect0} and {@code ect1}
   *     since the connection began; -1 if the peer does not tell
   * @return a breach: it acknowledges what was never sent
   */
  public @Nullable CloseReason onAck(
      long ackDelayNanos,
      long[] first,
      long[] last,
      int count,
      long ect0,
      long ect1,
      long ce,
      long nowNanos) {
    if (last[0] >= sent.next()) {
      return CloseReason.PROTOCOL_VIOLATION;
    }
    if (Standstill.hasOverslept(deadlineNanos(nowNanos), nowNanos)) {
      sampledFromNanos = nowNanos;
    }
    long congestedSentNanos = -1;
    long congested = ecn.unreportedCe(ce);
    if (congested > 0) {
      congestedSentNanos = marks.sentNanos(first, last, count, ecn.unreported(ect0, ce), congested);
    }
    long newestSentNanos = -1;
    long newestNumber = -1;
    long oldestSentNanos = nowNanos;
    long bytes = 0;
    long spuriousBytes = 0;
    boolean overtaken = reordering.isSeen();
    long ageNanos = 0;
    int newly = 0;
    boolean any = false;
    for (int i = 0; i < count; i++) {
      long to = last[i];
      if (sent.wasSkipped(first[i], to)) {
        return CloseReason.PROTOCOL_VIOLATION;
      }
      for (long number = sent.nextUnacknowledged(first[i], to);
          number <= to;
          number = sent.nextUnacknowledged(number + 1, to)) {
        numbersLookedAt++;
        byte state = sent.state(number);
        if (state == SentPackets.SKIPPED) {
          return CloseReason.PROTOCOL_VIOLATION;
        }
        if (state != SentPackets.OUTSTANDING && state != SentPackets.LOST) {
          if (state == SentPackets.UNTRACKED || state == SentPackets.KEPT) {
            noteMark(number);
            acknowledge(number, nowNanos);
            any = true; // it wanted no answer, and is one all the same (RFC 9002 §6.2.1)
          }
          continue;
        }
        any = true;
        noteMark(number);
        if (sent.isOnPath(number)) {
          long sentNanos = sent.sentNanos(number);
          ageNanos += nowNanos - sentNanos;
          newly++;
          oldestSentNanos = Math.min(oldestSentNanos, sentNanos);
          if (state == SentPackets.LOST) {
            reordering.onSpuriousLoss(largestAcknowledged - number, nowNanos, rtt);
            spuriousBytes += sent.bytes(number);
            onSpuriousLoss(sentNanos, nowNanos);
          } else {
            bytes += sent.bytes(number);
            if (number > newestNumber) {
              newestNumber = number;
              newestSentNanos = sentNanos;
            }
          }
        } else if (state == SentPackets.LOST) {
          packetsSpuriouslyLost++;
        }
        acknowledge(number, nowNanos);
      }
    }
    boolean congestion = ecn.onAck(last[0] > largestAcknowledged, ect0, ect1, ce);
    ecn.onAcknowledged(newly);
    largestAcknowledged = Math.max(largestAcknowledged, last[0]);
    boolean timely = oldestSentNanos >= sampledFromNanos;
    if (!timely) {
      oldestSentNanos = nowNanos - rtt.smoothedRttNanos();
    } else if (overtaken && newly > 0) {
      // The largest is mostly one that overtook the rest: by it alone (RFC 9002 §5.1) the round
      // trip would be that of the few. Held to the probe timeout, for a lost ACK ages what it told.
      rtt.onSample(Math.min(ageNanos / newly, probeTimeoutNanos()), 0);
    } else if (newestNumber == last[0]) {
      if (firstSampleNanos == NEVER) {
        firstSampleNanos = nowNanos;
      }
      rtt.onSample(nowNanos - newestSentNanos, Math.min(ackDelayNanos, peerMaxAckDelayNanos));
    }
    if (any) {
      probes.onAcknowledged();
    }
    if (spuriousBytes > 0) {
      controller.onLateArrival(nowNanos, spuriousBytes);
    }
    if (bytes > 0) {
      rate.onDelivered(bytes + spuriousBytes, newestNumber, nowNanos);
      // Where a few packets overtake the rest, only the smoothed round trip tells noise from a
      // sample.
      long leastNanos = Math.max(rtt.minRttNanos(), rtt.smoothedRttNanos() / 2);
      boolean largest = newestNumber == last[0] || !rtt.hasSample();
      long rttNanos = largest ? nowNanos - newestSentNanos : rtt.latestRttNanos();
      if (!timely) {
        rttNanos = rtt.smoothedRttNanos();
      }
      rate.feedback(nowNanos - oldestSentNanos);
      sent.sample(newestNumber, rttNanos, rate, leastNanos, nowNanos);
      controller.onAcknowledged(nowNanos, newestSentNanos, bytes, sent.bytesInFlight(), rate);
    }
    if (congestion && congestedSentNanos >= 0) {
      controller.onCongestionExperienced(nowNanos, congestedSentNanos);
    }
    detectLost(nowNanos);
    return null;
  }

  private void noteMark(long number) {
    if (sent.isMarked(number)) {
      ecn.onMarkedAcknowledged(number);
    }
  }

  /** A packet arrived: so did what it noted. */
  private void acknowledge(long number, long nowNanos) {
    sent.acknowledge(number);
    long to = sent.tokensTo(number);
    for (long token = sent.tokensFrom(number); token < to; token++) {
      sources[sent.tokenSource(token)].onAcknowledged(
          sent.tokenFirst(token), sent.tokenSecond(token), nowNanos);
    }
  }

  /** A packet arrived that counted as lost; if all of its period did, the reduction was wrong. */
  private void onSpuriousLoss(long sentNanos, long nowNanos) {
    packetsSpuriouslyLost++;
    if (period.onSpuriousLoss(sentNanos)) {
      controller.onSpuriousLoss(nowNanos);
    }
  }

  private void detectLost(long nowNanos) {
    lossNanos = NEVER;
    long lossDelayNanos = reordering.lossDelayNanos(rtt);
    long persistentNanos = LossDetector.persistentCongestionNanos(rtt, peerMaxAckDelayNanos);
    long lostBytes = 0;
    long newestLostNanos = -1;
    long runStartNanos = -1;
    boolean persistent = false;
    long from = Math.max(sent.base(), outstandingFrom);
    long number = from;
    for (; number < largestAcknowledged; number++) {
      byte state = sent.state(number);
      if (state == SentPackets.ACKNOWLEDGED) {
        runStartNanos = -1;
      }
      if (state != SentPackets.OUTSTANDING) {
        continue;
      }
      long sentNanos = sent.sentNanos(number);
      long due =
          LossDetector.lossTimeNanos(
              number,
              largestAcknowledged,
              reordering.packetThreshold(),
              sentNanos,
              lossDelayNanos,
              nowNanos);
      if (due != LossDetector.LOST_NOW) {
        lossNanos = due; // those after it left later, and wait at least as long
        break;
      }
      if (!sent.isOnPath(number)) {
        lose(number, nowNanos);
        continue;
      }
      period.onFound(sentNanos);
      lostBytes += sent.bytes(number);
      newestLostNanos = Math.max(newestLostNanos, sentNanos);
      if (runStartNanos < 0 && sentNanos > firstSampleNanos) {
        runStartNanos = sentNanos;
      }
      persistent |= runStartNanos >= 0 && sentNanos - runStartNanos > persistentNanos;
      lose(number, nowNanos);
    }
    numbersLookedAt += number - from;
    outstandingFrom = number;
    if (newestLostNanos >= 0) {
      reordering.onLost(nowNanos, newestLostNanos);
      period.onLost(newestLostNanos, nowNanos);
      if (persistent) {
        rtt.onPersistentCongestion();
      }
      controller.onLost(nowNanos, newestLostNanos, lostBytes, persistent);
    }
    sent.trim(nowNanos - 3 * probeTimeoutNanos());
  }

  private void lose(long number, long nowNanos) {
    packetsLost++;
    TraceListener watcher = trace;
    if (watcher != null) {
      boolean byReordering = largestAcknowledged - number >= reordering.packetThreshold();
      watcher.packetLost(nowNanos, tracedConnection, number, sent.bytes(number), byReordering);
    }
    if (sent.isMarked(number)) {
      ecn.onMarkedLost(number);
    }
    sent.lose(number);
    long to = sent.tokensTo(number);
    for (long token = sent.tokensFrom(number); token < to; token++) {
      sources[sent.tokenSource(token)].onLost(
          sent.tokenFirst(token), sent.tokenSecond(token), nowNanos);
    }
  }

  /** When {@link #onTimeout} wants to be called. */
  public long deadlineNanos(long nowNanos) {
    if (lossNanos != NEVER) {
      return lossNanos;
    }
    return sent.outstanding() == 0
        ? NEVER
        : probes.deadlineNanos(lastAckElicitingNanos, rtt, peerMaxAckDelayNanos, nowNanos);
  }

  /** The deadline has come: packets are lost by time, or probes are due. */
  public void onTimeout(long nowNanos) {
    if (deadlineNanos(nowNanos) > nowNanos) {
      return;
    }
    if (lossNanos != NEVER) {
      detectLost(nowNanos);
      return;
    }
    if (!probes.onTimeout(nowNanos)) {
      return;
    }
    ecn.onProbe(probes.sinceAcknowledgement());
    if (!probes.isBare()) {
      offerOldest(nowNanos);
    }
  }

  /** Offers the data of the oldest outstanding packets, to fill the probes (RFC 9002 §6.2.4). */
  private void offerOldest(long nowNanos) {
    int offered = 0;
    int bytes = 0;
    for (long number = sent.base(); number < sent.next(); number++) {
      if (sent.state(number) != SentPackets.OUTSTANDING) {
        continue;
      }
      offered++;
      bytes += sent.bytes(number);
      // Of short packets as many as fill the probes: those at the front may have arrived, and only
      // their acknowledgements been lost.
      if (offered > ProbeTimeout.PACKETS && (bytes > PROBE_BYTES || offered > MOST_OFFERED)) {
        return;
      }
      long to = sent.tokensTo(number);
      for (long token = sent.tokensFrom(number); token < to; token++) {
        sources[sent.tokenSource(token)].onProbe(
            sent.tokenFirst(token), sent.tokenSecond(token), nowNanos);
      }
    }
  }
}
