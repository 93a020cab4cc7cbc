package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.CloseReason;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** What a peer may and may not say about unordered messages. */
class IncomingMessagesTest {
  private static final int LONGEST = 10_000;
  private static final long POOL = LONGEST + LONGEST / 16;

  private static ReceiveBudget budget(long longestBytes) {
    return new ReceiveBudget(4 * longestBytes, 1, true);
  }

  private final IncomingMessages messages = new IncomingMessages(budget(LONGEST));

  private @Nullable CloseReason part(long id, long key, long total, long offset, byte[] bytes) {
    return messages.onPart(id, 5, key, total, offset, bytes, 0, bytes.length);
  }

  private @Nullable CloseReason part(long id, long total, long offset, int length) {
    return part(id, -1, total, offset, new byte[length]);
  }

  /** Parts that overlap, repeat and contradict each other: the first byte to arrive stays. */
  @Property(tries = 150)
  void fault50_theFirstByteToArriveStays(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    IncomingMessages to = new IncomingMessages(budget(1 << 20));
    int total = 1 + random.nextInt(random.nextBoolean() ? 40 : 9000);
    byte[] model = new byte[total];
    boolean[] arrived = new boolean[total];
    int missing = total;
    while (missing > 0) {
      assertFalse(to.hasMessage());
      int from = random.nextInt(total);
      int length = 1 + random.nextInt(Math.min(1200, total - from));
      byte[] bytes = new byte[length + 4];
      random.nextBytes(bytes);
      assertNull(to.onPart(3, 5, -1, total, from, bytes, 4, length));
      for (int at = from; at < from + length; at++) {
        if (!arrived[at]) {
          arrived[at] = true;
          model[at] = bytes[4 + at - from];
          missing--;
        }
      }
    }
    UnorderedMessages.Ready ready = to.take();
    assertNotNull(ready);
    assertArrayEquals(model, ready.body());
    assertNull(to.onPart(3, 5, -1, total, 0, new byte[1], 0, 1), "late copies change nothing");
    assertNull(to.take());
  }

  /** A grant that was lost and goes again gives nothing: its sender still waits for more. */
  @Example
  void aRepeatedGrantLeavesTheSenderBlocked() {
    messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
    messages.onSenderBlocked();
    messages.onGranted(messages.grantedMessages(), 0);
    messages.onGranted(0, messages.grantedBytes());
    assertFalse(messages.wantsGrant(), "nothing was taken yet");
    assertNull(part(0, 10, 0, 10));
    assertNotNull(messages.take());
    assertTrue(messages.wantsGrant(), "little as it is");
    messages.onGranted(messages.messagesToGrant(), 0);
    messages.onGranted(0, messages.bytesToGrant());
    assertFalse(messages.wantsGrant());
  }

  /** A sender that says nothing may wait for credit for a message longer than what is left. */
  @Example
  void whereNothingIsHeldLessThanHalfOfThePoolIsGranted() {
    assertNull(part(0, 3000, 0, 3000));
    assertFalse(messages.wantsGrant(), "the application has not taken it");
    assertNotNull(messages.take());
    assertTrue(messages.wantsGrant());
    messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
    assertNull(part(1, 8000, 0, 1));
    assertNull(part(2, 2000, 0, 2000));
    assertNotNull(messages.take());
    assertFalse(messages.wantsGrant(), "what was begun goes on");
    assertNull(messages.onAbort(1, 8000));
    assertTrue(messages.wantsGrant());
  }

  /** However short the message before it was: it may be all that the sender waits for. */
  @Example
  void whereNothingIsHeldTheLongestMessageHasCredit() {
    assertFalse(messages.wantsGrant(), "it has from the start");
    assertNull(part(0, 1, 0, 1));
    assertNotNull(messages.take());
    assertTrue(messages.wantsGrant());
    messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
    assertNull(part(1, LONGEST, 0, LONGEST));
  }

  @Example
  void aTinyMessageIsNotWorthAGrant() {
    messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
    for (int id = 0; id < 100; id++) {
      assertNull(part(id, 5, 0, 5));
      assertNotNull(messages.take());
      assertFalse(messages.wantsGrant());
    }
  }

  @Example
  void fault50_anIdBeyondTheWindowIsABreach() {
    assertNull(part(IncomingMessages.ID_WINDOW - 1, 1, 0, 1));
    assertEquals(CloseReason.LIMIT, part(IncomingMessages.ID_WINDOW, 1, 0, 1));
    assertEquals(CloseReason.LIMIT, part((1L << 62) - 1, 1, 0, 1));
    assertEquals(CloseReason.LIMIT, messages.onAbort(IncomingMessages.ID_WINDOW, 1));
  }

  @Example
  void fault50_aMessageReservesItsWholeLengthBeforeItsFirstByte() {
    assertNull(part(0, LONGEST - 10, 0, 1));
    assertNull(part(1, 10, 0, 1));
    assertEquals(CloseReason.FLOW_CONTROL, part(2, 1, 0, 1));
    assertEquals(CloseReason.FLOW_CONTROL, part(2, (1L << 40) - 1, 0, 1));
    assertEquals(CloseReason.FLOW_CONTROL, messages.onAbort(2, 1));
    assertNull(part(0, LONGEST - 10, 1, 1), "what is begun goes on");
  }

  @Example
  void fault50_aLengthThatChangesIsABreach() {
    assertNull(part(0, 100, 0, 1));
    assertEquals(CloseReason.FINAL_SIZE, part(0, 101, 1, 1));
    assertEquals(CloseReason.FINAL_SIZE, messages.onAbort(0, 99));
  }

  @Example
  void creditComesBackWithWhatIsTakenAndWhatIsAborted() {
    assertNull(part(0, 6000, 0, 6000));
    assertFalse(messages.wantsGrant());
    assertNull(messages.onAbort(1, 3000));
    assertFalse(messages.wantsGrant());
    assertEquals(POOL + 3000, messages.bytesToGrant());
    assertNotNull(messages.take());
    assertTrue(messages.wantsGrant());
    assertEquals(POOL + 9000, messages.bytesToGrant());
    assertEquals(IncomingMessages.ID_WINDOW + 2, messages.messagesToGrant());
    messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
    assertFalse(messages.wantsGrant());
    assertNull(part(2, POOL, 0, 1));
  }

  @Example
  void anAbortForgetsWhatArrived() {
    assertNull(part(0, 100, 0, 50));
    assertTrue(messages.expectsMore());
    assertNull(messages.onAbort(0, 100));
    assertFalse(messages.expectsMore());
    assertNull(part(0, 100, 50, 50), "late parts change nothing");
    assertNull(messages.onAbort(0, 100));
    assertNull(messages.take());
    assertEquals(POOL + 100, messages.bytesToGrant());
  }

  @Example
  void anAbortAfterTheWholeMessageChangesNothing() {
    assertNull(part(0, 4, 0, 4));
    assertNull(messages.onAbort(0, 4));
    assertNotNull(messages.take());
    assertNull(messages.take());
  }

  @Example
  void anOlderMessageWithTheKeyIsNotHandedOver() {
    assertNull(part(7, 2, 1, 0, new byte[] {7}));
    assertNull(part(5, 2, 1, 0, new byte[] {5}));
    UnorderedMessages.Ready ready = messages.take();
    assertNotNull(ready);
    assertArrayEquals(new byte[] {7}, ready.body());
    assertNull(messages.take());
    assertEquals(POOL + 2, messages.bytesToGrant(), "both give credit back");
  }

  @Example
  void aNewerMessageWithTheKeyReplacesOneThatWasNotTaken() {
    assertNull(part(1, 2, 1, 0, new byte[] {1}));
    assertNull(part(2, 3, 1, 0, new byte[] {2}));
    assertNull(part(3, 2, 1, 0, new byte[] {3}));
    UnorderedMessages.Ready other = messages.take();
    UnorderedMessages.Ready newest = messages.take();
    assertNotNull(other);
    assertNotNull(newest);
    assertEquals(2, other.id());
    assertEquals(3, newest.id());
    assertNull(messages.take());
  }

  /** Memory for keys is bounded though their number is not. */
  @Example
  void keysThatNobodyUsesAnyMoreAreForgotten() {
    for (long id = 0; id < 20_000; id++) {
      assertNull(part(id, id, 1, 0, new byte[] {1}));
      assertNotNull(messages.take());
      messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
    }
    assertTrue(messages.keyCount() <= IncomingMessages.MOST_KEYS);
    assertFalse(messages.expectsMore());
  }

  /** FAULTS 50: an id that is never sent would have all later keys remembered. */
  @Example
  void fault50_anIdThatIsLeftOutStopsNothingAndKeysStayBounded() {
    IncomingMessages to = new IncomingMessages(budget(4 << 20));
    for (long id = 1; id < 50_000; id++) {
      assertTrue(id < to.grantedMessages(), "the others go on at " + id);
      assertNull(to.onPart(id, 0, id, 1, 0, new byte[1], 0, 1));
      assertNotNull(to.take());
      to.onGranted(to.messagesToGrant(), to.bytesToGrant());
      assertTrue(to.keyCount() <= IncomingMessages.MOST_KEYS, "at " + id);
    }
    assertNull(to.onPart(0, 0, 0, 1, 0, new byte[1], 0, 1));
    assertNotNull(to.take());
  }

  /** FAULTS 50: each id that is left out is one less to come. */
  @Example
  void fault50_idsThatAreLeftOutStopTheGrants() {
    IncomingMessages to = new IncomingMessages(budget(4 << 20));
    long id = 1;
    for (; id < to.grantedMessages(); id += 2) {
      assertNull(to.onPart(id, 0, id, 1, 0, new byte[1], 0, 1));
      assertNotNull(to.take());
      to.onGranted(to.messagesToGrant(), to.bytesToGrant());
    }
    assertEquals(2 * IncomingMessages.ID_WINDOW - 1, id, "a window of them is left out");
    to.onSenderBlocked();
    assertFalse(to.wantsGrant(), "there is nothing to give");
  }

  /** Of more keys than are held, those go that had no message for the longest time. */
  @Example
  void theKeysUsedLatelyAreRemembered() {
    long next = 10;
    for (long key = 0; key < IncomingMessages.MOST_KEYS + 1; key++) {
      assertNull(part(next, key, 1, 0, new byte[] {1}));
      assertNotNull(messages.take());
      messages.onGranted(messages.messagesToGrant(), messages.bytesToGrant());
      next++;
    }
    assertNull(part(1, IncomingMessages.MOST_KEYS - 500, 1, 0, new byte[] {1}));
    assertNull(messages.take(), "an older message of a key that is held");
    assertTrue(messages.keyCount() <= IncomingMessages.MOST_KEYS);
  }

  @Example
  void fault51_tooManyGapsAreRefusedAndTheMessageGoesOn() {
    IncomingMessages to = new IncomingMessages(budget(1 << 20));
    byte[] one = {1};
    int refusedAt = -1;
    for (int i = 0; i < 10_000 && refusedAt < 0; i++) {
      assertNull(to.onPart(0, 0, -1, 30_000, 1 + 2L * i, one, 0, 1));
      if (to.leftTooManyGaps()) {
        refusedAt = i;
      }
    }
    assertEquals(IncomingMessages.MAX_GAPS + 1, refusedAt);
    byte[] all = new byte[30_000];
    Arrays.fill(all, (byte) 2);
    assertNull(to.onPart(0, 0, -1, 30_000, 0, all, 0, all.length));
    assertFalse(to.leftTooManyGaps());
    UnorderedMessages.Ready ready = to.take();
    assertNotNull(ready);
    assertEquals(2, ready.body()[2 * refusedAt + 1], "the refused byte was not stored");
    assertEquals(1, ready.body()[2 * refusedAt - 1]);
  }

  /** The bound holds over all messages together, or a peer could multiply it by their number. */
  @Example
  void fault51_gapsAreBoundedOverAllMessages() {
    IncomingMessages to = new IncomingMessages(budget(4 << 20));
    byte[] one = {1};
    long stored = 0;
    for (int id = 0; id < 500; id++) {
      for (int i = 0; i < 40; i++) {
        assertNull(to.onPart(id, 0, -1, 100, 1 + 2L * i, one, 0, 1));
        stored += to.leftTooManyGaps() ? 0 : 1;
      }
    }
    assertTrue(stored <= IncomingMessages.MAX_GAPS + 500, "stored " + stored);
    assertNull(to.onPart(501, 0, -1, 10, 0, one, 0, 1));
    assertFalse(to.leftTooManyGaps(), "a message without gaps is always taken");
    assertNull(to.onAbort(0, 100));
    assertNull(to.onPart(502, 0, -1, 10, 1, one, 0, 1));
    assertNull(to.onPart(502, 0, -1, 10, 5, one, 0, 1));
    assertFalse(to.leftTooManyGaps(), "an abort gives room back");
  }

  /** FAULTS 51: what a part costs does not grow with the gaps that its sender left before it. */
  @Example
  void fault51_aTinyPartLooksAtItsNeighboursAlone() {
    IncomingMessages to = new IncomingMessages(budget(4 << 20));
    byte[] one = {1};
    int parts = IncomingMessages.MAX_GAPS;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < parts; i++) {
        assertNull(to.onPart(0, 0, -1, 100_000, 1 + 2L * i, one, 0, 1));
      }
    }
    assertFalse(to.leftTooManyGaps());
    assertTrue(to.rangesLookedAt() <= 2L * parts, to.rangesLookedAt() + " ranges looked at");
  }

  @Example
  void anEmptyMessageIsHandedOver() {
    assertNull(part(0, 0, 0, 0));
    UnorderedMessages.Ready ready = messages.take();
    assertNotNull(ready);
    assertEquals(0, ready.body().length);
    assertNull(part(0, 0, 0, 0));
    assertNull(messages.take());
  }

  @Example
  void fault50_nothingIsAllocatedFromADeclaredLength() {
    IncomingMessages to = new IncomingMessages(budget(1L << 42));
    for (int id = 0; id < 1000; id++) {
      assertNull(to.onPart(id, 0, -1, (1L << 40) / 1000, 0, new byte[1], 0, 1));
    }
    assertTrue(to.expectsMore());
  }

  /**
   * Short messages are held by the number of ids, not by their bytes: it grows as it is used up.
   */
  @Example
  void idsGrowWithWhatTheSenderUsesAndTheApplicationTakes() {
    ReceiveBudget budget = budget(4 << 20);
    IncomingMessages to = new IncomingMessages(budget);
    long spare = budget.spareBytes();
    for (int id = 0; id < 4000; id++) {
      budget.onPacket(id * 20_000L, 50_000_000);
      assertNull(to.onPart(id, 0, -1, 1, 0, new byte[1], 0, 1));
      to.take();
      to.onGranted(to.messagesToGrant(), to.bytesToGrant());
    }
    long ids = to.grantedMessages() - 4000;
    assertEquals(5000.0, (double) ids, 100, "twice of what comes in 50 ms");
    assertEquals(256 * (ids - IncomingMessages.ID_WINDOW), spare - budget.spareBytes());
  }

  @Example
  void idsThatSlowerMessagesDoNotNeedAreGivenBack() {
    ReceiveBudget budget = budget(4 << 20);
    IncomingMessages to = new IncomingMessages(budget);
    long spare = budget.spareBytes();
    long now = 0;
    for (int id = 0; id < 12_000; id++) {
      now += id < 4000 ? 20_000 : 10_000_000;
      budget.onPacket(now, 50_000_000);
      assertTrue(id < to.grantedMessages(), "none waits, at " + id);
      assertNull(to.onPart(id, 0, -1, 1, 0, new byte[1], 0, 1));
      to.take();
      if (to.wantsGrant()) {
        to.onGranted(to.messagesToGrant(), to.bytesToGrant());
      }
      assertTrue(to.messagesToGrant() >= to.grantedMessages(), "nothing is promised without cover");
      assertTrue(id != 4000 || budget.spareBytes() < spare);
    }
    assertEquals(spare, budget.spareBytes());
  }

  @Example
  void idsDoNotGrowWhenNobodyTakesTheMessages() {
    ReceiveBudget budget = budget(4 << 20);
    IncomingMessages to = new IncomingMessages(budget);
    for (int id = 0; id < IncomingMessages.ID_WINDOW; id++) {
      budget.onPacket(id * 1_000_000L, 50_000_000);
      assertNull(to.onPart(id, 0, -1, 1, 0, new byte[1], 0, 1));
    }
    assertEquals(IncomingMessages.ID_WINDOW, to.messagesToGrant());
  }

  /** FAULTS 27: what a message takes beside its bytes counts, or many peers use up the heap. */
  @Example
  void fault27_tinyMessagesAreChargedWhatTheyTake() {
    ReceiveMemory memory = new ReceiveMemory(Long.MAX_VALUE);
    IncomingMessages begun = new IncomingMessages(new ReceiveBudget(16 << 20, 1, true, memory));
    for (int id = 0; id < IncomingMessages.ID_WINDOW; id++) {
      assertNull(begun.onPart(id, 0, -1, 2, 0, new byte[1], 0, 1));
    }
    assertEquals(290 * IncomingMessages.ID_WINDOW, memory.usedBytes());
    assertEquals(memory.usedBytes(), begun.partialMemoryBytes());
    begun.release();
    assertEquals(0, memory.usedBytes());
    IncomingMessages empty = new IncomingMessages(new ReceiveBudget(16 << 20, 1, true, memory));
    for (int id = 0; id < IncomingMessages.ID_WINDOW; id++) {
      assertNull(empty.onPart(id, 0, -1, 0, 0, new byte[0], 0, 0));
    }
    assertEquals(64 * IncomingMessages.ID_WINDOW, memory.usedBytes());
    while (empty.take() != null) {}
    assertEquals(0, memory.usedBytes());
    IncomingMessages keyed = new IncomingMessages(new ReceiveBudget(16 << 20, 1, true, memory));
    for (int id = 1; id <= 1000; id++) {
      assertNull(keyed.onPart(id, 0, id, 1, 0, new byte[1], 0, 1));
      assertNotNull(keyed.take());
    }
    assertTrue(memory.usedBytes() >= 89_000, "as long as an older one may come");
    assertNull(keyed.onPart(0, 0, -1, 1, 0, new byte[1], 0, 1));
    assertNotNull(keyed.take());
    assertEquals(0, memory.usedBytes());
  }

  /** Parts, keys, aborts and takings in any order: all that was charged is given back. */
  @Property(tries = 200)
  void whatIsChargedIsGivenBack(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ReceiveMemory memory = new ReceiveMemory(Long.MAX_VALUE);
    IncomingMessages to = new IncomingMessages(new ReceiveBudget(64 << 20, 1, true, memory));
    int ids = 1 + random.nextInt((int) IncomingMessages.ID_WINDOW);
    int[] totals = random.ints(ids, 0, random.nextBoolean() ? 3 : 9_000).toArray();
    for (int i = 0; i < 2_000; i++) {
      int id = random.nextInt(ids);
      int from = random.nextInt(totals[id] + 1);
      int length = totals[id] == 0 ? 0 : random.nextInt(Math.min(1200, totals[id] - from) + 1);
      switch (random.nextInt(20)) {
        case 0 -> assertNull(to.onAbort(id, totals[id]));
        case 1, 2, 3 -> to.take();
        default -> {
          if (length > 0 || totals[id] == 0) {
            assertNull(
                to.onPart(id, 0, id % 500 - 200, totals[id], from, new byte[1200], 0, length));
          }
        }
      }
      assertTrue(memory.usedBytes() >= to.partialMemoryBytes());
    }
    if (random.nextBoolean()) {
      to.release();
    } else {
      for (int id = 0; id < ids; id++) {
        if (random.nextBoolean()) {
          assertNull(to.onAbort(id, totals[id]));
        }
        assertNull(to.onPart(id, 0, -1, totals[id], 0, new byte[9_000], 0, totals[id]));
      }
      while (to.take() != null) {}
    }
    assertEquals(0, memory.usedBytes());
  }

  /** FAULTS 50: begun messages of many peers stop at the ceiling of the socket. */
  @Example
  void fault50_whenTheSocketsMemoryIsFullOnlyTheOldestMessageGrows() {
    ReceiveMemory memory = new ReceiveMemory(20_000);
    IncomingMessages to = new IncomingMessages(new ReceiveBudget(16 << 20, 1, true, memory));
    for (int id = 0; id < 100; id++) {
      assertNull(to.onPart(id, 0, -1, 40_000, 0, new byte[1], 0, 1));
    }
    assertTrue(to.wasMemoryFull());
    long used = memory.usedBytes();
    assertTrue(used >= 20_000 && used < 25_000, used + " bytes");
    assertNull(to.onPart(50, 0, -1, 40_000, 1, new byte[1], 0, 1));
    assertTrue(to.wasMemoryFull());
    assertNull(to.onPart(0, 0, -1, 40_000, 1, new byte[1000], 0, 1000));
    assertFalse(to.wasMemoryFull(), "the oldest may end, or nothing ever would");
    memory.add(5_000);
    assertNull(to.onPart(0, 0, -1, 40_000, 1001, new byte[1000], 0, 1000));
    assertFalse(to.wasMemoryFull(), "a quarter beyond the ceiling one peer alone goes on");
    IncomingMessages other = new IncomingMessages(new ReceiveBudget(16 << 20, 1, true, memory));
    assertNull(other.onPart(0, 0, -1, 40_000, 0, new byte[1], 0, 1));
    assertTrue(other.wasMemoryFull());
    assertNull(to.onPart(0, 0, -1, 40_000, 2001, new byte[37_999], 0, 37_999));
    assertTrue(to.hasMessage());
    assertNull(to.onPart(1, 0, -1, 40_000, 1, new byte[1000], 0, 1000));
    assertTrue(to.wasMemoryFull(), "and only until the application has something to take");
    to.take();
    memory.add(40_000);
    assertNull(other.onPart(0, 0, -1, 40_000, 0, new byte[1], 0, 1));
    assertFalse(other.wasMemoryFull(), "then it is another's turn");
    other.release();
    memory.add(-40_000);
    memory.add(-5_000);
    to.release();
    assertEquals(0, memory.usedBytes());
  }
}
