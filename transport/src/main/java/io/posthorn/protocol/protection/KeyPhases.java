package io.posthorn.protocol.protection;

import io.posthorn.wire.WireLimits;
import org.jspecify.annotations.Nullable;

/**
 * Which key seals and which opens: the key update of RFC 9001 §6 by one phase bit. Not thread-safe.
 *
 * <p>Sending moves to the next phase by itself after a number of packets or some time, on request,
 * or because the peer moved. It moves by itself only when the peer is in the same phase, has
 * acknowledged a packet of it, and has had three probe timeouts since then to forget the phase
 * before.
 *
 * <p>Receiving keeps three keys: of the phase before (for three probe timeouts), of this one and of
 * the next. Within a direction a higher packet number never has an older phase, so the bit and the
 * number name one key, and no packet is tried with two. A peer that moves although it can not have
 * seen an acknowledgement in the phase that it leaves breaks the rules; who has sealed nothing at
 * all only reads along, and asks nobody for that.
 */
final class KeyPhases {
  private static final long NONE = -1;
  private static final int RETAINED_PROBE_TIMEOUTS = 3;
  private static final long DEFAULT_PROBE_TIMEOUT_NANOS = 1_000_000_000; // RFC 9002 §6.2.2

  /** What three probe timeouts take at least, whatever the round trip: each has a millisecond. */
  private static final long SHORTEST_PHASE_NANOS = RETAINED_PROBE_TIMEOUTS * 1_000_000;

  private static final long NEVER = Long.MAX_VALUE;

  /** Which key a packet belongs to. */
  enum Choice {
    PREVIOUS,
    CURRENT,
    NEXT,
    /** A phase whose key is erased. */
    ERASED,
    /** No packet of a peer that keeps the rules has this number with this bit, or not yet. */
    IMPOSSIBLE
  }

  private final KeyLimits limits;
  private long retainNanos = RETAINED_PROBE_TIMEOUTS * DEFAULT_PROBE_TIMEOUT_NANOS;

  private PhaseKey sending;
  private long sendingPhase;
  private long sealedInPhase;
  private long firstSealedInPhase = NONE;
  private long largestSealed = NONE;
  private boolean confirmed;
  private long updateFromNanos;
  private boolean mayUpdate;
  private boolean updateRequested;
  private long toldNanos;
  private long sendingSinceNanos;

  private @Nullable PhaseKey previous;
  private PhaseKey current;
  private PhaseKey next;
  private long receivingPhase;
  private long receivingSinceNanos;

  /** Whether something was sealed after the first packet of this phase was opened. */
  private boolean answeredInPhase;

  private long lowestInPhase = Long.MAX_VALUE;
  private long largestInPhase = NONE;
  private long largestBeforePhase = NONE;
  private long previousUntilNanos;

  /** Takes the secrets of phase 0, which it owns from now on. */
  KeyPhases(
      byte[] sendSecret,
      byte[] receiveSecret,
      KeyLimits limits,
      Hkdf hkdf,
      CipherUse sent,
      CipherUse received) {
    this.limits = limits;
    this.sending = new PhaseKey(sendSecret, hkdf, sent);
    this.current = new PhaseKey(receiveSecret, hkdf, received);
    // Derived ahead, so that the time an update takes does not show (RFC 9001 §6.3).
    this.next = current.next(hkdf);
  }

  // ---- sending

  /**
   * The key for the next packet; moves to the next phase where that is due.
   *
   * @throws IllegalStateException if this key has sealed all it may, or the number is not new
   */
  PhaseKey forSealing(long packetNumber) {
    NumberLimits.check(packetNumber, largestSealed);
    if (mayUpdate && (updateRequested || isOld())) {
      advanceSending();
    }
    if (sealedInPhase >= limits.sealPackets()) {
      throw new IllegalStateException("the key has sealed " + sealedInPhase + " packets");
    }
    sealedInPhase++;
    largestSealed = packetNumber;
    if (firstSealedInPhase == NONE) {
      firstSealedInPhase = packetNumber;
      sendingSinceNanos = toldNanos;
    }
    answeredInPhase = lowestInPhase != Long.MAX_VALUE;
    return sending;
  }

  private boolean isOld() {
    return sealedInPhase >= limits.updatePackets()
        || (sealedInPhase > 0 && toldNanos - sendingSinceNanos >= limits.updateNanos());
  }

  /** The bit that the packet sealed last carries. */
  int sendingBit() {
    return (int) (sendingPhase & 1);
  }

  /**
   * The peer acknowledged a packet. One of the phase that is sealed in shows that it opened it; all
   * that it sealed since then is of that phase too.
   *
   * @return false if nothing of that phase was opened all the same
   */
  boolean onAcknowledged(long largestAcknowledged, long nowNanos) {
    if (!confirmed
        && firstSealedInPhase != NONE
        && largestAcknowledged >= firstSealedInPhase
        && largestAcknowledged <= largestSealed) {
      confirmed = true;
      // The peer may still keep the phase before that one, unless there was none (§6.5).
      updateFromNanos = sendingPhase == 0 ? nowNanos : after(nowNanos, retainNanos);
    }
    onTime(nowNanos);
    return !confirmed || sendingPhase <= receivingPhase;
  }

  /** Time has passed; to be told before something is sealed, and at {@link #deadlineNanos}. */
  void onTime(long nowNanos) {
    toldNanos = nowNanos;
    forgetPrevious(nowNanos);
    mayUpdate = isComplete() && nowNanos >= updateFromNanos;
  }

  /** Whether both sides are in one phase, and know it. */
  private boolean isComplete() {
    return confirmed && sendingPhase == receivingPhase;
  }

  /** When {@link #onTime} has something to do though nothing is sealed or opened. */
  long deadlineNanos() {
    long erasing = previous == null ? NEVER : previousUntilNanos;
    long updating = updateRequested && !mayUpdate && isComplete() ? updateFromNanos : NEVER;
    return Math.min(erasing, updating);
  }

  void requestUpdate() {
    updateRequested = true;
  }

  /** Whether an update was asked for that the next packet makes. */
  boolean isUpdateDue() {
    return updateRequested && mayUpdate;
  }

  /** Whether so few packets are left, and no update can help, that the connection must close. */
  boolean isExhausted() {
    return NumberLimits.isLastNear(largestSealed)
        || (!mayUpdate
            && sealedInPhase >= limits.sealPackets() - NumberLimits.CLOSE_RESERVE_PACKETS);
  }

  /** Whether {@link #forSealing} has a key for this number. */
  boolean canSeal(long packetNumber) {
    return packetNumber <= WireLimits.MAX_PACKET_NUMBER
        && (mayUpdate || sealedInPhase < limits.sealPackets());
  }

  private void advanceSending() {
    PhaseKey old = sending;
    sending = old.next(new Hkdf());
    old.destroy();
    sendingPhase++;
    sealedInPhase = 0;
    firstSealedInPhase = NONE;
    confirmed = false;
    mayUpdate = false;
    updateRequested = false;
  }

  // ---- receiving

  /** Which key a packet belongs to, by its bit and number alone. */
  Choice choose(int bit, long packetNumber, long nowNanos) {
    forgetPrevious(nowNanos);
    if (bit == (receivingPhase & 1)) {
      return packetNumber > largestBeforePhase ? Choice.CURRENT : Choice.ERASED;
    }
    if (packetNumber < lowestInPhase) {
      if (receivingPhase == 0) {
        // Before anything of phase 0 arrived, the peer can not have been told that it may update.
        return Choice.IMPOSSIBLE;
      }
      return previous == null ? Choice.ERASED : Choice.PREVIOUS;
    }
    return packetNumber > largestInPhase && !isTooSoon(nowNanos) ? Choice.NEXT : Choice.IMPOSSIBLE;
  }

  /**
   * Whether it is less than three probe timeouts ago, however short, that the phase began which the
   * peer would leave by itself: that keeps what updates cost in bounds.
   */
  private boolean isTooSoon(long nowNanos) {
    return receivingPhase > 0
        && sendingPhase == receivingPhase
        && largestSealed != NONE
        && nowNanos - receivingSinceNanos < SHORTEST_PHASE_NANOS;
  }

  /** The key of a choice that has one. */
  PhaseKey key(Choice choice) {
    PhaseKey key =
        switch (choice) {
          case CURRENT -> current;
          case NEXT -> next;
          case PREVIOUS -> previous;
          case ERASED, IMPOSSIBLE -> null;
        };
    if (key == null) {
      throw new IllegalStateException("no key for " + choice);
    }
    return key;
  }

  /**
   * Takes note of a packet that verified with the key of this choice.
   *
   * @return false, and nothing noted, if the peer may not have moved to that key
   */
  boolean onOpened(Choice choice, long packetNumber, long nowNanos) {
    if (choice == Choice.PREVIOUS) {
      largestBeforePhase = Math.max(largestBeforePhase, packetNumber);
      return true;
    }
    if (choice == Choice.NEXT) {
      if (sendingPhase == receivingPhase && !answeredInPhase && largestSealed != NONE) {
        return false;
      }
      advanceReceiving(nowNanos);
    }
    lowestInPhase = Math.min(lowestInPhase, packetNumber);
    largestInPhase = Math.max(largestInPhase, packetNumber);
    return true;
  }

  private void advanceReceiving(long nowNanos) {
    if (previous != null) {
      previous.destroy();
    }
    previous = current;
    previousUntilNanos = after(nowNanos, retainNanos);
    current = next;
    next = current.next(new Hkdf());
    receivingPhase++;
    receivingSinceNanos = nowNanos;
    answeredInPhase = false;
    largestBeforePhase = largestInPhase;
    lowestInPhase = Long.MAX_VALUE;
    largestInPhase = NONE;
    if (sendingPhase < receivingPhase) {
      advanceSending(); // the peer began: what we send next must show that we followed (§6.2)
    }
  }

  private void forgetPrevious(long nowNanos) {
    if (previous != null && nowNanos >= previousUntilNanos) {
      previous.destroy();
      previous = null;
    }
  }

  // ---- both

  void onProbeTimeout(long probeTimeoutNanos) {
    retainNanos =
        probeTimeoutNanos >= Long.MAX_VALUE / RETAINED_PROBE_TIMEOUTS
            ? Long.MAX_VALUE
            : RETAINED_PROBE_TIMEOUTS * probeTimeoutNanos;
  }

  /** The phase that is sealed in, counted from 0. */
  long sendingPhase() {
    return sendingPhase;
  }

  /** The newest phase of which a packet was opened, counted from 0. */
  long receivingPhase() {
    return receivingPhase;
  }

  /** Whether the key of the phase before is still there. */
  boolean keepsPrevious() {
    return previous != null;
  }

  /** Shows the secrets of phase 0, which must still be the phase of both directions. */
  void revealSecrets(PacketProtection.SecretReader reader) {
    if (sendingPhase != 0 || receivingPhase != 0) {
      throw new IllegalStateException("the first secrets are erased already");
    }
    reader.read(sending.secret(), current.secret());
  }

  void destroy() {
    sending.destroy();
    current.destroy();
    next.destroy();
    if (previous != null) {
      previous.destroy();
      previous = null;
    }
  }

  private static long after(long nowNanos, long delayNanos) {
    return delayNanos >= Long.MAX_VALUE - nowNanos ? Long.MAX_VALUE : nowNanos + delayNanos;
  }
}
