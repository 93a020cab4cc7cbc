package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The messages under way by their ids: found as long as they are not settled, in little room. */
class MessagesByIdTest {
  private MessagesById messages = new MessagesById();

  private UnorderedMessage add() {
    UnorderedMessage message =
        new UnorderedMessage(0, -1, new byte[0], Long.MAX_VALUE, false, new Object());
    message.id = messages.nextId();
    messages.add(message);
    return message;
  }

  /** FAULTS 52: a peer that gives credit for ever and lets one message stand. */
  @Example
  void fault52_oneThatStandsKeepsNoPlacesForThoseAfterIt() {
    UnorderedMessage stands = add();
    for (int id = 1; id < 1_000_000; id++) {
      add();
      if (id > 100) {
        messages.remove(id - 100);
      }
    }
    assertTrue(messages.capacity() <= 1024, messages.capacity() + " places");
    assertSame(stands, messages.at(0));
    assertSame(stands, messages.first());
    messages.remove(0);
    assertNull(messages.at(0));
    for (UnorderedMessage each = messages.first(); each != null; each = messages.first()) {
      messages.remove(each.id);
    }
    assertTrue(messages.isEmpty());
    assertEquals(1_000_000, messages.nextId());
  }

  @Property(tries = 100)
  void eachIsFoundUntilItIsSettled(@ForAll long seed) {
    messages = new MessagesById();
    SplittableRandom random = new SplittableRandom(seed);
    TreeMap<Long, UnorderedMessage> model = new TreeMap<>();
    List<Long> passing = new ArrayList<>();
    List<Long> standing = new ArrayList<>();
    int share = 1 + random.nextInt(100);
    int mostPassing = random.nextInt(1500);
    int most = 0;
    for (int i = 0; i < 10_000; i++) {
      UnorderedMessage added = add();
      model.put(added.id, added);
      (random.nextInt(share) == 0 ? standing : passing).add(added.id);
      most = Math.max(most, model.size());
      if (passing.size() > mostPassing) {
        settleAny(passing, model, random);
      }
      if (!standing.isEmpty() && random.nextInt(2 * share) == 0) {
        settleAny(standing, model, random);
      }
      assertTrue(messages.capacity() <= 8 * Math.max(128, most));
    }
    for (long id = 0; id <= messages.nextId(); id++) {
      assertSame(model.get(id), messages.at(id));
    }
    while (!model.isEmpty()) {
      UnorderedMessage first = model.pollFirstEntry().getValue();
      assertSame(first, messages.first());
      Object receipt = first.receipt;
      assertNotNull(receipt);
      assertSame(first, messages.find(receipt));
      messages.remove(first.id);
      assertEquals(model.isEmpty(), messages.isEmpty());
    }
    assertNull(messages.first());
  }

  private void settleAny(
      List<Long> of, TreeMap<Long, UnorderedMessage> model, SplittableRandom random) {
    long id = of.remove(random.nextInt(of.size()));
    messages.remove(id);
    model.remove(id);
    assertNull(messages.at(id));
  }
}
