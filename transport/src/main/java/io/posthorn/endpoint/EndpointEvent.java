package io.posthorn.endpoint;

import io.posthorn.identity.Fingerprint;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What happened, other than a message; rare, so each is an object. */
public sealed interface EndpointEvent {
  /**
   * A connection is open: the peer's keys are confirmed.
   *
   * @param openedHere whether this side asked for it
   * @param peerKey its static key, 32 bytes, not to be changed; empty in clear
   * @param peerRegistrations fingerprint of what the peer's codec knows; null if it did not tell
   * @param peerApplication what the peer's application says it speaks; from the network
   */
  record Connected(
      long connection,
      InetSocketAddress peer,
      boolean openedHere,
      byte[] peerKey,
      byte @Nullable [] peerRegistrations,
      String peerApplication)
      implements EndpointEvent {
    /** "SHA256:…" of the peer's key; null in clear. */
    public @Nullable String peerFingerprint() {
      return peerKey.length == 0 ? null : Fingerprint.of(peerKey).toString();
    }

    /** The same for the same peer: an array's own words would say where it lies in memory. */
    @Override
    public String toString() {
      return "Connected[connection="
          + connection
          + ", peer="
          + peer
          + ", openedHere="
          + openedHere
          + ", peerFingerprint="
          + peerFingerprint()
          + ", peerApplication="
          + peerApplication
          + ']';
    }
  }

  /**
   * A connection, or the attempt to open one, ended.
   *
   * @param reason why
   * @param byPeer whether the peer said so
   * @param applicationCode the closing application's number
   * @param text the closing application's words; from the network if {@code byPeer}
   * @param unacknowledged reliable messages that were not acknowledged in full
   * @param acknowledged reliable messages that were, over the life of the connection
   * @param idleNanos after how long a silence the peer counted as gone: the smaller of both sides'
   *     timeouts
   * @param icmpHint what ICMP said last of an attempt that never opened; null for nothing
   */
  record Closed(
      long connection,
      InetSocketAddress peer,
      CloseReason reason,
      boolean byPeer,
      long applicationCode,
      String text,
      long unacknowledged,
      long acknowledged,
      long idleNanos,
      @Nullable IcmpHint icmpHint)
      implements EndpointEvent {

    /** The same end with so many more messages that were not acknowledged. */
    public Closed withUnacknowledged(long more) {
      return new Closed(
          connection,
          peer,
          reason,
          byPeer,
          applicationCode,
          text,
          unacknowledged + more,
          acknowledged,
          idleNanos,
          icmpHint);
    }
  }

  /** ICMP says something new of the peer of an attempt, which goes on as if it had not. */
  record IcmpHeard(long connection, InetSocketAddress peer, IcmpHint hint)
      implements EndpointEvent {}

  /** The one outcome of a message whose sender holds a receipt. */
  record ReceiptSettled(
      Object receipt, ReceiptOutcome outcome, @Nullable CloseReason reason, boolean mayHaveArrived)
      implements EndpointEvent {}

  /** The receiving application confirmed the message. */
  record ReceiptProcessed(Object receipt) implements EndpointEvent {}

  /** A send that answered {@link io.posthorn.protocol.SendOutcome#BLOCKED} may succeed now. */
  record Writable(long connection, InetSocketAddress peer) implements EndpointEvent {}

  /** The peer is now reached at another address. */
  record PathChanged(long connection, InetSocketAddress before, InetSocketAddress after)
      implements EndpointEvent {}

  /**
   * What is sent to the address that a connection went by is for another peer from now on, which
   * was met there; messages of this one come from the address where its peer is now. If the two are
   * the same, it was waiting for the name, and whoever had it has ended or is being closed.
   */
  record Renamed(long connection, InetSocketAddress before, InetSocketAddress after)
      implements EndpointEvent {}
}
