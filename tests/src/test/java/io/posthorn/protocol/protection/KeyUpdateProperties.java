package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.BigEndian;
import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;

/** Key update (RFC 9001 §6) over a network that loses, repeats and reorders. */
class KeyUpdateProperties {
  private static final KeyLimits HUNDRED = new KeyLimits(100, 1L << 60, 100_000, 1000);
  private static final long MILLI = 1_000_000;

  /** One side: seals, opens, and acknowledges in each packet the largest number it opened. */
  private static final class Side {
    final PacketProtection protection;
    long nextNumber;
    long largestOpened = -1;
    long opened;
    long largestAcknowledged = -1;

    Side(PacketProtection protection) {
      this.protection = protection;
    }
  }

  private static final class Flight implements Comparable<Flight> {
    final long arrivalNanos;
    final long order;
    final Side to;
    final long number;
    final byte[] packet;

    Flight(long arrivalNanos, long order, Side to, long number, byte[] packet) {
      this.arrivalNanos = arrivalNanos;
      this.order = order;
      this.to = to;
      this.number = number;
      this.packet = packet;
    }

    @Override
    public int compareTo(Flight other) {
      int byTime = Long.compare(arrivalNanos, other.arrivalNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  /**
   * Whatever the network does within the time that old keys are kept, each packet that arrives
   * opens once and none counts as forged; and the keys move on at both ends.
   */
  @Property(tries = 60)
  void everyPacketThatArrivesOpens(
      @ForAll long seed, @ForAll @IntRange(max = 60) int lossPercent, @ForAll boolean requests) {
    SplittableRandom random = new SplittableRandom(seed);
    Ends ends = Ends.sealed(seed, HUNDRED);
    Side left = new Side(ends.left);
    Side right = new Side(ends.right);
    ends.left.onProbeTimeout(40 * MILLI);
    ends.right.onProbeTimeout(40 * MILLI);
    PriorityQueue<Flight> network = new PriorityQueue<>();
    boolean oneWay = random.nextInt(3) == 0;
    long now = 0;
    for (long step = 0; step < 3000; step++) {
      now += MILLI / 4 + random.nextLong(MILLI);
      deliverUntil(now, network, left, right);
      Side from = random.nextInt(oneWay ? 20 : 2) == 0 ? right : left;
      if (requests && random.nextInt(200) == 0) {
        from.protection.requestKeyUpdate();
      }
      byte[] frames = new byte[12];
      BigEndian.putLong(frames, 0, from.largestOpened);
      long number = from.nextNumber++;
      byte[] packet = Ends.seal(from.protection, number, 4, frames);
      Side to = from == left ? right : left;
      int copies = random.nextInt(100) < lossPercent ? 0 : 1 + (random.nextInt(20) == 0 ? 1 : 0);
      for (int copy = 0; copy < copies; copy++) {
        long delay = 5 * MILLI + random.nextLong(60 * MILLI);
        network.add(new Flight(now + delay, 2 * step + copy, to, number, packet));
      }
    }
    deliverUntil(Long.MAX_VALUE, network, left, right);
    long phase = Ends.phases(ends.left).sendingPhase();
    long other = Ends.phases(ends.right).sendingPhase();
    assertTrue(phase >= 3, "the keys moved: " + phase);
    assertTrue(Math.abs(phase - other) <= 1, phase + " and " + other);
    assertTrue(left.opened > 0 && right.opened > 0);
    Statistics.label("phases").collect(phase / 5 * 5);
  }

  private static void deliverUntil(long now, PriorityQueue<Flight> network, Side left, Side right) {
    byte[] plain = new byte[100];
    while (!network.isEmpty() && network.element().arrivalNanos <= now) {
      Flight flight = network.remove();
      Side to = flight.to;
      Side from = to == left ? right : left;
      int length =
          Ends.open(to.protection, flight.packet, to.largestOpened, flight.arrivalNanos, plain);
      if (length == PacketProtection.DUPLICATE) {
        continue;
      }
      assertEquals(12, length, "packet " + flight.number);
      assertEquals(flight.number, to.protection.openedPacketNumber());
      assertEquals(0, to.protection.forgeries());
      to.opened++;
      to.largestOpened = Math.max(to.largestOpened, flight.number);
      long acknowledged = BigEndian.getLong(plain, 0);
      assertTrue(acknowledged < to.nextNumber && from != to);
      if (acknowledged > to.largestAcknowledged) {
        to.largestAcknowledged = acknowledged;
      }
      assertTrue(to.protection.onAcknowledged(to.largestAcknowledged, flight.arrivalNanos));
    }
  }

  @Example
  void bothSidesAtOnceMoveOnePhaseTogether() {
    Ends ends = Ends.sealed(1, HUNDRED);
    byte[] plain = new byte[100];
    exchange(ends, 0, 0, plain);
    ends.left.requestKeyUpdate();
    ends.right.requestKeyUpdate();
    byte[] fromLeft = Ends.seal(ends.left, 1, 1, new byte[4]);
    byte[] fromRight = Ends.seal(ends.right, 1, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.right, fromLeft, 0, 0, plain));
    assertEquals(4, Ends.open(ends.left, fromRight, 0, 0, plain));
    for (PacketProtection end : new PacketProtection[] {ends.left, ends.right}) {
      assertEquals(1, Ends.phases(end).sendingPhase());
      assertEquals(1, Ends.phases(end).receivingPhase());
    }
    exchange(ends, 2, 1, plain);
    assertEquals(1, Ends.phases(ends.left).sendingPhase());
  }

  @Example
  void theReceiverFollowsAtOnce() {
    Ends ends = Ends.sealed(2, HUNDRED);
    byte[] plain = new byte[100];
    exchange(ends, 0, 0, plain);
    ends.left.requestKeyUpdate();
    assertEquals(4, Ends.open(ends.right, Ends.seal(ends.left, 1, 1, new byte[4]), 0, 0, plain));
    assertEquals(1, Ends.phases(ends.right).receivingPhase());
    assertEquals(1, Ends.phases(ends.right).sendingPhase());
    assertEquals(0, Ends.phases(ends.left).receivingPhase());
    assertEquals(4, Ends.open(ends.left, Ends.seal(ends.right, 1, 1, new byte[4]), 0, 0, plain));
    assertEquals(1, Ends.phases(ends.left).receivingPhase());
  }

  @Example
  void noUpdateBeforeTheOneBeforeIsAcknowledgedAndForgotten() {
    Ends ends = Ends.sealed(3, HUNDRED);
    byte[] plain = new byte[100];
    ends.left.onProbeTimeout(10);
    ends.right.onProbeTimeout(10);
    ends.left.requestKeyUpdate();
    Ends.open(ends.right, Ends.seal(ends.left, 0, 1, new byte[4]), -1, 0, plain);
    assertEquals(0, Ends.phases(ends.left).sendingPhase(), "nothing was acknowledged yet");
    Ends.open(ends.left, Ends.seal(ends.right, 0, 1, new byte[4]), -1, 0, plain);
    ends.left.onAcknowledged(0, 100);
    byte[] first = Ends.seal(ends.left, 1, 1, new byte[4]);
    assertEquals(1, Ends.phases(ends.left).sendingPhase());
    Ends.open(ends.right, first, 0, 100, plain);

    ends.left.requestKeyUpdate();
    Ends.seal(ends.left, 2, 1, new byte[4]);
    ends.left.onAcknowledged(0, 100);
    Ends.seal(ends.left, 3, 1, new byte[4]);
    assertEquals(1, Ends.phases(ends.left).sendingPhase(), "packet 0 is of the phase before");
    assertFalse(ends.left.onAcknowledged(1, 110), "it acknowledges what it has not followed");
    Ends.seal(ends.left, 4, 1, new byte[4]);
    assertEquals(1, Ends.phases(ends.left).sendingPhase(), "the peer has not answered in phase 1");
    Ends.open(ends.left, Ends.seal(ends.right, 1, 1, new byte[4]), 0, 110, plain);
    ends.left.onAcknowledged(1, 139);
    Ends.seal(ends.left, 5, 1, new byte[4]);
    assertEquals(1, Ends.phases(ends.left).sendingPhase(), "three probe timeouts are not over");
    ends.left.onAcknowledged(1, 140);
    Ends.seal(ends.left, 6, 1, new byte[4]);
    assertEquals(2, Ends.phases(ends.left).sendingPhase());
  }

  @Example
  void anAcknowledgementOfWhatWasNeverSentAllowsNothing() {
    Ends ends = Ends.sealed(4, HUNDRED);
    Ends.seal(ends.left, 0, 1, new byte[4]);
    ends.left.requestKeyUpdate();
    ends.left.onAcknowledged(1, 0);
    Ends.seal(ends.left, 1, 1, new byte[4]);
    assertEquals(0, Ends.phases(ends.left).sendingPhase());
  }

  @Example
  void theOldKeyIsKeptForThreeProbeTimeoutsAndThenErased() {
    for (boolean late : new boolean[] {false, true}) {
      Ends ends = Ends.sealed(5, HUNDRED);
      ends.right.onProbeTimeout(100);
      byte[] plain = new byte[100];
      exchange(ends, 0, 0, plain);
      byte[] delayed = Ends.seal(ends.left, 1, 1, new byte[4]);
      ends.left.requestKeyUpdate();
      byte[] updated = Ends.seal(ends.left, 2, 1, new byte[4]);
      assertEquals(4, Ends.open(ends.right, updated, 0, 1000, plain));
      assertTrue(Ends.phases(ends.right).keepsPrevious());
      int result = Ends.open(ends.right, delayed, 2, late ? 1300 : 1299, plain);
      assertEquals(late ? PacketProtection.STALE : 4, result);
      assertEquals(!late, Ends.phases(ends.right).keepsPrevious());
      assertEquals(0, ends.right.forgeries(), "a late packet is no forgery");
    }
  }

  @Example
  void forgedPhasesMoveNothing() {
    Ends ends = Ends.sealed(6, HUNDRED);
    byte[] plain = new byte[100];
    exchange(ends, 0, 0, plain);
    byte[] packet = Ends.seal(ends.left, 1, 1, new byte[40]);
    packet[0] ^= 0x04; // the bit of the phase, through the mask
    assertEquals(PacketProtection.FAILED, Ends.open(ends.right, packet, 0, 0, plain));
    assertEquals(0, Ends.phases(ends.right).receivingPhase());
    assertEquals(0, Ends.phases(ends.right).sendingPhase());
    packet[0] ^= 0x04;
    assertEquals(40, Ends.open(ends.right, packet, 0, 0, plain));
  }

  @Example
  void theFirstPacketCannotBeOfAnotherPhase() {
    Ends ends = Ends.sealed(7, HUNDRED);
    byte[] packet = Ends.seal(ends.left, 0, 1, new byte[40]);
    packet[0] ^= 0x04;
    assertEquals(PacketProtection.FAILED, Ends.open(ends.right, packet, -1, 0, new byte[100]));
    assertEquals(1, ends.right.forgeries());
  }

  @Example
  void withoutAnAnswerTheKeyEndsAtItsLimit() {
    Ends ends = Ends.sealed(8, new KeyLimits(100, 1L << 60, 300, 10));
    byte[] out = new byte[100];
    byte[] frames = new byte[4];
    for (int number = 0; number < 300; number++) {
      assertEquals(number >= 300 - 64, ends.left.isExhausted(), "after " + number);
      assertTrue(ends.left.canSeal(number));
      ends.left.seal(1, number, 4, frames, 0, 4, out, 0);
    }
    assertEquals(0, Ends.phases(ends.left).sendingPhase());
    assertFalse(ends.left.canSeal(300));
    assertThrows(
        IllegalStateException.class, () -> ends.left.seal(1, 300, 4, frames, 0, 4, out, 0));
    // An answer that comes late still saves the connection.
    ends.left.onAcknowledged(299, 0);
    assertFalse(ends.left.isExhausted());
    assertTrue(ends.left.canSeal(301));
    ends.left.seal(1, 301, 4, frames, 0, 4, out, 0);
    assertEquals(1, Ends.phases(ends.left).sendingPhase());
  }

  /** FAULTS 57: and by time. The age counts from the key's first packet. */
  @Example
  void aKeyIsReplacedWhenItsTimeIsOver() {
    Ends ends = Ends.sealed(9, new KeyLimits(1_000, 500, 1_000, 10));
    byte[] plain = new byte[100];
    ends.left.onProbeTimeout(10);
    ends.left.onTime(5_000);
    exchange(ends, 0, 5_000, plain);
    ends.left.onTime(5_499);
    Ends.open(ends.right, Ends.seal(ends.left, 1, 1, new byte[4]), 0, 5_499, plain);
    assertEquals(0, ends.left.sendingPhase());
    ends.left.onTime(5_500);
    Ends.open(ends.right, Ends.seal(ends.left, 2, 1, new byte[4]), 1, 5_500, plain);
    assertEquals(1, ends.left.sendingPhase());
    assertEquals(
        4, Ends.open(ends.left, Ends.seal(ends.right, 2, 1, new byte[4]), 0, 6_000, plain));
    ends.left.onAcknowledged(2, 5_960);
    ends.left.onTime(5_999);
    Ends.seal(ends.left, 3, 1, new byte[4]);
    assertEquals(1, ends.left.sendingPhase(), "the next one's time counts from its own beginning");
    ends.left.onTime(6_000);
    Ends.seal(ends.left, 4, 1, new byte[4]);
    assertEquals(2, ends.left.sendingPhase());
  }

  /** Nothing is opened and nothing acknowledged: the clock alone erases it. */
  @Example
  void theOldKeyHasADeadline() {
    Ends ends = Ends.sealed(10, HUNDRED);
    byte[] plain = new byte[100];
    ends.right.onProbeTimeout(100);
    exchange(ends, 0, 0, plain);
    assertEquals(Long.MAX_VALUE, ends.right.deadlineNanos());
    ends.left.requestKeyUpdate();
    Ends.open(ends.right, Ends.seal(ends.left, 1, 1, new byte[4]), 0, 1_000, plain);
    assertEquals(1_300, ends.right.deadlineNanos());
    ends.right.onTime(1_299);
    assertTrue(Ends.phases(ends.right).keepsPrevious());
    ends.right.onTime(1_300);
    assertFalse(Ends.phases(ends.right).keepsPrevious());
    assertEquals(Long.MAX_VALUE, ends.right.deadlineNanos());
  }

  @Example
  void whatWasAskedForTooEarlyIsDueInItsTime() {
    Ends ends = Ends.sealed(11, HUNDRED);
    byte[] plain = new byte[100];
    ends.left.onProbeTimeout(100);
    ends.left.requestKeyUpdate();
    assertFalse(ends.left.isKeyUpdateDue(), "nothing is acknowledged");
    exchange(ends, 0, 0, plain);
    assertTrue(ends.left.isKeyUpdateDue());
    Ends.open(ends.right, Ends.seal(ends.left, 1, 1, new byte[4]), 0, 0, plain);
    assertFalse(ends.left.isKeyUpdateDue());
    ends.left.requestKeyUpdate();
    Ends.open(ends.left, Ends.seal(ends.right, 1, 1, new byte[4]), 0, 50, plain);
    ends.left.onAcknowledged(1, 50);
    assertEquals(350, ends.left.deadlineNanos(), "which is that of the old key too");
    ends.left.onTime(350);
    assertTrue(ends.left.isKeyUpdateDue());
    assertEquals(Long.MAX_VALUE, ends.left.deadlineNanos());
  }

  /** RFC 9001 §6.2: it can not have heard, so it breaks the rules; nothing moves. */
  @Example
  void aPeerThatUpdatesBeforeItWasAnsweredBreaksTheRules() {
    Ends ends = Ends.sealed(12, HUNDRED);
    HastyPeer hasty = new HastyPeer(Ends.forth(12));
    byte[] plain = new byte[100];
    Ends.seal(ends.right, 0, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.right, hasty.seal(0, 0), -1, 0, plain));
    assertEquals(PacketProtection.BREACH, Ends.open(ends.right, hasty.seal(1, 1), 0, 0, plain));
    assertEquals(0, ends.right.receivingPhase());
    Ends.seal(ends.right, 1, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.right, hasty.seal(1, 2), 0, 0, plain), "now it may know");
    long later = 10 * MILLI;
    assertEquals(PacketProtection.BREACH, Ends.open(ends.right, hasty.seal(2, 3), 2, later, plain));
    assertEquals(4, Ends.open(ends.right, hasty.seal(1, 4), 2, later, plain));
    Ends.seal(ends.right, 2, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.right, hasty.seal(2, 5), 4, later, plain));
    assertEquals(2, ends.right.receivingPhase());
  }

  /** However often it is answered, an update costs two derivations: not one with each packet. */
  @Example
  void aPeerThatUpdatesWithEachPacketIsHeldUp() {
    Ends ends = Ends.sealed(13, HUNDRED);
    HastyPeer hasty = new HastyPeer(Ends.forth(13));
    byte[] plain = new byte[100];
    Ends.seal(ends.right, 0, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.right, hasty.seal(0, 0), -1, 0, plain));
    long largest = 0;
    for (int number = 1; number <= 1_000; number++) {
      long now = number * MILLI / 10;
      Ends.seal(ends.right, number, 2, new byte[4]);
      byte[] packet = hasty.seal((int) ends.right.receivingPhase() + 1, number);
      if (Ends.open(ends.right, packet, largest, now, plain) == 4) {
        largest = number;
      }
    }
    assertEquals(1 + 100 / 3, ends.right.receivingPhase(), "one in three milliseconds");
  }

  /** The peer's update in answer to the own one needs no time and no acknowledgement. */
  @Example
  void aPeerMayFollowAtOnce() {
    Ends ends = Ends.sealed(14, HUNDRED);
    byte[] plain = new byte[100];
    ends.left.onProbeTimeout(1);
    ends.right.onProbeTimeout(1);
    exchange(ends, 0, 0, plain);
    long number = 1;
    for (int phase = 1; phase < 20; phase++) {
      ends.left.requestKeyUpdate();
      byte[] forth = Ends.seal(ends.left, number, 1, new byte[4]);
      assertEquals(4, Ends.open(ends.right, forth, number - 1, phase * 4L * MILLI, plain));
      byte[] back = Ends.seal(ends.right, number, 1, new byte[4]);
      assertEquals(4, Ends.open(ends.left, back, number - 1, phase * 4L * MILLI, plain));
      ends.left.onAcknowledged(number, phase * 4L * MILLI);
      ends.left.onTime((phase * 4 + 1) * MILLI);
      assertEquals(phase, ends.left.receivingPhase());
      number++;
    }
  }

  /** FAULTS 57: with the limit at 100, the same plaintext never gives the same bytes twice. */
  @Example
  void theSameNumbersUnderEachPhaseGiveOtherBytes() {
    Hkdf hkdf = new Hkdf();
    PhaseKey key = new PhaseKey(new byte[32], hkdf, new AesCiphers().forSent());
    byte[][] sealed = new byte[50][];
    for (int phase = 0; phase < sealed.length; phase++) {
      sealed[phase] = new byte[40];
      key.seal(9, new byte[20], 0, 20, sealed[phase], 0, 4);
      for (int before = 0; before < phase; before++) {
        assertFalse(Arrays.equals(sealed[before], sealed[phase]));
      }
      PhaseKey next = key.next(hkdf);
      key.destroy();
      key = next;
    }
  }

  /** Each side seals a packet, the other opens and acknowledges it. */
  private static void exchange(Ends ends, long number, long now, byte[] plain) {
    byte[] fromLeft = Ends.seal(ends.left, number, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.right, fromLeft, number - 1, now, plain));
    byte[] fromRight = Ends.seal(ends.right, number, 1, new byte[4]);
    assertEquals(4, Ends.open(ends.left, fromRight, number - 1, now, plain));
    ends.left.onAcknowledged(number, now);
    ends.right.onAcknowledged(number, now);
  }
}
