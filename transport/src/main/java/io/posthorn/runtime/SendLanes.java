package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.AddressZone;
import io.posthorn.protocol.PeerNames;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The {@link SendLane}s of a socket: by peer for the senders, by connection for its end, and the
 * announced ones in a chain that any thread adds to and the holder of the socket's lock takes.
 */
final class SendLanes {
  private static final @Nullable SendLane[] NO_LANES = {};

  /** The lanes of one connection, by channel; grows by being replaced. */
  private static final class OfConnection {
    final long connection;
    final InetSocketAddress peer;
    volatile @Nullable SendLane[] lanes = NO_LANES;

    /** The names under which messages to the peer were accepted: each takes the other way once. */
    volatile PeerNames names = PeerNames.NONE;

    /** The object by which a sender named the peer last: one of {@link #names} by its words. */
    @Nullable InetSocketAddress named;

    /** Messages that waited in lanes it no longer has when it took no more; socket's lock. */
    long lost;

    OfConnection(long connection, InetSocketAddress peer) {
      this.connection = connection;
      this.peer = peer;
    }

    boolean isKnownAs(InetSocketAddress name) {
      return connection == Endpoint.NO_CONNECTION // plain mode knows no keys
          || names.contains(name);
    }
  }

  /** Peers in plain mode, which never end, beyond whom messages take the other way. */
  private static final int MOST_PLAIN_PEERS = 1024;

  private final LaneBuffers buffers = new LaneBuffers();
  private final Map<InetSocketAddress, OfConnection> byPeer = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable SendLane> announced = new AtomicReference<>();

  /** Where the last message went; threads may each see another, all of them valid. */
  private volatile @Nullable OfConnection last;

  // With the socket's lock.
  private final Map<Long, OfConnection> byConnection = new HashMap<>();
  private final List<SendLane> blocked = new ArrayList<>();
  private boolean moved;

  /** The lane to a peer's channel; null if messages must take the other way. Any thread. */
  @SuppressWarnings("ReferenceEquality") // senders mostly give the same object again
  @Nullable SendLane find(InetSocketAddress peer, int channel) {
    OfConnection to = last;
    if (to == null || to.named != peer) {
      to = to(peer);
      if (to == null || (to.named != peer && !to.isKnownAs(peer))) {
        return null;
      }
      last = to;
      to.named = peer;
    }
    SendLane[] lanes = to.lanes;
    return channel < lanes.length ? lanes[channel] : null;
  }

  /** Of equal addresses in several zones one has lanes, the messages to others go the other way. */
  private @Nullable OfConnection to(InetSocketAddress peer) {
    OfConnection found = byPeer.get(peer);
    return found != null && AddressZone.isSame(found.peer, peer) ? found : null;
  }

  /** The next message looks its lane up anew. Any thread. */
  void forgetLast() {
    last = null;
  }

  /** Has the lane drained by whoever takes the socket's lock next. Any thread. */
  void announce(SendLane lane) {
    SendLane before;
    do {
      before = announced.get();
      lane.announcedBefore = before;
    } while (!announced.compareAndSet(before, lane));
  }

  boolean hasAnnounced() {
    return announced.get() != null;
  }

  /**
   * The connection that a peer's messages go on is open, or goes by this name now: what was sent
   * before, to this name or on this connection, goes before. With the socket's lock.
   *
   * @return whether the name was another connection's
   */
  boolean onConnected(long connection, InetSocketAddress peer, Endpoint endpoint, long now) {
    OfConnection named = byPeer.get(peer);
    if (named != null && named.connection == connection) {
      return false;
    }
    if (named != null) {
      retire(named, endpoint, now);
    }
    OfConnection added = new OfConnection(connection, peer);
    OfConnection before = byConnection.put(connection, added);
    if (before != null) {
      retire(before, endpoint, now);
      added.lost = before.lost;
    }
    byPeer.put(peer, added);
    return named != null;
  }

  /**
   * What is sent to this name is for another connection from now on: what was sent before goes
   * before. With the socket's lock.
   */
  void onRenamed(long connection, Endpoint endpoint, long now) {
    OfConnection of = byConnection.get(connection);
    if (of != null) {
      retire(of, endpoint, now);
    }
  }

  /** Ends all lanes of a connection; what it takes no more is counted by its end. */
  private void retire(OfConnection of, Endpoint endpoint, long now) {
    flushAndClose(of, endpoint, now);
    abandon(of);
  }

  private void abandon(OfConnection of) {
    if (last == of) {
      last = null;
    }
    for (SendLane lane : of.lanes) {
      if (lane != null) {
        lane.close();
        of.lost += lane.abandon();
        if (lane.isBlocked) {
          lane.isBlocked = false;
          blocked.remove(lane);
        }
      }
    }
  }

  /** A message went to this peer in plain mode; with the socket's lock. */
  void onPlainPeer(InetSocketAddress peer) {
    if (byPeer.size() < MOST_PLAIN_PEERS) {
      byPeer.computeIfAbsent(peer, to -> new OfConnection(Endpoint.NO_CONNECTION, to));
    }
  }

  /**
   * An ordered message took the other way and was accepted: the next may take this one.
   *
   * @param peer under the name that was asked for
   * @param connection to which it went
   */
  void onAccepted(InetSocketAddress peer, long connection, int channel) {
    OfConnection to = to(peer);
    if (to == null || to.connection != connection) {
      return;
    }
    if (!to.isKnownAs(peer)) {
      to.names = to.names.and(peer);
    }
    SendLane[] lanes = to.lanes;
    SendLane known = channel < lanes.length ? lanes[channel] : null;
    if (known != null && !known.isClosed()) {
      return;
    }
    lanes = Arrays.copyOf(lanes, Math.max(lanes.length, channel + 1));
    lanes[channel] = new SendLane(to.connection, to.peer, channel, buffers);
    to.lanes = lanes;
  }

  /** Moves what the announced lanes hold to the endpoint; with the socket's lock. */
  void drain(Endpoint endpoint, long now) {
    SendLane lane = announced.get() == null ? null : announced.getAndSet(null);
    while (lane != null) {
      SendLane before = lane.announcedBefore;
      lane.announcedBefore = null;
      drain(lane, endpoint, now);
      lane = before;
    }
  }

  private void drain(SendLane lane, Endpoint endpoint, long now) {
    if (lane.isBlocked) {
      lane.isSkipped = true; // or each message would have it looked at in vain
      return;
    }
    lane.unannounce();
    if (!lane.drain(endpoint, false, now)) {
      block(lane);
    }
  }

  /**
   * Moves what this lane holds, though whoever was the first in it may not have announced it yet;
   * with the socket's lock.
   */
  void drainUnannounced(SendLane lane, Endpoint endpoint, long now) {
    if (!lane.isBlocked && !lane.drain(endpoint, false, now)) {
      block(lane);
    }
  }

  private void block(SendLane lane) {
    if (!lane.isBlocked) {
      lane.isBlocked = true;
      lane.refuse(true);
      blocked.add(lane);
    }
  }

  /** A message that took the other way found the send buffer full; with the socket's lock. */
  void onBlocked(InetSocketAddress peer, long connection, int channel) {
    SendLane lane = find(peer, connection, channel);
    if (lane != null) {
      block(lane);
    }
  }

  /** Whether {@link #onWritable} moved anything since this was asked last; with the lock. */
  boolean hasMoved() {
    boolean was = moved;
    moved = false;
    return was;
  }

  /** A send buffer has room again; with the socket's lock. */
  void onWritable(Endpoint endpoint, long now) {
    moved |= !blocked.isEmpty();
    for (int i = blocked.size() - 1; i >= 0; i--) {
      SendLane lane = blocked.get(i);
      if (lane.drain(endpoint, false, now)) {
        lane.isBlocked = false;
        lane.refuse(false);
        blocked.remove(i);
        if (lane.isSkipped) {
          lane.isSkipped = false;
          drain(lane, endpoint, now);
        }
      }
    }
  }

  /**
   * Moves what waits for this channel, announced or not, so that another message may follow it;
   * with the socket's lock.
   *
   * @return whether some of it must stay, and the other message with it
   */
  boolean holdsBack(
      InetSocketAddress peer, long connection, int channel, Endpoint endpoint, long now) {
    SendLane lane = find(peer, connection, channel);
    if (lane == null || lane.drain(endpoint, false, now)) {
      return false;
    }
    block(lane);
    return true;
  }

  private @Nullable SendLane find(InetSocketAddress peer, long connection, int channel) {
    OfConnection to =
        connection == Endpoint.NO_CONNECTION ? to(peer) : byConnection.get(connection);
    SendLane[] lanes = to == null ? null : to.lanes;
    return lanes == null || channel >= lanes.length ? null : lanes[channel];
  }

  /** The application closes a connection: what it was given goes before; with the lock. */
  void flushAndClose(long connection, Endpoint endpoint, long now) {
    OfConnection of = byConnection.get(connection);
    if (of != null) {
      flushAndClose(of, endpoint, now);
    }
  }

  /** The application closes the socket; with the lock. */
  void flushAndCloseAll(Endpoint endpoint, long now) {
    for (OfConnection of : byConnection.values()) {
      flushAndClose(of, endpoint, now);
    }
    for (OfConnection of : byPeer.values()) {
      flushAndClose(of, endpoint, now); // of peers in plain mode
    }
  }

  /** A streamed message begins on this channel: smaller ones must ask first; with the lock. */
  void flushAndClose(long connection, int channel, Endpoint endpoint, long now) {
    OfConnection of = byConnection.get(connection);
    SendLane[] lanes = of == null ? null : of.lanes;
    SendLane lane = lanes == null || channel >= lanes.length ? null : lanes[channel];
    if (lane != null) {
      lane.close();
      lane.drain(endpoint, true, now);
    }
  }

  private void flushAndClose(OfConnection of, Endpoint endpoint, long now) {
    byPeer.remove(of.peer, of);
    for (SendLane lane : of.lanes) {
      if (lane != null) {
        lane.close();
        lane.drain(endpoint, true, now);
      }
    }
  }

  /** A connection ended; answers how many messages never reached it. With the lock. */
  long onClosed(long connection) {
    OfConnection of = byConnection.remove(connection);
    if (of == null) {
      return 0;
    }
    byPeer.remove(of.peer, of);
    abandon(of);
    return of.lost;
  }
}
