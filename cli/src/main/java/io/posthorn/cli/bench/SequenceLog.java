package io.posthorn.cli.bench;

/**
 * Tells from the sequence numbers of what arrived how much was unique, came twice, out of order or
 * not at all. One number more arrived or is lost, never both: sent = unique + lost, always.
 *
 * <p>It remembers the newest 1,048,576 numbers, whatever a peer sends; one that is older still
 * counts as a duplicate, for nobody can tell.
 */
final class SequenceLog {
  static final int WINDOW = 1 << 20;

  /** The highest number, so that no difference of two overflows. */
  private static final long MOST = (1L << 62) - 1;

  private static final int WORDS = WINDOW / Long.SIZE;

  private final long[] seen = new long[WORDS];
  private long highest = -1;
  private long unique;
  private long duplicates;
  private long outOfOrder;

  /** Takes note of an arrival; answers whether the number is new. */
  boolean onArrival(long sequence) {
    if (sequence < 0 || sequence > MOST || sequence <= highest - WINDOW) {
      duplicates++;
      return false;
    }
    if (sequence > highest) {
      forget(sequence);
      highest = sequence;
    } else if (isSeen(sequence)) {
      duplicates++;
      return false;
    } else {
      outOfOrder++;
    }
    seen[word(sequence)] |= 1L << (sequence & 63);
    unique++;
    return true;
  }

  /** Clears the places of the numbers from the highest so far to a new highest. */
  private void forget(long newHighest) {
    if (newHighest - highest >= WINDOW) {
      java.util.Arrays.fill(seen, 0);
      return;
    }
    for (long number = highest + 1; number <= newHighest; number++) {
      if ((number & 63) == 0 && newHighest - number >= 64) {
        seen[word(number)] = 0;
        number += 63;
      } else {
        seen[word(number)] &= ~(1L << (number & 63));
      }
    }
  }

  private boolean isSeen(long sequence) {
    return (seen[word(sequence)] >>> (sequence & 63) & 1) != 0;
  }

  private static int word(long sequence) {
    return (int) (sequence >>> 6) & WORDS - 1;
  }

  /** Different numbers that arrived. */
  long unique() {
    return unique;
  }

  /** Arrivals of numbers that had arrived before. */
  long duplicates() {
    return duplicates;
  }

  /** Numbers that arrived after a higher one. */
  long outOfOrder() {
    return outOfOrder;
  }

  /** Numbers below the highest that have not arrived, so far. */
  long missing() {
    return highest + 1 - unique;
  }
}
