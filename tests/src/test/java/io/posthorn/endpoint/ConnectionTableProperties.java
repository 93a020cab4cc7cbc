package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The table of connections against a HashMap; ids collide on purpose. */
class ConnectionTableProperties {
  @Property(tries = 100)
  void agreesWithAMap(@ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    Slots slots = new Slots(seed);
    ConnectionTable table = new ConnectionTable(0);
    Map<Long, ConnectionSlot> model = new HashMap<>();
    long mask = random.nextBoolean() ? -1 : ~0L << random.nextInt(1, 12);
    List<Long> everUsed = new ArrayList<>();
    long nextHandle = 1;
    for (int i = 0; i < steps; i++) {
      long id = (random.nextLong() & mask) | random.nextInt(3);
      int dice = random.nextInt(10);
      if (dice < 6 && !model.containsKey(id)) {
        ConnectionSlot slot = slots.slot(nextHandle++, id);
        table.add(slot);
        model.put(id, slot);
        everUsed.add(id);
      } else if (!model.isEmpty()) {
        List<Long> ids = new ArrayList<>(model.keySet());
        ids.sort(null);
        ConnectionSlot slot = model.remove(ids.get(random.nextInt(ids.size())));
        boolean mayRename = slot.connection.isUnanswered() && !model.containsKey(id);
        if (dice == 9 && mayRename) {
          slots.rename(slot, id);
          table.rekey(slot);
          model.put(id, slot);
          everUsed.add(id);
        } else {
          table.remove(slot);
          assertNull(table.byHandle(slot.connection.handle()));
        }
      }
      assertEquals(model.size(), table.size());
      for (long each : everUsed) {
        assertSame(model.get(each), table.byId(each));
      }
      for (ConnectionSlot each : model.values()) {
        assertSame(each, table.byHandle(each.connection.handle()));
      }
      assertNull(table.byId(random.nextLong()));
    }
    assertEquals(model.size(), table.all().size());
  }
}
