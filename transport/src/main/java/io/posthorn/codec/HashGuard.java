package io.posthorn.codec;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Watches the hash codes of keys while a hash table is filled from the network. Keys that share one
 * hash code and cannot be ordered make each insertion search all of them, so many are refused
 * early, and of fewer the comparisons are charged by their length; keys that share a bucket turn it
 * into a tree, whose larger nodes are charged.
 */
final class HashGuard {
  /** Keys that may share one hash code; records of small numbers come to some dozens. */
  static final int SHARED_HASH_LIMIT = 256;

  /**
   * Bytes of keys that may be compared between two looks if the worst comes to the worst; if the
   * keys before have more, so often as many.
   */
  private static final long LEAST_UNSEEN_BYTES = 1 << 18;

  private static final int UNSEEN = 8;

  /** {@code HashMap} makes a tree of a bucket with more keys, if the table has 64 slots or more. */
  private static final int BUCKET_LIMIT = 8;

  private static final int TREE_TABLE_SLOTS = 64;
  private static final long TREE_NODE_BYTES = MemoryCost.object(44);

  private final Meter meter;

  /** Of each key the hash code, so that those of one bucket sort side by side, and its length. */
  private final long[] keys;

  private final int tableBits;
  private int count;
  private int sorted;
  private int mostOfOneHash;
  private int nextCheck = 2 * SHARED_HASH_LIMIT;
  private long seenBytes;
  private long unseenBytes;
  private long comparedBytes;
  private long treeBytes;

  private HashGuard(Meter meter, int entries) {
    this.meter = meter;
    this.keys = new long[entries];
    this.tableBits = Integer.numberOfTrailingZeros(MemoryCost.tableSlots(entries));
  }

  /** A guard for so many keys; none is needed where one bucket may hold them all. */
  static @Nullable HashGuard watching(Meter meter, int entries) {
    return entries > BUCKET_LIMIT ? new HashGuard(meter, entries) : null;
  }

  /** What {@link #watching} allocates. */
  static long costBytes(int entries) {
    return entries > BUCKET_LIMIT ? MemoryCost.array(entries, Long.BYTES) + 80 : 0;
  }

  /**
   * To be called before the key is put into the table.
   *
   * @param bytes its length in the body, which comparing it with another takes at most
   */
  void add(@Nullable Object key, int bytes) {
    int hash = key == null ? 0 : key.hashCode();
    // as HashMap spreads it, and reversed
    keys[count++] = (long) Integer.reverse(hash ^ hash >>> 16) << 32 | bytes;
    unseenBytes += bytes;
    if (count == nextCheck) {
      check();
      nextCheck += count;
    } else if (mostUnseenBytes() > Math.max(LEAST_UNSEEN_BYTES, UNSEEN * seenBytes)) {
      check();
    }
  }

  /** If all keys since the last look were of one hash code, and there the most that share one. */
  private long mostUnseenBytes() {
    return (mostOfOneHash + (count - sorted) / 2) * unseenBytes;
  }

  /**
   * Judges the keys so far: after each doubling, of many or long keys more often, and once at the
   * end.
   */
  void check() {
    Arrays.sort(keys, sorted, count);
    Arrays.sort(keys, 0, count); // of two runs: merges them
    sorted = count;
    seenBytes += unseenBytes;
    unseenBytes = 0;
    int sameHash = 0;
    int sameBucket = 0;
    int crowded = 0;
    long compared = 0;
    long shorterBytes = 0;
    for (int i = 0; i < count; i++) {
      int hash = hash(i);
      if (i > 0 && hash == hash(i - 1)) {
        sameHash++;
        mostOfOneHash = Math.max(mostOfOneHash, sameHash);
        shorterBytes += length(i - 1);
        compared += shorterBytes;
      } else {
        sameHash = 1;
        shorterBytes = 0;
      }
      sameBucket = i > 0 && bucket(hash) == bucket(hash(i - 1)) ? sameBucket + 1 : 1;
      if (sameHash > SHARED_HASH_LIMIT) {
        throw new Refusal(
            new CodecException.Malformed(
                "more than " + SHARED_HASH_LIMIT + " keys of a hash table share one hash code"));
      }
      if (sameBucket == BUCKET_LIMIT + 1) {
        crowded += sameBucket;
      } else if (sameBucket > BUCKET_LIMIT + 1) {
        crowded++;
      }
    }
    meter.compare(compared - comparedBytes);
    comparedBytes = compared;
    long bytes = crowded * TREE_NODE_BYTES;
    if (crowded > 0 && tableBits < 6) {
      bytes = 2 * MemoryCost.array(TREE_TABLE_SLOTS, MemoryCost.REFERENCE_BYTES);
    }
    meter.charge(Math.max(0, bytes - treeBytes));
    treeBytes = Math.max(bytes, treeBytes);
  }

  private int hash(int i) {
    return (int) (keys[i] >>> 32);
  }

  private int length(int i) {
    return (int) keys[i];
  }

  private int bucket(int reversed) {
    return tableBits == 0 ? 0 : reversed >>> (32 - tableBits);
  }
}
