package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class EventQueueTest {
  private static final int LIMIT = 4096;

  /** Clients that are gone for good are most of them, and nobody sends to them again. */
  @Test
  void aLossIsToldHoweverManyNobodyAskedAbout() {
    EventQueue events = new EventQueue(new EndpointCounters());
    for (int host = 0; host <= LIMIT; host++) {
      events.noteLost(HandPeer.address(host));
    }
    assertTrue(events.pollLost(HandPeer.address(LIMIT)), "the newest");
    assertFalse(events.pollLost(HandPeer.address(LIMIT)), "told once");
    assertFalse(events.pollLost(HandPeer.address(0)), "the oldest is forgotten");
    for (int host = 1; host < LIMIT; host++) {
      assertTrue(events.pollLost(HandPeer.address(host)));
    }
  }
}
