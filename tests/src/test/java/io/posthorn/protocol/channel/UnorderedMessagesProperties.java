package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import java.nio.ByteBuffer;
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

/** Unordered messages, both halves, over a network that does all it may. */
class UnorderedMessagesProperties {
  private static final long CEILING = 512 * 1024;
  private static final long NEVER = Long.MAX_VALUE;

  private record Sent(int index, int channel, long key, byte[] body) {}

  /** One flow from left to right. */
  private static final class Flow {
    final SplittableRandom random;
    final ChannelEnd left = new ChannelEnd(CEILING, 64 * 1024, false);
    final ChannelEnd right = new ChannelEnd(CEILING, 64 * 1024, false);
    final Wire wire;
    final List<Sent> sent = new ArrayList<>();
    final Map<Integer, Sent> received = new HashMap<>();
    final Map<Long, Integer> newestOfKey = new HashMap<>();
    final Set<Object> confirmed = new HashSet<>();
    final Set<Object> cancelled = new HashSet<>();

    Flow(SplittableRandom random) {
      this.random = random;
      wire = new Wire(random, left, right);
    }

    void send(long key, int bytes, long expiresAtNanos) {
      byte[] body = new byte[Math.max(4, bytes)];
      random.nextBytes(body);
      ByteBuffer.wrap(body).putInt(sent.size());
      Sent message = new Sent(sent.size(), random.nextInt(64), key, body);
      sent.add(message);
      left.unordered.send(message.channel, key, body, expiresAtNanos, true, message);
    }

    void cancelAny() {
      if (!sent.isEmpty()) {
        Sent message = sent.get(random.nextInt(sent.size()));
        if (left.unordered.cancel(message)) {
          assertTrue(cancelled.add(message), "given up once");
        }
      }
    }

    void take() {
      UnorderedMessages.Ready ready = right.unordered.take();
      if (ready == null) {
        return;
      }
      Sent message = sent.get(ByteBuffer.wrap(ready.body()).getInt());
      assertArrayEquals(message.body, ready.body());
      assertEquals(message.channel, ready.channel());
      assertEquals(message.key, ready.key());
      assertEquals(null, received.put(message.index, message), "handed over once");
      if (message.key >= 0) {
        Integer older = newestOfKey.put(message.key, message.index);
        assertTrue(older == null || older < message.index, "never older than the newest");
      }
      if (random.nextBoolean()) {
        right.confirmations.confirm(false, ready.channel(), ready.id());
        confirmed.add(message);
      }
    }

    void finish() {
      wire.settle(
          () -> {
            while (right.unordered.hasMessage()) {
              take();
            }
          });
      left.collect();
      assertTrue(left.unordered.isDrained(), "nothing is left to wait for");
      assertFalse(left.unordered.isBlocked());
      assertFalse(right.unordered.expectsMore());
      assertEquals(0, left.ledger.heldBytes());
      assertEquals(0, left.ledger.openMessages());
      assertEquals(0, right.memory.usedBytes());
      checkReceipts();
      for (Object each : left.processed) {
        assertTrue(confirmed.contains(each));
      }
    }

    private void checkReceipts() {
      Map<Long, Integer> newestSent = new HashMap<>();
      for (Sent each : sent) {
        newestSent.put(each.key, each.index);
      }
      Set<Object> told = new HashSet<>();
      for (SendLedger.Settled each : left.settled) {
        assertTrue(told.add(each.receipt()), "each receipt settles once");
        Sent message = (Sent) each.receipt();
        boolean arrived = received.containsKey(message.index);
        if (arrived) {
          assertTrue(each.mayHaveArrived());
        }
        if (each.outcome() == ReceiptOutcome.ACKNOWLEDGED) {
          boolean replaced =
              message.key >= 0 && newestSent.getOrDefault(message.key, 0) > message.index;
          assertTrue(arrived || replaced, "what was acknowledged is handed over");
          assertTrue(left.processed.contains(message) == confirmed.contains(message));
        } else if (each.outcome() == ReceiptOutcome.SUPERSEDED) {
          assertTrue(message.key >= 0);
          assertNotEquals(newestSent.get(message.key), message.index, "by a newer one");
        } else if (each.outcome() == ReceiptOutcome.CANCELLED) {
          assertTrue(cancelled.contains(message));
        } else {
          assertEquals(ReceiptOutcome.EXPIRED, each.outcome());
        }
        assertEquals(
            each.outcome() == ReceiptOutcome.CANCELLED, cancelled.contains(message), "one outcome");
      }
      assertEquals(new HashSet<Object>(sent), told);
    }
  }

  @Property(tries = 80)
  void eachMessageArrivesOnceAndWhole(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 80) int messages) {
    SplittableRandom random = new SplittableRandom(seed);
    Flow flow = new Flow(random);
    int largest = 1 << random.nextInt(2, 17);
    int keys = random.nextBoolean() ? 0 : 1 + random.nextInt(4);
    boolean expiring = random.nextBoolean();
    boolean cancelling = random.nextBoolean();
    boolean slowReader = random.nextBoolean();
    for (int i = 0; i < messages; ) {
      if (random.nextInt(6) == 0) {
        long key = keys > 0 && random.nextBoolean() ? random.nextInt(keys) : -1;
        boolean expires = expiring && random.nextBoolean();
        flow.send(
            key,
            random.nextInt(largest),
            expires ? flow.wire.nowNanos + random.nextInt(20_000_000) : NEVER);
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

  /** While it waits behind the window, in part on its way or lost, it is purged when it is old. */
  @Example
  void whatIsTooOldIsPurgedThoughNothingMayLeave() {
    Flow flow = new Flow(new SplittableRandom(9));
    PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());
    flow.send(-1, 5000, 10_000_000);
    flow.send(-1, 100, 10_000_000);
    builder.begin(new byte[1200], 0, 1200);
    flow.left.unordered.writeChannel(flow.sent.get(0).channel, builder, 0);
    flow.left.unordered.onTimeout(9_999_999);
    flow.left.collect();
    assertEquals(0, flow.left.settled.size());
    assertEquals(10_000_000, flow.left.unordered.deadlineNanos());
    flow.left.unordered.onTimeout(10_000_000);
    flow.left.collect();
    assertEquals(
        Set.of(
            new SendLedger.Settled(flow.sent.get(0), ReceiptOutcome.EXPIRED, false),
            new SendLedger.Settled(flow.sent.get(1), ReceiptOutcome.EXPIRED, false)),
        new HashSet<>(flow.left.settled));
    assertEquals(0, flow.left.ledger.heldBytes());
    flow.finish();
    assertEquals(0, flow.received.size());
  }

  /** Of a message that did not leave to its end the peer has no more than a part. */
  @Example
  void theEndTellsWhatCannotHaveArrived() {
    Flow flow = new Flow(new SplittableRandom(13));
    PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());
    flow.send(-1, 5000, NEVER);
    flow.send(-1, 100, NEVER);
    for (Sent each : flow.sent) {
      builder.begin(new byte[1200], 0, 1200);
      flow.left.unordered.writeChannel(each.channel, builder, 0);
    }
    flow.send(-1, 100, NEVER);
    flow.left.unordered.abandon(ReceiptOutcome.CLOSED);
    flow.left.collect();
    assertEquals(
        List.of(
            new SendLedger.Settled(flow.sent.get(0), ReceiptOutcome.CLOSED, false),
            new SendLedger.Settled(flow.sent.get(1), ReceiptOutcome.CLOSED, true),
            new SendLedger.Settled(flow.sent.get(2), ReceiptOutcome.CLOSED, false)),
        flow.left.settled);
    assertEquals(0, flow.left.ledger.heldBytes());
  }

  /** Lost and not sent again yet: then too old, or replaced. */
  @Example
  void whatIsLostAndTooOldIsNotSentAgain() {
    Flow flow = new Flow(new SplittableRandom(11));
    SentPackets packets = new SentPackets();
    PacketBuilder builder = new PacketBuilder(new FrameWriter(), packets);
    flow.send(-1, 100, 10_000_000);
    flow.send(7, 100, NEVER);
    builder.begin(new byte[1200], 0, 1200);
    flow.left.unordered.writeChannel(flow.sent.get(0).channel, builder, 0);
    flow.left.unordered.writeChannel(flow.sent.get(1).channel, builder, 0);
    flow.left.unordered.onLost(0, UnorderedMessages.dataNote(0, 100), 5_000_000);
    flow.left.unordered.onLost(1, UnorderedMessages.dataNote(0, 100), 5_000_000);
    flow.left.unordered.onTimeout(10_000_000);
    flow.send(7, 100, NEVER);
    flow.left.collect();
    assertEquals(
        Set.of(
            new SendLedger.Settled(flow.sent.get(0), ReceiptOutcome.EXPIRED, true),
            new SendLedger.Settled(flow.sent.get(1), ReceiptOutcome.SUPERSEDED, true)),
        new HashSet<>(flow.left.settled));
    flow.finish();
    assertEquals(Set.of(2), flow.received.keySet());
  }

  /** More ids than one window grants, and more bytes than the pool holds, several times over. */
  @Property(tries = 5)
  void creditComesBackAsMessagesAreTaken(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Flow flow = new Flow(random);
    for (int i = 0; i < 3000; i++) {
      flow.send(-1, i % 10 == 0 ? 5000 : 4, NEVER);
    }
    flow.finish();
    assertEquals(3000, flow.received.size());
  }

  /** A peer of another make may never say MESSAGES_BLOCKED: reading alone gives it credit. */
  @Property(tries = 40)
  void aSenderThatNeverComplainsIsNeverStuck(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int messages) {
    SplittableRandom random = new SplittableRandom(seed);
    Flow flow = new Flow(random);
    flow.right.hearsBlocked = false;
    int longest = (int) flow.right.budget.longestMessageBytes();
    for (int i = 0; i < messages; i++) {
      flow.send(-1, random.nextInt(3) == 0 ? longest : random.nextInt(longest), NEVER);
      for (int steps = random.nextInt(300); steps > 0; steps--) {
        flow.wire.step();
        flow.take();
      }
    }
    flow.finish();
    assertEquals(messages, flow.received.size());
  }

  /** However little the limits rose, and though both did. */
  @Example
  void whereCreditRoseAndDoesNotReachThePeerIsToldAgain() {
    ChannelEnd left = new ChannelEnd(CEILING, 64 * 1024, false);
    PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());
    builder.begin(new byte[1200], 0, 1200);
    left.unordered.send(0, -1, new byte[100], NEVER, false, null);
    left.unordered.onCredit(1024, 16);
    left.unordered.writeFrames(builder, 0);
    assertFalse(left.unordered.hasFrames(0), "told once");
    left.unordered.onCredit(1026, 17);
    assertTrue(left.unordered.hasFrames(0), "told of the new limits");
    left.unordered.writeFrames(builder, 0);
    left.unordered.onCredit(1025, 17);
    assertFalse(left.unordered.hasFrames(0), "none rose");
  }

  /** A peer's pool may be larger than any array: what is noted of a message still says its kind. */
  @Example
  void theLongestMessageFitsWhatIsNotedOfIt() {
    int longest = (int) UnorderedMessages.longestBytes((1L << 62) - 1);
    assertEquals((1 << 30) - 1, longest);
    long note = UnorderedMessages.dataNote(longest, longest);
    assertTrue(note >= 0 && note < UnorderedMessages.ABORT_NOTE);
    assertEquals(1_000, UnorderedMessages.longestBytes(1_000));
  }

  @Example
  void emptyMessagesArriveOnceEach() {
    SplittableRandom random = new SplittableRandom(3);
    ChannelEnd left = new ChannelEnd(CEILING, 64 * 1024, false);
    ChannelEnd right = new ChannelEnd(CEILING, 64 * 1024, false);
    Wire wire = new Wire(random, left, right);
    int[] taken = {0};
    for (int i = 0; i < 100; i++) {
      left.unordered.send(i % 64, -1, new byte[0], NEVER, false, i);
      for (int j = 0; j < 5; j++) {
        wire.step();
      }
    }
    wire.settle(
        () -> {
          for (UnorderedMessages.Ready ready = right.unordered.take();
              ready != null;
              ready = right.unordered.take()) {
            assertEquals(0, ready.body().length);
            taken[0]++;
          }
        });
    left.collect();
    assertEquals(100, taken[0]);
    assertEquals(100, left.settled.size());
    assertTrue(left.unordered.isDrained());
  }

  @Example
  void aNewerMessageWithTheKeyReplacesTheOneThatWaits() {
    Flow flow = new Flow(new SplittableRandom(5));
    for (int i = 0; i < 100; i++) {
      flow.send(7, 200, NEVER);
    }
    flow.finish();
    assertEquals(Set.of(99), flow.received.keySet());
    assertEquals(
        99,
        flow.left.settled.stream().filter(s -> s.outcome() == ReceiptOutcome.SUPERSEDED).count());
    assertNotNull(flow.newestOfKey.get(7L));
  }

  /** However often they are renewed: the newest of a key waits where the one before it did. */
  @Example
  void keysThatAreAlwaysRenewedAllGetTheirTurn() {
    assertEquals(100, keysArrived(100, 500, 100), "one a packet, and the half of the next");
    assertEquals(10, keysArrived(10, 1500, 40), "three packets each, begun in vain once");
  }

  /** Renews all keys before each packet; answers how many of them have arrived at least once. */
  private static int keysArrived(int keys, int bytes, int packets) {
    ChannelEnd left = new ChannelEnd(CEILING, 64 * 1024, false);
    ChannelEnd right = new ChannelEnd(CEILING, 64 * 1024, false);
    left.meets(right);
    right.meets(left);
    PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());
    Set<Long> arrived = new HashSet<>();
    for (int packet = 0; packet < packets; packet++) {
      for (long key = 0; key < keys; key++) {
        left.unordered.send(3, key, new byte[bytes], NEVER, false, null);
      }
      byte[] out = new byte[700];
      builder.begin(out, 0, out.length);
      left.unordered.writeChannel(3, builder, 0);
      assertNull(new FrameReader().read(out, 0, builder.frames().written(), right));
      for (UnorderedMessages.Ready ready = right.unordered.take();
          ready != null;
          ready = right.unordered.take()) {
        arrived.add(ready.key());
      }
    }
    return arrived.size();
  }
}
