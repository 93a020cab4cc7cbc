package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The indexed heap against a PriorityQueue. */
class DeadlineQueueProperties {
  private static final Slots SLOTS = new Slots(1);

  @Property(tries = 100)
  void agreesWithAPriorityQueue(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 300) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    DeadlineQueue queue = new DeadlineQueue();
    List<ConnectionSlot> slots = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(60); i++) {
      slots.add(SLOTS.slot(i, i));
    }
    PriorityQueue<Long> model = new PriorityQueue<>();
    int spread = random.nextBoolean() ? 5 : 1_000_000;
    for (int i = 0; i < steps; i++) {
      ConnectionSlot slot = slots.get(random.nextInt(slots.size()));
      if (slot.heapIndex >= 0) {
        assertTrue(model.remove(slot.deadlineNanos));
      }
      long deadline = random.nextInt(4) == 0 ? Endpoint.NEVER : random.nextInt(spread);
      queue.set(slot, deadline);
      assertEquals(deadline, slot.deadlineNanos);
      if (deadline != Endpoint.NEVER) {
        model.add(deadline);
      }
      Long earliest = model.peek();
      assertEquals(earliest == null ? Endpoint.NEVER : earliest, queue.earliestNanos());
      if (earliest != null) {
        assertEquals(earliest, queue.earliest().deadlineNanos);
      }
    }
    while (!model.isEmpty()) {
      ConnectionSlot earliest = queue.earliest();
      assertEquals(model.poll(), earliest.deadlineNanos, "in order");
      queue.set(earliest, Endpoint.NEVER);
    }
    assertEquals(Endpoint.NEVER, queue.earliestNanos());
  }

  @Example
  void anEmptyQueueHasNoEarliest() {
    assertThrows(IllegalStateException.class, () -> new DeadlineQueue().earliest());
  }
}
