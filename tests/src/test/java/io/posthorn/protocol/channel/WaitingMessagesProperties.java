package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class WaitingMessagesProperties {
  /** Against a list: taken out or replaced anywhere, the others keep their order. */
  @Property(tries = 50)
  void keepsTheirOrder(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    WaitingMessages waiting = new WaitingMessages();
    List<UnorderedMessage> model = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      if (model.isEmpty() || random.nextInt(5) < 3) {
        UnorderedMessage added =
            new UnorderedMessage(0, -1, new byte[0], Long.MAX_VALUE, false, null);
        int at = random.nextInt(2 * model.size() + 1);
        if (at < model.size()) {
          waiting.replace(model.set(at, added), added);
        } else if (random.nextInt(4) == 0) {
          waiting.addFirst(added);
          model.add(0, added);
        } else {
          waiting.add(added);
          model.add(added);
        }
      } else {
        waiting.remove(model.remove(random.nextInt(model.size())));
      }
      List<UnorderedMessage> seen = new ArrayList<>();
      for (UnorderedMessage each = waiting.peek(); each != null; each = each.after) {
        seen.add(each);
      }
      assertEquals(model, seen);
      assertEquals(model.isEmpty(), waiting.isEmpty());
    }
    waiting.clear();
    assertTrue(waiting.isEmpty());
  }
}
