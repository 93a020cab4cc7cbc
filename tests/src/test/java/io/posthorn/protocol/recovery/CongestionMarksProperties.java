package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class CongestionMarksProperties {
  private static final long MS = 1_000_000L;

  private final DeliveryRate rate = new DeliveryRate();
  private SentPackets sent = new SentPackets();
  private CongestionMarks marks = new CongestionMarks(sent);

  private void send(long nowNanos, boolean ackEliciting, boolean marked) {
    sent.commit(nowNanos, 1200, ackEliciting, false, rate);
    if (marked) {
      sent.mark();
    }
  }

  private long newest(long from, long to, long marked, long congested) {
    return marks.sentNanos(new long[] {from}, new long[] {to}, 1, marked, congested);
  }

  /**
   * An ACK of two ranges, with a hole between them, of packets of which each may ask for an
   * acknowledgement or not, carry a mark or not, and have met congestion or not.
   */
  @Property(tries = 500)
  void isNeverNewerThanThePacketsThatMetCongestion(
      @ForAll long seed, @ForAll @IntRange(min = 3, max = 40) int packets) {
    sent = new SentPackets(); // the next try's
    marks = new CongestionMarks(sent);
    SplittableRandom random = new SplittableRandom(seed);
    int holeFrom = 1 + random.nextInt(packets - 2);
    int holeTo = holeFrom + random.nextInt(packets - 1 - holeFrom);
    int share = random.nextInt(11);
    long newestNanos = -1;
    long newestFlightNanos = -1;
    long marked = 0;
    long congested = 0;
    boolean all = true;
    for (int number = 0; number < packets; number++) {
      boolean ackEliciting = random.nextInt(4) > 0;
      boolean carries = random.nextInt(8) > 0;
      long nowNanos = number * MS;
      send(nowNanos, ackEliciting, carries);
      boolean reported = number < holeFrom || number > holeTo;
      if (!reported || !carries) {
        continue;
      }
      marked++;
      newestFlightNanos = ackEliciting ? nowNanos : newestFlightNanos;
      if (random.nextInt(10) < share) {
        congested++;
        newestNanos = nowNanos;
      } else {
        all = false;
      }
    }
    if (congested == 0) {
      return;
    }
    long answer =
        marks.sentNanos(
            new long[] {holeTo + 1, 0},
            new long[] {packets - 1, holeFrom - 1},
            2,
            marked,
            congested);
    assertTrue(answer <= newestNanos, () -> "later than any that was marked: " + answer);
    if (all) {
      assertEquals(newestFlightNanos, answer, "each that was reported had one");
    }
  }

  @Example
  void theOldestOfThoseReportedHadThem() {
    for (int number = 0; number < 5; number++) {
      send(number * MS, true, true);
    }
    assertEquals(1 * MS, newest(0, 4, 5, 2));
    assertEquals(4 * MS, newest(0, 4, 5, 5));
  }

  @Example
  void whatAsksForNoAcknowledgementHadThemFirst() {
    send(0, true, true);
    send(MS, false, true);
    send(2 * MS, false, true);
    assertEquals(-1, newest(0, 2, 3, 2));
    assertEquals(0, newest(0, 2, 3, 3));
  }

  @Example
  void whatIsForgottenByNowHadThemFirst() {
    send(0, true, true);
    send(MS, true, true);
    assertEquals(-1, newest(0, 1, 4, 2), "two more were reported than are known");
    assertEquals(0, newest(0, 1, 4, 3));
  }

  @Example
  void whatIsAcknowledgedAlreadyHadThemInAnEarlierReport() {
    send(0, true, true);
    send(MS, true, true);
    sent.acknowledge(0);
    assertEquals(MS, newest(0, 1, 1, 1));
  }

  @Example
  void packetsOfAnotherPathSayNothingOfThisOne() {
    send(0, true, true);
    sent.beginPath();
    send(MS, true, true);
    assertEquals(-1, newest(0, 1, 2, 1));
    assertEquals(MS, newest(0, 1, 2, 2));
  }

  /** A peer that counts more marks than there were packets gets no time of a packet for it. */
  @Example
  void moreThanWereSentBlameNobody() {
    send(0, true, true);
    assertEquals(-1, newest(0, 0, 1, Long.MAX_VALUE));
  }
}
