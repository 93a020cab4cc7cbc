package io.posthorn.codec;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Watches the hash codes of keys while a hash table is filled from the network. Keys that share one
 * hash code and cannot be ordered make each insertion search all of them, so many are refused
 * early; keys that share a bucket turn it into a tree, whose larger nodes are charged.
 */
final class HashGuard {
  /** Keys that may share one hash code; records of small numbers come to some dozens. */
  static final int SHARED_HASH_LIMIT = 256;

  /** Keys between two looks at most: in the worst case each of them is compared with all others. */
  private static final int LARGEST_STEP = 4_096;

  /** {@code HashMap} makes a tree of a bucket with more keys, if the table has 64 slots or more. */
  private static final int BUCKET_LIMIT = 8;

  private static final int TREE_TABLE_SLOTS = 64;
  private static final long TREE_NODE_BYTES = MemoryCost.object(44);

  private final Meter meter;
  private final int[] mixed;
  private final int tableBits;
  private int count;
  private int sorted;
  private int nextCheck = 2 * SHARED_HASH_LIMIT;
  private long treeBytes;

  private HashGuard(Meter meter, int entries) {
    this.meter = meter;
    this.mixed = new int[entries];
    this.tableBits = Integer.numberOfTrailingZeros(MemoryCost.tableSlots(entries));
  }

  /** A guard for so many keys; none is needed where one bucket may hold them all. */
  static @Nullable HashGuard watching(Meter meter, int entries) {
    return entries > BUCKET_LIMIT ? new HashGuard(meter, entries) : null;
  }

  /** What {@link #watching} allocates. */
  static long costBytes(int entries) {
    return entries > BUCKET_LIMIT ? MemoryCost.array(entries, Integer.BYTES) + 40 : 0;
  }

  /** To be called before the key is put into the table. */
  void add(@Nullable Object key) {
    int hash = key == null ? 0 : key.hashCode();
    // as HashMap spreads it, and reversed: keys of one bucket then sort side by side
    mixed[count++] = Integer.reverse(hash ^ hash >>> 16);
    if (count == nextCheck) {
      check();
      nextCheck += Math.min(count, LARGEST_STEP);
    }
  }

  /**
   * Judges the hash codes so far: after each doubling, of many keys more often, and once at the
   * end.
   */
  void check() {
    Arrays.sort(mixed, sorted, count);
    Arrays.sort(mixed, 0, count); // of two runs: merges them
    sorted = count;
    int sameHash = 0;
    int sameBucket = 0;
    int crowded = 0;
    for (int i = 0; i < count; i++) {
      sameHash = i > 0 && mixed[i] == mixed[i - 1] ? sameHash + 1 : 1;
      sameBucket = i > 0 && bucket(mixed[i]) == bucket(mixed[i - 1]) ? sameBucket + 1 : 1;
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
    long bytes = crowded * TREE_NODE_BYTES;
    if (crowded > 0 && tableBits < 6) {
      bytes = 2 * MemoryCost.array(TREE_TABLE_SLOTS, MemoryCost.REFERENCE_BYTES);
    }
    meter.charge(Math.max(0, bytes - treeBytes));
    treeBytes = Math.max(bytes, treeBytes);
  }

  private int bucket(int reversed) {
    return tableBits == 0 ? 0 : reversed >>> (32 - tableBits);
  }
}
