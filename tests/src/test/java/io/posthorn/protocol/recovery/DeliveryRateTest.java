package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** draft-cheng-iccrg-delivery-rate-estimation, worked out by hand. */
class DeliveryRateTest {
  private static final long MS = 1_000_000;

  private final DeliveryRate rate = new DeliveryRate();
  private final SentPackets sent = new SentPackets();

  private void send(long nowMillis) {
    sent.commit(nowMillis * MS, 1000, true, rate.isLimitedNow(), rate);
  }

  private void acknowledge(long number, long nowMillis) {
    rate.onDelivered(1000, number, nowMillis * MS);
    sent.sample(number, nowMillis * MS - sent.sentNanos(number), rate, MS, nowMillis * MS);
    sent.acknowledge(number);
  }

  @Test
  void aSteadyFlowIsMeasuredExactly() {
    for (int i = 0; i < 20; i++) {
      send(i);
    }
    for (int i = 0; i < 20; i++) {
      acknowledge(i, 50 + i);
      assertEquals(50 * MS, rate.rttNanos());
    }
    // The last: sent at 19; all 20 delivered over the 69 ms since the flow began.
    assertEquals(20_000, rate.deliveredBytes());
    for (int i = 20; i < 30; i++) {
      send(50 + i);
    }
    acknowledge(20, 120);
    // Sent at 70 when nothing was in flight: one packet in 50 ms.
    assertEquals(20_000, rate.bytesPerSecond());
    assertEquals(20_000, rate.priorDeliveredBytes());
  }

  @Test
  void aBurstOfAcknowledgementsDoesNotRaiseTheRate() {
    for (int i = 0; i < 10; i++) {
      send(10L * i);
    }
    for (int i = 0; i < 10; i++) {
      acknowledge(i, 200);
    }
    // Ten packets took 90 ms to send and 200 to acknowledge; the first counts from the start.
    assertEquals(10_000 * 1000L / 200, rate.bytesPerSecond());
  }

  @Test
  void lessThanTheSmallestRoundTripIsNoSample() {
    send(0);
    rate.onDelivered(1000, 0, MS / 2);
    sent.sample(0, MS / 2, rate, MS, MS / 2);
    assertEquals(0, rate.bytesPerSecond());
  }

  @Test
  void whatTheApplicationLimitedIsMarkedUntilAllOfItArrived() {
    send(0);
    assertFalse(rate.isLimitedNow());
    rate.onApplicationLimited(sent.next() - 1);
    assertTrue(rate.isLimitedNow());
    send(1);
    acknowledge(0, 50);
    assertFalse(rate.isApplicationLimited());
    assertTrue(rate.isLimitedNow());
    acknowledge(1, 51);
    assertTrue(rate.isApplicationLimited());
    assertFalse(rate.isLimitedNow());
  }

  @Test
  void whatTheApplicationLimitedNeedNotArrive() {
    for (int i = 0; i < 10; i++) {
      send(i);
    }
    rate.onApplicationLimited(sent.next() - 1);
    send(10);
    acknowledge(10, 60); // all the others are lost
    assertTrue(rate.isApplicationLimited());
    assertFalse(rate.isLimitedNow());
  }
}
