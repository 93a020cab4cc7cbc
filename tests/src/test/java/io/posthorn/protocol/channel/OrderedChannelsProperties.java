package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.ReceiptOutcome;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/** Ordered channels, both halves, over a network that does all it may. */
class OrderedChannelsProperties {
  private static final long CEILING = 512 * 1024;
  private static final long WHOLE = 64 * 1024;
  private static final long NEVER = Long.MAX_VALUE;

  private record Sent(int channel, byte[] body, boolean mayVanish) {}

  /** One flow from left to right, checked as it goes. */
  private static final class Flow {
    final SplittableRandom random;
    final ChannelEnd left = new ChannelEnd(CEILING, WHOLE, false);
    final ChannelEnd right = new ChannelEnd(CEILING, WHOLE, false);
    final Wire wire;
    final Map<Integer, ArrayDeque<Sent>> expected = new HashMap<>();
    final List<Sent> sent = new ArrayList<>();
    final Set<Sent> received = new HashSet<>();
    final Set<Object> confirmed = new HashSet<>();
    final Set<Object> cancelled = new HashSet<>();

    Flow(SplittableRandom random) {
      this.random = random;
      wire = new Wire(random, left, right);
    }

    void send(int channel, int bytes, long expiresAtNanos) {
      send(channel, bytes, expiresAtNanos, expiresAtNanos != NEVER);
    }

    void send(int channel, int bytes, long expiresAtNanos, boolean mayVanish) {
      byte[] body = new byte[bytes];
      random.nextBytes(body);
      Sent message = new Sent(channel, body, mayVanish);
      sent.add(message);
      expected.computeIfAbsent(channel, any -> new ArrayDeque<>()).add(message);
      left.outgoing.send(channel, body, false, expiresAtNanos, true, message);
    }

    /** Gives one up of those that may vanish, if it is not too late. */
    void cancelAny() {
      Sent message = sent.isEmpty() ? null : sent.get(random.nextInt(sent.size()));
      if (message != null && message.mayVanish && left.outgoing.cancel(message)) {
        assertTrue(cancelled.add(message), "given up once");
      }
    }

    void take() {
      if (!right.incoming.hasMessage()) {
        return;
      }
      int channel = right.incoming.nextReadable();
      IncomingChannels.Taken taken = right.incoming.takeFrom(channel, false);
      assertNotNull(taken);
      assertFalse(taken.more());
      assertFalse(taken.aborted());
      ArrayDeque<Sent> queue = expected.get(channel);
      assertNotNull(queue);
      Sent next = queue.poll();
      while (next != null && next.mayVanish && !same(next, taken)) {
        next = queue.poll(); // it expired or was given up, which the receipt has to say
      }
      assertNotNull(next, "a message that was never sent, or came again");
      assertArrayEquals(next.body, taken.body());
      received.add(next);
      if (random.nextInt(3) > 0) {
        right.confirmations.confirm(true, channel, taken.number());
        confirmed.add(next);
      }
    }

    private static boolean same(Sent message, IncomingChannels.Taken taken) {
      return java.util.Arrays.equals(message.body, taken.body());
    }

    void finish() {
      wire.settle(
          () -> {
            while (right.incoming.hasMessage()) {
              take();
            }
          });
      left.collect();
      assertTrue(left.outgoing.isDrained());
      assertTrue(left.confirmations.isDrained());
      assertFalse(left.outgoing.isBlocked());
      assertFalse(right.incoming.expectsMore());
      Set<Object> told = new HashSet<>();
      for (SendLedger.Settled each : left.settled) {
        assertTrue(told.add(each.receipt()), "each receipt settles once");
        boolean arrived = received.contains(each.receipt());
        assertEquals(
            arrived
                ? ReceiptOutcome.ACKNOWLEDGED
                : cancelled.contains(each.receipt())
                    ? ReceiptOutcome.CANCELLED
                    : ReceiptOutcome.EXPIRED,
            each.outcome());
        assertEquals(arrived, each.mayHaveArrived());
      }
      assertEquals(new HashSet<Object>(sent), told);
      assertEquals(confirmed, new HashSet<>(left.processed));
      assertEquals(confirmed.size(), left.processed.size());
      assertEquals(0, left.ledger.heldBytes());
      assertEquals(0, left.ledger.openMessages());
      assertEquals(received.size(), left.ledger.acknowledgedMessages());
      assertEquals(right.incoming.receivedMemoryBytes(), right.memory.usedBytes());
      right.incoming.release();
      assertEquals(0, right.memory.usedBytes());
    }
  }

  @Property(tries = 60)
  void eachMessageArrivesOnceWholeAndInOrder(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 60) int messages,
      @ForAll boolean complaining) {
    SplittableRandom random = new SplittableRandom(seed);
    Flow flow = new Flow(random);
    flow.right.hearsBlocked = complaining;
    int channels = 1 + random.nextInt(random.nextBoolean() ? 3 : 64);
    int largest = 1 << random.nextInt(1, 17);
    boolean expiring = random.nextBoolean();
    boolean cancelling = random.nextBoolean();
    boolean slowReader = random.nextBoolean();
    for (int i = 0; i < messages; ) {
      if (random.nextInt(6) == 0) {
        int bytes = random.nextInt(5) == 0 ? 0 : random.nextInt((int) Math.min(WHOLE, largest) + 1);
        boolean expires = expiring && random.nextBoolean();
        boolean vanishes = expires || (cancelling && random.nextBoolean());
        // A body of its own, so that what vanished is known from what arrived.
        flow.send(
            random.nextInt(channels),
            vanishes ? Math.max(16, bytes) : bytes,
            expires ? flow.wire.nowNanos + random.nextInt(20_000_000) : NEVER,
            vanishes);
        i++;
      }
      if (cancelling && random.nextInt(10) == 0) {
        flow.cancelAny();
      }
      flow.wire.step();
      if (random.nextInt(slowReader ? 40 : 2) == 0) {
        flow.take();
      }
    }
    flow.finish();
  }

  /** Each channel holds a message larger than its slice: one after the other gets the token. */
  @Property(tries = 25)
  void channelsThatAllOutgrowTheirSliceDoNotDeadlock(
      @ForAll long seed, @ForAll boolean complaining) {
    SplittableRandom random = new SplittableRandom(seed);
    Flow flow = new Flow(random);
    flow.right.hearsBlocked = complaining; // a peer of another make may never say CHANNEL_BLOCKED
    int channels = 2 + random.nextInt(10);
    for (int i = 0; i < 2 * channels; i++) {
      flow.send(i % channels, (int) WHOLE - random.nextInt(30_000), NEVER);
    }
    long peak = 0;
    for (int i = 0; i < 3000; i++) {
      flow.wire.step();
      peak = Math.max(peak, flow.right.memory.usedBytes());
      if (random.nextInt(4) == 0) {
        flow.take();
      }
    }
    flow.finish();
    assertEquals(2L * channels, flow.received.size());
    assertTrue(peak <= CEILING, () -> "memory stayed under the ceiling");
    assertTrue(flow.right.budget.isAssemblyFree());
  }

  /** The next message is always begun when one is whole: the token goes round all the same. */
  @Property(tries = 3)
  void endlessFlowsThatOutgrowTheirWindowAllGetThrough(@ForAll long seed) {
    Flow flow = new Flow(new SplittableRandom(seed));
    int[] taken = new int[3];
    flow.wire.settle(
        () -> {
          while (flow.right.incoming.hasMessage()) {
            taken[flow.right.incoming.nextReadable()]++;
            flow.take();
          }
          boolean wantsMore = Math.min(taken[0], Math.min(taken[1], taken[2])) < 4;
          for (int channel = 0; wantsMore && channel < 3; channel++) {
            while (flow.expected.computeIfAbsent(channel, any -> new ArrayDeque<>()).size() < 3) {
              flow.send(channel, (int) WHOLE - flow.random.nextInt(5_000), NEVER);
            }
          }
        });
    flow.finish();
    assertTrue(flow.right.budget.isAssemblyFree());
  }

  /** Messages in parts of which nobody says beforehand how many come; some are given up. */
  private static final class StreamedFlow {
    static final byte[] GIVEN_UP = {};

    final SplittableRandom random;
    final ChannelEnd left = new ChannelEnd(CEILING, WHOLE, true);
    final ChannelEnd right = new ChannelEnd(CEILING, WHOLE, true);
    final Wire wire;
    final List<byte[]> sent = new ArrayList<>();
    final Map<Long, byte[]> received = new HashMap<>();
    private final ByteArrayOutputStream sending = new ByteArrayOutputStream();
    private final ByteArrayOutputStream receiving = new ByteArrayOutputStream();
    private boolean midStream;
    int whole;

    StreamedFlow(SplittableRandom random) {
      this.random = random;
      wire = new Wire(random, left, right);
    }

    void sendPart() {
      byte[] part = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(90_000)];
      random.nextBytes(part);
      boolean more = random.nextInt(3) > 0;
      boolean begun = sending.size() > 0;
      sending.writeBytes(part);
      left.outgoing.send(9, part, more, NEVER, false, more ? null : "last");
      if (more && part.length == 0) {
        if (begun) {
          sent.add(GIVEN_UP);
        }
        sending.reset();
      } else if (!more) {
        sent.add(sending.toByteArray());
        whole++;
        sending.reset();
      }
      assertEquals(sending.size(), left.outgoing.midMessageBytes(9));
    }

    void takePart() {
      IncomingChannels.@Nullable Taken taken = null;
      if (midStream) {
        taken = right.incoming.takeFrom(9, true);
      } else if (right.incoming.hasMessage()) {
        taken = right.incoming.takeFrom(right.incoming.nextReadable(), false);
      }
      if (taken == null) {
        return;
      }
      receiving.writeBytes(taken.body());
      midStream = taken.more();
      if (!taken.more()) {
        byte[] body = taken.aborted() ? GIVEN_UP : receiving.toByteArray();
        assertEquals(null, received.put(taken.number(), body));
        receiving.reset();
      }
    }

    void finish() {
      wire.settle(
          () -> {
            for (int i = 0; i < 50; i++) {
              takePart();
            }
          });
      left.collect();
      assertFalse(midStream);
      for (int i = 0; i < sent.size(); i++) {
        byte[] body = received.remove((long) i);
        if (sent.get(i) != GIVEN_UP) {
          assertArrayEquals(sent.get(i), body);
        } else {
          assertTrue(body == null || body == GIVEN_UP, "given up, or never begun over there");
        }
      }
      assertEquals(Map.of(), received);
      assertEquals(whole, left.settled.size());
      assertEquals(0, left.ledger.heldBytes());
      assertTrue(left.outgoing.isDrained());
    }
  }

  @Property(tries = 40)
  void aStreamedMessageArrivesInPartsThatJoin(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StreamedFlow flow = new StreamedFlow(random);
    int messages = 1 + random.nextInt(4);
    while (flow.whole < messages || flow.sending.size() > 0) {
      if (random.nextInt(4) == 0) {
        flow.sendPart();
      }
      flow.wire.step();
      flow.takePart();
    }
    flow.finish();
  }

  @Example
  void theNetworkOfTheseTestsIsHard() {
    SplittableRandom random = new SplittableRandom(1);
    Flow flow = new Flow(random);
    for (int i = 0; i < 300; i++) {
      flow.send(i % 5, 500, NEVER);
      for (int j = 0; j < 10; j++) {
        flow.wire.step();
        flow.take();
      }
    }
    flow.finish();
    assertTrue(flow.wire.lost > 100 && flow.wire.reordered > 100 && flow.wire.repeated > 50);
    assertTrue(flow.wire.repeatedUnasked > 5, flow.wire.repeatedUnasked + " repeated unasked");
    assertTrue(flow.left.ledger.retransmittedBytes() > 1000);
  }
}
