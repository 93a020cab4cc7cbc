package io.posthorn.simulation;

import java.time.Duration;

/**
 * What a hook wants done with one datagram, before the link's own conditions see it. Where those
 * replay a recording only {@link #DROP} counts: all else is as it was recorded.
 */
public final class Interception {
  /** Nothing special. */
  public static final Interception DELIVER = new Interception(0);

  /** It is lost. */
  public static final Interception DROP = new Interception(0);

  /** It arrives twice, the copy right behind, or later by the conditions' {@code duplicate}. */
  public static final Interception DUPLICATE = new Interception(0);

  /** It arrives with one bit flipped. */
  public static final Interception CORRUPT = new Interception(0);

  private final long delayNanos;

  private Interception(long delayNanos) {
    this.delayNanos = delayNanos;
  }

  /** It arrives so much later than it would have, so that others overtake it. */
  public static Interception delay(Duration delay) {
    if (delay.isNegative() || delay.toSeconds() > LinkUnits.LONGEST_NANOS / 1_000_000_000) {
      throw new IllegalArgumentException("delay " + delay + ": expected 0 to 365 days");
    }
    return new Interception(delay.toNanos());
  }

  long delayNanos() {
    return delayNanos;
  }
}
