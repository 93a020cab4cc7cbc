package io.posthorn.protocol;

import io.posthorn.Delivery;
import io.posthorn.protocol.channel.Datagrams;
import io.posthorn.protocol.channel.IncomingChannels;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.protocol.channel.UnorderedMessages;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one connection that wait for the application, whatever their delivery. The kinds
 * take turns, so that none starves another. A message names the address that the connection goes
 * by, so that an answer to it finds the connection again.
 */
public final class Inbox {
  // The kinds in the order of their turns.
  private static final int ORDERED = 0;
  private static final int UNORDERED = 1;
  private static final int DATAGRAM = 2;
  private static final int KINDS = 3;

  private final long connection;
  private final PeerIdentity peer;
  private final IncomingChannels ordered;
  private final UnorderedMessages unordered;
  private final Datagrams datagrams;
  private int turn;

  Inbox(
      long connection,
      PeerIdentity peer,
      IncomingChannels ordered,
      UnorderedMessages unordered,
      Datagrams datagrams) {
    this.connection = connection;
    this.peer = peer;
    this.ordered = ordered;
    this.unordered = unordered;
    this.datagrams = datagrams;
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return ordered.hasMessage() || unordered.hasMessage() || datagrams.hasMessage();
  }

  /** Whether a further part of a message can be taken. */
  public boolean hasPart() {
    return ordered.hasPart();
  }

  /** Takes the next message, or null. */
  public @Nullable ReceivedMessage poll() {
    for (int i = 0; i < KINDS; i++) {
      turn = (turn + 1) % KINDS;
      ReceivedMessage message =
          switch (turn) {
            case ORDERED -> pollOrdered();
            case UNORDERED -> pollUnordered();
            default -> pollDatagram();
          };
      if (message != null) {
        return message;
      }
    }
    return null;
  }

  private @Nullable ReceivedMessage pollOrdered() {
    while (ordered.hasMessage()) {
      int channel = ordered.nextReadable();
      ReceivedMessage message = taken(channel, ordered.takeFrom(channel, false));
      if (message != null) {
        return message;
      }
    }
    return null;
  }

  /** Takes the next part of the streamed message on this channel, or null. */
  public @Nullable ReceivedMessage pollPart(int channel) {
    return taken(channel, ordered.takeFrom(channel, true));
  }

  private @Nullable ReceivedMessage taken(int channel, IncomingChannels.@Nullable Taken taken) {
    return taken == null
        ? null
        : new ReceivedMessage(
            connection,
            peer.alias(),
            channel,
            Delivery.RELIABLE_ORDERED,
            taken.number(),
            taken.body(),
            taken.more(),
            taken.aborted());
  }

  private @Nullable ReceivedMessage pollUnordered() {
    UnorderedMessages.Ready ready = unordered.take();
    return ready == null
        ? null
        : new ReceivedMessage(
            connection,
            peer.alias(),
            ready.channel(),
            ready.key() < 0 ? Delivery.RELIABLE_UNORDERED : Delivery.RELIABLE_LATEST,
            ready.id(),
            ready.body(),
            false,
            false,
            ready.key());
  }

  private @Nullable ReceivedMessage pollDatagram() {
    Datagrams.Ready ready = datagrams.take();
    return ready == null
        ? null
        : new ReceivedMessage(
            connection,
            peer.alias(),
            ready.channel(),
            ready.sequenced() ? Delivery.UNRELIABLE_SEQUENCED : Delivery.UNRELIABLE,
            -1,
            ready.body(),
            false,
            false);
  }

  /**
   * Lends ordered messages where they lie; {@link #endRun} must follow if it did. It does not when
   * it is another kind's turn: then {@link #poll} gives a message of that.
   */
  public boolean lendRun(ReceivedRun run) {
    boolean lent = !isTurnOfOthers() && ordered.lendRun(run);
    if (lent) {
      turn = ORDERED;
      run.by(connection, peer.alias());
    }
    return lent;
  }

  /** Whether the next turns, up to that of the ordered messages, find one of another kind. */
  private boolean isTurnOfOthers() {
    return (turn < UNORDERED && unordered.hasMessage())
        || (turn < DATAGRAM && datagrams.hasMessage());
  }

  /** The messages lent have been dealt with. */
  public void endRun(ReceivedRun run) {
    ordered.endRun(run);
  }

  /** Unreliable messages dropped since the application does not take them, since the last call. */
  public long pollDropped() {
    return datagrams.pollDropped();
  }

  /** Bytes of heap held by what has arrived, if the application can take none of it yet. */
  long partialMemoryBytes() {
    return ordered.receivedMemoryBytes() + unordered.partialMemoryBytes();
  }

  /** Gives up the memory of messages that were not taken. */
  public void release() {
    ordered.release();
    unordered.release();
    datagrams.release();
  }
}
