package io.posthorn.protocol.recovery;

import io.posthorn.ConnectionInfo.Ecn;

/**
 * Whether packets carry the mark ECT(0), by what the peer's ACK_ECN frames say became of earlier
 * ones (RFC 9000 §13.4, Appendix A.4). The first packets of a path carry it on trial; marks that
 * vanish, change or are not counted end it for that path, and loss alone tells of congestion.
 *
 * <p>Two things are stricter than there: reports count only once a mark has come through unchanged,
 * so that a box which marks everything does not pass for congestion; and after two probe timeouts
 * the trial is repeated, for a path may have begun to lose what is marked. A trial of which all was
 * lost is repeated ever more seldom (Appendix A.4): perhaps it was not for the marks, but the peer
 * had no memory or the link was down.
 */
public final class EcnValidation {
  /** Packets of a trial. */
  static final int TRIAL_PACKETS = 10;

  private static final int RETRY_PROBES = 2;

  /** Packets acknowledged after which a trial is repeated that was lost, then twice as many. */
  static final long RETRY_PACKETS = 1_000;

  private Ecn state = Ecn.TESTING;
  private int trialPackets;
  private int trialLost;

  /** So many packets are to be acknowledged before the trial that was lost is repeated; or 0. */
  private long packetsToRetry;

  private long nextPacketsToRetry = RETRY_PACKETS;
  private boolean paused;
  private long firstOfTrial;
  private long markedSent;
  private long markedAcknowledged;

  /** What left before this number went another way. */
  private long firstOfPath;

  /** Whether the next ACK reports marks of such packets too. */
  private boolean reportsOldPath;

  private long seenEct0;
  private long seenEct1;
  private long seenCe;
  private long packetsMarkedCe;

  /** What is known of the path. */
  public Ecn state() {
    return state;
  }

  /** Packets that arrived with the mark of congestion, as the peer says and as was believed. */
  public long packetsMarkedCe() {
    return packetsMarkedCe;
  }

  /**
   * Whether the next packet carries ECT(0).
   *
   * @param inFlight whether it is in flight until it is acknowledged: the loss of another would not
   *     show, so it is no part of a trial
   */
  public boolean marksNext(boolean inFlight) {
    return !paused
        && (state == Ecn.CAPABLE
            || (state == Ecn.TESTING && inFlight && trialPackets < TRIAL_PACKETS));
  }

  /** A packet leaves with the mark. */
  void onMarkedSent(long packetNumber) {
    markedSent++;
    if (state == Ecn.TESTING) {
      if (trialPackets == 0) {
        firstOfTrial = packetNumber;
      }
      trialPackets++;
    }
  }

  /** A packet that carried the mark counts as lost. */
  void onMarkedLost(long packetNumber) {
    if (state == Ecn.TESTING && trialPackets > 0 && packetNumber >= firstOfTrial) {
      trialLost++;
      if (trialLost >= TRIAL_PACKETS) {
        state = Ecn.FAILED; // something on the path loses them
        packetsToRetry = nextPacketsToRetry;
        nextPacketsToRetry *= 2;
      }
    }
  }

  /** So many probes in a row have gone unanswered. */
  void onProbe(int probes) {
    if (probes >= RETRY_PROBES && state != Ecn.FAILED) {
      paused = true;
    }
  }

  /**
   * The path is another: what was known of the old one says nothing.
   *
   * @param nextNumber of the first packet that goes the new way
   */
  void onPathChanged(long nextNumber) {
    firstOfPath = nextNumber;
    nextPacketsToRetry = RETRY_PACKETS;
    beginTrial();
  }

  private void beginTrial() {
    state = Ecn.TESTING;
    trialPackets = 0;
    trialLost = 0;
    packetsToRetry = 0;
    markedAcknowledged = 0;
  }

  /** So many packets were acknowledged, with a mark or without. */
  void onAcknowledged(int packets) {
    if (packetsToRetry > 0) {
      packetsToRetry -= packets;
      if (packetsToRetry <= 0) {
        beginTrial();
      }
    }
  }

  /** A packet that carried the mark was acknowledged for the first time. */
  void onMarkedAcknowledged(long packetNumber) {
    if (packetNumber >= firstOfPath) {
      markedAcknowledged++;
    } else {
      reportsOldPath = true;
    }
  }

  /** Packets with either mark that an ACK reports beyond what earlier ones did. */
  long unreported(long ect0, long ce) {
    return ect0 - seenEct0 + unreportedCe(ce);
  }

  /** Packets with the mark of congestion among them; none once reports do not count any more. */
  long unreportedCe(long ce) {
    return state == Ecn.FAILED ? 0 : ce - seenCe;
  }

  /**
   * An ACK was read.
   *
   * @param advances whether it raised the largest number acknowledged; others may be old and out of
   *     order, so their counts say nothing (RFC 9000 §13.4.2.1)
   * @param ce -1 if it carries no counts
   * @return whether it reports new congestion
   */
  boolean onAck(boolean advances, long ect0, long ect1, long ce) {
    if (paused) {
      paused = false;
      if (state == Ecn.CAPABLE) {
        beginTrial(); // what went unanswered may have been lost for its mark
      }
    }
    if (!advances) {
      return false;
    }
    if (state == Ecn.FAILED) {
      passOver(ect0, ect1, ce);
      return false;
    }
    if (reportsOldPath) {
      if (passOver(ect0, ect1, ce) && markedAcknowledged > 0) {
        beginTrial(); // for what these marks were worth cannot be told
      }
      return false;
    }
    if (ce < 0) {
      if (markedAcknowledged > 0) {
        state = Ecn.FAILED;
      }
      return false;
    }
    long moreEct0 = ect0 - seenEct0;
    long moreCe = unreportedCe(ce);
    if (moreEct0 < 0
        || moreCe < 0
        || ect1 > seenEct1
        || moreEct0 + moreCe < markedAcknowledged
        || ect0 + ce > markedSent) {
      state = Ecn.FAILED;
      passOver(ect0, ect1, ce);
      return false;
    }
    if (state == Ecn.TESTING) {
      if (moreEct0 == 0) {
        if (moreCe >= TRIAL_PACKETS) {
          state = Ecn.FAILED;
          passOver(ect0, ect1, ce);
        }
        return false;
      }
      state = Ecn.CAPABLE;
      nextPacketsToRetry = RETRY_PACKETS;
    }
    seenEct0 = ect0;
    seenCe = ce;
    markedAcknowledged = 0;
    packetsMarkedCe += moreCe;
    return moreCe > 0;
  }

  /** What is reported so far says nothing of what comes. Answers false if nothing is. */
  private boolean passOver(long ect0, long ect1, long ce) {
    reportsOldPath = false;
    if (ce < 0) {
      return false;
    }
    seenEct0 = ect0;
    seenEct1 = ect1;
    seenCe = ce;
    markedSent = Math.max(markedSent, ect0 + ce);
    return true;
  }
}
