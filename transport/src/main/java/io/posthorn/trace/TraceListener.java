package io.posthorn.trace;

import java.net.InetSocketAddress;

/**
 * Told what happens inside the reliable mode of one socket.
 *
 * <p>Methods are called under the socket's lock, by whichever thread works for it, one at a time:
 * they must be quick, must not throw and must not call the socket. Objects that are handed over are
 * borrowed for the call, but for addresses and texts. Nothing is allocated to tell.
 *
 * <p>{@code nowNanos} is the socket's clock, which starts near 0 when it opens; in the simulator,
 * virtual time. A connection is named by the id that {@code ConnectionInfo} shows, 0 where none is
 * known.
 */
public interface TraceListener {
  /**
   * Whether the listener is told of single packets, keys, paths and metrics too, which costs some
   * time for each packet; asked once.
   */
  default boolean wantsPackets() {
    return true;
  }

  /**
   * A connection is about to open: this side asked, or the peer's M3 verified. If both sides asked
   * at once, the own attempt may become the connection that the peer opened: it is told of a second
   * time then, by the id that it has from now on, and no end of the first.
   */
  default void connectionStarted(
      long nowNanos, long connection, InetSocketAddress remote, boolean openedHere) {}

  /** The peer has proved to have the keys. */
  default void connectionOpened(long nowNanos, long connection, InetSocketAddress remote) {}

  /**
   * A connection, or the attempt to open one, ended.
   *
   * @param reason its name in PROTOCOL.md §13.1
   * @param code its number there; above 0xff for what is never told to a peer
   * @param byPeer whether the peer said so
   * @param applicationCode the closing application's number, 0 if it gave none
   */
  default void connectionClosed(
      long nowNanos,
      long connection,
      InetSocketAddress remote,
      String reason,
      int code,
      boolean byPeer,
      long applicationCode) {}

  /**
   * A packet is handed to the network.
   *
   * @param packetNumber -1 for all but data
   * @param keyPhase counted from 0; -1 for all but data
   * @param lengthBytes of the packet
   * @param frames empty for all but data
   */
  default void packetSent(
      long nowNanos,
      long connection,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames frames) {}

  /** A packet came and was taken; parameters as for {@link #packetSent}. */
  default void packetReceived(
      long nowNanos,
      long connection,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames frames) {}

  /**
   * A packet came and was dropped; also one that was opened and stays unacknowledged, since memory
   * is short.
   *
   * @param reason its name in {@code SocketStatistics.drops()}
   */
  default void packetDropped(
      long nowNanos, long connection, PacketKind kind, int lengthBytes, String reason) {}

  /**
   * A packet sent earlier is declared lost.
   *
   * @param byReordering whether enough later ones were acknowledged; else its time was up (RFC 9002
   *     §6.1)
   */
  default void packetLost(
      long nowNanos, long connection, long packetNumber, int lengthBytes, boolean byReordering) {}

  /**
   * Nothing was acknowledged for the probe timeout (RFC 9002 §6.2).
   *
   * @param count how many times since the last acknowledgement
   */
  default void probeTimeout(long nowNanos, long connection, int count) {}

  /** Recovery or congestion control measured or decided something new. */
  default void metricsUpdated(long nowNanos, long connection, RecoveryMetrics metrics) {}

  /**
   * The congestion controller behaves differently from now on.
   *
   * @param before its state until now, empty at first
   * @param after such as {@code slow_start}, {@code recovery} or {@code probe_bandwidth}
   */
  default void congestionStateUpdated(
      long nowNanos, long connection, String before, String after) {}

  /**
   * Packets of one direction have a new key.
   *
   * @param received whether those that come in; else those that go out
   * @param phase counted from 0
   */
  default void keyUpdated(long nowNanos, long connection, boolean received, long phase) {}

  /** The peer is reached at another address. */
  default void pathChanged(
      long nowNanos, long connection, InetSocketAddress before, InetSocketAddress after) {}

  /** Ordinary datagrams may now be so large. */
  default void mtuUpdated(long nowNanos, long connection, int beforeBytes, int afterBytes) {}

  /** The socket is closed: nothing more follows. */
  default void socketClosed() {}

  /**
   * After {@link #socketClosed}, once for each call that closes the socket and on its thread: may
   * wait a moment for a file to be written, which nothing else may, since the socket stands still
   * meanwhile.
   */
  default void awaitWritten() {}
}
