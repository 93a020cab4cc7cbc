package io.posthorn.protocol.recovery;

/** Samples of the delivery rate, for the tests of controllers. */
public final class Rates {
  private Rates() {}

  /** A sample of which only this is known. */
  public static DeliveryRate sample(boolean applicationLimited) {
    return sample(applicationLimited, 1);
  }

  /** A sample that tells of the round trip only. */
  public static DeliveryRate sample(boolean applicationLimited, long rttNanos) {
    DeliveryRate rate = new DeliveryRate();
    rate.sample(0, rttNanos, 0, 0, 0, applicationLimited, 1, 1);
    return rate;
  }
}
