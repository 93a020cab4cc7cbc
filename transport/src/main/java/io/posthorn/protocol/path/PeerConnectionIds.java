package io.posthorn.protocol.path;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.handshake.ResetTokens;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The ids under which the peer is reached (RFC 9000 §5.1): the one of the handshake, number 0, and
 * those that it issues later, of which a few are kept. Each new path gets a fresh one if there is
 * one to spare (§9.5); the one of the path before is retired when the new path is proved.
 */
public final class PeerConnectionIds implements FrameSource {
  private static final int LIMIT = 4;
  private static final int TOKEN_BYTES = WireLimits.RESET_TOKEN_BYTES;
  private static final long NONE = -1;
  private static final long[] NOTHING = {};

  /** Retired ids of which the peer may not know yet; one that makes more does so in bad faith. */
  private static final int RETIRING_LIMIT = 64;

  // One place more than are kept, for an id that comes with the retirement of others.
  private final long[] ids = new long[LIMIT + 1];
  private final long[] sequences = new long[LIMIT + 1];
  private final byte[] @Nullable [] tokens = new byte[LIMIT + 1][];
  // Retired, and not acknowledged as told. Bit i says that number i of them is to be told.
  private long[] retiring = NOTHING;
  private long dueBits;
  private int retiringCount;
  private int count;
  private int currentIndex;
  private long previousSequence = NONE;
  private long retiredBelow;
  // Which of the newest numbers have come: one that comes again may have been retired meanwhile.
  private long newestSequence;
  private long seenBits = 1;

  /**
   * Starts with the id of the handshake.
   *
   * @param token its reset token, or null if the peer gave none
   */
  public void begin(long handshakeId, byte @Nullable [] token) {
    ids[0] = handshakeId;
    sequences[0] = 0;
    tokens[0] = token;
    count = 1;
  }

  /** How many ids of the peer are kept at once, announced in the parameters. */
  public static int limit() {
    return LIMIT;
  }

  /** The id that packets to the peer carry. */
  public long current() {
    return ids[currentIndex];
  }

  /** The id for the address before the present one, as long as either may be the right one. */
  public long previous() {
    int index = indexOf(previousSequence);
    return index < 0 ? current() : ids[index];
  }

  /** NEW_CONNECTION_ID arrived. */
  public @Nullable CloseReason onNew(
      long sequence, long retirePriorTo, long connectionId, byte[] in, int tokenFrom) {
    for (int i = 0; i < count; i++) {
      if ((sequences[i] == sequence) != (ids[i] == connectionId)) {
        return CloseReason.PROTOCOL_VIOLATION;
      }
    }
    if (sequence < retiredBelow || (indexOf(sequence) < 0 && isSeen(sequence))) {
      // Retired before it came, or it comes again after that: the peer is told (§19.15).
      return tell(sequence) ? null : CloseReason.LIMIT;
    }
    retiredBelow = Math.max(retiredBelow, retirePriorTo);
    if (indexOf(sequence) < 0) {
      if (count > LIMIT) {
        return CloseReason.LIMIT; // the rule was broken before, and packets still come
      }
      see(sequence);
      byte[] token = new byte[TOKEN_BYTES];
      System.arraycopy(in, tokenFrom, token, 0, TOKEN_BYTES);
      ids[count] = connectionId;
      sequences[count] = sequence;
      tokens[count] = token;
      count++;
    }
    for (int i = count - 1; i >= 0; i--) {
      if (sequences[i] < retiredBelow && !retire(i)) {
        return CloseReason.LIMIT;
      }
    }
    return count > LIMIT ? CloseReason.LIMIT : null;
  }

  /** Whether a number has come, or is so old that it counts as come. */
  private boolean isSeen(long sequence) {
    long age = newestSequence - sequence;
    return age >= 0 && (age >= Long.SIZE || ((seenBits >>> age) & 1) == 1);
  }

  private void see(long sequence) {
    long ahead = sequence - newestSequence;
    if (ahead > 0) {
      seenBits = ahead >= Long.SIZE ? 1 : (seenBits << ahead) | 1;
      newestSequence = sequence;
    } else {
      seenBits |= 1L << -ahead;
    }
  }

  /** The path moved to another address: a fresh id is used from now on if there is one. */
  public void onMoved() {
    if (count < 2) {
      return;
    }
    long now = sequences[currentIndex];
    int spare = -1;
    for (int i = 0; i < count; i++) {
      boolean used = sequences[i] == now || sequences[i] == previousSequence;
      if (!used && (spare < 0 || sequences[i] < sequences[spare])) {
        spare = i;
      }
    }
    if (spare < 0) {
      return;
    }
    currentIndex = spare;
    if (previousSequence == NONE) {
      previousSequence = now;
    } else {
      retire(indexOf(now));
    }
  }

  /** The new address is proved: the id of the old one is of no use any more. */
  public void onProved() {
    int old = indexOf(previousSequence);
    previousSequence = NONE;
    if (old >= 0) {
      retire(old);
    }
  }

  /** The path went back to the address before: so does the id. */
  public void onReverted() {
    int old = indexOf(previousSequence);
    previousSequence = NONE;
    if (old >= 0) {
      long failed = sequences[currentIndex];
      currentIndex = old;
      retire(indexOf(failed));
    }
  }

  private int indexOf(long sequence) {
    for (int i = 0; i < count; i++) {
      if (sequences[i] == sequence) {
        return i;
      }
    }
    return -1;
  }

  /** Drops an id; the current one is replaced by the oldest that is left. */
  private boolean retire(int index) {
    long current = sequences[currentIndex];
    boolean told = tell(sequences[index]);
    if (sequences[index] == previousSequence) {
      previousSequence = NONE;
    }
    count--;
    System.arraycopy(ids, index + 1, ids, index, count - index);
    System.arraycopy(sequences, index + 1, sequences, index, count - index);
    System.arraycopy(tokens, index + 1, tokens, index, count - index);
    tokens[count] = null;
    currentIndex = indexOf(current);
    if (currentIndex < 0) {
      currentIndex = oldest();
    }
    return told;
  }

  private int oldest() {
    int oldest = 0;
    for (int i = 1; i < count; i++) {
      if (sequences[i] < sequences[oldest]) {
        oldest = i;
      }
    }
    return oldest;
  }

  private boolean tell(long sequence) {
    int index = retiringIndexOf(sequence);
    if (index < 0) {
      if (retiringCount == RETIRING_LIMIT) {
        return false;
      }
      if (retiringCount == retiring.length) {
        retiring = Arrays.copyOf(retiring, Math.max(2, 2 * retiringCount));
      }
      index = retiringCount++;
      retiring[index] = sequence;
    }
    dueBits |= 1L << index;
    return true;
  }

  private int retiringIndexOf(long sequence) {
    for (int i = 0; i < retiringCount; i++) {
      if (retiring[i] == sequence) {
        return i;
      }
    }
    return -1;
  }

  /** Whether an id is one of those under which packets to the peer may have left. */
  public boolean contains(long connectionId) {
    for (int i = 0; i < count; i++) {
      if (ids[i] == connectionId) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the 16 bytes from {@code at} on are a reset token of one of the ids; takes the same
   * time whichever it is and wherever they differ.
   */
  public boolean isReset(byte[] packet, int at) {
    boolean matches = false;
    for (int i = 0; i < count; i++) {
      byte[] token = tokens[i];
      if (token != null) {
        matches |= ResetTokens.matches(token, packet, at);
      }
    }
    return matches;
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return dueBits != 0;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    while (dueBits != 0) {
      int index = Long.numberOfTrailingZeros(dueBits);
      if (!out.frames().retireConnectionId(retiring[index])) {
        return;
      }
      out.carries(retiring[index], 0);
      dueBits &= dueBits - 1;
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    int index = retiringIndexOf(first);
    if (index < 0) {
      return;
    }
    int last = --retiringCount;
    long lastDue = (dueBits >>> last) & 1;
    retiring[index] = retiring[last];
    dueBits = (dueBits & ~(1L << last) & ~(1L << index)) | (index < last ? lastDue << index : 0);
  }

  /** Of several copies any may be lost once one has arrived: that one counts. */
  @Override
  public void onLost(long first, long second, long nowNanos) {
    int index = retiringIndexOf(first);
    if (index >= 0) {
      dueBits |= 1L << index;
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    onLost(first, second, nowNanos);
  }

  @Override
  public long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
