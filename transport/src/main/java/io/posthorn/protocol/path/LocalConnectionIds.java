package io.posthorn.protocol.path;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.wire.CloseReason;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The ids under which this side is reached (RFC 9000 §5.1.1): that of the handshake, number 0, and
 * spare ones, so that the peer can take a fresh id on each new path. One that the peer retires is
 * replaced, and known for a while longer, since packets may be late.
 */
public final class LocalConnectionIds implements FrameSource {
  private static final long NEVER = Long.MAX_VALUE;

  /** Ids that the peer may hold unused and in use, if it takes so many. */
  private static final int ACTIVE = 3;

  /** Retired ids that are still known; beyond, the oldest is forgotten at once. */
  private static final int RETIRING = 8;

  private static final int ROOM = ACTIVE + RETIRING;

  private final ConnectionIdIssuer issuer;
  // Room for the active ones, and for all once any is retired.
  private long[] ids = new long[ACTIVE];
  private long[] sequences = new long[ACTIVE];
  private long[] forgetNanos = new long[ACTIVE]; // NEVER while the id is active
  private boolean[] due = new boolean[ACTIVE];
  private int count = 1;
  private long nextSequence = 1;
  private int limit = 1;

  /** The highest that the peer was ever told. */
  private long toldSequence;

  /** By which the connection is named for good, though packets may carry it no more. */
  private long first;

  /** The last that {@link #pollAdded} has answered. */
  private long polledSequence;

  /** Made when the first is forgotten. */
  private @Nullable ArrayDeque<Long> forgotten;

  /**
   * Starts with the id of the handshake.
   *
   * @param first what this side calls itself in M1 or M2
   */
  public LocalConnectionIds(ConnectionIdIssuer issuer, long first) {
    this.issuer = issuer;
    this.first = first;
    ids[0] = first;
    forgetNanos[0] = NEVER;
  }

  private void enlarge() {
    ids = Arrays.copyOf(ids, ROOM);
    sequences = Arrays.copyOf(sequences, ROOM);
    forgetNanos = Arrays.copyOf(forgetNanos, ROOM);
    due = Arrays.copyOf(due, ROOM);
  }

  /** The own attempt became the peer's connection, which knows this side by another id. */
  public void replaceFirst(long id) {
    first = id;
    ids[0] = id;
  }

  /** The id of the handshake. */
  public long first() {
    return first;
  }

  /** The peer's parameters are known: spare ids are issued, as many as it keeps. */
  public void onPeerLimit(long activeConnectionIdLimit) {
    limit = (int) Math.min(ACTIVE, activeConnectionIdLimit);
    issue();
  }

  private void issue() {
    while (active() < limit) {
      long id = issuer.next();
      if (count == ids.length) {
        enlarge();
      }
      ids[count] = id;
      sequences[count] = nextSequence++;
      forgetNanos[count] = NEVER;
      due[count] = true;
      count++;
    }
  }

  private int active() {
    int active = 0;
    for (int i = 0; i < count; i++) {
      active += forgetNanos[i] == NEVER ? 1 : 0;
    }
    return active;
  }

  /**
   * RETIRE_CONNECTION_ID arrived.
   *
   * @param carriedBy the id that the packet was sent to
   * @return a breach: a number never sent, or that of the packet itself
   */
  public @Nullable CloseReason onRetire(
      long sequence, long carriedBy, long probeTimeoutNanos, long nowNanos) {
    if (sequence > toldSequence) { // or one packet could have any number of ids drawn
      return CloseReason.PROTOCOL_VIOLATION;
    }
    for (int i = 0; i < count; i++) {
      if (sequences[i] == sequence && forgetNanos[i] == NEVER) {
        if (ids[i] == carriedBy) {
          return CloseReason.PROTOCOL_VIOLATION;
        }
        forgetNanos[i] = nowNanos + 3 * probeTimeoutNanos;
        due[i] = false;
        makeRoom();
        issue();
        return null;
      }
    }
    return null; // a repetition
  }

  private void makeRoom() {
    if (count - active() > RETIRING) {
      int oldest = -1;
      for (int i = 0; i < count; i++) {
        if (forgetNanos[i] != NEVER && (oldest < 0 || forgetNanos[i] < forgetNanos[oldest])) {
          oldest = i;
        }
      }
      forget(oldest);
    }
  }

  private void forget(int index) {
    ArrayDeque<Long> gone = forgotten;
    if (gone == null) {
      gone = new ArrayDeque<>(2);
      forgotten = gone;
    }
    gone.add(ids[index]);
    count--;
    System.arraycopy(ids, index + 1, ids, index, count - index);
    System.arraycopy(sequences, index + 1, sequences, index, count - index);
    System.arraycopy(forgetNanos, index + 1, forgetNanos, index, count - index);
    System.arraycopy(due, index + 1, due, index, count - index);
  }

  /** Takes the next id that packets may carry from now on, or null. */
  public @Nullable Long pollAdded() {
    long newest = nextSequence - 1;
    for (int i = 0; polledSequence < newest && i < count; i++) {
      if (sequences[i] > polledSequence) { // they ascend
        polledSequence = sequences[i];
        return ids[i];
      }
    }
    polledSequence = newest; // if one is left, it is forgotten already
    return null;
  }

  /** Takes the next id that packets carry no more, or null. */
  public @Nullable Long pollForgotten() {
    return forgotten == null ? null : forgotten.poll();
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    for (int i = 0; i < count; i++) {
      if (due[i]) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    for (int i = 0; i < count; i++) {
      if (due[i] && out.frames().newConnectionId(sequences[i], 0, ids[i], issuer.token(ids[i]))) {
        out.carries(sequences[i], 0);
        toldSequence = Math.max(toldSequence, sequences[i]);
        due[i] = false;
      }
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {}

  @Override
  public void onLost(long first, long second, long nowNanos) {
    for (int i = 0; i < count; i++) {
      due[i] |= sequences[i] == first && forgetNanos[i] == NEVER;
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    onLost(first, second, nowNanos);
  }

  @Override
  public long deadlineNanos() {
    long earliest = NEVER;
    for (int i = 0; i < count; i++) {
      earliest = Math.min(earliest, forgetNanos[i]);
    }
    return earliest;
  }

  @Override
  public void onTimeout(long nowNanos) {
    for (int i = count - 1; i >= 0; i--) {
      if (forgetNanos[i] <= nowNanos) {
        forget(i);
      }
    }
  }
}
