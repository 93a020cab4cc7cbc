package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.lab.RelayArena;
import io.posthorn.simulation.LinkConditions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ArenaTest {
  private static ComparePlan plan(String conditions, int messages) {
    return new ComparePlan(LinkConditions.parse(conditions), messages, 100, 800_000, 1, 5);
  }

  private static Measurement run(Arena arena, Transport transport, ComparePlan plan)
      throws Exception {
    return arena.run(transport, plan, 0, (sent, delivered) -> {});
  }

  @Test
  void simulatedNetworkTakesFromPlainWhatReliableGetsThrough() throws Exception {
    ComparePlan plan = plan("delay 10ms loss 20% duplicate 5% reorder 5%", 500);
    try (Arena arena = new SimulatedArena()) {
      Measurement plain = run(arena, Transport.PLAIN, plan);
      Measurement reliable = run(arena, Transport.RELIABLE, plan);
      assertTrue(plain.summary().lost() > 50, plain::toString);
      assertTrue(plain.summary().duplicated() > 0, plain::toString);
      assertTrue(plain.summary().outOfOrder() > 0, plain::toString);
      assertEquals(500, plain.datagrams());
      assertEquals(500 * 128, plain.wireBytes());
      assertTrue(reliable.isPerfect(), reliable::toString);
      assertTrue(reliable.retransmissions() > 0, reliable::toString);
      assertEquals(reliable, run(arena, Transport.RELIABLE, plan), "the same for a seed");
    }
  }

  @Test
  void relayTakesTheVeryMessagesThatTheSimulatorTakes() throws Exception {
    ComparePlan plan = plan("delay 5ms loss 20%", 200);
    try (Arena relay = new RelayArena("a test");
        Arena simulated = new SimulatedArena()) {
      int expected = run(simulated, Transport.PLAIN, plan).summary().delivered();
      int delivered = run(relay, Transport.PLAIN, plan).summary().delivered();
      for (int again = 0; again < 4 && delivered < expected; again++) {
        // A run ends when nothing moves: a machine that was held up looks like it.
        delivered = run(relay, Transport.PLAIN, plan).summary().delivered();
      }
      assertEquals(
          expected,
          delivered,
          "the fate of the n-th datagram depends on seed, direction and n alone");
      Measurement reliable = run(relay, Transport.RELIABLE, plan);
      assertTrue(reliable.isPerfect(), reliable::toString);
      assertEquals("", reliable.failure());
    }
  }

  @Test
  void neitherHasFiguresForTcp() {
    try (Arena relay = new RelayArena("there is no device");
        Arena simulated = new SimulatedArena()) {
      assertTrue(relay.whyNot(Transport.TCP).endsWith("there is no device"));
      assertFalse(simulated.whyNot(Transport.TCP).isEmpty());
      assertEquals("", relay.whyNot(Transport.PLAIN));
    }
  }

  /** Nothing is lost that a slow link still holds, nor what takes seconds on its way. */
  @Test
  void whatIsUnderWayIsNotLost() throws Exception {
    try (Arena arena = new SimulatedArena()) {
      Measurement slow = run(arena, Transport.PLAIN, plan("rate 30kbit", 400));
      assertEquals(0, slow.summary().lost(), slow::toString);
      assertEquals(400, slow.summary().delivered(), slow::toString);
      Measurement far = run(arena, Transport.PLAIN, plan("delay 7s", 10));
      assertEquals(10, far.summary().delivered(), far::toString);
    }
  }

  @Test
  void deadNetworkEndsInAResultThatSaysSo() throws Exception {
    try (Arena arena = new SimulatedArena()) {
      Measurement reliable = run(arena, Transport.RELIABLE, plan("loss 100%", 10));
      assertEquals(10, reliable.summary().lost());
      assertTrue(reliable.failure().contains("handshake timeout"), reliable.failure());
      Measurement plain = run(arena, Transport.PLAIN, plan("loss 100%", 10));
      assertEquals(10, plain.summary().lost());
    }
  }
}
