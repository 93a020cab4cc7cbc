package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo;
import io.posthorn.ConnectionInfo.LimitedBy;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import java.time.Duration;
import net.jqwik.api.Example;

/** Windows that follow the bandwidth-delay product: the peer's window is not what holds a flow. */
class FlowControlTest {
  private static boolean isHeldByPeer(Pair pair) {
    for (ConnectionInfo row : pair.a.endpoint().connections(pair.network.nowNanos())) {
      if (row.limitedBy() == LimitedBy.PEER_WINDOW) {
        return true;
      }
    }
    return false;
  }

  /** How often in a hundred looks, ten milliseconds apart, the peer's window held the flow. */
  private static int heldByPeer(Pair pair) {
    int held = 0;
    for (int i = 0; i < 100; i++) {
      pair.network.run(Duration.ofMillis(10));
      held += isHeldByPeer(pair) ? 1 : 0;
    }
    return held;
  }

  @Example
  void aLongFastPathIsNotHeldByTheWindowOfAChannel() {
    Pair pair = new Pair(1, Pair.clear()).link(LinkConditions.parse("delay 50ms rate 100mbit"));
    for (int i = 0; i < 700; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 60_000);
    }
    pair.network.run(Duration.ofMillis(1500));
    int held = heldByPeer(pair);
    assertTrue(held <= 5, held + " of 100 looks");
    long before = pair.history.received().size();
    pair.network.run(Duration.ofSeconds(1));
    long messages = pair.history.received().size() - before;
    assertTrue(messages >= 150, messages + " messages of 60,000 bytes in a second at 100 Mbit/s");
  }

  /** A thousand ids in flight would be 5,000 messages a second on this path. */
  @Example
  void shortUnorderedMessagesAreNotHeldByTheNumberOfIds() {
    Pair pair = new Pair(2, Pair.clear()).link(LinkConditions.parse("delay 100ms rate 10mbit"));
    for (int i = 0; i < 40_000; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_UNORDERED, 64);
    }
    pair.network.run(Duration.ofSeconds(2));
    long before = pair.history.received().size();
    pair.network.run(Duration.ofSeconds(1));
    long messages = pair.history.received().size() - before;
    assertTrue(messages >= 9_000, messages + " messages in a second");
  }

  /** The first channel took all there was to take; the second one gets its share all the same. */
  @Example
  void aChannelThatComesLateGetsItsShareOfTheWindow() {
    SocketOptions is = Pair.clear();
    DraftOptions tight = DraftOptions.of(Mode.RELIABLE);
    tight.security = Security.none();
    tight.receiveBufferBytes = 2 << 20;
    tight.maxWholeMessageBytes = 128 << 10;
    Pair pair = new Pair(3, is, tight.done()).link(LinkConditions.parse("delay 50ms rate 50mbit"));
    send(pair, 0, 0, 1_000, 2);
    send(pair, 0, 1_000, 4_000, 4);
    send(pair, 1, 1_000, 4_000, 4);
    pair.network.run(Duration.ofMillis(4_100));
    long late = received(pair, 1);
    // Its guaranteed slice alone, 8 KiB, would be ten messages a second.
    assertTrue(late > 400, late + " of 750 on the second channel");
  }

  /** What a channel was promised cannot be taken back, so no channel is promised all there is. */
  @Example
  void aChannelThatFellSilentLeavesSomeOfTheWindowToOthers() {
    DraftOptions tight = DraftOptions.of(Mode.RELIABLE);
    tight.security = Security.none();
    tight.receiveBufferBytes = 2 << 20;
    tight.maxWholeMessageBytes = 128 << 10;
    SocketOptions clear = Pair.clear();
    Pair pair =
        new Pair(4, clear, tight.done()).link(LinkConditions.parse("delay 50ms rate 100mbit"));
    send(pair, 0, 0, 1_500, 1);
    send(pair, 1, 3_000, 6_000, 4);
    pair.network.run(Duration.ofMillis(6_000));
    long first = received(pair, 0);
    assertTrue(first == 1_500, first + " of 1,500 on the first channel");
    long second = received(pair, 1);
    // Its guaranteed slice alone, 8 KiB, would be less than ten messages a second.
    assertTrue(second > 200, second + " on the second channel");
  }

  private static long received(Pair pair, int channel) {
    return pair.history.received().stream()
        .filter(received -> received.message().channel() == channel)
        .count();
  }

  private static void send(Pair pair, int channel, int fromMillis, int toMillis, int stepMillis) {
    for (int at = fromMillis; at < toMillis; at += stepMillis) {
      pair.network.at(
          Duration.ofMillis(at),
          () -> pair.a.send(pair.b, channel, Delivery.RELIABLE_ORDERED, 10_000));
    }
  }
}
