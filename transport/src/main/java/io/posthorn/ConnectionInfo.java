package io.posthorn;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One row of the table of active connections: a snapshot.
 *
 * @param connection the handle, unique within its socket
 * @param connectionId the id that the peer's packets carry to reach it, at least until one of the
 *     two moves; it stays the connection's name in traces
 * @param local this side's address: the one that the peer writes to, where the system tells it;
 *     else the one that the socket is bound to, which may be the wildcard
 * @param remote the peer's address now
 * @param state where it stands
 * @param openedHere whether this side opened it
 * @param peerFingerprint "SHA256:…" of the peer's key; null in clear and before it is known
 * @param smoothedRtt RFC 9002 §5.3; zero before the first sample
 * @param minRtt the smallest round trip seen
 * @param congestionWindowBytes bytes that may be in flight
 * @param bytesInFlight bytes sent and not yet acknowledged or lost
 * @param bytesQueued message bytes that wait to be sent or are not acknowledged yet, with 64 more
 *     for each message
 * @param packetsSent data packets sent
 * @param packetsReceived data packets received and accepted
 * @param packetsLost data packets declared lost
 * @param packetsSpuriouslyLost of these, acknowledged later after all
 * @param packetsMarked data packets that arrived with the mark of congestion (ECN-CE), by the
 *     peer's count
 * @param ecn whether packets to the peer are marked as ECN-capable
 * @param bytesRetransmitted message bytes sent again, since they counted as lost or in a probe
 *     after silence, whose bytes may be under way still: of those {@code packetsLost} knows nothing
 * @param bytesRepeated message bytes sent again unasked, beside others, as redundancy
 * @param age since it was opened
 * @param timeToDrain how long it will take until all that is queued is acknowledged, if the rate
 *     stays; zero if nothing is queued, null if it cannot be known: nothing has been measured yet,
 *     or the peer's window is what holds it
 * @param datagramBytes the largest datagram known to reach the peer whole; 1,200 until full packets
 *     have left and larger ones were tried (RFC 8899)
 * @param datagramBytesSettled whether that search has ended for now
 * @param limitedBy what keeps it from sending more at this moment
 */
public record ConnectionInfo(
    long connection,
    long connectionId,
    InetSocketAddress local,
    InetSocketAddress remote,
    State state,
    boolean openedHere,
    @Nullable String peerFingerprint,
    Duration smoothedRtt,
    Duration minRtt,
    long congestionWindowBytes,
    long bytesInFlight,
    long bytesQueued,
    long packetsSent,
    long packetsReceived,
    long packetsLost,
    long packetsSpuriouslyLost,
    long packetsMarked,
    Ecn ecn,
    long bytesRetransmitted,
    long bytesRepeated,
    Duration age,
    @Nullable Duration timeToDrain,
    int datagramBytes,
    boolean datagramBytesSettled,
    LimitedBy limitedBy) {

  /** What is known of Explicit Congestion Notification on the way to the peer (RFC 9000 §13.4). */
  public enum Ecn {
    /** Not yet known: the first packets of a path are marked on trial. */
    TESTING,
    /** Marks get through and are counted: packets are marked, and congestion is heeded. */
    CAPABLE,
    /** Marks are lost, changed or not counted: nothing is marked; loss tells of congestion. */
    FAILED
  }

  /** Where a connection stands. */
  public enum State {
    /** The handshake is under way. */
    OPENING,
    /** Messages flow. */
    OPEN,
    /** Closing: what waits is flushed. */
    CLOSING,
    /** Closed; late packets are still answered. */
    DRAINING
  }

  /** Why a flow is not faster. */
  public enum LimitedBy {
    /** The application has nothing (more) to send. */
    APPLICATION,
    /** The congestion window is full. */
    CONGESTION_WINDOW,
    /** The pacer spreads packets over the round trip. */
    PACING,
    /** The peer gave no more credit: it reads too slowly. */
    PEER_WINDOW,
    /** The own send buffer is full. */
    SEND_BUFFER,
    /** {@code maxSendRate}. */
    RATE_LIMIT
  }
}
