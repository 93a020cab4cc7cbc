package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.VarInt;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/** Messages taken and lent by the run, among others that are not, over a network that does all. */
class MessageRunProperties {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int CHANNELS = 2;

  private static final class Flow {
    final SplittableRandom random;
    final ChannelEnd left = new ChannelEnd(1 << 20, 64 * 1024, false);
    final ChannelEnd right = new ChannelEnd(1 << 20, 64 * 1024, false);
    final Wire wire;
    final ArrayDeque<byte[]>[] expected = queues();
    final ReceivedRun run = new ReceivedRun();
    @Nullable ReceivedRun outstanding;
    int sent;

    Flow(long seed) {
      random = new SplittableRandom(seed);
      wire = new Wire(random, left, right);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static ArrayDeque<byte[]>[] queues() {
      ArrayDeque<byte[]>[] all = new ArrayDeque[CHANNELS];
      for (int i = 0; i < CHANNELS; i++) {
        all[i] = new ArrayDeque<>();
      }
      return all;
    }

    private byte[] body(int limit) {
      byte[] body = new byte[random.nextInt(limit)];
      random.nextBytes(body);
      sent++;
      return body;
    }

    void sendOne() {
      int channel = random.nextInt(CHANNELS);
      byte[] body = body(random.nextInt(10) == 0 ? 60_000 : 200);
      expected[channel].add(body);
      left.outgoing.send(channel, body, false, NEVER, false, null);
    }

    void sendRun() {
      int channel = random.nextInt(CHANNELS);
      byte[] encoded = new byte[1 << 16];
      int to = 0;
      for (int i = random.nextInt(40) + 1; i > 0; i--) {
        byte[] body = body(i % 7 == 0 ? 1_500 : 90);
        to += VarInt.write(encoded, to, body.length * 2L);
        System.arraycopy(body, 0, encoded, to, body.length);
        to += body.length;
        expected[channel].add(body);
      }
      assertEquals(to, left.outgoing.sendRun(channel, encoded, 0, to, false));
      Arrays.fill(encoded, (byte) -1); // it belongs to the caller again
    }

    void take() {
      if (outstanding != null || !right.incoming.hasMessage()) {
        return;
      }
      if (random.nextBoolean() && right.incoming.lendRun(run)) {
        outstanding = run; // read later, when more has come
        return;
      }
      int channel = right.incoming.nextReadable();
      IncomingChannels.Taken taken = right.incoming.takeFrom(channel, false);
      assertNotNull(taken);
      assertArrayEquals(expected[channel].poll(), taken.body());
    }

    void readRun() {
      ReceivedRun lent = outstanding;
      if (lent == null) {
        return;
      }
      assertTrue(lent.count() > 0);
      for (int i = 0; i < lent.count(); i++) {
        byte[] is = Arrays.copyOfRange(lent.bytes(i), lent.from(i), lent.from(i) + lent.length(i));
        assertArrayEquals(expected[lent.channel()].poll(), is);
      }
      right.incoming.endRun(lent);
      outstanding = null;
    }
  }

  @Property(tries = 80)
  void runsArriveOnceWholeAndInOrderAmongOtherMessages(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int steps) {
    Flow flow = new Flow(seed);
    for (int i = 0; i < steps; i++) {
      switch (flow.random.nextInt(3)) {
        case 0 -> flow.sendOne();
        case 1 -> flow.sendRun();
        default -> flow.take();
      }
      flow.wire.step();
      if (flow.random.nextInt(3) == 0) {
        flow.readRun();
      }
    }
    flow.wire.settle(
        () -> {
          flow.readRun();
          while (flow.right.incoming.hasMessage()) {
            flow.take();
            flow.readRun();
          }
        });
    flow.readRun();
    for (ArrayDeque<byte[]> rest : flow.expected) {
      assertTrue(rest.isEmpty(), rest.size() + " messages did not arrive");
    }
    assertTrue(flow.left.outgoing.isDrained());
    assertEquals(0, flow.left.ledger.heldBytes());
    assertEquals(0, flow.left.ledger.openMessages());
    assertEquals(flow.sent, flow.left.ledger.acknowledgedMessages());
    assertEquals(flow.right.incoming.receivedMemoryBytes(), flow.right.memory.usedBytes());
    flow.right.incoming.release();
    assertEquals(0, flow.right.memory.usedBytes());
  }

  @Example
  void runStopsWhereTheSendBufferIsFull() {
    SendLedger ledger = new SendLedger(1_000);
    OutgoingChannels channels =
        new OutgoingChannels(ledger, new Confirmations(), new ReceiveMemory(1 << 20));
    byte[] encoded = new byte[100 * 20];
    for (int i = 0; i < 20; i++) {
      VarInt.write(encoded, i * 100, 98 * 2L);
    }
    assertEquals(5 * 100, channels.sendRun(0, encoded, 0, encoded.length, false));
    assertEquals(5, ledger.openMessages());
    assertEquals(500, channels.sendRun(0, encoded, 500, encoded.length, false));
    assertEquals(20 * 100, channels.sendRun(0, encoded, 500, encoded.length, true));
    assertEquals(20, ledger.openMessages());
    channels.abandon(ReceiptOutcome.CLOSED);
    assertEquals(0, ledger.heldBytes());
    assertEquals(20, ledger.lostUnreceipted());
  }

  @Example
  void ringsAreUsedAgainAndOnlySoManyKept() {
    RingPool pool = new RingPool();
    byte[] ring = pool.take(1 << 16);
    pool.give(ring);
    assertTrue(ring == pool.take(1 << 16));
    assertTrue(ring != pool.take(1 << 16));
    assertEquals(100, pool.take(100).length);
    for (int i = 0; i < 10; i++) {
      byte[] used = new byte[1 << 20];
      used[0] = 7;
      pool.give(used);
    }
    int kept = 0;
    for (int i = 0; i < 10; i++) {
      kept += pool.take(1 << 20)[0] == 7 ? 1 : 0;
    }
    assertEquals(4, kept);
    pool.give(new byte[1 << 24]); // too long to be kept
    assertEquals(1 << 24, pool.take(1 << 24).length);
  }
}
