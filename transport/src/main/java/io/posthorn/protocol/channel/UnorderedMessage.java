package io.posthorn.protocol.channel;

import org.jspecify.annotations.Nullable;

/** An unordered message on its way out. */
final class UnorderedMessage {
  final int channel;
  final long key;
  final byte[] body;
  final long expiresAtNanos;
  final boolean confirmRequested;
  final @Nullable Object receipt;

  /** What is lost and goes again; what arrived. */
  final OffsetRanges lost = new OffsetRanges();

  final OffsetRanges arrived = new OffsetRanges();

  /** Its neighbours while it waits. */
  @Nullable UnorderedMessage before;

  @Nullable UnorderedMessage after;

  /** Given when it is first packed. */
  long id = -1;

  /** So far it was packed. */
  int sentTo;

  boolean begun;
  boolean queuedAgain;

  /** Whether a newer message has its key: what is lost of it is not worth sending. */
  boolean replaced;

  /**
   * Whether an older one with its key was given up half sent: this one is sent to its end, or the
   * key would never arrive if it is renewed faster than that.
   */
  boolean isToBeFinished;

  /** Whether it is empty and lost. */
  boolean emptyLost;

  /** Packets under way that carry all of it. */
  int riding;

  /** For repeating unasked: which packet carried it first, or again since it was lost; the last. */
  long firstPacket;

  long lastPacket;
  boolean resent;

  UnorderedMessage(
      int channel,
      long key,
      byte[] body,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    this.channel = channel;
    this.key = key;
    this.body = body;
    this.expiresAtNanos = expiresAtNanos;
    this.confirmRequested = confirmRequested;
    this.receipt = receipt;
  }

  /** A part of it arrived. */
  void onArrived(int from, int length) {
    if (length > 0) {
      arrived.add(from, from + (long) length);
      lost.remove(from, from + (long) length);
    }
  }

  /** A part of it is lost, or late: what of it did not arrive goes again. */
  void onLost(int from, int length) {
    if (length == 0) {
      emptyLost = true;
      return;
    }
    lost.addMissing(from, from + (long) length, arrived);
  }

  /** Whether something of it is to go again. */
  boolean isAnyLost() {
    return emptyLost || !lost.isEmpty();
  }

  boolean isSentWhole() {
    return begun && sentTo == body.length;
  }

  boolean hasArrivedWhole() {
    return isSentWhole() && (body.length == 0 || arrived.contains(0, body.length));
  }
}
