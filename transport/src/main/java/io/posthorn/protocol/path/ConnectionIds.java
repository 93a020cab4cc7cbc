package io.posthorn.protocol.path;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import org.jspecify.annotations.Nullable;

/**
 * The ids under which the peer is reached (RFC 9000 §5.1): the one of the handshake, number 0, and
 * those that it issues later, of which a few are kept.
 */
public final class ConnectionIds {
  private static final int LIMIT = WireLimits.MINIMUM_ACTIVE_CONNECTION_IDS;

  private final long[] ids = new long[LIMIT];
  private final long[] sequences = new long[LIMIT];
  private int count = 1;
  private long retiredBelow;

  /**
   * Starts with the id of the handshake.
   *
   * @param remoteConnectionId issued by the peer
   */
  public ConnectionIds(long remoteConnectionId) {
    ids[0] = remoteConnectionId;
  }

  /** How many ids of the peer are kept at once, announced in the parameters. */
  public static int limit() {
    return LIMIT;
  }

  /** The id that packets to the peer carry. */
  public long current() {
    return ids[0];
  }

  /** NEW_CONNECTION_ID arrived. */
  public @Nullable CloseReason onNew(long sequence, long retirePriorTo, long connectionId) {
    for (int i = 0; i < count; i++) {
      if (sequences[i] == sequence && ids[i] != connectionId) {
        return CloseReason.PROTOCOL_VIOLATION;
      }
    }
    retiredBelow = Math.max(retiredBelow, retirePriorTo);
    retire();
    if (isKept(sequence)) {
      return null;
    }
    if (sequence < retiredBelow) {
      return null;
    }
    if (count == LIMIT) {
      return CloseReason.LIMIT;
    }
    ids[count] = connectionId;
    sequences[count] = sequence;
    count++;
    retire();
    return null;
  }

  private boolean isKept(long sequence) {
    for (int i = 0; i < count; i++) {
      if (sequences[i] == sequence) {
        return true;
      }
    }
    return false;
  }

  /** Drops ids that the peer retired, as long as another is left to use. */
  private void retire() {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (sequences[i] >= retiredBelow || (i == count - 1 && kept == 0)) {
        ids[kept] = ids[i];
        sequences[kept] = sequences[i];
        kept++;
      }
    }
    count = kept;
  }
}
