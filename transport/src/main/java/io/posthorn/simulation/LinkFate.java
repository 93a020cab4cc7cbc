package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Distribution;

/**
 * What happens to the n-th datagram of one direction.
 *
 * <p>Every decision is a hash of (seed, direction, n, purpose), so it depends neither on time nor
 * on any other draw: different protocols over one seed meet the same fates, and a word added to the
 * conditions changes none of the others' decisions. Three states pass from a datagram to the next
 * (bad or good state of the loss model, distance since the last reordering, last jitter); each
 * moves with n alone.
 */
final class LinkFate {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private static final int LOSS = 1;
  private static final int LOSS_STATE = 2;
  private static final int REORDER = 3;
  private static final int DUPLICATE = 4;
  private static final int CORRUPT = 5;
  private static final int CORRUPT_BIT = 6;
  private static final int JITTER = 7; // the bell curve takes 7, 8 and 9
  private static final int MARK = 10;

  private final long key;
  private long number;
  private long base;
  private boolean bad;
  private long sinceReordered;
  private double lastVariation;

  boolean lost;
  boolean reordered;
  boolean duplicated;
  boolean corrupted;
  long delayNanos;

  LinkFate(long seed, int direction) {
    key = mix(mix(seed) + GOLDEN * (direction + 1L));
  }

  /** A seed of its own for the k-th of several links of one seed; the first keeps the seed. */
  static long seedOf(long seed, long k) {
    return k == 0 ? seed : mix(seed + GOLDEN * k);
  }

  /** Decides the fate of the next datagram, which is number 1 at the first call. */
  void next(LinkConditions conditions) {
    number++;
    base = mix(key + number * GOLDEN);
    lost = isLost(conditions.loss());
    LinkParts.Reorder reorder = conditions.reorder();
    reordered = false;
    sinceReordered++;
    if (reorder.ppb() > 0 && sinceReordered >= reorder.gap() && happens(REORDER, reorder.ppb())) {
      reordered = true;
      sinceReordered = 0;
    }
    duplicated = happens(DUPLICATE, conditions.duplicate().ppb());
    corrupted = happens(CORRUPT, conditions.corruptPpb());
    delayNanos = delayNanos(conditions.delay());
    if (reordered) {
      delayNanos = reorder.holdNanos() == 0 ? 0 : delayNanos + reorder.holdNanos();
    }
  }

  /** Number of the datagram that was decided last, from 1. */
  long number() {
    return number;
  }

  /** The bit to flip in a datagram of so many bits, at least 1. */
  long corruptBit(long bits) {
    return Long.remainderUnsigned(draw(CORRUPT_BIT), bits);
  }

  /** One of so many, for a link that sets the ECN field at random. */
  int mark(int of) {
    return (int) Long.remainderUnsigned(draw(MARK), of);
  }

  private boolean isLost(LossModel model) {
    if (!model.bursts()) {
      return happens(LOSS, model.goodLossPpb());
    }
    boolean wasBad = bad;
    bad = happens(LOSS_STATE, wasBad ? model.leaveBadPpb() : model.enterBadPpb()) != wasBad;
    return happens(LOSS, wasBad ? model.badLossPpb() : model.goodLossPpb());
  }

  private long delayNanos(LinkParts.Delay delay) {
    if (delay.jitterNanos() == 0) {
      return delay.nanos();
    }
    double variation =
        delay.distribution() == Distribution.UNIFORM ? 2 * unit(JITTER) - 1 : bellCurve();
    double correlation = delay.correlationPpb() / (double) LinkUnits.CERTAIN_PPB;
    lastVariation = correlation * lastVariation + (1 - correlation) * variation;
    return Math.max(0, delay.nanos() + (long) (lastVariation * delay.jitterNanos()));
  }

  /** Mean 0, deviation 1: twelve uniform numbers (Irwin–Hall), the same on every machine. */
  private double bellCurve() {
    long sum = 0;
    for (int purpose = JITTER; purpose < JITTER + 3; purpose++) {
      long bits = draw(purpose);
      sum += (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
    }
    return (sum - 6 * 65_535L) / 65_536.0;
  }

  private boolean happens(int purpose, int ppb) {
    return ppb > 0 && unit(purpose) * LinkUnits.CERTAIN_PPB < ppb;
  }

  private double unit(int purpose) {
    return (draw(purpose) >>> 11) * 0x1.0p-53;
  }

  private long draw(int purpose) {
    return mix(base + purpose * GOLDEN);
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that scatters. */
  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
