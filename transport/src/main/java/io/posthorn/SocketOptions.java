package io.posthorn;

import io.posthorn.wire.WireLimits;
import java.time.Duration;

/**
 * Immutable settings of a socket, validated by {@code MessageSocket.builder()}.
 *
 * @param mode plain or reliable
 * @param security how peers are authenticated and packets protected; reliable mode only
 * @param congestionControl the algorithm
 * @param maxConnections connections at once, 1 to 1,000,000; one idle connection costs some KiB
 * @param idleTimeout how long nothing may be heard before a peer is given up, 1 s to 10 min
 * @param handshakeTimeout how long opening may take, 100 ms to 10 min
 * @param keepAlive how long a connection opened here may be silent before a PING; less than half
 *     the idle timeout
 * @param implicitIdle how long a connection opened by a mere send stays without messages
 * @param sendBufferBytes message bytes that wait or are unacknowledged per connection, and one
 *     message beyond; a sender blocks before, where its channel has most of it already
 * @param receiveBufferBytes ceiling of the memory that a peer may fill per connection
 * @param socketReceiveBytes ceiling over all connections of the socket; in plain mode of the queue
 * @param maxWholeMessageBytes largest ordered message handed over in one piece
 * @param maxDatagramBytes largest UDP payload that is tried, 1,200 to 65,507; the path and the peer
 *     may allow less
 * @param streaming whether messages larger than {@code maxWholeMessageBytes} are taken, in parts
 * @param application what this application says it speaks, told to each peer; empty for nothing
 * @param redundancy whether a thin flow's packets carry again what is not acknowledged yet, as
 *     often as measured loss asks for
 * @param maxSendBytesPerSecond most bytes of UDP payload that each connection sends in a second; 0
 *     for no limit
 * @param priorities which channels go first
 */
public record SocketOptions(
    Mode mode,
    Security security,
    CongestionControl congestionControl,
    int maxConnections,
    Duration idleTimeout,
    Duration handshakeTimeout,
    Duration keepAlive,
    Duration implicitIdle,
    int sendBufferBytes,
    int receiveBufferBytes,
    long socketReceiveBytes,
    int maxWholeMessageBytes,
    int maxDatagramBytes,
    boolean streaming,
    String application,
    boolean redundancy,
    long maxSendBytesPerSecond,
    ChannelPriorities priorities) {
  /** The smallest of the buffers whose size can be chosen. */
  static final int LEAST_BUFFER_BYTES = 64 << 10;

  /** What peers may fill leaves the larger part of a small heap to the application. */
  private static final int HEAP_SHARE = 3;

  /** More than twice what an idle connection takes: few of so many have much under way. */
  private static final int CONNECTION_HEAP_BYTES = 16 << 10;

  private static final int LEAST_CONNECTIONS = 64;

  /**
   * The defaults of {@code MessageSocket.builder()}, which lowers {@code maxConnections} and {@code
   * socketReceiveBytes} where the heap is small: {@link #defaults(Mode, long)}.
   */
  public static SocketOptions defaults(Mode mode) {
    return defaults(mode, Long.MAX_VALUE);
  }

  /**
   * The defaults of {@code MessageSocket.builder()} in a heap that grows to so many bytes. A third
   * of it holds {@code socketReceiveBytes}, and 16 KiB for each of {@code maxConnections}.
   *
   * @param heapBytes what {@link Runtime#maxMemory} answers
   */
  public static SocketOptions defaults(Mode mode, long heapBytes) {
    long shareBytes = heapBytes / HEAP_SHARE;
    return new SocketOptions(
        mode,
        Security.ephemeral(),
        CongestionControl.ADAPTIVE,
        (int) Math.max(LEAST_CONNECTIONS, Math.min(65_536, shareBytes / CONNECTION_HEAP_BYTES)),
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofMinutes(5),
        8 << 20,
        24 << 20,
        Math.max(LEAST_BUFFER_BYTES, Math.min(256L << 20, shareBytes)),
        4 << 20,
        WireLimits.MAX_DATAGRAM_BYTES,
        false,
        "",
        true,
        0,
        ChannelPriorities.EQUAL);
  }

  /**
   * What is to be had of everything by each of so many endpoints that share the socket's limits.
   */
  SocketOptions dividedBy(int endpoints) {
    return new SocketOptions(
        mode,
        security,
        congestionControl,
        (maxConnections + endpoints - 1) / endpoints,
        idleTimeout,
        handshakeTimeout,
        keepAlive,
        implicitIdle,
        sendBufferBytes,
        receiveBufferBytes,
        Math.max(1, socketReceiveBytes / endpoints),
        maxWholeMessageBytes,
        maxDatagramBytes,
        streaming,
        application,
        redundancy,
        maxSendBytesPerSecond,
        priorities);
  }
}
