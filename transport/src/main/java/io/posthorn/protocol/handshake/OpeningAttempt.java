package io.posthorn.protocol.handshake;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.IcmpHint;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import org.jspecify.annotations.Nullable;

/**
 * The initiator's side of opening a connection: M1 until M2 comes, each 250 ms in the first four
 * seconds, then each time 1.5 times as long, at most a second apart; then M3 in front of each
 * packet until the responder's first packet opens. Only the initiator repeats.
 */
public final class OpeningAttempt {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long FIRST_INTERVAL_NANOS = 250_000_000L;
  private static final long LONGEST_INTERVAL_NANOS = 1_000_000_000L;

  /**
   * Repetitions at the first interval where somebody waits for the connection: a listener that is
   * flooded may hear but a part of the addresses at a time, each for longer than that, and all of
   * them twice in about four seconds.
   */
  public static final int EVEN_REPETITIONS = 16;

  /**
   * M2s tried in a second, and at once, that do not verify: who reads M1 on its way can make up as
   * many as he likes, and each that is tried costs a Diffie–Hellman. More are dropped, the true one
   * among them if it comes just then; it comes again with each M1.
   */
  public static final int FORGED_PER_SECOND = 250;

  /**
   * How often M1 goes with a cookie before it goes without one again: a cookie grows old, and one
   * that was issued for an M1 damaged on its way is good for no other.
   */
  static final int TRIES_PER_COOKIE = 8;

  private static final byte[] NONE = new byte[0];

  private final Handshake handshake;
  private final int suite;
  private final long connectionId;
  private final byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
  private final int bodyLength;
  private byte[] cookie = NONE;
  private int cookieTries;
  private boolean hadCookie;
  private byte[] first;
  private byte[] third = NONE;
  private long nextNanos;
  private long intervalNanos = FIRST_INTERVAL_NANOS;
  private final long deadlineNanos;
  private final int evenRepetitions;
  private boolean answered;
  private int firstsSent;
  private int sameFirstsSent;
  private long lastFirstNanos;
  private final SharedRate forged = new SharedRate(FORGED_PER_SECOND, FORGED_PER_SECOND);
  private int refusedAfter;
  private @Nullable CloseReason refusal;
  private @Nullable IcmpHint hint;

  /**
   * Begins an attempt; M1 is due at once.
   *
   * @param timeoutNanos how long the whole handshake may take
   * @param evenRepetitions how often M1 goes at the first interval: {@link #EVEN_REPETITIONS}, or
   *     fewer
   */
  public OpeningAttempt(
      Handshake handshake,
      int suite,
      long connectionId,
      long timeoutNanos,
      int evenRepetitions,
      long nowNanos) {
    this.handshake = handshake;
    this.suite = suite;
    this.connectionId = connectionId;
    this.bodyLength = handshake.writeFirst(body, 0);
    this.first = firstMessage();
    this.nextNanos = nowNanos;
    this.deadlineNanos = nowNanos + timeoutNanos;
    this.evenRepetitions = evenRepetitions;
  }

  private byte[] firstMessage() {
    byte[] datagram = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    FirstMessagePacket.write(
        datagram, 0, suite, connectionId, cookie, cookie.length, body, bodyLength);
    return datagram;
  }

  /** The cryptographic part. */
  public Handshake handshake() {
    return handshake;
  }

  /** When it is given up. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  /** Whether M2 has been read. */
  public boolean isAnswered() {
    return answered;
  }

  /** When the next M1 is due, or Long.MAX_VALUE. */
  public long nextNanos() {
    return answered ? NEVER : nextNanos;
  }

  /**
   * How long M2 took if it comes now; -1 if nobody can tell, since M1 went more than once and it
   * may answer any (Karn's rule).
   */
  public long roundTripNanos(long nowNanos) {
    return sameFirstsSent == 1 ? sinceLastFirstNanos(nowNanos) : -1;
  }

  /** How long ago the last M1 left. */
  public long sinceLastFirstNanos(long nowNanos) {
    return nowNanos - lastFirstNanos;
  }

  /** Writes M1 if it is due. Returns its length or 0. */
  public int write(byte[] out, int from, long nowNanos) {
    if (answered || nowNanos < nextNanos) {
      return 0;
    }
    if (cookie.length > 0 && ++cookieTries > TRIES_PER_COOKIE) {
      cookie = NONE;
      first = firstMessage();
    }
    System.arraycopy(first, 0, out, from, first.length);
    firstsSent++;
    sameFirstsSent++;
    lastFirstNanos = nowNanos;
    nextNanos = nowNanos + intervalNanos;
    if (firstsSent >= evenRepetitions) {
      intervalNanos = Math.min(intervalNanos * 3 / 2, LONGEST_INTERVAL_NANOS);
    }
    return first.length;
  }

  /**
   * The responder asks for a cookie: M1 goes again with it, at once. One that comes while M1 has
   * one goes only with the next repetition, so that forged retries do not make a storm.
   */
  public void onRetry(byte[] datagram, int from, int length, long nowNanos) {
    if (answered) {
      return;
    }
    if (cookie.length == 0) {
      cookieTries = 0;
      nextNanos = nowNanos;
    }
    if (!hadCookie) {
      hadCookie = true;
      sameFirstsSent = 0;
    }
    cookie = java.util.Arrays.copyOfRange(datagram, from, from + length);
    first = firstMessage();
  }

  /**
   * The responder refuses, without proof: one flipped bit of M1 may make it do so. It is believed
   * when it refuses another M1 as well.
   *
   * @return whether the attempt is over
   */
  public boolean onRefused(CloseReason reason) {
    boolean again = refusal != null && firstsSent > refusedAfter;
    refusal = reason;
    refusedAfter = firstsSent;
    return again;
  }

  /** Why the attempt ended if no M2 came in its time. */
  public CloseReason failure() {
    CloseReason reason = refusal;
    return reason == null ? CloseReason.HANDSHAKE_TIMEOUT : reason;
  }

  /**
   * An ICMP message says that the peer was not reached. That ends nothing and shortens nothing, for
   * anybody can say so, and what is true now need not be so in a second; but if nobody answers, it
   * may be why.
   *
   * @return whether this is news
   */
  public boolean onIcmp(IcmpHint told) {
    boolean isNews = told != hint;
    hint = told;
    return isNews;
  }

  /** What ICMP said last, since M2 came if it did; null for nothing. */
  public @Nullable IcmpHint icmpHint() {
    return hint;
  }

  /** Whether one more M2 may be tried. */
  public boolean mayTrySecond(long nowNanos) {
    return forged.has(nowNanos);
  }

  /** An M2 was tried and did not verify. */
  public void onForgedSecond(long nowNanos) {
    forged.take(nowNanos);
  }

  /**
   * M2 was read: M3 is made.
   *
   * @param remoteConnectionId the responder's
   */
  public void onSecond(long remoteConnectionId, byte[] parameters, int parametersLength) {
    byte[] out = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int length = handshake.writeThird(parameters, parametersLength, out, 0);
    byte[] packet = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    int bytes = ThirdMessagePacket.write(packet, 0, remoteConnectionId, out, length);
    third = java.util.Arrays.copyOf(packet, bytes);
    answered = true;
    hint = null; // somebody is there
  }

  /** M3, to stand in front of each packet; empty before M2 came. */
  public byte[] third() {
    return third;
  }
}
