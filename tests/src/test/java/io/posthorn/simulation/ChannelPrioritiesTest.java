package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ChannelPriorities;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.checker.History;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Example;

/** What of a whole connection comes of {@link SocketOptions#priorities}. */
class ChannelPrioritiesTest {
  private static final int MESSAGE_BYTES = 1_000;

  /** So many bytes take 160 ms if they have the link of 10 Mbit/s for themselves. */
  private static final int BURST = 200;

  private static Pair pair(ChannelPriorities priorities) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.priorities = priorities;
    return new Pair(1, options.done()).link(LinkConditions.parse("delay 5ms rate 10mbit queue 50"));
  }

  private static void send(Pair pair, int channel, Delivery delivery, int count) {
    for (int i = 0; i < count; i++) {
      pair.a.send(pair.b, channel, delivery, MESSAGE_BYTES);
    }
  }

  private static List<History.Received> since(Pair pair, int before) {
    List<History.Received> all = pair.history.received();
    return all.subList(before, all.size());
  }

  private static int count(List<History.Received> received, int channel) {
    return (int) received.stream().filter(each -> each.message().channel() == channel).count();
  }

  /**
   * How many messages of a bulk on channel 1 arrive between the first and the last of a burst that
   * channel 0 sends meanwhile.
   */
  private static int bulkWithinBurst(ChannelPriorities priorities, Delivery delivery) {
    Pair pair = pair(priorities);
    send(pair, 1, delivery, 3_000);
    pair.network.run(Duration.ofSeconds(1));
    int before = pair.history.received().size();
    send(pair, 0, delivery, BURST);
    pair.network.run(Duration.ofSeconds(1));
    int bulk = 0;
    int burst = 0;
    for (History.Received received : since(pair, before)) {
      boolean first = received.message().channel() == 0;
      burst += first ? 1 : 0;
      bulk += !first && burst > 0 && burst < BURST ? 1 : 0;
    }
    assertEquals(BURST, burst, "the burst arrived");
    return bulk;
  }

  @Example
  void aChannelOfAHigherLevelHasTheConnectionForItself() {
    for (Delivery delivery : List.of(Delivery.RELIABLE_ORDERED, Delivery.RELIABLE_UNORDERED)) {
      int first = bulkWithinBurst(ChannelPriorities.EQUAL.level(0, 7), delivery);
      assertTrue(first <= 10, first + " messages of the bulk within the burst, " + delivery);
      int equal = bulkWithinBurst(ChannelPriorities.EQUAL, delivery);
      assertTrue(equal > BURST / 2, equal + " messages of the bulk without levels, " + delivery);
    }
  }

  @Example
  void channelsOfOneLevelShareByTheirWeights() {
    Pair pair = pair(ChannelPriorities.EQUAL.weight(1, 3).weight(2, 1));
    for (int i = 0; i < 3_000; i++) {
      send(pair, 1 + i % 2, Delivery.RELIABLE_ORDERED, 1);
    }
    pair.network.run(Duration.ofSeconds(1));
    List<History.Received> received = since(pair, 0);
    int heavy = count(received, 1);
    int light = count(received, 2);
    assertTrue(light > 100, light + " of the light one");
    assertEquals(3.0, (double) heavy / light, 0.3, heavy + " and " + light);
  }

  @Example
  void messagesOfWhichOneFitsAPacketShareTheConnectionToo() {
    Pair pair = pair(ChannelPriorities.EQUAL);
    for (int i = 0; i < 3_000; i++) {
      pair.a.send(pair.b, i % 5, Delivery.UNRELIABLE, 700);
    }
    pair.network.run(Duration.ofSeconds(1));
    List<History.Received> received = since(pair, 0);
    assertTrue(received.size() > 500, received.size() + " messages");
    for (int channel = 0; channel < 5; channel++) {
      int of = count(received, channel);
      assertEquals(
          received.size() / 5.0, of, received.size() / 50.0, of + " of channel " + channel);
    }
  }
}
