package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The rings of sent packets against a map of objects. */
class SentPacketsProperties {
  private final DeliveryRate rate = new DeliveryRate();

  private static final class Model {
    long sentNanos;
    int bytes;
    byte state;
    boolean limited;
    final List<long[]> notes = new ArrayList<>();
  }

  @Property(tries = 200)
  void agreesWithAMap(@ForAll long seed, @ForAll @IntRange(min = 1, max = 400) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    SentPackets packets = new SentPackets();
    TreeMap<Long, Model> model = new TreeMap<>();
    long now = 0;
    long next = 0;
    int settleShare = 1 + random.nextInt(8);
    for (int i = 0; i < steps; i++) {
      now += random.nextInt(100);
      int dice = random.nextInt(10);
      if (dice < 5) {
        Model packet = new Model();
        int notes = random.nextInt(random.nextInt(12) == 0 ? 70 : 4);
        for (int j = 0; j < notes; j++) {
          long[] note = {random.nextInt(8), random.nextLong(), random.nextLong()};
          packet.notes.add(note);
          packets.token((byte) note[0], note[1], note[2]);
        }
        packet.sentNanos = now;
        packet.bytes = random.nextInt(1500);
        packet.limited = random.nextBoolean();
        boolean eliciting = random.nextInt(4) > 0;
        packet.state = eliciting ? SentPackets.OUTSTANDING : SentPackets.UNTRACKED;
        packets.commit(now, packet.bytes, eliciting, packet.limited, rate);
        model.put(next++, packet);
      } else if (dice == 5) {
        Model packet = new Model();
        packet.state = SentPackets.SKIPPED;
        packets.skip();
        model.put(next++, packet);
      } else if (dice == 6) {
        long before = now - random.nextInt(500);
        packets.trim(before);
        while (!model.isEmpty() && isForgotten(model.firstEntry().getValue(), before)) {
          model.pollFirstEntry();
        }
      } else {
        for (int j = 0; j < settleShare && !model.isEmpty(); j++) {
          long number = model.firstKey() + random.nextInt(model.size());
          settle(random, packets, number, at(model, number));
        }
      }
      assertSame(packets, model, next);
    }
  }

  private void sendAndSettle(SentPackets packets, int count) {
    for (int i = 0; i < count; i++) {
      packets.token((byte) 1, i, i);
      packets.commit(0, 100, true, false, rate);
    }
    for (long number = packets.base(); number < packets.next(); number++) {
      packets.acknowledge(number);
    }
    packets.trim(0);
  }

  /** A connection that once had much to say takes no more than one that never had. */
  @Example
  void whatABurstTookIsGivenBack() {
    SentPackets packets = new SentPackets();
    long atFirst = packets.memoryBytes();
    sendAndSettle(packets, 5_000);
    assertTrue(packets.memoryBytes() > 100 * atFirst);
    for (int i = 0; i < 8; i++) {
      sendAndSettle(packets, 1);
    }
    assertEquals(atFirst, packets.memoryBytes());
  }

  /** A flow that uses what there is keeps it, though all is settled after each round trip. */
  @Example
  void whatIsUsedNowAndThenIsKept() {
    SentPackets packets = new SentPackets();
    sendAndSettle(packets, 5_000);
    long taken = packets.memoryBytes();
    for (int i = 0; i < 100; i++) {
      sendAndSettle(packets, i % 7 == 0 ? 3_000 : 1);
      assertEquals(taken, packets.memoryBytes());
    }
  }

  /** Runs of many thousands are passed over by more than a word at once. */
  @Property(tries = 5)
  void theNextThatHasNotArrivedIsFoundBehindLongRuns(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SentPackets packets = new SentPackets();
    for (int i = random.nextInt(40_000); i > 0; i--) {
      packets.commit(0, 100, false, false, rate);
    }
    packets.trim(0);
    BitSet open = new BitSet();
    int base = (int) packets.base();
    int next = base + 10_000 + random.nextInt(20_000);
    for (int number = base; number < next; number++) {
      packets.commit(0, 100, true, false, rate);
      open.set(number);
    }
    for (int number = base + 1; number < next - 1; number++) {
      if (random.nextInt(3_000) > 0) {
        packets.acknowledge(number);
        open.clear(number);
      }
    }
    for (int from = base; from < next; from += 1 + random.nextInt(50)) {
      assertEquals(open.nextSetBit(from), packets.nextUnacknowledged(from, next - 1));
    }
  }

  private static Model at(Map<Long, Model> model, long number) {
    return Objects.requireNonNull(model.get(number), "kept");
  }

  private static boolean isForgotten(Model packet, long before) {
    return packet.state != SentPackets.OUTSTANDING
        && (packet.state != SentPackets.LOST || packet.sentNanos < before);
  }

  private static void settle(
      SplittableRandom random, SentPackets packets, long number, Model packet) {
    if (packet.state == SentPackets.OUTSTANDING && random.nextBoolean()) {
      packets.lose(number);
      packet.state = SentPackets.LOST;
    } else if (packet.state != SentPackets.SKIPPED) {
      packets.acknowledge(number);
      packet.state = SentPackets.ACKNOWLEDGED;
    }
  }

  private static void assertSame(SentPackets packets, NavigableMap<Long, Model> model, long next) {
    assertEquals(next, packets.next());
    assertEquals(model.isEmpty() ? next : model.firstKey(), packets.base());
    long inFlight = 0;
    int outstanding = 0;
    for (long number = packets.base(); number < next; number++) {
      Model packet = at(model, number);
      assertEquals(packet.state, packets.state(number));
      if (packet.state == SentPackets.OUTSTANDING) {
        inFlight += packet.bytes;
        outstanding++;
      }
      if (packet.state != SentPackets.SKIPPED) {
        assertEquals(packet.sentNanos, packets.sentNanos(number));
        assertEquals(packet.bytes, packets.bytes(number));
        assertEquals(packet.limited, packets.isApplicationLimited(number));
      }
      long at = packets.tokensFrom(number);
      assertEquals(packet.notes.size(), packets.tokensTo(number) - at);
      for (long[] note : packet.notes) {
        assertEquals(note[0], packets.tokenSource(at));
        assertEquals(note[1], packets.tokenFirst(at));
        assertEquals(note[2], packets.tokenSecond(at));
        at++;
      }
    }
    long open = packets.base();
    for (long number = packets.base(); number <= next; number++) {
      if (number == next || at(model, number).state != SentPackets.ACKNOWLEDGED) {
        while (open <= number) {
          long found = packets.nextUnacknowledged(open, next - 1);
          assertTrue(found == number || (number == next && found >= next), found + " of " + number);
          open++;
        }
      }
    }
    assertEquals(inFlight, packets.bytesInFlight());
    assertEquals(outstanding, packets.outstanding());
    assertEquals(SentPackets.ACKNOWLEDGED, packets.state(packets.base() - 1));
    assertEquals(SentPackets.ACKNOWLEDGED, packets.state(next));
  }

  @Example
  void ringsThatAreTrimmedDoNotGrow() {
    SentPackets packets = new SentPackets();
    for (int i = 0; i < 100_000; i++) {
      packets.token((byte) 1, i, i);
      packets.commit(i, 100, true, false, rate);
      if (i >= 8) {
        packets.acknowledge(i - 8);
        packets.trim(0);
      }
    }
    assertTrue(packets.memoryBytes() < 2048, packets.memoryBytes() + " bytes");
  }

  @Example
  void theLastSkippedNumberIsRememberedAfterItIsTrimmed() {
    SentPackets packets = new SentPackets();
    packets.skip();
    packets.commit(0, 10, true, false, rate);
    packets.skip();
    packets.commit(0, 10, true, false, rate);
    packets.acknowledge(1);
    packets.acknowledge(3);
    packets.trim(0);
    assertEquals(4, packets.base());
    assertTrue(packets.wasSkipped(2, 2));
    assertTrue(packets.wasSkipped(1, 9));
    assertEquals(false, packets.wasSkipped(3, 3));
  }
}
