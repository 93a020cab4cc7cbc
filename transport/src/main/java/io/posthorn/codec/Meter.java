package io.posthorn.codec;

import org.jspecify.annotations.Nullable;

/**
 * The bounds on one body while it is read or written: bytes of memory, nesting, lengths. What is
 * charged depends only on the body, so both sides come to the same sum. Used by one thread at a
 * time.
 */
final class Meter {
  /** Bytes of memory that each byte of a body may cost, beside the allowance. */
  static final int EXPANSION = 4;

  /** Bytes of keys that may be compared for each byte of a body, beside the allowance. */
  static final int COMPARISONS = 32;

  static final long COMPARISON_ALLOWANCE_BYTES = 1 << 20;

  private final int maxDepth;
  private final int maxCollectionLength;
  private final long allowanceBytes;
  private long budgetBytes;
  private long chargedBytes;
  private long comparisonBytes;
  private int keyNesting;
  private int orderNesting;
  private boolean writing;

  Meter(int maxDepth, int maxCollectionLength, long allowanceBytes) {
    this.maxDepth = maxDepth;
    this.maxCollectionLength = maxCollectionLength;
    this.allowanceBytes = allowanceBytes;
  }

  /** Starts on a body of this size. */
  void startReading(int bodyBytes) {
    chargedBytes = 0;
    keyNesting = 0;
    orderNesting = 0;
    writing = false;
    budgetBytes = budgetBytes(bodyBytes);
    comparisonBytes = COMPARISONS * (long) bodyBytes + COMPARISON_ALLOWANCE_BYTES;
  }

  /** Starts on a value whose body is not known yet; {@link #finishWriting} judges the sum. */
  void startWriting() {
    chargedBytes = 0;
    keyNesting = 0;
    orderNesting = 0;
    writing = true;
    budgetBytes = Long.MAX_VALUE;
  }

  /** Refuses a value that this codec would refuse to read. */
  void finishWriting(int bodyBytes) {
    if (chargedBytes > budgetBytes(bodyBytes)) {
      throw overBudget("the value, " + bodyBytes + " bytes on the wire,", budgetBytes(bodyBytes));
    }
  }

  /** Accounts for memory; called before it is allocated. */
  void charge(long bytes) {
    chargedBytes += bytes;
    if (chargedBytes > budgetBytes) {
      throw overBudget("the body", budgetBytes);
    }
  }

  /** Accounts for keys of hash tables that are compared since they share a hash code. */
  void compare(long bytes) {
    comparisonBytes -= bytes;
    if (comparisonBytes < 0) {
      throw refusal("so many keys share a hash code that comparing them takes too long");
    }
  }

  private long budgetBytes(int bodyBytes) {
    return EXPANSION * (long) bodyBytes + allowanceBytes;
  }

  private Refusal overBudget(String what, long limitBytes) {
    return new Refusal(
        new CodecException.TooLarge(
            what
                + " needs more than "
                + limitBytes
                + " bytes of memory ("
                + EXPANSION
                + " times its size and "
                + allowanceBytes
                + "): send it in parts, or raise allocationAllowanceBytes on both sides"));
  }

  void requireDepth(int depth) {
    if (depth >= maxDepth) {
      throw new Refusal(tooDeep(null));
    }
  }

  CodecException.TooDeep tooDeep(@Nullable Throwable cause) {
    return new CodecException.TooDeep(
        "objects nest deeper than "
            + maxDepth
            + ": break a cycle (references are not sent), or raise maxDepth on both sides",
        cause);
  }

  void requireCollectionLength(int length) {
    if (length > maxCollectionLength) {
      throw new Refusal(
          new CodecException.TooLarge(
              "a collection of "
                  + length
                  + " elements; the limit is "
                  + maxCollectionLength
                  + ": send it in parts, or raise maxCollectionLength on both sides"));
    }
  }

  /**
   * Between this call and {@link #leaveKey} an element of a hash set or a key of a hash map is
   * read.
   */
  void enterKey() {
    keyNesting++;
  }

  void leaveKey() {
    keyNesting--;
  }

  /**
   * Between this call and {@link #leaveOrder} an element of a sorted set or a key of a sorted map
   * is read.
   */
  void enterOrder() {
    orderNesting++;
  }

  void leaveOrder() {
    orderNesting--;
  }

  /** Whether what is read will be compared with others, by the table or tree that it is for. */
  boolean isCompared() {
    return keyNesting > 0 || orderNesting > 0;
  }

  /**
   * Refuses a set or a map inside of a hashed key. Comparing two of them hashes and compares all of
   * their elements at every level, so nested ones let a small body cost time by the square of its
   * size.
   */
  void requireOutsideKey() {
    if (keyNesting > 0) {
      throw refusal("a set or map inside an element of a set or a key of a map: use a list there");
    }
  }

  /** The refusal of a value that this codec neither sends nor takes. */
  Refusal refusal(String message) {
    return new Refusal(
        writing ? new CodecException.NotEncodable(message) : new CodecException.Malformed(message));
  }
}
