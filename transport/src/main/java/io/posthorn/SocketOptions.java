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

  /**
   * The defaults of {@code MessageSocket.builder()}, which lowers {@code maxConnections} and {@code
   * socketReceiveBytes} where the heap is small.
   */
  public static SocketOptions defaults(Mode mode) {
    return new SocketOptions(
        mode,
        Security.ephemeral(),
        CongestionControl.ADAPTIVE,
        65_536,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofMinutes(5),
        8 << 20,
        24 << 20,
        256L << 20,
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
