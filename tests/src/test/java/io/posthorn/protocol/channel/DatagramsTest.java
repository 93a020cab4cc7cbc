package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Unreliable messages: once at most, sequenced ones never older than the newest. */
class DatagramsTest {
  private static final long NEVER = Long.MAX_VALUE;

  @Property(tries = 60)
  void whatArrivesIsNeverOlderThanTheNewest(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ChannelEnd left = new ChannelEnd(1 << 20, 1 << 16, false);
    ChannelEnd right = new ChannelEnd(1 << 20, 1 << 16, false);
    Wire wire = new Wire(random, left, right);
    int count = 100;
    int[] newest = new int[64];
    Arrays.fill(newest, -1);
    Set<Integer> plain = new HashSet<>();
    for (int i = 0; i < count; i++) {
      byte[] body = ByteBuffer.allocate(4 + random.nextInt(30)).putInt(i).array();
      boolean sequenced = random.nextBoolean();
      left.datagrams.send(random.nextInt(3), sequenced, body, NEVER, i);
      for (int j = 0; j < 6; j++) {
        wire.step();
      }
      check(right, newest, plain);
    }
    wire.settle(() -> check(right, newest, plain));
    left.collect();
    assertEquals(count, left.settled.size());
    Set<Object> told = new HashSet<>();
    for (SendLedger.Settled each : left.settled) {
      assertTrue(told.add(each.receipt()));
      assertTrue(
          each.outcome() == ReceiptOutcome.ACKNOWLEDGED || each.outcome() == ReceiptOutcome.LOST);
    }
    assertEquals(0, left.ledger.heldBytes());
    assertEquals(0, left.ledger.openMessages());
    assertTrue(left.datagrams.isDrained());
  }

  private static void check(ChannelEnd right, int[] newest, Set<Integer> plain) {
    for (Datagrams.Ready ready = right.datagrams.take();
        ready != null;
        ready = right.datagrams.take()) {
      int number = ByteBuffer.wrap(ready.body()).getInt();
      if (ready.sequenced()) {
        assertTrue(number > newest[ready.channel()]);
        newest[ready.channel()] = number;
      } else {
        plain.add(number); // a repeated packet is the replay window's business, not this room's
      }
    }
    assertFalse(right.datagrams.hasMessage());
  }

  @Example
  void theOldestGoesWhenNobodyReads() {
    Datagrams datagrams = new Datagrams(new SendLedger(1), new ReceiveMemory(1L << 40));
    byte[] body = new byte[1000];
    for (int i = 0; i < 2000; i++) {
      ByteBuffer.wrap(body).putInt(i);
      datagrams.onDatagram(1, -1, body, 0, body.length);
    }
    long dropped = datagrams.pollDropped();
    assertEquals(2000 - (1 << 20) / 1064, dropped);
    assertEquals(0, datagrams.pollDropped());
    Datagrams.Ready first = datagrams.take();
    assertNotNull(first);
    assertEquals(dropped, ByteBuffer.wrap(first.body()).getInt());
    assertEquals(1, first.channel());
  }

  @Example
  void emptyMessagesAreBoundedToo() {
    Datagrams datagrams = new Datagrams(new SendLedger(1), new ReceiveMemory(1L << 40));
    for (int i = 0; i < 100_000; i++) {
      datagrams.onDatagram(1, -1, new byte[0], 0, 0);
    }
    assertEquals(100_000 - (1 << 20) / SendLedger.MESSAGE_OVERHEAD_BYTES, datagrams.pollDropped());
  }

  @Example
  void theBodyIsCopiedOutOfTheDatagram() {
    Datagrams datagrams = new Datagrams(new SendLedger(1), new ReceiveMemory(1L << 40));
    byte[] in = {9, 1, 2, 9};
    datagrams.onDatagram(1, 0, in, 1, 2);
    in[1] = 7;
    Datagrams.Ready ready = datagrams.take();
    assertNotNull(ready);
    assertArrayEquals(new byte[] {1, 2}, ready.body());
    assertTrue(ready.sequenced());
  }

  @Example
  void whatWaitsTooLongExpires() {
    SendLedger ledger = new SendLedger(1 << 20);
    Datagrams datagrams = new Datagrams(ledger, new ReceiveMemory(1L << 40));
    datagrams.send(1, false, new byte[10], 500, "soon");
    datagrams.send(1, false, new byte[10], NEVER, "never");
    assertEquals(500, datagrams.deadlineNanos());
    datagrams.onTimeout(500);
    assertEquals(new SendLedger.Settled("soon", ReceiptOutcome.EXPIRED, false), ledger.poll());
    assertEquals(NEVER, datagrams.deadlineNanos());
    datagrams.abandon(ReceiptOutcome.CLOSED);
    assertEquals(new SendLedger.Settled("never", ReceiptOutcome.CLOSED, false), ledger.poll());
    assertNull(ledger.poll());
    assertEquals(0, ledger.heldBytes());
  }

  /** Each pass looks at all that waits, and each message has its time. */
  @Example
  void manyExpireAtOnceAndNoneThatIsTooOldLeaves() {
    SendLedger ledger = new SendLedger(1 << 20);
    Datagrams datagrams = new Datagrams(ledger, new ReceiveMemory(1L << 40));
    int count = 10_000;
    for (int i = 0; i < count; i++) {
      datagrams.send(1, false, new byte[10], 1_000_000 + i * 1_000L, i);
    }
    long now = datagrams.deadlineNanos();
    assertEquals(1_000_000, now);
    datagrams.onTimeout(now);
    assertEquals(now + 1_000_000, datagrams.deadlineNanos(), "not for each of them");
    now += 500_000;
    PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());
    builder.begin(new byte[15], 0, 15);
    datagrams.writeFrames(builder, now);
    datagrams.writeChannel(1, builder, now);
    assertTrue(builder.frames().written() > 0);
    for (int i = 0; i <= 500; i++) {
      assertEquals(new SendLedger.Settled(i, ReceiptOutcome.EXPIRED, false), ledger.poll());
    }
    assertNull(ledger.poll(), "the next one left");
    int timers = 0;
    while (datagrams.deadlineNanos() != NEVER) {
      datagrams.onTimeout(datagrams.deadlineNanos());
      timers++;
    }
    assertTrue(timers <= 11, timers + " timers");
    assertTrue(datagrams.isDrained());
  }
}
