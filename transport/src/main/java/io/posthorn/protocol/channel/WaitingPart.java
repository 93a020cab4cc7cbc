package io.posthorn.protocol.channel;

import org.jspecify.annotations.Nullable;

/**
 * One message of an ordered channel, or one part of a streamed message, that is not wholly in the
 * stream yet.
 */
final class WaitingPart {
  final byte[] body;

  /** Whether further parts of its message follow. */
  final boolean more;

  /** Whether it is a part of a streamed message. */
  final boolean streamed;

  final long expiresAtNanos;
  final boolean confirmRequested;
  @Nullable Object receipt;

  /** Whether an abort stands where its next chunk would. */
  boolean givenUp;

  /** Of its message in the channel, given when the last part of that is begun; -1 before. */
  long number = -1;

  /** Bytes of the body that are in the stream; those that the chunk under way still lacks. */
  int moved;

  int chunkLeft;

  /** Whether the header of a chunk of it is in the stream. */
  boolean begun;

  WaitingPart(
      byte[] body,
      boolean more,
      boolean streamed,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    this.body = body;
    this.more = more;
    this.streamed = streamed;
    this.expiresAtNanos = expiresAtNanos;
    this.confirmRequested = confirmRequested;
    this.receipt = receipt;
  }
}
