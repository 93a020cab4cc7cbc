package io.posthorn;

/** What is promised for one message in {@link Mode#RELIABLE}; plain mode knows no promise. */
public enum Delivery {
  /** Arrives once, after all earlier messages of its channel. */
  RELIABLE_ORDERED,
  /** Arrives once; may overtake. */
  RELIABLE_UNORDERED,
  /**
   * Arrives once, unless a newer message with the same key replaces it first; one that replaces a
   * message that waits on the same channel waits in its place.
   */
  RELIABLE_LATEST,
  /** May be lost; never handed over after a newer one of its channel. */
  UNRELIABLE_SEQUENCED,
  /** May be lost; may overtake. */
  UNRELIABLE;

  /** Whether the message is sent until it arrives, or is known not to. */
  public boolean isReliable() {
    return this != UNRELIABLE && this != UNRELIABLE_SEQUENCED;
  }
}
